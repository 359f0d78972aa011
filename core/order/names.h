// parse_name(): the value of an enum by its name. One table per enum, in the order of its values,
// serves both directions. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace oee {

// nullopt: no such name.
template <class E, std::size_t N>
std::optional<E> parse_name(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace oee
