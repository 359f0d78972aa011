// Reads named members of a JSON object, each with the exact text of its string or number: amounts
// never pass through floating point. Of an object in it the last member is kept. Other members and
// nested values are parsed (they must be JSON) and dropped. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/problem.h"

namespace oee {

enum class JsonKind : std::uint8_t { absent, text, number, boolean, null, array, object };

struct BodyMember {
  JsonKind kind = JsonKind::absent;
  bool repeated = false;
  bool too_long = false;  // `text` holds the beginning
  std::string text;  // of a string or a number; "true" or "false"; of an object: that of inside
  // Of an object: the number of its members, the same name twice counted twice, and the name and
  // the kind of the last one.
  std::size_t inside_count = 0;
  std::string inside_name;
  JsonKind inside = JsonKind::absent;

  // The text of a string or number; empty: the member is neither.
  std::optional<std::string_view> view() const {
    if (kind != JsonKind::text && kind != JsonKind::number) return std::nullopt;
    return text;
  }
  // The name and the text in an object with one text. Empty: the member is another one.
  std::optional<std::pair<std::string_view, std::string_view>> one_text() const {
    if (kind != JsonKind::object || inside_count != 1 || inside != JsonKind::text)
      return std::nullopt;
    return std::pair<std::string_view, std::string_view>(inside_name, text);
  }
};

struct BodyMembers {
  static constexpr std::size_t names_max = 24;
  static constexpr std::size_t text_bytes_max = 256;  // of a member; no valid member is longer

  std::array<BodyMember, names_max> values;  // in the order of the names
  std::vector<std::string> unknown;          // the first few other names that are reported
  std::optional<std::string> unreported;     // the first other name that is not reported
};

// REQUIRES: at most names_max names. invalid_json: not JSON, nested deeper than 8, or more than one
// value. invalid_order: not an object, or a number whose exponent is out of range. A text longer
// than `text_bytes_max` is cut.
// `reports`: whether another name is kept in `unknown`, cut to 64 bytes; null: every one is kept. A
// name is also kept when `reports` is true for a name inside its value.
std::variant<BodyMembers, Problem> read_members(
    std::string_view body, std::span<const std::string_view> names,
    std::size_t text_bytes_max = BodyMembers::text_bytes_max,
    bool (*reports)(std::string_view name) = nullptr);

// Of a member of the outermost object whose value is an array of texts: those texts. Empty: the
// value is another one. REQUIRES: read_members() has accepted the body.
std::optional<std::vector<std::string>> texts_inside(std::string_view body, std::string_view name);

// The RFC 6901 pointer to a member of the outermost object.
std::string pointer_to(std::string_view name);

// An invalid_order problem with all errors; its detail is the first of them. REQUIRES: not empty.
Problem order_problem(std::vector<ProblemItem> items);

}  // namespace oee
