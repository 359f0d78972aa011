// The role `own` on real processes: two traders over REST, event streams and WebSockets, at the
// engine and at a gateway over PostgreSQL and Redis.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/support/clients/sse_client.h"
#include "tests/support/clients/ws_client.h"
#include "tests/support/process/access_file_test.h"

namespace oee::test {
namespace {

class OwnOrdersStack : public AccessFileTest {
 protected:
  static SseOptions sse_as(const std::string& secret) {
    SseOptions options;
    options.headers = bearer(secret);
    return options;
  }
  static std::string place(std::uint16_t port, const std::string& secret) {
    const HttpReply placed = HttpClient(port).post("/v1/orders", order_body(), bearer(secret));
    EXPECT_EQ(placed.status, 202) << placed.body;
    return text_at(parse_json(placed.body), "orderId");
  }
  // The ids of the orders in a list, or of the orders of its events.
  static std::set<std::string> ids_in(const HttpReply& reply) {
    std::set<std::string> ids;
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto list = parse_json(reply.body);
    for (const auto& item : list.at("items").as_array()) ids.insert(text_at(item, "orderId"));
    return ids;
  }
  // The ids of the updates up to the one that reports `last` as confirmed.
  template <class Next>
  static std::set<std::string> streamed_until(Next next, const std::string& last) {
    std::set<std::string> ids;
    for (;;) {
      const std::optional<std::string> frame = next();
      EXPECT_TRUE(frame.has_value());
      if (!frame) return ids;
      const auto message = parse_json(*frame);
      if (text_at(message, "type") != "update") continue;
      ids.insert(text_at(message, "orderId"));
      if (text_at(message, "orderId") == last && text_at(message, "status") == "confirmed")
        return ids;
    }
  }
  void expect_own_view(std::uint16_t port, const std::string& secret, const std::string& mine,
                       const std::string& theirs, const std::string& head) {
    HttpClient client(port);
    const auto get = [&](const std::string& target) {
      return client.send("GET", target, "", bearer(secret));
    };
    const std::set<std::string> only_mine = {mine};
    EXPECT_EQ(ids_in(get("/v1/orders?afterSeq=" + head)), only_mine);
    EXPECT_EQ(ids_in(get("/v1/events?after=0")), only_mine);
    EXPECT_EQ(get("/v1/orders/" + mine).status, 200);
    const auto dead = parse_json(get("/v1/dead-letters/stats?afterSeq=" + head).body);
    EXPECT_EQ(dead.at("confirmed"), 1);
    for (const std::string& target :
         {"/v1/orders/" + theirs, "/v1/orders/" + theirs + "/events",
          "/v1/orders/" + theirs + "?at=" + head, "/v1/stream?orderId=" + theirs}) {
      const HttpReply refused = get(target);
      EXPECT_EQ(refused.status, 404) << target << " " << refused.body;
      EXPECT_EQ(refused.body.find(theirs), std::string::npos) << refused.body;
    }
    EXPECT_EQ(get("/metrics").status, 403);
    WsClient socket(port, ws_as(secret));
    ASSERT_TRUE(socket.open());
    socket.send(R"({"type":"subscribe","orderId":")" + theirs + R"("})");
    EXPECT_NE(socket.read().value_or("").find("not_found"), std::string::npos);
  }
};

TEST_F(OwnOrdersStack, TwoTradersSeeTheirOwnOrdersAtTheEngine) {
  const std::string alice = new_token("alice:own");
  const std::string bob = new_token("bob:own");
  const std::string desk = new_token("desk:read");
  EngineProcess engine(dir_.path() / "data",
                       joined(no_delays, {"--access-file", access_file(), "--shards", "2"}));
  engine.start();
  const std::uint16_t port = engine.port();
  WsClient live(port, ws_as(alice));
  ASSERT_TRUE(live.open());
  live.send(R"({"type":"subscribe","channel":"orders"})");
  EXPECT_NE(live.read().value_or("").find("subscribed"), std::string::npos);
  const std::string theirs = place(port, bob);
  const std::string mine = place(port, alice);
  EXPECT_EQ(streamed_until([&] { return live.read(); }, mine), std::set<std::string>{mine});
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return parse_json(HttpClient(port).send("GET", "/v1/orders/" + theirs, "", bearer(desk)).body)
               .at("status") == "confirmed";
  }));
  const auto health = HttpClient(port).send("GET", "/health", "", bearer(desk));
  const std::string head = std::to_string(parse_json(health.body).at("headSeq").as_int64());
  expect_own_view(port, alice, mine, theirs, head);
  expect_own_view(port, bob, theirs, mine, head);
  const HttpReply cancelled =
      HttpClient(port).send("DELETE", "/v1/orders/" + theirs, "", bearer(alice));
  EXPECT_EQ(cancelled.status, 404) << cancelled.body;
  EXPECT_EQ(HttpClient(port).send("DELETE", "/v1/orders/" + mine, "", bearer(alice)).status, 409);
  SseClient stream(port, "/v1/stream?channel=orders&after=0", sse_as(bob));
  const auto next = [&]() -> std::optional<std::string> {
    const auto event = stream.next_event(10);
    if (!event) return std::nullopt;
    return event->data;
  };
  EXPECT_EQ(streamed_until(next, theirs), std::set<std::string>{theirs});
  HttpClient reader(port);
  EXPECT_EQ(ids_in(reader.send("GET", "/v1/orders", "", bearer(desk))),
            (std::set<std::string>{mine, theirs}));
  EXPECT_EQ(ids_in(reader.send("GET", "/v1/orders?account=bob", "", bearer(desk))),
            std::set<std::string>{theirs});
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(OwnOrdersStack, TwoTradersSeeTheirOwnOrdersAtAGateway) {
  const std::string alice = new_token("alice:own");
  const std::string bob = new_token("bob:own");
  const std::string desk = new_token("desk:read");
  RedisServer redis;
  const std::string postgres = PostgresServer::shared_database();
  const std::vector<std::string> access = {"--access-file", access_file()};
  EngineProcess engine(dir_.path() / "data",
                       joined(joined(no_delays, store_flags(postgres, redis)), access));
  engine.start();
  EngineProcess gateway(dir_.path() / "gateway", joined(gateway_flags(postgres, redis), access));
  gateway.start();
  WsClient live(gateway.port(), ws_as(alice));
  ASSERT_TRUE(live.open());
  live.send(R"({"type":"subscribe","channel":"orders","after":0})");
  const std::string theirs = place(engine.port(), bob);
  const std::string mine = place(engine.port(), alice);
  EXPECT_EQ(streamed_until([&] { return live.read(); }, mine), std::set<std::string>{mine});
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    const HttpReply reply =
        HttpClient(gateway.port()).send("GET", "/v1/orders/" + theirs, "", bearer(desk));
    return reply.status == 200 && parse_json(reply.body).at("status") == "confirmed";
  }));
  const auto health = HttpClient(engine.port()).send("GET", "/health", "", bearer(desk));
  const std::string head = std::to_string(parse_json(health.body).at("headSeq").as_int64());
  expect_own_view(gateway.port(), alice, mine, theirs, head);
  expect_own_view(gateway.port(), bob, theirs, mine, head);
  SseClient stream(gateway.port(), "/v1/stream?channel=orders&after=0", sse_as(bob));
  const auto next = [&]() -> std::optional<std::string> {
    const auto event = stream.next_event(10);
    if (!event) return std::nullopt;
    return event->data;
  };
  EXPECT_EQ(streamed_until(next, theirs), std::set<std::string>{theirs});
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_EQ(engine.stop(), 0);
}

}  // namespace
}  // namespace oee::test
