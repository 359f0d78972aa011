// FixedText<N>: up to N bytes of text inside the object, no allocation. For names whose length is
// bounded by validation: token symbols, venue names. Value; its views are valid as long as it is.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "core/base/check.h"

namespace oee {

template <std::size_t N>
class FixedText {
  static_assert(N < 256);

 public:
  static constexpr std::size_t size_max = N;

  constexpr FixedText() = default;
  // REQUIRES: text.size() <= N.
  constexpr FixedText(std::string_view text) : size_(static_cast<std::uint8_t>(text.size())) {
    check(text.size() <= N, "FixedText: text too long");
    for (std::size_t i = 0; i < text.size(); ++i) bytes_[i] = text[i];
  }
  constexpr FixedText(const char* text) : FixedText(std::string_view(text)) {}

  constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  constexpr operator std::string_view() const { return view(); }
  constexpr bool empty() const { return size_ == 0; }

  friend constexpr bool operator==(const FixedText& a, const FixedText& b) {
    return a.view() == b.view();
  }
  friend constexpr bool operator==(const FixedText& a, std::string_view b) { return a.view() == b; }
  friend constexpr bool operator==(const FixedText& a, const char* b) { return a.view() == b; }
  friend constexpr auto operator<=>(const FixedText& a, const FixedText& b) {
    return a.view() <=> b.view();
  }

 private:
  std::array<char, N> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace oee
