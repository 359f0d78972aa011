// The whole API against hostile clients: the answers, the ends of the connections, and that no
// request reaches the service.
#include <gtest/gtest.h>

#include <random>

#include "tests/api/http/hostile_conversations.h"
#include "tests/api/http/hostile_requests.h"
#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

using Seconds = std::chrono::duration<double>;

// The real routes and WebSocket sessions of one shard, over a fake service.
class HostedApi final : public HttpHandler {
 public:
  HostedApi(Loop& loop, Clock& clock)
      : hub_(loop, clock, read_, history_, {}),
        buffers_(loop, clock, nullptr),
        websockets_(WsContext{.loop = loop,
                              .clock = clock,
                              .hub = hub_,
                              .buffers = buffers_,
                              .orders = orders,
                              .tokens = TokenRegistry::defaults(),
                              .factories = {&dialects_}}),
        streams_(loop, clock, hub_, buffers_) {
    health_.now.ready = true;
    routes_ = make_routes({.clock = clock, .orders = orders, .websockets = websockets_},
                          make_route_groups({.clock = clock,
                                             .entropy = entropy_,
                                             .orders = orders,
                                             .tokens = TokenRegistry::defaults(),
                                             .streams = streams_,
                                             .operation = {.health = health_}}));
  }
  Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                          const Socket::Address& client) override {
    return routes_->handle(request, request_id, client);
  }
  HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                    std::string_view request_id) override {
    return routes_->refuse(status, code, detail, request_id);
  }
  bool accepts_upgrade(std::string_view target) const override {
    return routes_->accepts_upgrade(target);
  }
  Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
    return routes_->websocket(std::move(socket), std::move(request), std::move(early));
  }

  OrdersInMemory orders;

 private:
  SystemEntropy entropy_{1};
  FixedHealth health_;
  EmptyHistory history_;
  Worker read_{"test read", 16};
  StreamHub hub_;
  StreamBuffers buffers_;
  DialectSessions dialects_;
  WsSessions websockets_;
  SseSessions streams_;
  std::unique_ptr<HttpHandler> routes_;
};

class HostileHttp : public testing::Test {
 protected:
  static HttpLimits quick_limits() {
    HttpLimits limits;
    limits.header_timeout = limits.body_timeout = std::chrono::seconds(1);
    return limits;
  }
  // One shard: the test reads its service when no connection is left.
  static TestServer::MakeHandler make_face() {
    return [](Loop& loop, Clock& clock) { return std::make_unique<HostedApi>(loop, clock); };
  }
  void expect_untouched(TestServer& server) {
    EXPECT_TRUE(server.reaches(0));
    EXPECT_EQ(server.handler<HostedApi>(0).orders.writes, 0);
  }
};

TEST_F(HostileHttp, AnOrderBehindARefusedRequestIsNeverServed) {
  TestServer server({}, 1, make_face());
  for (const HostileRequest& each : hostile_requests) {
    SCOPED_TRACE(each.name);
    RawClient client(server.port());
    client.send(each.bytes + smuggled_order() + smuggled_order());
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status) << response->body;
    EXPECT_EQ(response->header("Content-Type"), "application/problem+json");
    EXPECT_EQ(response->header("Connection"), "close");
    EXPECT_FALSE(response->header("X-Request-Id").empty());
    EXPECT_EQ(client.rest(5), "");
    EXPECT_TRUE(client.ends(0));
  }
  expect_untouched(server);
}

TEST_F(HostileHttp, EachConversationHasItsExactAnswersAndEnd) {
  TestServer server({}, 1, make_face());
  for (const HostileConversation& each : hostile_conversations()) {
    SCOPED_TRACE(each.name);
    const Outcome outcome = talk(server.port(), each);
    EXPECT_EQ(outcome.statuses, each.statuses);
    EXPECT_EQ(outcome.close_code, each.close_code);
    EXPECT_TRUE(outcome.ended);
  }
  expect_untouched(server);
}

TEST_F(HostileHttp, ARefusedUpgradeCarriesItsRequestId) {
  TestServer server({}, 1, make_face());
  for (const std::string& id : {std::string("mine-1"), std::string()}) {
    RawClient client(server.port());
    client.send(raw_upgrade("Origin: http://evil.example\r\n" +
                            (id.empty() ? id : "X-Request-Id: " + id + "\r\n")));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 403);
    const std::string said = response->header("X-Request-Id");
    EXPECT_FALSE(said.empty());
    EXPECT_EQ(said == id, !id.empty());
    EXPECT_NE(response->body.find("\"requestId\":\"" + said + "\""), std::string::npos)
        << response->body;
  }
}

TEST_F(HostileHttp, RandomBytesReachNobody) {
  constexpr unsigned seed = 20'261'121;
  std::mt19937 random(seed);
  TestServer server({}, 1, make_face());
  for (int i = 0; i < 1'000; ++i) {
    std::string bytes(1 + random() % 600, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 6 == 0 ? "\r\n :/"[random() % 5] : random());
    RawClient client(server.port());
    client.send(bytes);
    client.finish_sending();
    const auto said = client.response();
    EXPECT_TRUE(!said || said->status / 100 == 4 || said->status / 100 == 5)
        << said->head << "\nseed " << seed << ", client " << i;
    EXPECT_EQ(client.rest(5), "");
    EXPECT_TRUE(client.ends(0));
  }
  expect_untouched(server);
}

// Each byte arrives in time, the whole request does not.
TEST_F(HostileHttp, ClientsThatDripAreEndedInTimeAndHinderNobody) {
  TestServer server(quick_limits(), 1, make_face());
  const std::string order = smuggled_order();
  const std::string head = order.substr(0, order.find("\r\n\r\n") + 4);
  struct Dripper {
    std::unique_ptr<RawClient> client;
    std::string sent;
    std::string drip;
  };
  std::vector<Dripper> drippers;
  for (int i = 0; i < 60; ++i) {
    const std::string sent = i % 3 == 0   ? ""
                             : i % 3 == 1 ? head
                                          : order.substr(0, order.size() - 40);
    drippers.push_back({std::make_unique<RawClient>(server.port()), sent,
                        i % 3 == 0 ? order : order.substr(sent.size())});
    ASSERT_TRUE(drippers.back().client->send(sent));
  }
  const auto begin = std::chrono::steady_clock::now();
  Seconds slowest{0};
  for (std::size_t at = 0; at < 20; ++at) {
    for (Dripper& each : drippers) each.client->send(each.drip.substr(at, 1));
    const auto before = std::chrono::steady_clock::now();
    RawClient good(server.port());
    good.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = good.response();
    ASSERT_TRUE(response && response->status == 200);
    slowest = std::max<Seconds>(slowest, std::chrono::steady_clock::now() - before);
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
  }
  for (Dripper& each : drippers) {
    const auto response = each.client->response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(each.client->rest(5), "");
  }
  drippers.clear();
  const Seconds took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took.count(), 5.0);
  EXPECT_LT(slowest.count(), 0.5);
  expect_untouched(server);
}

}  // namespace
}  // namespace oee::test
