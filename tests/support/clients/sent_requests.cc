#include "tests/support/clients/sent_requests.h"

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace oee::test {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::map<std::string, std::string> headers_of(std::string_view head) {
  std::map<std::string, std::string> headers;
  for (std::size_t at = head.find(line_end); at + 2 < head.size();) {
    const std::size_t end = std::min(head.find(line_end, at + 2), head.size());
    const std::string_view line = head.substr(at + 2, end - at - 2);
    if (const std::size_t colon = line.find(':'); colon != line.npos) {
      const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
      headers[lower(std::string(line.substr(0, colon)))] = line.substr(value);
    }
    at = end;
  }
  return headers;
}

std::size_t length_in(const std::map<std::string, std::string>& headers) {
  const auto length = headers.find("content-length");
  return length == headers.end() ? 0 : std::strtoul(length->second.c_str(), nullptr, 10);
}

}  // namespace

SeenAnswer SentRequests::next_request() const {
  SeenAnswer request;
  const std::size_t begin = sent_.starts_with(line_end) ? 2 : 0;  // the server skips one too
  const std::string_view line = std::string_view(sent_).substr(
      begin, std::min(sent_.find(line_end, begin), sent_.size()) - begin);
  const std::size_t space = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (space == last || !line.substr(last + 1).starts_with("HTTP/")) return request;
  std::string_view target = line.substr(space + 1, last - space - 1);
  constexpr std::string_view scheme = "http://";
  if (target.size() > scheme.size() && strncasecmp(target.data(), scheme.data(), scheme.size()) ==
                                           0)  // an absolute target becomes its origin form
    target.remove_prefix(std::min(target.find_first_of("/?", scheme.size()), target.size()));
  request.method = line.substr(0, space);
  request.target = target.starts_with('/') ? target : "/" + std::string(target);
  return request;
}

void SentRequests::forget_request() {
  const std::size_t begin = sent_.starts_with(line_end) ? 2 : 0;
  const std::size_t end = sent_.find(head_end, begin);
  if (end == sent_.npos) return sent_.clear();
  const std::string_view head = std::string_view(sent_).substr(begin, end - begin);
  const std::size_t length = length_in(headers_of(head));
  const std::size_t size = end + head_end.size();
  sent_.erase(0, length < sent_.size() - size ? size + length : sent_.npos);
}

std::optional<RawResponse> SentRequests::take_answer(std::string& in) {
  const std::size_t end = in.find(head_end);
  if (end == in.npos) return std::nullopt;
  const std::size_t head_size = end + head_end.size();
  SeenAnswer seen = next_request();
  seen.status = std::atoi(in.c_str() + sizeof "HTTP/1.1");
  seen.headers = headers_of(in.substr(0, end));
  const bool bodiless = seen.method == "HEAD" || seen.status < 200;
  const std::size_t length = bodiless ? 0 : length_in(seen.headers);
  if (in.size() - head_size < length) return std::nullopt;
  seen.body = in.substr(head_size, length);
  RawResponse response{seen.status, in.substr(0, head_size), seen.body};
  in.erase(0, head_size + length);
  if (seen.status == 100) return response;  // no answer yet
  forget_request();
  if (seen.headers["content-type"] != echo_type) expect_contract(seen);
  return response;
}

}  // namespace oee::test
