#include "projections/postgres/exact_text.h"

#include <strings.h>

#include <algorithm>
#include <array>

namespace oee {

Result<Decimal> parse_exact_decimal(std::string_view text, std::uint8_t scale) {
  const std::size_t point = text.find('.');
  const std::size_t fraction = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (fraction > decimal_scale_max) return Error{Errc::corrupt, "more than 18 decimals"};
  const auto scale_least = static_cast<std::uint8_t>(fraction);
  if (scale > scale_least) {
    if (auto units = parse_units(text, scale)) return Decimal{*units, scale};
  }
  const auto units = parse_units(text, scale_least);
  if (!units) return Error{Errc::corrupt, "not an exact decimal: " + units.error().detail};
  return Decimal{*units, scale_least};
}

namespace {

bool needs_quotes(const std::string& element) {
  return element.empty() || element.find_first_of("{},\"\\ \t\n\r\v\f") != element.npos ||
         strcasecmp(element.c_str(), "NULL") == 0;
}

}  // namespace

std::string text_array(const std::vector<std::string>& elements) {
  std::string out = "{";
  for (const std::string& element : elements) {
    if (out.size() > 1) out += ',';
    const bool quoted = needs_quotes(element);
    if (quoted) out += '"';
    for (const char c : element) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    if (quoted) out += '"';
  }
  return out + '}';
}

Result<std::vector<std::string>> parse_text_array(std::string_view text) {
  const Error wrong{Errc::corrupt, "not an array of texts"};
  std::vector<std::string> out;
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return wrong;
  text = text.substr(1, text.size() - 2);
  bool more = !text.empty();
  while (more) {
    std::string& element = out.emplace_back();
    const bool quoted = text.starts_with('"');
    std::size_t at = quoted ? 1 : 0;
    for (; at < text.size() && text[at] != (quoted ? '"' : ','); ++at) {
      if (text[at] == '\\') ++at;
      if (at < text.size()) element += text[at];
    }
    if (quoted && at++ >= text.size()) return wrong;
    text.remove_prefix(std::min(at, text.size()));
    more = text.starts_with(',');
    if (more) text.remove_prefix(1);
  }
  if (!text.empty()) return wrong;
  return out;
}

}  // namespace oee
