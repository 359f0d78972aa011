// Tokens, roles and rates of WebSockets.
#include <gtest/gtest.h>

#include "tests/api/push/ws_fixture.h"

namespace oee::test {
namespace {

class WsAccess : public testing::Test {
 protected:
  WsAccess() { sample_.add_usual_orders(1, 3); }

  WsServerOptions options_with(const Access& access) {
    WsServerOptions options;
    options.access = &access;
    options.allowed_origins = {"https://app.example"};
    return options;
  }
  static WsClientOptions with(std::vector<std::pair<std::string, std::string>> headers) {
    WsClientOptions options;
    options.headers = std::move(headers);
    return options;
  }
  SampleLog sample_;
  NewToken reader_ = *make_token("reader:read");
  NewToken trader_ = *make_token("trader:submit");
  std::shared_ptr<const AccessList> list_ = std::make_shared<const AccessList>(
      *AccessList::parse(reader_.line + "\n" + trader_.line + "\n"));
};

TEST_F(WsAccess, AnUpgradeNeedsATokenThatMayRead) {
  const Access access(list_);
  WsServer server(sample_, options_with(access));
  const std::string protocol = "Sec-WebSocket-Protocol";
  struct Case {
    const char* name;
    std::vector<std::pair<std::string, std::string>> headers;
    int status;
    std::string chosen;
  };
  const Case cases[] = {
      {"nothing", {}, 401, ""},
      {"header", {{"Authorization", "Bearer " + reader_.secret}}, 101, ""},
      {"header and protocol",
       {{"Authorization", "Bearer " + reader_.secret}, {protocol, "oee"}},
       101,
       "oee"},
      {"subprotocol", {{protocol, "oee, bearer." + reader_.secret}}, 101, "oee"},
      {"subprotocol alone", {{protocol, "bearer." + reader_.secret}}, 101, ""},
      {"unknown token", {{protocol, "oee, bearer.x"}}, 401, ""},
      {"empty token", {{protocol, "oee, bearer."}}, 401, ""},
      {"two tokens",
       {{protocol, "bearer." + reader_.secret + ", bearer." + reader_.secret}},
       401,
       ""},
      {"both ways",
       {{"Authorization", "Bearer " + reader_.secret}, {protocol, "bearer." + reader_.secret}},
       401,
       ""},
      {"no role", {{protocol, "oee, bearer." + trader_.secret}}, 403, ""},
      {"a foreign page",
       {{protocol, "oee, bearer." + reader_.secret}, {"Origin", "https://evil.example"}},
       403,
       ""},
      {"an allowed page",
       {{protocol, "oee, bearer." + reader_.secret}, {"Origin", "https://app.example"}},
       101,
       "oee"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    WsClient client(server.port(), with(each.headers));
    EXPECT_EQ(client.http_status(), each.status);
    EXPECT_EQ(client.open(), each.status == 101);
    EXPECT_EQ(client.header(protocol), each.chosen);
    if (each.status == 401) EXPECT_NE(client.header("WWW-Authenticate"), "");
    if (!client.open()) continue;
    client.send(R"({"type":"ping"})");
    EXPECT_NE(client.read().value_or("").find("pong"), std::string::npos);
  }
}

TEST_F(WsAccess, ATokenInTheQueryIsNotLookedAt) {
  const Access access(list_);
  WsServer server(sample_, options_with(access));
  WsClientOptions options;
  options.target = "/ws?access_token=" + reader_.secret;
  EXPECT_EQ(WsClient(server.port(), options).http_status(), 401);
}

TEST_F(WsAccess, SocketsOfATokenThatIsGoneAreClosed) {
  Access access(list_);
  WsServer server(sample_, options_with(access));
  const NewToken staying = *make_token("stays:read");
  const auto both = std::make_shared<const AccessList>(
      *AccessList::parse(reader_.line + "\n" + staying.line + "\n"));
  const auto one = std::make_shared<const AccessList>(
      *AccessList::parse(reader_.line.replace(0, 6, "nobody") + "\n" + staying.line + "\n"));
  server.change_access([&] { access.set_list(both); });
  WsClient gone(server.port(), with({{"Authorization", "Bearer " + reader_.secret}}));
  WsClient stays(server.port(), with({{"Authorization", "Bearer " + staying.secret}}));
  ASSERT_TRUE(gone.open() && stays.open());
  server.change_access([&] { access.set_list(one); });
  EXPECT_EQ(gone.wait_closed(), 1008);
  EXPECT_NE(gone.close_reason().find("token"), std::string::npos) << gone.close_reason();
  stays.send(R"({"type":"ping"})");
  EXPECT_NE(stays.read().value_or("").find("pong"), std::string::npos);
}

// The revocation meets the socket at any step of its opening.
TEST_F(WsAccess, ASocketDoesNotOutliveATokenThatIsRevokedWhileItOpens) {
  const auto none = std::make_shared<const AccessList>(*AccessList::parse(trader_.line + "\n"));
  Access access(list_);
  WsServer server(sample_, options_with(access));
  const auto headers = with({{"Authorization", "Bearer " + reader_.secret}});
  for (int i = 0; i < 100; ++i) {
    server.change_access([&] { access.set_list(list_); });
    std::thread revoke([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 20));
      server.change_access([&] { access.set_list(none); });
    });
    WsClient client(server.port(), headers);
    revoke.join();
    EXPECT_TRUE(!client.open() || client.wait_closed() != -1) << i;
  }
}

TEST_F(WsAccess, MessagesCountAgainstTheRateLimit) {
  RateLimiter limiter({1, 4}, 1);
  const Access access(list_, &limiter);
  WsServer server(sample_, options_with(access));
  const auto headers = with({{"Authorization", "Bearer " + reader_.secret}});
  WsClient client(server.port(), headers);
  ASSERT_TRUE(client.open());  // the first of four
  for (int i = 0; i < 3; ++i) {
    client.send(R"({"type":"ping"})");
    EXPECT_NE(client.read().value_or("").find("pong"), std::string::npos);
  }
  client.send(R"({"type":"ping"})");
  const std::string refused = client.read().value_or("");
  EXPECT_NE(refused.find(R"("type":"error")"), std::string::npos) << refused;
  EXPECT_NE(refused.find(R"("code":"rate_limited")"), std::string::npos) << refused;
  const WsClient another(server.port(), headers);
  EXPECT_EQ(another.http_status(), 429);  // one limit for upgrades and messages
  EXPECT_EQ(another.header("RateLimit-Policy"), R"("default";q=4;w=4)");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  client.send(R"({"type":"ping"})");
  EXPECT_NE(client.read().value_or("").find("pong"), std::string::npos);  // it stayed open
}

}  // namespace
}  // namespace oee::test
