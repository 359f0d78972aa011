// What the server refuses, and what it must not refuse, byte for byte.
#include <gtest/gtest.h>

#include "tests/api/http_fixture.h"

namespace oee::test {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string bytes;
  int status;
  const char* code = "";  // of a refusal
};

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string upgrade_with(const std::string& changed_line) {
  std::string head = "GET /ws HTTP/1.1\r\nHost: h\r\n";
  const std::pair<const char*, const char*> lines[] = {
      {"Connection", "keep-alive, Upgrade"},
      {"Upgrade", "websocket"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const auto& [name, value] : lines) {
    const bool changed = changed_line.starts_with(std::string(name) + ":");
    head += changed ? changed_line : std::string(name) + ": " + value;
    head += "\r\n";
  }
  return head + "\r\n";
}

const std::vector<Case> refused_cases = {
    {"chunked", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
     "transfer_encoding"},
    {"identity encoding", "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", 501,
     "transfer_encoding"},
    {"chunked and length",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
     400, "bad_request"},
    {"length and chunked",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
     501, "transfer_encoding"},
    {"encoding twice",
     "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n",
     501, "transfer_encoding"},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
    {"the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "bad_request"},
    {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_request"},
    {"host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request"},
    {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_request"},
    {"two hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
    {"two equal lengths",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
     "bad_request"},
    {"two lengths",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400,
     "bad_request"},
    {"list of lengths", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400,
     "bad_request"},
    {"signed length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400,
     "bad_request"},
    {"negative length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabc", 400,
     "bad_request"},
    {"hexadecimal length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc", 400,
     "bad_request"},
    {"empty length", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabc", 400,
     "bad_request"},
    {"length of 2^64",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n", 400,
     "bad_request"},
    {"length over the limit", "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", 413,
     "body_too_large"},
    {"length far over the limit",
     "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999\r\n\r\n", 413,
     "body_too_large"},
    {"expected body over the limit",
     "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n", 413,
     "body_too_large"},
    {"unknown expectation",
     "POST /e HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\nabc", 417,
     "expectation_failed"},
    {"folded header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n two\r\n\r\n", 400, "bad_request"},
    {"header folded with a tab", "GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n\ttwo\r\n\r\n", 400,
     "bad_request"},
    {"space before the first header", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "bad_request"},
    {"bare LF lines", "GET / HTTP/1.1\nHost: h\n\n", 400, "bad_request"},
    {"bare LF in one header", "GET / HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n", 400, "bad_request"},
    {"bare CR in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\rc\r\n\r\n", 400, "bad_request"},
    {"NUL in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\0c\r\n\r\n"s, 400, "bad_request"},
    {"DEL in a header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\x7f\r\n\r\n", 400, "bad_request"},
    {"space before a colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "bad_request"},
    {"no colon", "GET / HTTP/1.1\r\nHost: h\r\nrubbish\r\n\r\n", 400, "bad_request"},
    {"empty header name", "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400, "bad_request"},
    {"header name with a bracket", "GET / HTTP/1.1\r\nHost: h\r\nX(a): x\r\n\r\n", 400,
     "bad_request"},
    {"header name in UTF-8", "GET / HTTP/1.1\r\nHost: h\r\nX-\xc3\xa9: x\r\n\r\n", 400,
     "bad_request"},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "unknown_method"},
    {"lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501, "unknown_method"},
    {"malformed method", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"space at the line's end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 505, "http_version"},
    {"no version", "GET /\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"version 2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"version 0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505, "http_version"},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version"},
    {"TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"s, 400, "bad_request"},
    {"target without a slash", "GET orders HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"asterisk target", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"authority target", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"https target", "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"absolute target without a host", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400,
     "bad_request"},
    {"absolute target with a user", "GET http://u@h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400,
     "bad_request"},
    {"fragment", "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"target in UTF-8", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"target with a quote", "GET /\"x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
    {"101 headers", "GET / HTTP/1.1\r\nHost: h\r\n" + repeated("X-A: b\r\n", 100) + "\r\n", 431,
     "too_many_headers"},
    {"headers over 16 KiB",
     "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + std::string(16 * 1024, 'a') + "\r\n\r\n", 431,
     "headers_too_large"},
    {"target over 16 KiB", "GET /" + std::string(16 * 1024, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
     431, "headers_too_large"},
    {"endless header", "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + std::string(20 * 1024, 'a'), 431,
     "headers_too_large"},
    {"upgrade without a key", upgrade_with("Sec-WebSocket-Key:"), 400, "bad_request"},
    {"upgrade with a short key", upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="), 400,
     "bad_request"},
    {"upgrade with a key that is not base64",
     upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ$=="), 400, "bad_request"},
    {"upgrade with a loose last digit", upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZB=="),
     400, "bad_request"},
    {"upgrade of version 8", upgrade_with("Sec-WebSocket-Version: 8"), 426, "websocket_version"},
};

TEST(HttpStrictness, EachBadRequestIsRefusedAndTheConnectionEnds) {
  TestServer server;
  for (const Case& each : refused_cases) {
    SCOPED_TRACE(each.name);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(each.bytes));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status);
    EXPECT_EQ(response->body.substr(0, response->body.find(':')), each.code) << response->body;
    EXPECT_EQ(response->header("Connection"), "close");
    EXPECT_FALSE(response->header("X-Request-Id").empty());
    client.finish_sending();
    EXPECT_TRUE(client.ends());
  }
  EXPECT_EQ(server.handler<EchoHandler>(0).handled + server.handler<EchoHandler>(1).handled, 0);
}

TEST(HttpStrictness, EachGoodRequestIsAnswered) {
  const std::vector<Case> cases = {
      {"plain", "GET /a?b=c HTTP/1.1\r\nHost: h:80\r\n\r\n", 200, "GET /a?b=c h:80"},
      {"one empty line first", "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /a h"},
      {"IPv6 host", "GET /a HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", 200, "GET /a [::1]:3000"},
      {"1.0 without a host", "GET /a HTTP/1.0\r\n\r\n", 200, "GET /a "},
      {"absolute target", "GET http://other:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n", 200,
       "GET /a?b other:1"},
      {"absolute target, no path", "GET HTTP://other HTTP/1.1\r\nHost: h\r\n\r\n", 200,
       "GET / other"},
      {"absolute target, only a query", "GET http://o?q HTTP/1.1\r\nHost: h\r\n\r\n", 200,
       "GET /?q o"},
      {"body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"},
      {"padded length", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length:  003 \r\n\r\nabc", 200,
       "abc"},
      {"GET with a body", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"},
      {"100 headers", "GET /a HTTP/1.1\r\nHost: h\r\n" + repeated("X-A: b\r\n", 99) + "\r\n", 200,
       "GET /a h"},
      {"latin header value", "GET /a HTTP/1.1\r\nHost: h\r\nX-A: \xe9\r\n\r\n", 200, "GET /a h"},
      {"empty header value", "GET /a HTTP/1.1\r\nHost: h\r\nX-A:\r\n\r\n", 200, "GET /a h"},
      {"upgrade to something else",
       "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200,
       "GET /a h"},
  };
  TestServer server;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(each.bytes));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status);
    EXPECT_EQ(response->body, each.code);
  }
}

// The same answers whatever the network does to the bytes.
TEST(HttpStrictness, ByteByByteArrivalChangesNothing) {
  TestServer server;
  for (const std::string& bytes :
       {std::string("\r\nPOST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
        std::string("GET / HTTP/1.1\r\nHost: h\r\nX-A: one\r\n two\r\n\r\n")}) {
    RawClient client(server.port());
    for (char byte : bytes) {
      if (!client.send(std::string_view(&byte, 1))) break;
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, bytes.front() == '\r' ? 200 : 400);
    EXPECT_EQ(response->body.starts_with("abc"), response->status == 200);
  }
}

// A refused request's rest must never be taken for a request.
TEST(HttpStrictness, NothingAfterARefusalIsServed) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(client.response().has_value());
  client.finish_sending();
  EXPECT_EQ(client.rest(5), "");
  EXPECT_EQ(server.handler<EchoHandler>(0).handled + server.handler<EchoHandler>(1).handled, 0);
}

}  // namespace
}  // namespace oee::test
