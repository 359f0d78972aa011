// A request's head: HeadScanner, Beast's parser and inspect(), as HttpConnection joins them; and
// the chunks behind it. A request is refused with a 4xx or 5xx and a detail, independent of how its
// bytes arrive, or a strict reader accepts it too: a line by line reader of RFC 9112, written here
// without Beast.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cctype>
#include <vector>

#include "api/http/request_headers.h"
#include "api/http/server/chunk_decoder.h"
#include "api/http/wire.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {
namespace {

namespace http = boost::beast::http;

const HttpLimits limits;

void check_refusal(const HttpRefusal& refusal) {
  check(refusal.status >= 400 && refusal.status < 600, "a refusal with another kind of status");
  check(!refusal.code.empty() && !refusal.detail.empty(), "a refusal without a code or detail");
}

// The size of the head when its bytes arrive `step` at a time. 0: refused or not complete.
std::size_t scanned(std::string_view bytes, std::size_t step, bool& refused) {
  HeadScanner scanner(limits);
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    const auto size = scanner.scan(bytes.substr(0, end));
    refused = scanner.refusal().has_value();
    if (refused) check_refusal(*scanner.refusal());
    if (size) return *size;
    if (refused || end == bytes.size()) return 0;
  }
}

struct Line {
  std::string name;  // in lower case
  std::string_view value;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// The head's lines, the request line first and unnamed. All of them must be well-formed.
std::vector<Line> strict_lines(std::string_view head) {
  std::vector<Line> lines;
  check(head.ends_with("\r\n\r\n"), "a head without its end");
  head.remove_suffix(2);
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    for (const unsigned char c : line)
      check(c == '\t' || (c >= ' ' && c != 0x7F), "a control character was taken");
    Line parsed;
    parsed.value = line;
    if (!lines.empty()) {
      const std::size_t colon = line.find(':');
      check(colon != line.npos && is_token(line.substr(0, colon)), "a header without a name");
      parsed.name = std::string(line.substr(0, colon));
      for (char& c : parsed.name)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      parsed.value = trimmed(line.substr(colon + 1));
    }
    lines.push_back(std::move(parsed));
  }
  return lines;
}

void check_accepted(std::string_view head, const BeastRequest& request, const ParsedHead& parsed) {
  const std::vector<Line> lines = strict_lines(head);
  check(lines.size() - 1 <= limits.header_count_max, "more headers than allowed");
  const std::string_view first = lines.front().value;
  check(std::count(first.begin(), first.end(), ' ') == 2, "a request line of other than 3 words");
  const bool modern = first.ends_with(" HTTP/1.1");
  check(modern || first.ends_with(" HTTP/1.0"), "another version was taken");
  std::size_t hosts = 0, lengths = 0, encodings = 0;
  std::string_view length = "0";
  for (const Line& line : lines) {
    if (line.name == "host") ++hosts;
    if (line.name == "transfer-encoding") {
      ++encodings;
      std::string encoding(line.value);
      for (char& c : encoding) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      check(encoding == "chunked", "another encoding than chunked was taken");
    }
    if (line.name != "content-length") continue;
    ++lengths;
    length = line.value;
  }
  check(hosts == 1 || (hosts == 0 && !modern), "no host, or two");
  check(lengths <= 1, "two lengths");
  check(encodings <= 1, "two encodings");
  check(encodings == 0 || (lengths == 0 && modern), "an encoding with a length, or in 1.0");
  check(parsed.chunked == (encodings == 1), "chunks were taken for another body");
  check(!length.empty() && length.find_first_not_of("0123456789") == length.npos,
        "a length that is no number");
  check(parsed.content_length <= limits.body_bytes_max, "a body over the limit");
  check(std::stoull(std::string(length)) == parsed.content_length,
        "another length than the header's");
  check(!request.target().empty() && request.target().front() == '/', "a target that is no path");
  check(request.method() != http::verb::unknown, "an unknown method");
  check(!parsed.upgrade || (modern && parsed.content_length == 0 && !parsed.chunked),
        "an upgrade with a body");
  check(parsed.request_id.size() <= 64, "a long request id");
}

struct Decoded {
  std::string body;
  std::size_t size = 0;  // of the chunks with their trailer
  bool done = false;
  bool refused = false;
};

