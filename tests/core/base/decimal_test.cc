#include "core/base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace oee {
namespace {

struct ParseCase {
  const char* text;
  std::uint8_t scale;
  std::optional<Units> units;  // empty: refused
};

TEST(Decimal, ParsesExactlyWhatItCanHold) {
  const ParseCase cases[] = {
      {"1.5", 9, 1'500'000'000},
      {"1.50", 1, 15},
      {"0", 6, 0},
      {"0.000001", 6, 1},
      {"1e-3", 6, 1'000},
      {"2E+2", 2, 20'000},
      {"1e0", 0, 1},
      {"100e-2", 0, 1},
      {"0e999", 0, 0},
      {"18446744073709551615", 0, ~0ULL},
      {"18446744073709551616", 0, std::nullopt},
      {"1e20", 0, std::nullopt},
      {"1e9999999", 0, std::nullopt},
      {"0.0000001", 6, std::nullopt},
      {"1.55", 1, std::nullopt},
      {"-1", 6, std::nullopt},
      {"", 6, std::nullopt},
      {".5", 6, std::nullopt},
      {"5.", 6, std::nullopt},
      {"01", 6, std::nullopt},
      {"1e", 6, std::nullopt},
      {"1e+", 6, std::nullopt},
      {"NaN", 6, std::nullopt},
      {"Infinity", 6, std::nullopt},
      {"0x10", 6, std::nullopt},
      {"1 ", 6, std::nullopt},
      {" 1", 6, std::nullopt},
      {"1,5", 6, std::nullopt},
  };
  for (const ParseCase& each : cases) {
    const auto parsed = parse_units(each.text, each.scale);
    EXPECT_EQ(parsed.ok(), each.units.has_value()) << '"' << each.text << '"';
    if (parsed.ok() && each.units) {
      EXPECT_EQ(*parsed, *each.units) << '"' << each.text << '"';
    }
  }
}

TEST(Decimal, CutsTheDigitsPastItsScaleWhenAsked) {
  const ParseCase cases[] = {
      {"0.0101", 4, 101},
      {"0.01019999999999999999", 4, 101},
      {"0.30000000000000004", 4, 3'000},
      {"1.01e-2", 4, 101},
      {"9e-5", 4, 0},
      {"9e-9999999", 4, 0},
      {"12345e-4", 2, 123},
      {"1", 4, 10'000},
      {"0", 4, 0},
      {"1e20", 4, std::nullopt},
      {"-0.1", 4, std::nullopt},
      {"0.1x", 4, std::nullopt},
      {"", 4, std::nullopt},
  };
  for (const ParseCase& each : cases) {
    const auto units = parse_units_down(each.text, each.scale);
    ASSERT_EQ(units.ok(), each.units.has_value()) << each.text;
    if (each.units) EXPECT_EQ(*units, *each.units) << each.text;
  }
}

TEST(Decimal, TextIsShortestAndExact) {
  EXPECT_EQ(to_text(Decimal{1'500'000'000, 9}), "1.5");
  EXPECT_EQ(to_text(Decimal{0, 9}), "0");
  EXPECT_EQ(to_text(Decimal{20, 0}), "20");
  EXPECT_EQ(to_text(Decimal{1, 18}), "0.000000000000000001");
  EXPECT_EQ(to_text(Decimal{~0ULL, 9}), "18446744073.709551615");
}

TEST(Decimal, TextRoundTrips) {
  rc::check("text round trips", [] {
    const auto units = *rc::gen::arbitrary<Units>();
    const auto scale = *rc::gen::inRange<std::uint8_t>(0, 19);
    const auto parsed = parse_units(to_text(Decimal{units, scale}), scale);
    RC_ASSERT(parsed.ok());
    RC_ASSERT(*parsed == units);
  });
}

TEST(Decimal, EqualValueIgnoresScale) {
  EXPECT_TRUE(equal_value(Decimal{15, 1}, Decimal{150, 2}));
  EXPECT_FALSE(equal_value(Decimal{15, 1}, Decimal{151, 2}));
  EXPECT_TRUE(equal_value(Decimal{0, 0}, Decimal{0, 18}));
}

TEST(Price, IsTruncatedLongDivision) {
  EXPECT_EQ(to_text(price_of(Decimal{149'622'015, 6}, Decimal{1'000'000'000, 9})), "149.622015");
  EXPECT_EQ(to_text(price_of(Decimal{1, 0}, Decimal{3, 0})), "0.333333333333333333");
  EXPECT_EQ(to_text(price_of(Decimal{2, 5}, Decimal{1, 9})), "20000");
  EXPECT_EQ(to_text(price_of(Decimal{0, 6}, Decimal{1, 9})), "0");
}

TEST(Price, NeverExceedsTheTrueQuotient) {
  rc::check("price * in <= out, within one unit of its last digit", [] {
    const auto out = *rc::gen::inRange<Units>(0, 1'000'000'000'000'000'000ULL);
    const auto in = *rc::gen::inRange<Units>(1, 1'000'000'000'000ULL);
    const Decimal price = price_of(Decimal{out, 6}, Decimal{in, 6});
    U128 power = 1;
    for (int i = 0; i < price.scale; ++i) power *= 10;
    RC_ASSERT(U128{price.units} * in <= U128{out} * power);
    RC_ASSERT((U128{price.units} + 1) * in > U128{out} * power || price.scale < decimal_scale_max);
  });
}

TEST(Price, RoundedUpIsTheSmallestThatIsNotBelowTheTrueQuotient) {
  const auto up = [](Decimal out, Decimal in) { return to_text(price_of(out, in, Rounding::up)); };
  EXPECT_EQ(up(Decimal{1, 0}, Decimal{3, 0}), "0.333333333333333334");
  EXPECT_EQ(up(Decimal{149'622'015, 6}, Decimal{1'000'000'000, 9}), "149.622015");
  EXPECT_EQ(up(Decimal{999'999'999'999'999'999, 0}, Decimal{1'000'000'000'000'000'000, 0}),
            "0.999999999999999999");
  EXPECT_EQ(up(Decimal{3, 18}, Decimal{2, 0}), "0.000000000000000002");
  EXPECT_EQ(up(Decimal{2'999'999'999'999'999'999, 0}, Decimal{2, 0}), "1500000000000000000");
  rc::check("one unit of the last digit above the truncated price, unless that is exact", [] {
    const auto out = *rc::gen::inRange<Units>(0, 1'000'000'000'000'000'000ULL);
    const auto in = *rc::gen::inRange<Units>(1, 1'000'000'000'000ULL);
    const Decimal price = price_of(Decimal{out, 6}, Decimal{in, 6}, Rounding::up);
    U128 power = 1;
    for (int i = 0; i < price.scale; ++i) power *= 10;
    RC_ASSERT(U128{price.units} * in >= U128{out} * power);
    const Decimal down = price_of(Decimal{out, 6}, Decimal{in, 6});
    U128 scaled = price.units;
    for (int i = price.scale; i < down.scale; ++i) scaled *= 10;
    U128 down_scaled = down.units;
    for (int i = down.scale; i < price.scale; ++i) down_scaled *= 10;
    RC_ASSERT(scaled - down_scaled <= 1);
  });
}

TEST(MinOut, IsRoundedUpToTheUsersSide) {
  EXPECT_EQ(min_out_of(1'000, 100), 990U);
  EXPECT_EQ(min_out_of(999, 100), 990U);  // 989.01
  EXPECT_EQ(min_out_of(1, 1), 1U);
  EXPECT_EQ(min_out_of(0, 1), 0U);
  EXPECT_EQ(min_out_of(~0ULL, 0), ~0ULL);
  EXPECT_EQ(min_out_of(~0ULL, 10'000), 0U);
  rc::check("the slippage of min_out is at most the slippage asked, by less than a unit", [] {
    const auto expected = *rc::gen::arbitrary<Units>();
    const auto bps = *rc::gen::inRange<std::uint32_t>(0, 10'001);
    const U128 least = min_out_of(expected, bps);
    RC_ASSERT(least * 10'000 >= U128{expected} * (10'000 - bps));
    RC_ASSERT(least == 0 || (least - 1) * 10'000 < U128{expected} * (10'000 - bps));
  });
}

TEST(MulDiv, RefusesWhatDoesNotFit) {
  EXPECT_EQ(*mul_div(~0ULL, 3, 3), ~0ULL);
  EXPECT_EQ(mul_div(~0ULL, 2, 1).error().code, Errc::full);
}

}  // namespace
}  // namespace oee
