// HTTP/1.1 on the wire, where this server is stricter than its codec (Boost.Beast). A request head
// is checked byte by byte before it is parsed and field by field afterwards. A response is written
// as one run of bytes. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/message.h"

namespace oee {

// The reason why the server itself refuses a request.
struct HttpRefusal {
  unsigned status = 400;
  std::string_view code;  // a literal
  std::string detail;
};

// Finds the end of a request head as bytes arrive. It refuses heads that a lenient parser would
// accept: a line that ends without CR, a folded line, too many lines, too many bytes.
class HeadScanner {
 public:
  explicit HeadScanner(const HttpLimits& limits) : limits_(&limits) {}

  // `bytes` begins with the head, and each call has the bytes of the call before and more. Returns
  // the size of the head with its empty line; empty: not complete yet, or refused.
  std::optional<std::size_t> scan(std::string_view bytes);
  const std::optional<HttpRefusal>& refusal() const { return refusal_; }

 private:
  std::optional<std::size_t> refuse(unsigned status, std::string_view code, std::string detail);
  const HttpLimits* limits_;
  std::size_t scanned_ = 0;  // everything before has been checked
  std::size_t line_begin_ = 0;
  std::size_t lines_ = 0;  // complete lines, the request line included
  std::optional<HttpRefusal> refusal_;
};

// The parts of a parsed head that the server uses. The views are valid as long as the request.
struct ParsedHead {
  std::size_t content_length = 0;
  bool chunked = false;  // the body comes in chunks, see chunk_decoder.h
  bool keep_alive = true;
  bool head_only = false;  // a HEAD request
  bool expects_continue = false;
  bool upgrade = false;         // a well-formed WebSocket upgrade
  std::string_view request_id;  // the client's, when it is well-formed; else empty
};

// Checks the head that Beast has parsed. An absolute-form target becomes its origin form, and its
// authority the Host, as RFC 9112 3.2.2 requires. `keep_alive`: the codec's result. Empty: the head
// is valid, and `parsed` is filled in.
std::optional<HttpRefusal> inspect(BeastRequest& request, bool keep_alive, const HttpLimits& limits,
                                   ParsedHead& parsed);

// The refusal for an error of Beast's parser. `request`: the part of the head before the error.
HttpRefusal refusal_of(const boost::system::error_code& parse_error, const BeastRequest& request);

// The Connection header of an answer. `none`: HTTP/1.1's default, keep-alive.
enum class ConnectionLine : std::uint8_t { none, keep_alive, close };

// The mark of a body's end for the client.
enum class BodyEnd : std::uint8_t { length, chunks, connection };

struct ResponseFrame {
  std::string_view date_line;  // "Date: ...\r\n" or empty
  std::string_view request_id;
  ConnectionLine connection = ConnectionLine::none;
  BodyEnd body_end = BodyEnd::length;
  bool head_only = false;  // the answer to a HEAD: Content-Length without the content
};
// Every answer has X-Content-Type-Options: nosniff, and Cache-Control: no-store when the answer
// itself has no Cache-Control: answers contain orders, which no cache must keep.
void append_response(std::string& out, const HttpAnswer& answer, const ResponseFrame& frame);

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 5.6.7).
std::string http_date_line(WallTime now);

}  // namespace oee
