// The Host headers that a server accepts, and its answer to the others.
#include "api/http/hosts.h"

#include <gtest/gtest.h>

#include "tests/api/http/http_fixture.h"

namespace oee {
namespace {

TEST(Hosts, AddressesLocalhostAndTheNamesAreAccepted) {
  const std::vector<std::string> names = {"engine.example", "Trading-Box", "127.0.0.2"};
  for (const std::string_view host :
       {"127.0.0.1", "127.0.0.1:3000", "10.1.2.3:80", "[::1]", "[::1]:3000", "[2001:DB8::7]:1",
        "[::ffff:127.0.0.1]", "localhost", "LOCALHOST:3000", "localhost.", "localhost.:3000",
        "localhost:", "engine.example", "ENGINE.example:443", "engine.example.", "trading-box:1"})
    EXPECT_TRUE(host_accepted(host, names)) << host;
}

TEST(Hosts, EveryOtherHostIsNot) {
  const std::vector<std::string> names = {"engine.example"};
  for (const std::string_view host : {"",
                                      ":3000",
                                      ".",
                                      "evil.example",
                                      "evil.example:3000",
                                      "evilengine.example",
                                      "engine.example.evil.example",
                                      "www.engine.example",
                                      "engine.example..",
                                      "engine",
                                      "a.localhost",
                                      "localhost.evil.example",
                                      "127.0.0.1.evil.example",
                                      "127.0.0.1.nip.io",
                                      "127.1",
                                      "2130706433",
                                      "0x7f000001",
                                      "0177.0.0.1",
                                      "127.0.0.1:3000:1",
                                      "localhost:3000:1",
                                      "localhost:x",
                                      "localhost:-1",
                                      "127.0.0.1:3000.evil.example",
                                      "::1",
                                      "[::1",
                                      "::1]",
                                      "[::1]evil.example",
                                      "[::1]x:80",
                                      "[evil.example]",
                                      "[127.0.0.1]",
                                      "[]",
                                      "[fe80::1%25eth0]",
                                      "%6cocalhost",
                                      "localhost%2eevil.example"})
    EXPECT_FALSE(host_accepted(host, names)) << host;
}

TEST(Hosts, ARequestToAnotherHostIsRefusedBeforeItIsHandled) {
  HttpLimits limits;
  limits.host_names = {"engine.example"};
  test::TestServer server(limits);
  struct Case {
    std::string head;
    int status;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: engine.example\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: evil.example\r\n", 421},
      {"POST / HTTP/1.1\r\nHost: evil.example:3000\r\n", 421},
      {"GET / HTTP/1.0\r\nHost: evil.example\r\n", 421},
      {"GET / HTTP/1.0\r\n", 200},
      {"GET / HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n", 400},
      {"GET / HTTP/1.0\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n", 400},
      // The authority of an absolute target replaces the Host header (RFC 9112 3.2.2).
      {"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n", 421},
      {"GET http://evil.example/ HTTP/1.0\r\n", 421},
      {"GET http://localhost:3000/ HTTP/1.1\r\nHost: evil.example\r\n", 200},
      {"GET http://[::1]:3000/ HTTP/1.1\r\nHost: evil.example\r\n", 200},
      {"GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\n", 400},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.head);
    test::RawClient client(server.port());
    ASSERT_TRUE(client.send(each.head + "\r\n"));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status);
    if (each.status != 421) continue;
    EXPECT_TRUE(response->body.starts_with("misdirected_host: The Host evil.example"))
        << response->body;
    EXPECT_NE(response->body.find("--allowed-hosts"), std::string::npos) << response->body;
    EXPECT_TRUE(client.ends());
  }
}

TEST(Hosts, AnUpgradeToAnotherHostIsRefused) {
  HttpLimits limits;
  limits.host_names = {"engine.example"};
  test::TestServer server(limits);
  const std::string upgrade =
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  test::RawClient good(server.port());
  ASSERT_TRUE(good.send("GET /ws HTTP/1.1\r\nHost: engine.example" + upgrade));
  EXPECT_EQ(good.rest(5), "taken /ws ");
  test::RawClient bad(server.port());
  ASSERT_TRUE(bad.send("GET /ws HTTP/1.1\r\nHost: evil.example" + upgrade));
  const auto refused = bad.response();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 421);
}

TEST(Hosts, WithoutNamesEveryHostIsAccepted) {
  test::TestServer server;
  test::RawClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
  EXPECT_EQ(client.response()->status, 200);
}

}  // namespace
}  // namespace oee
