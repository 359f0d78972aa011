// Conversations of a hostile or broken client with the whole API: the statuses it gets, how the
// connection ends, and, for a WebSocket, the close code. None of them may store anything. Shared by
// the tests of the REST API and of a real engine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "tests/api/http/raw_client.h"

namespace oee::test {

enum class End : std::uint8_t {
  closed,   // by the server, at once
  open,     // the next request is answered
  hung_up,  // without an answer, after the client has finished sending
};

struct HostileConversation {
  const char* name;
  std::string bytes;
  std::vector<int> statuses;
  End end;
  std::string then = {};  // sent after the statuses
  int close_code = 0;     // of the WebSocket; 0: no WebSocket
};

inline std::string raw_post(const std::string& body, const std::string& headers,
                            const std::string& target = "/v1/orders") {
  return "POST " + target + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}
inline std::string json_headers(std::size_t length, const std::string& more = {}) {
  return "Content-Type: application/json\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         more;
}
// A good order behind a hostile request. It must never be served.
inline std::string smuggled_order() {
  const std::string body = R"({"inputToken":"SOL","outputToken":"USDC","amount":666})";
  return raw_post(body, json_headers(body.size()));
}
inline std::string raw_upgrade(const std::string& more = {}) {
  return "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}
// A frame of RFC 6455 5.2, masked with zeros. `first`: FIN, RSV and opcode. The stated length may
// differ from the payload's.
inline std::string raw_frame(unsigned char first, const std::string& payload, bool masked = true) {
  std::string frame(1, static_cast<char>(first));
  const char mask_bit = masked ? '\x80' : '\0';
  if (payload.size() < 126) {
    frame += static_cast<char>(static_cast<char>(payload.size()) | mask_bit);
  } else {
    frame += static_cast<char>(126 | mask_bit);
    append_be<std::uint16_t>(frame, static_cast<std::uint16_t>(payload.size()));
  }
  if (masked) frame.append(4, '\0');
  return frame + payload;
}

inline std::vector<HostileConversation> hostile_framings() {
  const std::string order = R"({"inputToken":"SOL","outputToken":"USDC","amount":1})";
  const std::string json = "Content-Type: application/json\r\n";
  const std::string health = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string no_order = "{}";
  std::string many;
  for (int i = 0; i < 50; ++i) many += raw_post(no_order, json_headers(no_order.size()));
  return {
      {"body without a length", raw_post(order + "\r\n\r\n", json), {400, 400}, End::closed},
      {"body longer than its length",
       raw_post(order + "\r\n\r\n", json_headers(5)),
       {400, 400},
       End::closed},
      {"length of zero and an order",
       raw_post(order + "\r\n\r\n", json_headers(0)),
       {400, 400},
       End::closed},
      {"body shorter than its length", raw_post(order, json_headers(500)), {}, End::hung_up},
      {"end inside the head", "POST /v1/orders HTTP/1.1\r\nHost:", {}, End::hung_up},
      {"end before the body", raw_post("", json_headers(order.size())), {}, End::hung_up},
      {"no bytes at all", "", {}, End::hung_up},
      {"an empty line", "\r\n", {}, End::hung_up},
      {"a bare CR", "\r", {}, End::hung_up},
      {"lines that end in CR", "GET / HTTP/1.1\rHost: h\r\r", {}, End::hung_up},
      {"random bytes without a line end", "\x8f\x02\xfe\x11\xd3\x91", {}, End::hung_up},
      {"hello of TLS 1.3, cut",
       std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, '\x5a'),
       {},
       End::hung_up},
      {"a good request, a bad one, an order",
       health + "GET / HTTP/1.1\r\nHost : h\r\n\r\n" + smuggled_order(),
       {200, 400},
       End::closed},
      {"a refused order, chunks, an order",
       raw_post(no_order, json_headers(no_order.size())) +
           raw_post("0\r\n\n", json + "Transfer-Encoding: chunked\r\n") + smuggled_order(),
       {422, 400},
       End::closed},
      {"a refused order in chunks, an order behind a wrong one",
       raw_post("2\r\n{}\r\n0\r\n\r\n", json + "Transfer-Encoding: chunked\r\n") +
           raw_post("2\r\n{}0\r\n\r\n", json + "Transfer-Encoding: chunked\r\n") + smuggled_order(),
       {422, 400},
       End::closed},
      {"end inside the chunks",
       raw_post("5\r\n{}", json + "Transfer-Encoding: chunked\r\n"),
       {},
       End::hung_up},
      {"fifty refused orders in one go", many, std::vector<int>(50, 422), End::open},
      {"a body over the limit, sent whole",
       raw_post(std::string(70'000, ' '), json_headers(70'000)),
       {413},
       End::closed},
      {"a close that is asked for, and an order",
       raw_post(no_order, json_headers(no_order.size(), "Connection: close\r\n")) +
           smuggled_order(),
       {422},
       End::closed},
      {"HTTP/1.0 and an order behind it",
       "GET /healthz HTTP/1.0\r\n\r\n" + smuggled_order(),
       {200},
       End::closed},
  };
}

inline std::vector<HostileConversation> hostile_calls() {
  const std::string order = R"({"inputToken":"SOL","outputToken":"USDC","amount":1})";
  const std::size_t size = order.size();
  const std::string length = "Content-Length: " + std::to_string(size) + "\r\n";
  const auto get = [](const std::string& method, const std::string& target) {
    return method + " " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  return {
      {"no media type", raw_post(order, length), {415}, End::open},
      {"another media type",
       raw_post(order, length + "Content-Type: text/json\r\n"),
       {415},
       End::open},
      {"another character set",
       raw_post(order, length + "Content-Type: application/json; charset=utf-16\r\n"),
       {415},
       End::open},
      {"a compressed body",
       raw_post(order, json_headers(size, "Content-Encoding: gzip\r\n")),
       {415},
       End::open},
      {"two idempotency keys",
       raw_post(order, json_headers(size, "Idempotency-Key: a\r\nIdempotency-Key: a\r\n")),
       {400},
       End::open},
      {"an idempotency key without its end",
       raw_post(order, json_headers(size, "Idempotency-Key: \"a\r\n")),
       {400},
       End::open},
      {"an empty idempotency key",
       raw_post(order, json_headers(size, "Idempotency-Key:\r\n")),
       {400},
       End::open},
      {"an idempotency key in UTF-8",
       raw_post(order, json_headers(size, "Idempotency-Key: \xc3\xa9\r\n")),
       {400},
       End::open},
      {"an order with a query",
       raw_post(order, json_headers(size), "/v1/orders?x=1"),
       {400},
       End::open},
      {"an order at another path",
       raw_post(order, json_headers(size), "/v1/orders/"),
       {404},
       End::open},
      {"an order at an encoded path",
       raw_post(order, json_headers(size), "/v1%2forders"),
       {404},
       End::open},
      {"an order in capitals", raw_post(order, json_headers(size), "/V1/ORDERS"), {404}, End::open},
      {"an order past the root",
       raw_post(order, json_headers(size), "/../v1/orders"),
       {404},
       End::open},
      {"PUT", get("PUT", "/v1/orders"), {405}, End::open},
      {"TRACE", get("TRACE", "/v1/orders"), {405}, End::open},
      {"DELETE of a list", get("DELETE", "/v1/dead-letters"), {405}, End::open},
      {"DELETE of all orders by mistake", get("DELETE", "/v1/orders"), {422}, End::open},
      {"a file", get("GET", "/../../etc/passwd"), {404}, End::open},
      {"an id that is none", get("DELETE", "/v1/orders/%00"), {404}, End::open},
      {"an id of SQL", get("GET", "/v1/orders/1%27%20OR%20%271%27=%271"), {404}, End::open},
      {"a query of SQL",
       get("GET", "/v1/orders?since=%27;DROP%20TABLE%20orders"),
       {422},
       End::open},
      {"a query of NUL", get("GET", "/v1/orders?inputToken=%00"), {422}, End::open},
      {"a socket's path without an upgrade", get("GET", "/ws"), {426}, End::open},
  };
}

inline std::vector<HostileConversation> hostile_upgrades() {
  return {
      {"an upgrade from a foreign page",
       raw_upgrade("Origin: http://evil.example\r\n"),
       {403},
       End::closed},
      {"an upgrade from nowhere", raw_upgrade("Origin: null\r\n"), {403}, End::closed},
      {"an upgrade with a request behind it", raw_upgrade() + smuggled_order(), {400}, End::closed},
  };
}

// Frames after a good upgrade. RFC 6455 7.4.1 defines the codes.
inline std::vector<HostileConversation> hostile_frames() {
  using std::string_literals::operator""s;
  const std::string hello = raw_upgrade();
  const std::vector<int> upgraded = {101};
  const auto frames = [&](const char* name, std::string bytes, int code) {
    return HostileConversation{name, hello, upgraded, End::closed, std::move(bytes), code};
  };
  return {
      frames("a frame that is not masked", raw_frame(0x81, R"({"type":"ping"})", false), 1002),
      frames("a reserved bit", raw_frame(0xC1, "{}"), 1002),
      frames("a reserved opcode", raw_frame(0x83, "{}"), 1002),
      frames("a reserved control opcode", raw_frame(0x8B, ""), 1002),
      frames("a ping in pieces", raw_frame(0x09, "x"), 1002),
      frames("a ping of 126 bytes", raw_frame(0x89, std::string(126, 'x')), 1002),
      frames("a continuation of nothing", raw_frame(0x80, "{}"), 1002),
      frames("a message inside a message", raw_frame(0x01, "{") + raw_frame(0x81, "}"), 1002),
      frames("a length that could be shorter", "\x81\xFE\x00\x02\0\0\0\0{}"s, 1002),
      frames("a close of one byte", raw_frame(0x88, "x"), 1002),
      frames("a close with a code of no wire", raw_frame(0x88, "\x03\xED"s), 1002),
      frames("text that is not UTF-8", raw_frame(0x81, "\xC3\x28"), 1007),
      frames("a message of 64 KiB and a byte", "\x81\xFF\0\0\0\0\0\x01\0\x01\0\0\0\0"s, 1009),
      frames("a message of 2^62 bytes", "\x81\xFF\x40\0\0\0\0\0\0\0\0\0\0\0"s, 1009),
      frames("a message of endless pieces",
             raw_frame(0x01, std::string(60'000, ' ')) + raw_frame(0x00, std::string(60'000, ' ')),
             1009),
      frames("an HTTP request", smuggled_order(), 1002),
  };
}

struct Outcome {
  std::vector<int> statuses;
  bool ended = false;  // the connection ended as expected
  int close_code = 0;
};

// Holds the conversation and checks the state of the connection afterwards.
inline Outcome talk(std::uint16_t port, const HostileConversation& conversation) {
  Outcome outcome;
  RawClient client(port);
  if (!client.connected()) return outcome;
  client.send(conversation.bytes);  // may fail: the server may have ended it already
  for (std::size_t i = 0; i < conversation.statuses.size(); ++i) {
    const auto response = client.response();
    if (!response) break;
    outcome.statuses.push_back(response->status);
  }
  if (conversation.end == End::open) {
    client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = client.response();
    outcome.ended = response && response->status == 200;
    return outcome;
  }
  client.send(conversation.then);
  if (conversation.end == End::hung_up) client.finish_sending();
  const std::string rest = client.rest(5);
  const bool close_frame = rest.size() >= 4 && rest[0] == '\x88';
  if (close_frame)
    outcome.close_code =
        static_cast<unsigned char>(rest[2]) * 256 + static_cast<unsigned char>(rest[3]);
  outcome.ended = client.ends(0) && (rest.empty() || (close_frame && conversation.close_code != 0));
  return outcome;
}

inline std::vector<HostileConversation> hostile_conversations() {
  std::vector<HostileConversation> all = hostile_framings();
  for (const auto& part : {hostile_calls(), hostile_upgrades(), hostile_frames()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace oee::test
