#include "api/http/request_headers.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <charconv>

namespace oee {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

// The content of a quoted RFC 8941 string; empty optional: malformed.
std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string content;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\') {
      if (++i == text.size() || (text[i] != '"' && text[i] != '\\')) return std::nullopt;
      c = text[i];
    } else if (c == '"' || !is_printable(c)) {
      return std::nullopt;
    }
    content += c;
  }
  return content;
}

std::optional<std::string> bare_key(std::string_view text) {
  const auto allowed = [](char c) {
    return is_printable(c) && c != ' ' && c != '"' && c != '\\' && c != ',' && c != ';';
  };
  if (!std::all_of(text.begin(), text.end(), allowed)) return std::nullopt;
  return std::string(text);
}

// Removes the text up to the next `mark` from the front of `text` and returns it.
std::string_view next_part(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// Whether the parameters of a media range or a coding contain "q=0", which excludes it.
bool has_zero_weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_part(parameters, ';');
    if (parameter.size() > 2 && iequals(parameter.substr(0, 2), "q=") &&
        parameter.substr(2).find_first_not_of("0.") == parameter.npos)
      return true;
  }
  return false;
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

IdempotencyKey idempotency_key_of(const BeastRequest& request) {
  IdempotencyKey key;
  const auto [first, last] = request.equal_range("Idempotency-Key");
  if (first == last) return key;
  std::string_view wrong;
  if (std::next(first) != last) {
    wrong = "Idempotency-Key is sent more than once.";
  } else {
    const std::string_view value = view_of(first->value());
    auto text = value.starts_with('"') ? unquote(value) : bare_key(value);
    if (!text) {
      wrong = "Idempotency-Key is neither a quoted string nor a token.";
    } else if (text->empty() || text->size() > idempotency_key_max) {
      wrong = "Idempotency-Key must have 1 to 255 characters.";
    } else {
      key.text = *std::move(text);
      return key;
    }
  }
  key.problem.emplace();
  key.problem->kind = &problems::invalid_header;
  key.problem->detail = wrong;
  return key;
}

IfMatch if_match_of(const BeastRequest& request) {
  IfMatch read;
  const auto [first, last] = request.equal_range(http::field::if_match);
  if (first == last) return read;
  const std::string_view tag = trim(view_of(first->value()));
  const std::string_view digits = tag.substr(std::min<std::size_t>(tag.size(), 1));
  Version version = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (std::next(first) == last && tag == etag_of(version)) {
    read.version = version;
    return read;
  }
  read.problem.emplace();
  read.problem->kind = &problems::invalid_header;
  read.problem->detail = "If-Match must be the ETag of the order, as \"7\".";
  return read;
}

std::string etag_of(Version version) {
  return '"' + std::to_string(version) + '"';
}

// https://www.w3.org/TR/trace-context/#traceparent-header: version-traceid-parentid-flags.
CorrelationId trace_id_of(const BeastRequest& request) {
  const auto [first, last] = request.equal_range("traceparent");
  if (first == last || std::next(first) != last) return {};
  const std::string_view text = view_of(first->value());
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(3, 32);
  const std::string_view parent = text.substr(36, 16);
  const bool more = text.size() > 55;
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) ||
      !is_lower_hex(text.substr(53, 2)) || version == "ff" || (version == "00" && more) ||
      (more && text[55] != '-') || parent.find_first_not_of('0') == parent.npos) {
    return {};
  }
  const Result<std::string> bytes = from_hex(trace);
  return bytes ? CorrelationId::from_bytes(*bytes) : CorrelationId{};
}

bool is_json(const BeastRequest& request) {
  if (request.find(http::field::content_encoding) != request.end()) return false;
  std::string_view type = view_of(request[http::field::content_type]);
  const std::size_t semicolon = std::min(type.find(';'), type.size());
  if (!iequals(trim(type.substr(0, semicolon)), "application/json")) return false;
  type = trim(type.substr(std::min(semicolon + 1, type.size())));
  return type.empty() || iequals(type, "charset=utf-8") || iequals(type, "charset=\"utf-8\"");
}

bool accepts(const BeastRequest& request, std::string_view media_type) {
  const auto [first, last] = request.equal_range(http::field::accept);
  if (first == last) return true;
  std::string any_subtype(media_type.substr(0, media_type.find('/') + 1));
  any_subtype += '*';
  std::size_t rank_best = 0;
  bool accepted = false;
  for (auto header = first; header != last; ++header) {
    std::string_view rest = view_of(header->value());
    while (!rest.empty()) {
      const std::string_view range = next_part(rest, ',');
      std::string_view parameters = range;
      const std::string_view type = next_part(parameters, ';');
      const std::size_t rank = iequals(type, media_type)    ? 3
                               : iequals(type, any_subtype) ? 2
                               : type == "*/*"              ? 1
                                                            : 0;
      if (rank == 0 || rank < rank_best) continue;
      rank_best = rank;
      accepted = !has_zero_weight(parameters);
    }
  }
  return accepted;
}

bool accepts_gzip(const BeastRequest& request) {
  const auto [first, last] = request.equal_range(http::field::accept_encoding);
  bool named = false;
  bool accepted = false;
  for (auto header = first; header != last; ++header) {
    std::string_view rest = view_of(header->value());
    while (!rest.empty()) {
      std::string_view parameters = next_part(rest, ',');
      const std::string_view coding = next_part(parameters, ';');
      const bool names_it = iequals(coding, "gzip") || iequals(coding, "x-gzip");
      if (!names_it && (coding != "*" || named)) continue;
      named |= names_it;
      accepted = !has_zero_weight(parameters);
    }
  }
  return accepted;
}

bool wants_ndjson(const BeastRequest& request) {
  const std::string_view accept = view_of(request[http::field::accept]);
  return accept.find("application/x-ndjson") != accept.npos ||
         accept.find("application/ndjson") != accept.npos;
}

bool wants_html(const BeastRequest& request) {
  return view_of(request[http::field::accept]).find("text/html") != std::string_view::npos;
}

bool has_etag(const BeastRequest& request, std::string_view etag) {
  const std::string_view tags = trim(view_of(request[http::field::if_none_match]));
  return tags == "*" || tags.find(etag) != tags.npos;  // a quoted tag contains no other
}

}  // namespace oee
