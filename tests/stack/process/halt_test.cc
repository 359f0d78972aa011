// Halts of a real engine: between orders that flow, across kill -9, and after a fail-stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

using testing::HasSubstr;

const std::string halt_everything = R"({"scope":"all","reason":"depeg"})";

HttpReply halt(EngineProcess& engine, const std::string& body = halt_everything) {
  return HttpClient(engine.port()).post("/v1/halt", body);
}
boost::json::array halts_of(EngineProcess& engine) {
  return parse_json(HttpClient(engine.port()).get("/v1/halt").body).at("items").as_array();
}

// The types of all records, in order.
std::vector<std::string> types_in_log(EngineProcess& engine) {
  std::vector<std::string> types;
  std::istringstream lines(
      run({program("log-dump"), engine.data_dir().string(), "--format", "json"}, 120).out);
  for (std::string line; std::getline(lines, line);)
    types.push_back(text_at(parse_json(line), "type"));
  return types;
}

TEST(Halt, NothingIsBuiltFromTheHaltToItsEndAcrossAKill) {
  constexpr int orders = 5'000;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", {"--venue-delay", "0ms-50ms", "--quote-delay",
                                             "1ms-5ms", "--log-level", "warn"});
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < orders; ++i) {
    if (i == orders / 2) {
      ASSERT_EQ(halt(engine).status, 201);
    }
    const HttpReply reply = client.post("/v1/orders", order_body("order-" + std::to_string(i)));
    ++(reply.status == 202 ? accepted : refused);
    if (i < orders / 2) continue;
    ASSERT_EQ(reply.status, 503) << reply.body;
    ASSERT_EQ(text_at(parse_json(reply.body), "code"), "halted");
    ASSERT_THAT(reply.body, HasSubstr("depeg"));
  }
  EXPECT_EQ(accepted, orders / 2);
  EXPECT_EQ(client.post("/v1/orders", order_body("order-0")).status, 202) << "its key is known";
  engine.kill_hard();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(engine.health_number("halts"), 1U);
  const boost::json::array halts = halts_of(engine);
  ASSERT_EQ(halts.size(), 1U);
  EXPECT_EQ(text_at(halts[0], "reason"), "depeg");
  EXPECT_EQ(text_at(halts[0], "by"), "default");
  EXPECT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body("late")).status, 503);
  EXPECT_EQ(engine.resume_trading(), 1U);
  EXPECT_TRUE(
      EngineProcess::eventually(60, [&] { return engine.health_number("openOrders") == 0; }));
  EXPECT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body("late")).status, 202);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  bool halted = false;
  int built_while_halted = 0;
  std::multiset<std::string> counts;
  for (const std::string& type : types_in_log(engine)) {
    counts.insert(type);
    halted = (halted || type == "TradingHalted") && type != "TradingResumed";
    built_while_halted += halted && (type == "TransactionBuilt" || type == "OrderAccepted") ? 1 : 0;
  }
  EXPECT_EQ(built_while_halted, 0);
  EXPECT_EQ(counts.count("TradingHalted"), 1U);
  EXPECT_EQ(counts.count("TradingResumed"), 1U);
  EXPECT_EQ(counts.count("OrderAccepted"), static_cast<std::size_t>(accepted + 1));
  // The engine's destructor verifies the log.
}

TEST(Halt, AnEngineStartsHaltedWithTheFlagAndOnlyOnce) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--start-halted"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body()).status, 503);
  ASSERT_EQ(halts_of(engine).size(), 1U);
  EXPECT_EQ(text_at(halts_of(engine)[0], "by"), "engine");
  EXPECT_EQ(engine.stop(), 0);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(halts_of(engine).size(), 1U) << "it is halted already";
  EXPECT_EQ(engine.resume_trading(), 1U);
  EXPECT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body()).status, 202);
}

// The file is the one that a fail-stop leaves; disk_eio_test.cc has the fail-stop.
TEST(Halt, TheMarkerOfAFailStopHaltsOnceAndIsRemoved) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  std::filesystem::create_directories(engine.data_dir());
  const std::filesystem::path marker = engine.data_dir() / "HALTED";
  std::ofstream(marker) << "the disk failed";
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_EQ(halts_of(engine).size(), 1U);
  EXPECT_THAT(text_at(halts_of(engine)[0], "reason"), HasSubstr("the disk failed"));
  EXPECT_FALSE(std::filesystem::exists(marker));
  EXPECT_EQ(engine.resume_trading(), 1U);
  EXPECT_EQ(engine.stop(), 0);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_TRUE(halts_of(engine).empty());
}

// The operator who ends the own halt may not know of the fail-stop.
TEST(Halt, AFailStopHaltsAlsoWhenAnOperatorHasHalted) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const HttpReply maintenance = halt(engine, R"({"scope":"all","reason":"maintenance"})");
  const std::uint64_t id = parse_json(maintenance.body).at("haltId").to_number<std::uint64_t>();
  for (int fail_stops = 0; fail_stops < 2; ++fail_stops) {
    EXPECT_EQ(engine.stop(), 0);
    std::ofstream(engine.data_dir() / "HALTED") << "the disk failed";
    ASSERT_NO_FATAL_FAILURE(engine.start());
    ASSERT_EQ(halts_of(engine).size(), 2U) << "the same fail-stop halts once";
    EXPECT_THAT(text_at(halts_of(engine)[1], "reason"), HasSubstr("the disk failed"));
    EXPECT_FALSE(std::filesystem::exists(engine.data_dir() / "HALTED"));
  }
  EXPECT_EQ(HttpClient(engine.port()).del("/v1/halt/" + std::to_string(id)).status, 200);
  EXPECT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body()).status, 503);
}

TEST(Halt, AScopeStopsItsOwnAndADeleteOfAnotherHaltIs404) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  ASSERT_EQ(halt(engine, R"({"scope":{"token":"BONK"},"reason":"x"})").status, 201);
  ASSERT_EQ(halt(engine, R"({"scope":{"venue":"raydium"},"reason":"x"})").status, 201);
  const HttpReply placed = client.post("/v1/orders", order_body());
  ASSERT_EQ(placed.status, 202);
  const std::string id = text_at(parse_json(placed.body), "orderId");
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return text_at(parse_json(client.get("/v1/orders/" + id).body), "status") == "confirmed";
  }));
  EXPECT_EQ(text_at(parse_json(client.get("/v1/orders/" + id).body), "venue"), "meteora");
  EXPECT_EQ(client.del("/v1/halt/999999").status, 404);
  EXPECT_EQ(halt(engine, R"({"scope":{"token":"NONE"},"reason":"x"})").status, 422);
  EXPECT_EQ(engine.resume_trading(), 2U);
}

}  // namespace
}  // namespace oee::test
