// Sends every hostile request that the tests know to a real engine. None of them reaches the log,
// and the engine is as healthy afterwards as before.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "tests/api/http/hostile_bodies.h"
#include "tests/api/http/hostile_conversations.h"
#include "tests/api/http/hostile_requests.h"
#include "tests/support/process/engine_process.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

constexpr int slow_clients = 60;
constexpr int abrupt_clients = 300;

struct HostileEngine : testing::Test {
  // Every hostile request names the host "h".
  HostileEngine() : engine(dir.path() / "data", joined(no_delays, {"--allowed-hosts", "h"})) {}

  int refuse_requests() {
    int done = 0;
    for (const HostileRequest& each : hostile_requests) {
      SCOPED_TRACE(each.name);
      RawClient client(engine.port());
      client.send(each.bytes + smuggled_order());
      const auto response = client.response();
      EXPECT_EQ(response ? response->status : 0, each.status);
      EXPECT_EQ(client.rest(5), "");
      ++done;
    }
    return done;
  }
  int hold_conversations() {
    int done = 0;
    for (const HostileConversation& each : hostile_conversations()) {
      SCOPED_TRACE(each.name);
      const Outcome outcome = talk(engine.port(), each);
      EXPECT_EQ(outcome.statuses, each.statuses);
      EXPECT_EQ(outcome.close_code, each.close_code);
      EXPECT_TRUE(outcome.ended);
      ++done;
    }
    return done;
  }
  int refuse_bodies() {
    std::vector<BadBody> all = bodies_not_json();
    for (const BadBody& each : bodies_not_an_order) all.push_back(each);
    RawClient client(engine.port());  // one connection: a refused order does not end it
    for (const BadBody& each : all) {
      SCOPED_TRACE(each.body.substr(0, 120));
      client.send(raw_post(each.body, json_headers(each.body.size())));
      const auto response = client.response();
      EXPECT_EQ(response ? response->status : 0, each.status);
      if (!response) continue;
      EXPECT_NE(response->body.find("\"code\":\"" + each.code + '"'), std::string::npos)
          << response->body;
    }
    return static_cast<int>(all.size());
  }
  // Sends random bytes and cut orders, and disconnects.
  int disconnect_abruptly() {
    std::mt19937 random(7);
    const std::string order = smuggled_order();
    for (int i = 0; i < abrupt_clients; ++i) {
      RawClient client(engine.port());
      std::string bytes = order.substr(0, random() % order.size());
      if (i % 2 == 0)
        for (char& c : bytes) c = static_cast<char>(random());
      client.send(bytes);
    }
    return abrupt_clients;
  }

  TemporaryDirectory dir;
  EngineProcess engine;
};

// Clients that send incomplete orders before everything else. They are checked at the end.
class SlowClients {
 public:
  explicit SlowClients(std::uint16_t port) {
    const std::string order = smuggled_order();
    const std::size_t head = order.find("\r\n\r\n") + 4;
    for (int i = 0; i < slow_clients; ++i) {
      clients_.push_back(std::make_unique<RawClient>(port));
      clients_.back()->send(order.substr(0, i % 2 == 0 ? head - 10 : head + 10));
    }
  }
  // Each receives 408; the limit is 10 s.
  void expect_ended() {
    for (auto& client : clients_) {
      const auto response = client->response(14);
      EXPECT_EQ(response ? response->status : 0, 408);
      EXPECT_EQ(client->rest(5), "");
    }
    clients_.clear();
  }

 private:
  std::vector<std::unique_ptr<RawClient>> clients_;
};

TEST_F(HostileEngine, NothingHostileReachesTheLogAndNothingIsLeftBehind) {
  engine.start();
  HttpClient client(engine.port());
  ASSERT_EQ(client.get("/readyz").status, 200);
  const std::size_t descriptors = open_descriptors(engine.child().pid());
  SlowClients slow(engine.port());
  const int requests = refuse_requests();
  const int conversations = hold_conversations();
  const int bodies = refuse_bodies();
  const int disconnected = disconnect_abruptly();
  slow.expect_ended();
  EXPECT_EQ(client.get("/readyz").status, 200);
  EXPECT_EQ(engine.health_number("headSeq"), 0U);
  EXPECT_TRUE(EngineProcess::eventually(
      5, [&] { return open_descriptors(engine.child().pid()) <= descriptors; }))
      << open_descriptors(engine.child().pid()) << " descriptors are open, before there were "
      << descriptors;
  const HttpReply placed = client.post("/v1/orders", order_body());
  EXPECT_EQ(placed.status, 202) << placed.body;
  EXPECT_NE(placed.body.find("\"seq\":1}"), std::string::npos) << placed.body;
  EXPECT_TRUE(
      EngineProcess::eventually(10, [&] { return engine.health_number("openOrders") == 0; }));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  std::printf(
      "hostile clients: %d requests, %d conversations, %d bodies, %d slow, %d disconnected;"
      " reached the log: 0\n",
      requests, conversations, bodies, slow_clients, disconnected);
}

}  // namespace
}  // namespace oee::test
