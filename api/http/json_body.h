// A JSON object's members, each with the exact text of its string or number: amounts never pass
// through floating point. Members that nobody asked for are read (they must be JSON) and dropped,
// nested values too. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/problem.h"

namespace oee {

enum class JsonKind : std::uint8_t { absent, text, number, boolean, null, array, object };

struct BodyMember {
  JsonKind kind = JsonKind::absent;
  bool repeated = false;
  bool too_long = false;  // `text` holds the beginning
  std::string text;       // of a string or number

  // The text of a string or number; empty: it is neither.
  std::optional<std::string_view> view() const {
    if (kind != JsonKind::text && kind != JsonKind::number) return std::nullopt;
    return text;
  }
};

struct BodyMembers {
  static constexpr std::size_t names_max = 16;
  static constexpr std::size_t text_bytes_max = 256;  // of a member; no valid one is longer

  std::array<BodyMember, names_max> values;  // as the names were given
  std::vector<std::string> unknown;          // names that nobody asked for; the first few
};

// REQUIRES: at most names_max names. invalid_json: not JSON, nested deeper than 8, or more than one
// value; invalid_order: not an object, or an exponent that no number needs. A text longer than
// `text_bytes_max` is cut.
std::variant<BodyMembers, Problem> read_members(
    std::string_view body, std::span<const std::string_view> names,
    std::size_t text_bytes_max = BodyMembers::text_bytes_max);

// The RFC 6901 pointer to a member of the outermost object.
std::string pointer_to(std::string_view name);

// invalid_order, all that is wrong at once; the detail is the first. REQUIRES: not empty.
Problem order_problem(std::vector<ProblemItem> items);

}  // namespace oee
