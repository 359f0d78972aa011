// The data that a real engine serves about itself, compared with its flags and its log:
// configuration, hashes, orders found by name.
#include <gtest/gtest.h>

#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

TEST(ServedData, TheConfigurationIsWhatCheckConfigPrints) {
  TemporaryDirectory dir;
  std::vector<std::string> flags = no_delays;
  flags.insert(flags.end(), {"--max-attempts", "5"});
  EngineProcess engine(dir.path() / "data", flags);
  engine.start();
  HttpClient client(engine.port());
  std::vector<std::string> served;
  const auto config = parse_json(client.get("/v1/config").body);
  for (const auto& setting : config.at("items").as_array())
    served.push_back(text_at(setting, "name") + "|" + text_at(setting, "value") + "|" +
                     text_at(setting, "origin"));
  EXPECT_NE(std::find(served.begin(), served.end(), "max-attempts|5|flag"), served.end());
  EXPECT_NE(std::find(served.begin(), served.end(), "redis-url|none|default"), served.end());

  std::vector<std::string> argv{program("order-engine"),
                                "--check-config",
                                "--listen",
                                "127.0.0.1:" + std::to_string(engine.port()),
                                "--data-dir",
                                engine.data_dir().string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const RunResult printed = run(argv);
  EXPECT_EQ(printed.exit_code, 0);
  std::istringstream lines(printed.out);
  std::vector<std::string> checked;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    const std::size_t hash = line.rfind("   # ");
    std::string value = line.substr(equals + 3, hash - equals - 3);
    value.erase(value.find_last_not_of(' ') + 1);
    if (value.front() == '"') value = value.substr(1, value.size() - 2);
    checked.push_back(line.substr(0, equals) + "|" + value + "|" + line.substr(hash + 5));
  }
  EXPECT_EQ(served, checked);
  EXPECT_EQ(engine.stop(), 0);
}

TEST(ServedData, HashesAreTheLogsAlsoAfterARestart) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  std::string before;
  for (int round = 0; round < 2; ++round) {
    HttpClient client(engine.port());
    for (int i = 0; round == 0 && i < 5; ++i)
      EXPECT_EQ(client.post("/v1/orders", order_body()).status, 202);
    ASSERT_TRUE(
        EngineProcess::eventually(20, [&] { return engine.health_number("openOrders") == 0; }));
    const auto health = parse_json(client.get("/health").body);
    EXPECT_EQ(text_at(health, "readModel"), "embedded");
    EXPECT_EQ(text_at(health, "bus"), "in-process");
    EXPECT_FALSE(text_at(health, "version").empty());
    const auto events = parse_json(client.get("/v1/events").body).at("items").as_array();
    ASSERT_EQ(events.size(), engine.health_number("headSeq"));
    EXPECT_EQ(text_at(events.back(), "hash"), text_at(health, "headHash"));
    const std::string all = client.get("/v1/events").body;
    EXPECT_TRUE(round == 0 || all == before) << "the same hashes, from the disk";
    before = all;
    const std::string id = text_at(events.front(), "orderId");
    const auto of_order = parse_json(client.get("/v1/orders/" + id + "/events").body);
    for (const auto& event : of_order.at("items").as_array())
      EXPECT_EQ(event, events[static_cast<std::size_t>(event.at("seq").as_int64()) - 1]);
    EXPECT_EQ(engine.stop(), 0);
    const RunResult verified = run({program("log-dump"), "verify", engine.data_dir().string()});
    EXPECT_NE(verified.out.find("hash=" + text_at(health, "headHash")), std::string::npos)
        << verified.out;
    if (round == 0) engine.start();
  }
}

TEST(ServedData, OrdersAreFoundByTheirNamesOnBothReadModels) {
  for (const bool postgres : {false, true}) {
    SCOPED_TRACE(postgres ? "postgresql" : "embedded");
    TemporaryDirectory dir;
    std::vector<std::string> flags = no_delays;
    if (postgres) flags.insert(flags.end(), {"--postgres-url", PostgresServer::shared_database()});
    EngineProcess engine(dir.path() / "data", flags);
    engine.start();
    HttpClient client(engine.port());
    std::string second;
    for (const char* name : {"desk/1", "desk/2", "desk/3"}) {
      const HttpReply placed = client.post("/v1/orders", order_body(name));
      ASSERT_EQ(placed.status, 202) << placed.body;
      if (std::string_view(name) == "desk/2") second = text_at(parse_json(placed.body), "orderId");
    }
    ASSERT_TRUE(EngineProcess::eventually(60, [&] {
      return engine.health_number("openOrders") == 0 &&
             engine.health_number("projectedSeq") == engine.health_number("headSeq");
    }));
    auto order = parse_json(client.get("/v1/orders/" + second).body);
    EXPECT_EQ(order.as_object().erase("legs"), 1U);  // no list has them
    const std::string queries[] = {
        "clientOrderId=desk/2", "txHash=" + text_at(order, "txHash"),
        "venue=" + text_at(order, "venue") + "&token=USDC&clientOrderId=desk%2F2"};
    for (const std::string& query : queries) {
      const HttpReply reply = client.get("/v1/orders?" + query);
      ASSERT_EQ(reply.status, 200) << reply.body;
      const auto items = parse_json(reply.body).at("items").as_array();
      ASSERT_EQ(items.size(), 1U) << query;
      EXPECT_EQ(items[0], order) << query;
    }
    for (const std::string query : {"clientOrderId=desk", "token=BONK"}) {
      const auto none = parse_json(client.get("/v1/orders?" + query).body);
      EXPECT_TRUE(none.at("items").as_array().empty()) << query;
    }
    const HttpReply unknown = client.get("/v1/orders?venue=nowhere");
    EXPECT_EQ(unknown.status, 422);
    EXPECT_NE(unknown.body.find("is none of raydium, meteora"), std::string::npos) << unknown.body;
    EXPECT_EQ(engine.stop(), 0);
  }
}

}  // namespace
}  // namespace oee::test
