#include "api/http/query.h"

#include <algorithm>
#include <charconv>

#include "core/base/json_writer.h"

namespace oee {
namespace {

constexpr std::size_t parameters_max = 32;
constexpr std::size_t shown_bytes_max = 64;  // of the client's text in an answer

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Empty: a "%" that is not followed by two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

}  // namespace

QueryReader::QueryReader(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals));
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())));
    const std::string shown(pair.substr(0, std::min(equals, shown_bytes_max)));
    if (!name || !value) {
      malformed_.push_back(
          {shown, "bad_encoding", "has a % that is not followed by two hexadecimal digits"});
    } else if (parameters_.size() == parameters_max) {
      malformed_.push_back({shown, "too_many", "there are too many parameters"});
      return;
    } else {
      const bool repeated = find(*name) != nullptr;
      parameters_.push_back({std::move(*name), std::move(*value), shown, repeated, false});
    }
  }
}

QueryReader::Parameter* QueryReader::find(std::string_view name) {
  for (Parameter& parameter : parameters_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

void QueryReader::wrong(std::string_view name, std::string_view code, std::string detail) {
  wrong_.push_back({std::string(name), code, std::move(detail)});
}

// PostgreSQL refuses other texts, and a NUL ends a text where it is passed on.
bool QueryReader::is_text(const Parameter& parameter) {
  if (is_utf8(parameter.value) && parameter.value.find('\0') == std::string::npos) return true;
  wrong(parameter.name, "bad_encoding", "must be UTF-8 text without a NUL");
  return false;
}

std::optional<std::string> QueryReader::text(std::string_view name, std::size_t size_max) {
  Parameter* parameter = find(name);
  if (parameter == nullptr) return std::nullopt;
  parameter->taken = true;
  if (!is_text(*parameter)) return std::nullopt;
  if (parameter->value.empty() || parameter->value.size() > size_max) {
    wrong(name, "bad_length", "must have 1 to " + std::to_string(size_max) + " characters");
    return std::nullopt;
  }
  return parameter->value;
}

std::vector<std::string> QueryReader::list(std::string_view name, std::size_t size_max) {
  std::vector<std::string> values;
  for (Parameter& parameter : parameters_) {
    if (parameter.name != name) continue;
    parameter.taken = true;
    if (!is_text(parameter)) return {};
    std::string_view rest = parameter.value;
    for (bool more = true; more;) {
      const std::size_t comma = rest.find(',');
      const std::string_view value = rest.substr(0, comma);
      more = comma != rest.npos;
      if (more) rest.remove_prefix(comma + 1);
      if (value.empty() || value.size() > size_max) {
        wrong(name, "bad_length",
              "must have names of 1 to " + std::to_string(size_max) + " characters");
        return {};
      }
      values.emplace_back(value);
    }
  }
  return values;
}

std::string QueryReader::required_text(std::string_view name, std::size_t size_max) {
  if (find(name) == nullptr) wrong(name, "required", "is required");
  return text(name, size_max).value_or("");
}

std::optional<std::uint64_t> QueryReader::number(std::string_view name, std::uint64_t min,
                                                 std::uint64_t max) {
  Parameter* parameter = find(name);
  if (parameter == nullptr) return std::nullopt;
  parameter->taken = true;
  const std::string& given = parameter->value;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error == std::errc::invalid_argument || end != given.data() + given.size()) {
    wrong(name, "not_a_number", "must be a whole number");
  } else if (error != std::errc() || value < min || value > max) {
    wrong(name, "out_of_range",
          "must be between " + std::to_string(min) + " and " + std::to_string(max));
  } else {
    return value;
  }
  return std::nullopt;
}

std::uint64_t QueryReader::number(std::string_view name, std::uint64_t min, std::uint64_t max,
                                  std::uint64_t otherwise) {
  return number(name, min, max).value_or(otherwise);
}

std::optional<WallTime> QueryReader::time(std::string_view name) {
  const auto given = text(name, 64);
  if (!given) return std::nullopt;
  const Result<WallTime> parsed = parse_rfc3339(*given);
  if (parsed) return *parsed;
  wrong(name, "not_a_time", "must be an RFC 3339 time such as 2026-03-01T12:00:00Z");
  return std::nullopt;
}

std::optional<Problem> QueryReader::problem() {
  for (const Parameter& parameter : parameters_) {
    if (parameter.taken) continue;
    if (parameter.repeated) {
      malformed_.push_back({parameter.shown, "repeated", "is given more than once"});
    } else {
      malformed_.push_back({parameter.name.substr(0, shown_bytes_max), "unknown_parameter",
                            "is not a parameter of this request"});
    }
  }
  if (malformed_.empty() && wrong_.empty()) return std::nullopt;
  Problem problem;
  problem.kind = malformed_.empty() ? &problems::invalid_parameter : &problems::invalid_query;
  problem.items = std::move(malformed_);
  problem.items.insert(problem.items.end(), std::make_move_iterator(wrong_.begin()),
                       std::make_move_iterator(wrong_.end()));
  problem.detail = problem.items.front().where + ": " + problem.items.front().detail + ".";
  problem.items_are_parameters = true;
  return problem;
}

}  // namespace oee
