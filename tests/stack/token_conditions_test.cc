// The expiry and the address ranges of tokens on the real engine.
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/time.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/clients/ws_client.h"
#include "tests/support/process/access_file_test.h"

namespace oee::test {
namespace {

class TokenConditions : public AccessFileTest {
 protected:
  static std::string code_of(const HttpReply& reply) {
    return std::to_string(reply.status) + " " + text_at(parse_json(reply.body), "code");
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  }
};

TEST_F(TokenConditions, TheStreamsOfATokenEndWhenItExpires) {
  const auto end = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
                   std::chrono::seconds(8);
  const std::string leaver = new_token("leaver:own", " expires=" + format_rfc3339(end));
  const std::string stays = new_token("stays:read");
  EngineProcess engine(dir_.path() / "data",
                       joined(no_delays, {"--access-file", access_file(), "--shards", "2"}));
  engine.start();
  HttpClient client(engine.port());
  WsClient ends(engine.port(), ws_as(leaver));
  WsClient goes_on(engine.port(), ws_as(stays));
  SseOptions asked;
  asked.headers = bearer(leaver);
  SseClient stream(engine.port(), "/v1/stream?channel=orders", asked);
  ASSERT_TRUE(ends.open() && goes_on.open());
  ASSERT_EQ(stream.status(), 200);
  EXPECT_EQ(client.post("/v1/orders", order_body(), bearer(leaver)).status, 202);
  ASSERT_LT(std::chrono::system_clock::now(), end) << "the machine is too slow for this test";
  EXPECT_EQ(ends.wait_closed(std::chrono::milliseconds(20'000)), 1008);
  EXPECT_GE(std::chrono::system_clock::now(), end);
  EXPECT_NE(stream.rest().find("unauthorized"), std::string::npos);
  EXPECT_EQ(code_of(client.send("GET", "/v1/orders", "", bearer(leaver))), "401 token_expired");
  EXPECT_EQ(WsClient(engine.port(), ws_as(leaver)).http_status(), 401);
  goes_on.send(R"({"type":"ping"})");
  EXPECT_TRUE(goes_on.read().has_value());
  // A start with the expired token in the file works, and warns.
  EXPECT_EQ(engine.stop(), 0);
  engine.start();
  HttpClient again(engine.port());
  EXPECT_EQ(again.send("GET", "/v1/orders", "", bearer(leaver)).status, 401);
  EXPECT_EQ(again.send("GET", "/v1/orders", "", bearer(stays)).status, 200);
  EXPECT_NE(engine.log_text().find("tokens of the access file have expired"), std::string::npos);
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(TokenConditions, AnAddressOutsideTheRangesIsRefusedAndNamedInTheRequestLog) {
  const std::string near = new_token("near:read", " from=127.0.0.0/8,::1");
  const std::string far = new_token("far:read", " from=10.0.0.0/8,2001:db8::/32");
  const auto access_log = dir_.path() / "access.log";
  EngineProcess engine(
      dir_.path() / "data",
      joined(no_delays, {"--access-file", access_file(), "--access-log", access_log.string()}));
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(client.send("GET", "/v1/orders", "", bearer(near)).status, 200);
  Headers headers = bearer(far);
  headers["X-Forwarded-For"] = "10.0.0.1";
  EXPECT_EQ(code_of(client.send("GET", "/v1/orders", "", headers)), "403 address_not_allowed");
  EXPECT_EQ(WsClient(engine.port(), ws_as(far)).http_status(), 403);
  EXPECT_EQ(engine.stop(), 0);
  std::ifstream in(access_log);
  const std::string lines{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(count(lines, R"("token":"far")"), 2U) << lines;
  EXPECT_EQ(count(lines, R"("status":403)"), 2U) << lines;
  const std::string log = engine.log_text();
  EXPECT_EQ(count(log, "status=403 address=127.0.0.1"), 2U) << log;
  EXPECT_EQ(count(log, "token=far"), 2U) << log;
  EXPECT_EQ(log.find(far), log.npos);
}

}  // namespace
}  // namespace oee::test
