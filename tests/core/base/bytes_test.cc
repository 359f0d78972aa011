// Stored integers: golden bytes for each width and byte order, and round trips.
#include "core/base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

namespace oee {
namespace {

using namespace std::string_view_literals;

template <class T>
std::string be(T value) {
  std::string bytes;
  append_be<T>(bytes, value);
  return bytes;
}
template <class T>
std::string le(T value) {
  std::string bytes;
  append_le<T>(bytes, value);
  return bytes;
}
std::string varint(std::uint64_t value) {
  std::string bytes;
  append_varint(bytes, value);
  return bytes;
}

TEST(Bytes, BigEndianBytesAreTheStoredOnes) {
  EXPECT_EQ(be<std::uint8_t>(0xFE), "\xFE"sv);
  EXPECT_EQ(be<std::uint16_t>(0x01FE), "\x01\xFE"sv);
  EXPECT_EQ(be<std::uint32_t>(0x010203FE), "\x01\x02\x03\xFE"sv);
  EXPECT_EQ(be<std::uint64_t>(0x01020304050607FE), "\x01\x02\x03\x04\x05\x06\x07\xFE"sv);
  EXPECT_EQ(be<std::uint64_t>(1), "\0\0\0\0\0\0\0\x01"sv);
}

TEST(Bytes, LittleEndianBytesAreTheStoredOnes) {
  EXPECT_EQ(le<std::uint8_t>(0xFE), "\xFE"sv);
  EXPECT_EQ(le<std::uint16_t>(0x01FE), "\xFE\x01"sv);
  EXPECT_EQ(le<std::uint32_t>(0x010203FE), "\xFE\x03\x02\x01"sv);
  EXPECT_EQ(le<std::uint64_t>(0x01020304050607FE), "\xFE\x07\x06\x05\x04\x03\x02\x01"sv);
  EXPECT_EQ(le<std::uint64_t>(1), "\x01\0\0\0\0\0\0\0"sv);
}

TEST(Bytes, GoldenBytesAreReadFromAnyAddress) {
  const std::string_view bytes = "?\x01\x02\x03\x04\x05\x06\x07\xFE?"sv;
  const std::string_view at = bytes.substr(1);
  EXPECT_EQ(load_be<std::uint8_t>(at), 0x01U);
  EXPECT_EQ(load_be<std::uint16_t>(at), 0x0102U);
  EXPECT_EQ(load_be<std::uint32_t>(at), 0x01020304U);
  EXPECT_EQ(load_be<std::uint64_t>(at), 0x01020304050607FEU);
  EXPECT_EQ(load_le<std::uint16_t>(at), 0x0201U);
  EXPECT_EQ(load_le<std::uint32_t>(at), 0x04030201U);
  EXPECT_EQ(load_le<std::uint64_t>(at.data()), 0xFE07060504030201U);
}

TEST(Bytes, AStoreWritesItsWidthAndNothingElse) {
  std::string bytes = "..........";
  store_be<std::uint32_t>(&bytes[1], 0x41424344);
  store_le<std::uint16_t>(&bytes[6], 0x4142);
  EXPECT_EQ(bytes, ".ABCD.BA..");
}

TEST(Bytes, BigEndianKeysSortByValue) {
  rc::check([](std::uint64_t a, std::uint64_t b) {
    RC_ASSERT((a < b) == (be<std::uint64_t>(a) < be<std::uint64_t>(b)));
  });
}

TEST(Bytes, IntegersReadBackAsTheyWereWritten) {
  rc::check([](std::uint64_t wide, std::uint32_t half, std::uint16_t quarter) {
    RC_ASSERT(load_be<std::uint64_t>(be<std::uint64_t>(wide)) == wide);
    RC_ASSERT(load_le<std::uint64_t>(le<std::uint64_t>(wide)) == wide);
    RC_ASSERT(load_be<std::uint32_t>(be<std::uint32_t>(half)) == half);
    RC_ASSERT(load_le<std::uint32_t>(le<std::uint32_t>(half)) == half);
    RC_ASSERT(load_be<std::uint16_t>(be<std::uint16_t>(quarter)) == quarter);
    RC_ASSERT(load_le<std::uint16_t>(le<std::uint16_t>(quarter)) == quarter);
  });
}

TEST(Bytes, VarintBytesAreTheStoredOnes) {
  EXPECT_EQ(varint(0), "\0"sv);
  EXPECT_EQ(varint(0x7F), "\x7F"sv);
  EXPECT_EQ(varint(0x80), "\x80\x01"sv);
  EXPECT_EQ(varint(300), "\xAC\x02"sv);
  EXPECT_EQ(varint(std::numeric_limits<std::uint64_t>::max()),
            "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv);
}

TEST(Bytes, AVarintIsTakenFromTheFront) {
  rc::check([](std::uint64_t bits, const std::string& tail) {
    const std::uint64_t value = bits >> (bits % 64);  // short ones as often as long ones
    const std::string bytes = varint(value) + tail;
    std::string_view rest = bytes;
    RC_ASSERT(take_varint(rest) == value);
    RC_ASSERT(rest == tail);
  });
}

TEST(Bytes, AVarintThatEndsTooEarlyOrTooLateIsRefused) {
  for (const std::string_view bytes :
       {""sv, "\x80"sv, "\xFF\xFF"sv, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"sv,
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv}) {
    std::string_view rest = bytes;
    EXPECT_FALSE(take_varint(rest).has_value()) << bytes.size();
    EXPECT_EQ(rest, bytes);
  }
}

TEST(Bytes, ZigzagCountsOutwardFromZero) {
  static_assert(zigzag(0) == 0 && zigzag(-1) == 1 && zigzag(1) == 2 && zigzag(-2) == 3);
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  static_assert(zigzag(most) == ~std::uint64_t{1} && zigzag(least) == ~std::uint64_t{0});
  static_assert(from_zigzag(zigzag(most)) == most && from_zigzag(zigzag(least)) == least);
  rc::check([](std::int64_t value) { RC_ASSERT(from_zigzag(zigzag(value)) == value); });
}

}  // namespace
}  // namespace oee
