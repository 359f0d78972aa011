// Requests that the server refuses, and requests that it must not refuse, byte for byte.
#include <gtest/gtest.h>

#include "tests/api/http/hostile_requests.h"
#include "tests/api/http/http_fixture.h"

namespace oee::test {
namespace {

TEST(HttpStrictness, EachBadRequestIsRefusedAndTheConnectionEnds) {
  TestServer server;
  for (const HostileRequest& each : hostile_requests) {
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
  const std::string whole_body(65'536, 'x');
  const std::vector<HostileRequest> cases = {
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
      {"absolute target, IPv6", "GET http://[::1]:3000/a?b HTTP/1.1\r\nHost: h\r\n\r\n", 200,
       "GET /a?b [::1]:3000"},
      {"absolute target, IPv6, 1.0", "GET http://[2001:db8::7] HTTP/1.0\r\n\r\n", 200,
       "GET / [2001:db8::7]"},
      {"body", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"},
      {"padded length", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length:  003 \r\n\r\nabc", 200,
       "abc"},
      {"GET with a body", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"},
      {"chunks", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 200, "abcde"},
      {"chunks of one byte", chunked(repeated("1\r\nx\r\n", 6'000) + "0\r\n\r\n"), 200,
       whole_body.c_str() + 65'536 - 6'000},
      {"chunks of the limit", chunked("10000\r\n" + std::string(65'536, 'x') + "\r\n0\r\n\r\n"),
       200, whole_body.c_str()},
      {"line ends in a chunk", chunked("5\r\n\r\n0\r\n\r\n0\r\n\r\n"), 200, "\r\n0\r\n"},
      {"long chunk size", chunked("0000000000000003\r\nabc\r\n0000\r\n\r\n"), 200, "abc"},
      {"chunk size in letters", chunked("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), 200,
       "01234567890123456789"},
      {"chunk extensions", chunked("3;a=\"b\"\r\nabc\r\n1 ; c\r\nd\r\n0;e\r\n\r\n"), 200, "abcd"},
      {"encoding in capitals",
       "POST /a HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING:\tCHUNKED \r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       200, "abc"},
      {"a trailer that would change the request",
       chunked("3\r\nabc\r\n0\r\nContent-Length: 9\r\nHost: other\r\nX-Request-Id: t\r\n\r\n"), 200,
       "abc"},
      {"100 headers", "GET /a HTTP/1.1\r\nHost: h\r\n" + repeated("X-A: b\r\n", 99) + "\r\n", 200,
       "GET /a h"},
      {"latin header value", "GET /a HTTP/1.1\r\nHost: h\r\nX-A: \xe9\r\n\r\n", 200, "GET /a h"},
      {"empty header value", "GET /a HTTP/1.1\r\nHost: h\r\nX-A:\r\n\r\n", 200, "GET /a h"},
      {"upgrade to something else",
       "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200,
       "GET /a h"},
  };
  TestServer server;
  for (const HostileRequest& each : cases) {
    SCOPED_TRACE(each.name);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(each.bytes));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status);
    EXPECT_EQ(response->body, each.code);
    EXPECT_NE(response->header("X-Request-Id"), "t");
    client.send("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const auto next = client.response();
    if (each.bytes.find("HTTP/1.0") == std::string::npos) {
      ASSERT_TRUE(next.has_value());  // the next request begins where this one ended
      EXPECT_EQ(next->body, "GET /next h");
    }
  }
}

// The same answers, independent of how the bytes arrive.
TEST(HttpStrictness, ByteByByteArrivalChangesNothing) {
  TestServer server;
  for (const std::string& bytes :
       {std::string("\r\nPOST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
        "\r\n" + chunked("2;x\r\nab\r\n1\r\nc\r\n0\r\nX-A: b\r\n\r\n"),
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

// The bytes after a refused request must never be read as a request.
TEST(HttpStrictness, NothingAfterARefusalIsServed) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"
                  "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(client.response().has_value());
  client.finish_sending();
  EXPECT_EQ(client.rest(5), "");
  EXPECT_EQ(server.handler<EchoHandler>(0).handled + server.handler<EchoHandler>(1).handled, 0);
}

}  // namespace
}  // namespace oee::test
