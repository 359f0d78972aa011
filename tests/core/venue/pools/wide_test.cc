#include "core/venue/pools/wide.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

namespace oee {
namespace {

using boost::multiprecision::cpp_int;

cpp_int big(U128 value) {
  return cpp_int(value);
}

// All widths are equally likely, and runs of ones and zeros, on which carries and corrections
// depend.
U128 any_number(std::mt19937_64& random) {
  const U128 bits = U128(random()) << 64 | random();
  const U128 value = bits >> (random() % 128);
  switch (random() % 4) {
    case 0:
      return ~U128(0) << (random() % 128);
    case 1:
      return value | ~U128(0) >> (random() % 128);
    default:
      return value;
  }
}

void expect_rounded(const cpp_int& numerator, const cpp_int& denominator, std::optional<U128> down,
                    std::optional<U128> up) {
  const cpp_int floor = numerator / denominator;
  const cpp_int ceiling = floor + (numerator % denominator != 0 ? 1 : 0);
  const cpp_int most = big(~U128(0));
  ASSERT_EQ(down.has_value(), floor <= most);
  ASSERT_EQ(up.has_value(), ceiling <= most);
  if (down) {
    ASSERT_EQ(big(*down), floor);
  }
  if (up) {
    ASSERT_EQ(big(*up), ceiling);
  }
}

TEST(Wide, QuotientsOfProductsEqualThoseOfAnUnboundedInteger) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    SCOPED_TRACE(i);
    const U128 a = any_number(random);
    const U128 b = any_number(random);
    const U128 c = any_number(random);
    const U128 d = any_number(random);
    const cpp_int product = big(a) * big(b);
    if (c != 0 && d != 0) {
      const Wide numerator = (Wide(a) * Wide(b)).shifted_by_64();
      const Wide denominator = Wide(c) * Wide(d);
      expect_rounded(product << 64, big(c) * big(d), divide(numerator, denominator, Rounding::down),
                     divide(numerator, denominator, Rounding::up));
    }
    if (c != 0) {
      expect_rounded(product, big(c), mul_div(a, b, c, Rounding::down),
                     mul_div(a, b, c, Rounding::up));
      expect_rounded(product + big(d), big(c),
                     divide(Wide(a) * Wide(b) + Wide(d), Wide(c), Rounding::down),
                     divide(Wide(a) * Wide(b) + Wide(d), Wide(c), Rounding::up));
    }
    if (big(c) * big(d) <= product && d != 0) {
      const Wide less = Wide(a) * Wide(b) - Wide(c) * Wide(d);
      expect_rounded(product - big(c) * big(d), big(d), divide(less, Wide(d), Rounding::down),
                     divide(less, Wide(d), Rounding::up));
    }
    ASSERT_EQ(Wide(a) * Wide(b) < Wide(c) * Wide(d), product < big(c) * big(d));
    const cpp_int shifted = product >> 64;
    const auto over = (Wide(a) * Wide(b)).over_2_64(Rounding::down);
    ASSERT_EQ(over.has_value(), shifted >> 64 == 0);
    if (over) {
      ASSERT_EQ(cpp_int(*over), shifted);
    }
  }
}

TEST(Wide, RoundingUpPastTheLastNumberIsEmpty) {
  EXPECT_EQ(mul_div(~U128(0), 1, 1, Rounding::up), ~U128(0));
  EXPECT_EQ((Wide(~U128(0))).over_2_64(Rounding::down), ~Units{0});
  EXPECT_EQ((Wide(~U128(0))).over_2_64(Rounding::up), std::nullopt);
}

}  // namespace
}  // namespace oee
