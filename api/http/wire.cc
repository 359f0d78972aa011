#include "api/http/wire.h"

#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <cstring>

#include "api/http/hosts.h"

namespace oee {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

constexpr bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A set of bytes as a table: one look-up per byte.
using ByteSet = std::array<bool, 256>;
constexpr ByteSet byte_set(std::string_view others) {
  ByteSet set{};
  for (int c = 0; c < 128; ++c) set[static_cast<std::size_t>(c)] = is_alnum(static_cast<char>(c));
  for (char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}
// RFC 3986: unreserved, sub-delims, ":" and "[" "]" of IPv6 literals, and "%" of encoded bytes.
constexpr ByteSet host_bytes = byte_set("-._~!$&'()*+,;=:[]%");
constexpr ByteSet target_bytes = byte_set("-._~!$&'()*+,;=:@/?%");
constexpr ByteSet request_id_bytes = byte_set("-._");
constexpr ByteSet base64_bytes = byte_set("+/");

constexpr unsigned no_content = 204;
constexpr unsigned not_modified = 304;

bool all_in(const ByteSet& set, std::string_view text) {
  for (char c : text) {
    if (!set[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

HttpRefusal malformed(const char* detail) {
  return {400, "bad_request", detail};
}

// The fields of a head that decide how the message is framed and routed, and how often each was
// sent.
struct HeadFields {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned encodings = 0;
  unsigned upgrades = 0;
  unsigned keys = 0;
  std::string_view host;
  std::string_view length;
  std::string_view encoding;
  std::string_view expect;
  std::string_view key;
  std::string_view websocket_version;
  std::string_view request_id;
  bool connection_upgrade = false;
  bool upgrade_websocket = false;
};

void record(HeadFields& seen, http::field name, std::string_view name_text,
            std::string_view value) {
  switch (name) {
    case http::field::host:
      ++seen.hosts;
      seen.host = value;
      break;
    case http::field::content_length:
      ++seen.lengths;
      seen.length = value;
      break;
    case http::field::transfer_encoding:
      ++seen.encodings;
      seen.encoding = value;
      break;
    case http::field::expect:
      seen.expect = value;
      break;
    case http::field::connection:
      seen.connection_upgrade |= http::token_list{value}.exists("upgrade");
      break;
    case http::field::upgrade:
      ++seen.upgrades;
      seen.upgrade_websocket = iequals(value, "websocket");
      break;
    case http::field::sec_websocket_key:
      ++seen.keys;
      seen.key = value;
      break;
    case http::field::sec_websocket_version:
      seen.websocket_version = value;
      break;
    case http::field::unknown:
      if (iequals(name_text, "X-Request-Id")) seen.request_id = value;
      break;
    default:
      break;
  }
}

std::optional<HttpRefusal> check_target(BeastRequest& request, std::string_view& host) {
  constexpr std::string_view scheme = "http://";
  std::string_view target = view_of(request.target());
  const bool absolute =
      target.size() > scheme.size() && iequals(target.substr(0, scheme.size()), scheme);
  if (absolute) target.remove_prefix(scheme.size());
  const std::size_t path = absolute ? std::min(target.find_first_of("/?"), target.size()) : 0;
  const std::string authority(target.substr(0, path));
  if (!all_in(target_bytes, target.substr(path)))
    return malformed("The request target contains a byte that is not allowed in a URI.");
  if (!absolute && target.front() == '/') return std::nullopt;
  if (!absolute) return malformed("The request target is neither a path nor an http URI.");
  // "@" is not among the bytes of a host.
  if (authority.empty() || !all_in(host_bytes, authority)) {
    return malformed(
        "The authority in the request target must be a host without user information.");
  }
  std::string origin(target.substr(path));
  if (origin.empty() || origin.front() != '/') origin.insert(origin.begin(), '/');
  request.target(origin);
  request.set(http::field::host, authority);
  host = view_of(request[http::field::host]);
  return std::nullopt;
}

std::optional<HttpRefusal> check_host(std::string_view host, const HttpLimits& limits) {
  if (!limits.host_names || host_accepted(host, *limits.host_names)) return std::nullopt;
  constexpr std::size_t shown_max = 255;  // the longest host name
  return HttpRefusal{421, "misdirected_host",
                     "The Host " + std::string(host.substr(0, shown_max)) +
                         " is not a name of this server; --allowed-hosts adds names."};
}

// A Transfer-Encoding that does not frame the body: another reader of the same bytes could find
// another end of the request.
HttpRefusal wrong_encoding(const BeastRequest& request) {
  if (request.version() < 11) return malformed("HTTP/1.0 has no Transfer-Encoding.");
  if (request.count(http::field::content_length) != 0)
    return malformed("The request has both a Transfer-Encoding and a Content-Length.");
  return {501, "transfer_encoding", "The only supported Transfer-Encoding is chunked."};
}

std::optional<HttpRefusal> check_length(const BeastRequest& request, const HeadFields& seen,
                                        const HttpLimits& limits, ParsedHead& parsed) {
  if (seen.encodings != 0) {
    parsed.chunked = request.version() >= 11 && seen.lengths == 0 && seen.encodings == 1 &&
                     iequals(seen.encoding, "chunked");
    if (!parsed.chunked) return wrong_encoding(request);
    return std::nullopt;
  }
  if (seen.lengths > 1) return malformed("More than one Content-Length.");
  if (seen.lengths == 0) return std::nullopt;
  const char* end = seen.length.data() + seen.length.size();
  std::uint64_t value = 0;
  const auto [last, error] = std::from_chars(seen.length.data(), end, value);
  // Beast accepts lists such as "5, 5" as one length. Here a length consists of digits only.
  if (error == std::errc::invalid_argument || last != end) {
    return malformed("Content-Length is not a number.");
  }
  if (error == std::errc::result_out_of_range || value > limits.body_bytes_max) {
    return HttpRefusal{
        413, "body_too_large",
        "The body is larger than " + std::to_string(limits.body_bytes_max) + " bytes."};
  }
  parsed.content_length = static_cast<std::size_t>(value);
  return std::nullopt;
}

// 24 characters that are the base64 of 16 bytes (RFC 6455 4.2.1).
bool is_websocket_key(std::string_view key) {
  if (key.size() != 24 || key.substr(22) != "==") return false;
  constexpr std::string_view last_digits = "AQgw";  // 4 of the last digit's 6 bits must be zero
  return all_in(base64_bytes, key.substr(0, 22)) && last_digits.find(key[21]) != last_digits.npos;
}

std::optional<HttpRefusal> check_upgrade(const BeastRequest& request, const HeadFields& seen,
                                         ParsedHead& parsed) {
  if (!seen.connection_upgrade || !seen.upgrade_websocket || seen.upgrades != 1)
    return std::nullopt;
  // RFC 9110 7.8 allows the server to ignore the upgrade of another kind of request.
  if (request.method() != http::verb::get || request.version() != 11) return std::nullopt;
  if (seen.websocket_version != "13") {
    return HttpRefusal{426, "websocket_version", "The server supports only WebSocket version 13."};
  }
  if (seen.keys != 1 || !is_websocket_key(seen.key)) {
    return malformed("Sec-WebSocket-Key is missing or malformed.");
  }
  if (parsed.content_length != 0 || parsed.chunked)
    return malformed("A WebSocket upgrade has no body.");
  parsed.upgrade = true;
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> HeadScanner::refuse(unsigned status, std::string_view code,
                                               std::string detail) {
  refusal_ = HttpRefusal{status, code, std::move(detail)};
  return std::nullopt;
}

std::optional<std::size_t> HeadScanner::scan(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    if (scanned_ == line_begin_ && lines_ > 0 &&
        (bytes[scanned_] == ' ' || bytes[scanned_] == '\t')) {
      return refuse(400, "bad_request", "A header line is folded, or begins with a space.");
    }
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
      scanned_ = bytes.size();
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == line_begin_ || bytes[at - 1] != '\r') {
      return refuse(400, "bad_request", "A line of the head ends without CR LF.");
    }
    const bool empty_line = at - line_begin_ == 1;
    scanned_ = line_begin_ = at + 1;
    if (scanned_ > limits_->header_bytes_max) break;
    if (empty_line) return scanned_;
    if (++lines_ > limits_->header_count_max + 1) {
      return refuse(
          431, "too_many_headers",
          "The request has more than " + std::to_string(limits_->header_count_max) + " headers.");
    }
  }
  if (scanned_ > limits_->header_bytes_max) {
    return refuse(
        431, "headers_too_large",
        "The headers are larger than " + std::to_string(limits_->header_bytes_max) + " bytes.");
  }
  return std::nullopt;
}

std::optional<HttpRefusal> inspect(BeastRequest& request, bool keep_alive, const HttpLimits& limits,
                                   ParsedHead& parsed) {
  HeadFields seen;
  for (const auto& field : request) {
    record(seen, field.name(), view_of(field.name_string()), view_of(field.value()));
  }
  parsed = ParsedHead{};
  parsed.keep_alive = keep_alive;
  parsed.head_only = request.method() == http::verb::head;
  if (!seen.request_id.empty() && seen.request_id.size() <= 64 &&
      all_in(request_id_bytes, seen.request_id)) {
    parsed.request_id = seen.request_id;
  }
  if (seen.hosts > 1) return malformed("More than one Host header.");
  if (seen.hosts == 0 && request.version() >= 11) return malformed("No Host header.");
  if (auto refusal = check_target(request, seen.host)) return refusal;
  if (seen.hosts == 1 && (seen.host.empty() || !all_in(host_bytes, seen.host))) {
    return malformed("The Host header is empty or not a valid host.");
  }
  if (!seen.host.empty()) {
    if (auto refusal = check_host(seen.host, limits)) return refusal;
  }
  if (auto refusal = check_length(request, seen, limits, parsed)) return refusal;
  if (request.method() == http::verb::unknown) {
    return HttpRefusal{501, "unknown_method", "The request method is not supported."};
  }
  if (!seen.expect.empty() && request.version() >= 11) {
    if (!iequals(seen.expect, "100-continue")) {
      return HttpRefusal{417, "expectation_failed",
                         "The only supported expectation is 100-continue."};
    }
    parsed.expects_continue = true;
  }
  return check_upgrade(request, seen, parsed);
}

HttpRefusal refusal_of(const boost::system::error_code& parse_error, const BeastRequest& request) {
  if (parse_error == http::error::bad_version) {
    return {505, "http_version", "The server supports only HTTP/1.0 and HTTP/1.1."};
  }
  if (parse_error == http::error::bad_method) return malformed("The request method is malformed.");
  if (parse_error == http::error::bad_target) return malformed("The request target is malformed.");
  if (parse_error == http::error::bad_field) return malformed("A header name is malformed.");
  if (parse_error == http::error::bad_value) return malformed("A header value is malformed.");
  if (parse_error == http::error::bad_content_length ||
      parse_error == http::error::multiple_content_length) {
    return malformed("The Content-Length is malformed, or sent twice.");
  }
  if (parse_error == http::error::bad_transfer_encoding) return wrong_encoding(request);
  return malformed("The request is not HTTP/1.1.");
}

void append_response(std::string& out, const HttpAnswer& answer, const ResponseFrame& frame) {
  char digits[24];
  const auto append_number = [&out, &digits](std::size_t value) {
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  out.reserve(out.size() + 256 + answer.body.size());
  out += "HTTP/1.1 ";
  append_number(answer.status);
  out += ' ';
  out += view_of(http::obsolete_reason(http::int_to_status(answer.status)));
  out += "\r\n";
  out += frame.date_line;
  // A 204 has no content headers. A 304 refers to content that the client has, whose length is not
  // zero (RFC 9110 8.6).
  if (answer.status != no_content && answer.status != not_modified) {
    out += "Content-Type: ";
    out += answer.content_type;
    if (frame.body_end == BodyEnd::length) {
      out += "\r\nContent-Length: ";
      append_number(answer.body.size());
    } else if (frame.body_end == BodyEnd::chunks) {
      out += "\r\nTransfer-Encoding: chunked";
    }
    out += "\r\n";
  }
  out += "X-Request-Id: ";
  out += frame.request_id;
  out += "\r\nX-Content-Type-Options: nosniff\r\n";
  bool cacheable = false;
  for (const auto& [name, value] : answer.headers) {
    cacheable |= name == "Cache-Control";
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (!cacheable) out += "Cache-Control: no-store\r\n";
  if (frame.connection == ConnectionLine::close) out += "Connection: close\r\n";
  if (frame.connection == ConnectionLine::keep_alive) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  if (!frame.head_only) out += answer.body;
}

std::string http_date_line(WallTime now) {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(now - day));
  std::string line = "Date: ";
  const auto append_padded = [&line](unsigned value, unsigned width) {
    std::string text = std::to_string(value);
    line.append(width > text.size() ? width - text.size() : 0, '0');
    line += text;
  };
  line += days[std::chrono::weekday(day).c_encoding()];
  line += ", ";
  append_padded(static_cast<unsigned>(date.day()), 2);
  line += ' ';
  line += months[static_cast<unsigned>(date.month()) - 1];
  line += ' ';
  append_padded(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  line += ' ';
  append_padded(static_cast<unsigned>(clock.hours().count()), 2);
  line += ':';
  append_padded(static_cast<unsigned>(clock.minutes().count()), 2);
  line += ':';
  append_padded(static_cast<unsigned>(clock.seconds().count()), 2);
  line += " GMT\r\n";
  return line;
}

}  // namespace oee
