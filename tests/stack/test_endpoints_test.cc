// The requests under /test against a real engine: a market that is moved, and a venue that is
// silent.
#include <gtest/gtest.h>

#include "core/venue/paper/ledger/ledger.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

const std::vector<std::string> controlled = joined(no_delays, {"--enable-test-endpoints"});

// A decimal text as a number; prices in tests need no more digits.
double number_at(const boost::json::value& value, const char* key) {
  return std::strtod(text_at(value, key).c_str(), nullptr);
}

// The price of each venue's quote for 1 SOL in USDC, by venue; a venue without a quote is absent.
std::map<std::string, double> quoted(EngineProcess& engine) {
  HttpClient client(engine.port());
  const HttpReply reply = client.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=1");
  EXPECT_EQ(reply.status, 200) << reply.body;
  std::map<std::string, double> prices;
  const auto answer = parse_json(reply.body);
  for (const auto& quote : answer.at("quotes").as_array())
    if (quote.as_object().contains("price"))
      prices[text_at(quote, "venue")] = number_at(quote, "price");
  return prices;
}

// Places an order and returns it when it has ended.
boost::json::value ended_order(EngineProcess& engine) {
  HttpClient client(engine.port());
  const HttpReply placed = client.post("/v1/orders", order_body());
  EXPECT_EQ(placed.status, 202) << placed.body;
  const std::string path = "/v1/orders/" + text_at(parse_json(placed.body), "orderId");
  boost::json::value order;
  EXPECT_TRUE(EngineProcess::eventually(30, [&] {
    order = parse_json(client.get(path).body);
    const std::string status = text_at(order, "status");
    return status == "confirmed" || status == "failed" || status == "expired";
  }));
  return order;
}

void expect_sound_ledger(const EngineProcess& engine) {
  const auto audit = paper::audit_ledger(engine.data_dir() / "venue");
  EXPECT_TRUE(audit.ok()) << audit.error().detail;
}

TEST(TestEndpoints, AnOrderByAQuoteIsFilledForWhatItPromisedOrNotAtAll) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", controlled);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const auto move_to = [&](const std::string& price) {
    const std::string body =
        R"({"inputToken":"SOL","outputToken":"USDC","price":")" + price + R"("})";
    EXPECT_EQ(HttpClient(engine.port()).post("/test/market", body).status, 200);
  };
  const auto place = [&](const std::string& members, const std::string& key) {
    const std::map<std::string, std::string> headers = {{"Idempotency-Key", key}};
    const std::string body = R"({"inputToken":"SOL","outputToken":"USDC","amount":"1",)" + members;
    return HttpClient(engine.port()).post("/v1/orders", body + "}", headers);
  };
  const auto ended = [&](const HttpReply& placed) {
    EXPECT_EQ(placed.status, 202) << placed.body;
    const std::string id = text_at(parse_json(placed.body), "orderId");
    boost::json::value order;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] {
      order = parse_json(HttpClient(engine.port()).get("/v1/orders/" + id).body);
      return text_at(order, "status") == "confirmed" || text_at(order, "status") == "cancelled";
    }));
    return order;
  };
  move_to("60");
  const std::string target = "/v1/quote?inputToken=SOL&outputToken=USDC&amount=1";
  const auto quote = parse_json(HttpClient(engine.port()).get(target).body);
  const std::string by_quote = R"("quoteId":")" + text_at(quote, "quoteId") + R"(")";
  const double promised = number_at(quote.at("route"), "amountOut");

  move_to("50");
  EXPECT_EQ(text_at(ended(place(by_quote + R"(,"timeInForce":"fok")", "lower")), "status"),
            "cancelled");
  move_to("70");
  const HttpReply placed = place(by_quote, "higher");
  const auto order = ended(placed);
  EXPECT_EQ(text_at(order, "status"), "confirmed");
  EXPECT_EQ(number_at(order, "minOutFloor"), promised);
  EXPECT_GE(number_at(order, "amountOut"), promised);

  engine.kill_hard();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const HttpReply again = place(by_quote, "higher");
  EXPECT_EQ(again.body, placed.body) << "a known key, though the restart ended the quote";
  EXPECT_EQ(again.headers.count("idempotent-replayed"), 1U);
  const HttpReply late = place(by_quote, "late");
  EXPECT_EQ(late.status, 422);
  EXPECT_NE(late.body.find("invalid_quote_id"), std::string::npos) << late.body;
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(TestEndpoints, AMovedMarketIsQuotedTradedAndThereAfterAKill) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", controlled);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const std::string move = R"({"inputToken":"SOL","outputToken":"USDC","price":"60"})";
  const HttpReply moved = HttpClient(engine.port()).post("/test/market", move);
  ASSERT_EQ(moved.status, 200) << moved.body;
  const auto prices = parse_json(moved.body).at("prices");
  for (const char* venue : {"raydium", "meteora"}) {
    EXPECT_NEAR(number_at(prices, venue), 60, 0.0001);
    EXPECT_NEAR(quoted(engine)[venue], 60, 3) << "less the fee, and the walk";
  }
  const auto order = ended_order(engine);
  EXPECT_EQ(text_at(order, "status"), "confirmed");
  EXPECT_NEAR(number_at(order, "executedPrice"), 60, 3);
  engine.kill_hard();
  expect_sound_ledger(engine);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  for (const char* venue : {"raydium", "meteora"})
    EXPECT_NEAR(quoted(engine)[venue], 60, 3) << "the walk goes on from there";
  const std::string one = R"({"inputToken":"USDC","outputToken":"SOL","price":"0.02",)"
                          R"("venue":"meteora"})";
  ASSERT_EQ(HttpClient(engine.port()).post("/test/market", one).status, 200);
  // Answers of /v1/quote are kept for a second.
  EXPECT_TRUE(EngineProcess::eventually(5, [&] { return quoted(engine)["meteora"] < 51; }));
  EXPECT_NEAR(quoted(engine)["raydium"], 60, 3);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  expect_sound_ledger(engine);
}

