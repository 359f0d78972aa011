// HTTP/1.1 on the wire, where this server is stricter than its codec: request heads are looked at
// byte by byte before and field by field after they are parsed, and responses are written as one
// run of bytes. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/server.h"

namespace oee {

// Why the server itself refuses a request.
struct HttpRefusal {
  unsigned status = 400;
  std::string_view code;  // a literal
  std::string detail;
};

// Finds the end of a request head as bytes arrive. It refuses what a lenient parser would join or
// skip: a line that ends without CR, a folded line, too many lines, too many bytes.
class HeadScanner {
 public:
  explicit HeadScanner(const HttpLimits& limits) : limits_(&limits) {}

  // `bytes` begins with the head and is only ever longer from call to call. The size of the head
  // with its empty line; empty: not complete yet, or refused.
  std::optional<std::size_t> scan(std::string_view bytes);
  const std::optional<HttpRefusal>& refusal() const { return refusal_; }

 private:
  std::optional<std::size_t> refuse(unsigned status, std::string_view code, std::string detail);
  const HttpLimits* limits_;
  std::size_t scanned_ = 0;  // everything before has been looked at
  std::size_t line_begin_ = 0;
  std::size_t lines_ = 0;  // complete ones, the request line included
  std::optional<HttpRefusal> refusal_;
};

// What a server must know of a parsed head. The views live as long as the request.
struct RequestFacts {
  std::size_t content_length = 0;
  bool keep_alive = true;
  bool head_only = false;  // a HEAD request
  bool expects_continue = false;
  bool upgrade = false;         // a well-formed WebSocket upgrade
  std::string_view request_id;  // the client's, when it is sane; else empty
};

// Checks the head that Beast has parsed. An absolute-form target becomes its origin form, and its
// authority the Host, as RFC 9112 3.2.2 asks. `keep_alive` is what the codec says.
std::optional<HttpRefusal> inspect(BeastRequest& request, bool keep_alive, const HttpLimits& limits,
                                   RequestFacts& facts);

// The refusal for an error of Beast's parser.
HttpRefusal refusal_of(const boost::system::error_code& parse_error);

// The second of a connection's two lines about its future, or neither (HTTP/1.1's default).
enum class ConnectionLine : std::uint8_t { none, keep_alive, close };

// How a client finds the body's end.
enum class BodyEnd : std::uint8_t { length, chunks, connection };

struct ResponseFrame {
  std::string_view date_line;  // "Date: ...\r\n" or empty
  std::string_view request_id;
  ConnectionLine connection = ConnectionLine::none;
  BodyEnd body_end = BodyEnd::length;
  bool head_only = false;  // the answer to a HEAD: Content-Length without the content
};
void append_response(std::string& out, const HttpAnswer& answer, const ResponseFrame& frame);

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 5.6.7).
std::string http_date_line(WallTime now);

}  // namespace oee
