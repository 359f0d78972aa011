// Server-sent events and filters as a user gets them: curl against the real engine, and a gateway
// over PostgreSQL and Redis, which must send the same.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

const std::vector<std::string> pairs[] = {{"SOL", "USDC"}, {"ETH", "SOL"}, {"JUP", "USDC"}};

struct EventStream : testing::Test {
  EventStream() : shared_flags(no_delays) {
    const std::vector<std::string> stores = {"--postgres-url", PostgresServer::shared_database(),
                                             "--redis-url", redis.url()};
    shared_flags.insert(shared_flags.end(), stores.begin(), stores.end());
    std::vector<std::string> gateway_flags = shared_flags;
    gateway_flags.insert(gateway_flags.end(), {"--role", "gateway"});
    engine.emplace(dir.path() / "data", shared_flags);
    gateway.emplace(dir.path() / "gateway", gateway_flags);
  }
  // Submits `count` orders of each pair of tokens and waits until they have ended.
  void trade(int count) {
    HttpClient client(engine->port());
    for (int i = 0; i < count; ++i) {
      for (const auto& pair : pairs) {
        const HttpReply reply =
            client.post("/v1/orders", R"({"inputToken":")" + pair[0] + R"(","outputToken":")" +
                                          pair[1] + R"(","amount":"0.5"})");
        ASSERT_EQ(reply.status, 202) << reply.body;
        orders.push_back(text_at(parse_json(reply.body), "orderId"));
        tokens.push_back(pair);
      }
    }
    ASSERT_TRUE(
        EngineProcess::eventually(20, [&] { return engine->health_number("openOrders") == 0; }));
  }
  // The seqs that a filter must select, computed from the events that GET /v1/orders/ID/events
  // lists.
  std::vector<std::uint64_t> expected(const std::string& token, const std::string& status) {
    std::vector<std::uint64_t> seqs;
    HttpClient client(engine->port());
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (!token.empty() && tokens[i][0] != token && tokens[i][1] != token) continue;
      const auto list = parse_json(client.get("/v1/orders/" + orders[i] + "/events").body);
      for (const auto& event : list.at("items").as_array()) {
        const bool confirmed = text_at(event, "type") == "OrderConfirmed";
        if (status.empty() || (status == "confirmed" && confirmed))
          seqs.push_back(event.at("seq").to_number<std::uint64_t>());
      }
    }
    std::sort(seqs.begin(), seqs.end());
    return seqs;
  }
  // The seqs up to caughtUp, at least `count`. Expects no gap.
  static std::vector<std::uint64_t> read(std::uint16_t port, const std::string& query,
                                         std::size_t count) {
    SseClient client(port, "/v1/stream?" + query);
    EXPECT_EQ(client.status(), 200) << query;
    GapChecker gaps;
    while (!gaps.caught_up() || gaps.seqs().size() < count) {
      const auto event = client.next_event();
      EXPECT_TRUE(event.has_value()) << query << " gave " << gaps.seqs().size();
      if (!event) break;
      EXPECT_EQ(gaps.take(event->data), "") << event->data;
    }
    return gaps.seqs();
  }
  TemporaryDirectory dir;
  RedisServer redis;
  std::vector<std::string> shared_flags;
  std::optional<EngineProcess> engine;
  std::optional<EngineProcess> gateway;
  std::vector<std::string> orders;
  std::vector<std::vector<std::string>> tokens;
};

TEST_F(EventStream, CurlStreamsEveryEventOfAnOrder) {
  engine->start();
  ASSERT_NO_FATAL_FAILURE(trade(1));
  const auto curl = run({"/usr/bin/curl", "-sN", "-i", "--max-time", "1",
                         engine->url() + "/v1/stream?orderId=" + orders[0]});
  EXPECT_EQ(curl.exit_code, 28) << curl.err;  // the stream continues until curl ends it
  EXPECT_TRUE(curl.out.starts_with("HTTP/1.1 200 OK\r\n")) << curl.out;
  EXPECT_NE(curl.out.find("Content-Type: text/event-stream"), std::string::npos);
  for (const char* part : {"event: subscribed\n", R"("status":"pending")",
                           R"("status":"confirmed")", "event: caughtUp\n"})
    EXPECT_NE(curl.out.find(part), std::string::npos) << part << " in " << curl.out;
  constexpr std::string_view data = "\ndata: ";
  for (std::size_t at = 0; (at = curl.out.find(data, at)) != std::string::npos;) {
    at += data.size();
    expect_contract_frame("stream", curl.out.substr(at, curl.out.find('\n', at) - at));
  }
}

TEST_F(EventStream, EngineAndGatewayFilterThePastAndThePresentTheSame) {
  engine->start();
  ASSERT_NO_FATAL_FAILURE(trade(10));
  gateway->start();
  ASSERT_NO_FATAL_FAILURE(trade(10));
  for (const auto* process : {&*engine, &*gateway}) {
    for (const std::string token : {"", "SOL", "ETH", "JUP", "RAY"}) {
      for (const std::string status : {"", "confirmed"}) {
        std::string query = "channel=orders&after=0";
        if (!token.empty()) query += "&token=" + token;
        if (!status.empty()) query += "&status=" + status;
        const auto seqs = expected(token, status);
        EXPECT_EQ(read(process->port(), query, seqs.size()), seqs) << query;
      }
    }
  }
}

// A gateway receives the tokens of live updates through Redis alone.
TEST_F(EventStream, AGatewaysLiveStreamIsFilteredByToken) {
  engine->start();
  gateway->start();
  SseClient client(gateway->port(), "/v1/stream?channel=orders&token=ETH&status=confirmed");
  const auto begun = client.next_event();
  ASSERT_TRUE(begun.has_value());
  ASSERT_NO_FATAL_FAILURE(trade(5));
  const auto seqs = expected("ETH", "confirmed");
  ASSERT_EQ(seqs.size(), 5U);
  GapChecker gaps;
  EXPECT_EQ(gaps.take(begun->data), "");
  while (gaps.seqs().size() < seqs.size()) {
    const auto event = client.next_event();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(gaps.take(event->data), "");
  }
  EXPECT_EQ(gaps.seqs(), seqs);
  EXPECT_EQ(gateway->stop(), 0);
  const auto close = client.next_event();
  ASSERT_TRUE(close.has_value());
  EXPECT_EQ(close->name, "close");
}

}  // namespace
}  // namespace oee::test