TEST(TestEndpoints, WhileAVenueIsSilentTheOtherConfirmsAndThenItQuotesAgain) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", controlled);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  // Raydium has the better price, so that it is chosen while it answers.
  const std::string tokens = R"({"inputToken":"SOL","outputToken":"USDC",)";
  ASSERT_EQ(client.post("/test/market", tokens + R"("price":"80","venue":"raydium"})").status, 200);
  ASSERT_EQ(client.post("/test/market", tokens + R"("price":"60","venue":"meteora"})").status, 200);
  EXPECT_EQ(text_at(ended_order(engine), "venue"), "raydium");
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":true})").status, 200);
  for (int i = 0; i < 3; ++i) {
    const auto order = ended_order(engine);
    EXPECT_EQ(text_at(order, "status"), "confirmed");
    EXPECT_EQ(text_at(order, "venue"), "meteora");
  }
  EXPECT_EQ(quoted(engine).count("raydium"), 0U);
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":false})").status, 200);
  EXPECT_TRUE(EngineProcess::eventually(10, [&] { return quoted(engine).count("raydium") == 1; }));
  EXPECT_TRUE(EngineProcess::eventually(
      10, [&] { return text_at(ended_order(engine), "venue") == "raydium"; }));
  // A restart ends a silence.
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":true})").status, 200);
  engine.kill_hard();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(quoted(engine).count("raydium"), 1U);
  EXPECT_EQ(HttpClient(engine.port()).post("/test/venues/nowhere", R"({"silent":true})").status,
            404);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  expect_sound_ledger(engine);
}

TEST(TestEndpoints, AVenueThatStaysSilentIsLeftOutVisiblyAndComesBack) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       joined(controlled, {"--shards", "1", "--breaker-failures", "2"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  const std::string tokens = R"({"inputToken":"SOL","outputToken":"USDC",)";
  ASSERT_EQ(client.post("/test/market", tokens + R"("price":"80","venue":"raydium"})").status, 200);
  ASSERT_EQ(client.post("/test/market", tokens + R"("price":"60","venue":"meteora"})").status, 200);
  EXPECT_EQ(engine.health_number("openBreakers"), 0U);
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":true})").status, 200);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(text_at(ended_order(engine), "venue"), "meteora");
  EXPECT_EQ(engine.health_number("openBreakers"), 1U);
  const std::string metrics = client.get("/metrics").body;
  const std::string labels = R"({venue="raydium",call="quote"} )";
  EXPECT_NE(metrics.find("\noee_venue_breaker_openings_total" + labels + "1\n"), metrics.npos);
  EXPECT_EQ(metrics.find("\noee_venue_breaker_state" + labels + "0\n"), metrics.npos);
  EXPECT_NE(metrics.find("\noee_venue_breaker_state" + labels), metrics.npos);
  const HttpReply quotes = client.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=1");
  EXPECT_NE(quotes.body.find("circuit breaker"), std::string::npos) << quotes.body;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(text_at(ended_order(engine), "venue"), "meteora");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5))
      << "each would wait 2 s for raydium's quote";
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":false})").status, 200);
  EXPECT_TRUE(EngineProcess::eventually(
      20, [&] { return text_at(ended_order(engine), "venue") == "raydium"; }));
  EXPECT_EQ(engine.health_number("openBreakers"), 0U);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const std::string log = engine.log_text();
  EXPECT_NE(log.find("circuit breaker is open"), std::string::npos) << log;
}

TEST(TestEndpoints, ASilentVenueDoesNotHoldAStop) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", controlled);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  ASSERT_EQ(client.post("/test/venues/raydium", R"({"silent":true})").status, 200);
  ASSERT_EQ(client.post("/test/venues/meteora", R"({"silent":true})").status, 200);
  ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(TestEndpoints, WithoutTheFlagThereAreNone) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  EXPECT_EQ(client.post("/test/market", "{}").status, 404);
  EXPECT_EQ(client.post("/test/venues/raydium", "{}").status, 404);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