// The chunks at the beginning of `bytes`, which arrive `step` at a time.
Decoded decoded(std::string_view bytes, std::size_t step) {
  ChunkDecoder decoder(limits);
  Decoded result;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    result.size += decoder.read(bytes.substr(result.size, end - result.size), result.body);
    if (decoder.done() || decoder.refusal() || end == bytes.size()) break;
  }
  result.done = decoder.done();
  result.refused = decoder.refusal().has_value();
  check(!result.done || !result.refused, "chunks that are taken and refused");
  if (result.refused) check_refusal(*decoder.refusal());
  return result;
}

// Reads complete chunks again, line by line. Every line must be well-formed.
void check_chunks(std::string_view bytes, const Decoded& taken) {
  std::string body;
  std::string_view rest = bytes;
  const auto line = [&rest] {
    const std::size_t end = rest.find("\r\n");
    check(end != rest.npos, "a line of the chunks without its end");
    const std::string_view text = rest.substr(0, end);
    for (const unsigned char c : text)
      check(c == '\t' || (c >= ' ' && c != 0x7F), "a control character was taken");
    rest.remove_prefix(end + 2);
    return text;
  };
  for (;;) {
    const std::string_view head = line();
    const std::string digits(head.substr(0, head.find_first_not_of("0123456789abcdefABCDEF")));
    check(!digits.empty() && digits.size() <= 16, "a chunk without a size");
    const std::string_view extension = trimmed(head.substr(digits.size()));
    check(head.size() == digits.size() || extension.starts_with(';'), "bytes behind a size");
    const std::size_t size = std::stoull(digits, nullptr, 16);
    if (size == 0) break;
    check(size <= rest.size(), "a chunk longer than the bytes");
    body += rest.substr(0, size);
    rest.remove_prefix(size);
    check(line().empty(), "bytes behind a chunk");
  }
  std::size_t fields = 0;
  for (std::string_view field = line(); !field.empty(); field = line(), ++fields)
    check(field.find(':') != field.npos && is_token(field.substr(0, field.find(':'))),
          "a trailer field without a name");
  check(fields <= limits.header_count_max, "more trailer fields than allowed");
  check(body == taken.body && body.size() <= limits.body_bytes_max, "another body");
  check(bytes.size() - rest.size() == taken.size, "another end of the chunks");
}

void check_body_in_chunks(std::string_view bytes) {
  const Decoded whole = decoded(bytes, std::max<std::size_t>(bytes.size(), 1));
  const Decoded in_steps = decoded(bytes, bytes.size() < 2'048 ? 1 : 97);
  check(whole.done == in_steps.done && whole.refused == in_steps.refused &&
            (!whole.done || (whole.size == in_steps.size && whole.body == in_steps.body)),
        "the arrival of the chunks decides");
  if (whole.done) check_chunks(bytes, whole);
}

void check_headers(const BeastRequest& request) {
  const IdempotencyKey key = idempotency_key_of(request);
  check(!key.problem || key.text.empty(), "a key and a problem with it");
  check(!key.problem || !key.problem->detail.empty(), "a refused key without a reason");
  check(key.text.size() <= idempotency_key_max, "a long key");
  for (const char c : key.text) check(c >= ' ' && c <= '~', "a key that cannot be printed");
  check(trace_id_of(request) == trace_id_of(request), "the trace is not stable");
  (void)is_json(request);
  (void)wants_ndjson(request);
}

void run(std::string_view bytes) {
  bool refused = false;
  const std::size_t size = scanned(bytes, std::max<std::size_t>(bytes.size(), 1), refused);
  bool refused_in_steps = false;
  const std::size_t in_steps = scanned(bytes, bytes.size() < 2'048 ? 1 : 97, refused_in_steps);
  check(size == in_steps && refused == refused_in_steps, "the arrival of the bytes decides");
  if (size == 0) return;
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max) + 1);
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::string head(bytes.substr(0, size));
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) return check_refusal(refusal_of(error, parser.get()));
  ParsedHead parsed;
  const auto refusal = inspect(parser.get(), parser.keep_alive(), limits, parsed);
  if (refusal) return check_refusal(*refusal);
  check_accepted(head, parser.get(), parsed);
  check_headers(parser.get());
  if (parsed.chunked) check_body_in_chunks(bytes.substr(size));
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oee::fuzz::run(oee::fuzz::text_of(data, size));
  return 0;
}
