// DialectSet: a set of the dialects A to E (dialects.h), such as those that are served. A value.
#pragma once

#include <string_view>

namespace oee {

class DialectSet {
 public:
  static constexpr std::string_view names = "ABCDE";

  constexpr DialectSet() = default;  // none
  // REQUIRES: `letters` are letters of `names`.
  constexpr explicit DialectSet(std::string_view letters) {
    for (const char letter : letters) bits_ |= bit_of(letter);
  }
  static constexpr DialectSet all() { return DialectSet(names); }

  constexpr bool has(char letter) const { return (bits_ & bit_of(letter)) != 0; }
  // Whether a dialect is in both sets.
  constexpr bool meets(DialectSet other) const { return (bits_ & other.bits_) != 0; }
  friend constexpr bool operator==(DialectSet, DialectSet) = default;

 private:
  static constexpr unsigned bit_of(char letter) { return 1U << names.find(letter); }
  unsigned bits_ = 0;
};

}  // namespace oee
