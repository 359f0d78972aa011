// Times, durations, ids, hashes and JSON text.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/base/json_writer.h"
#include "core/base/sha256.h"
#include "core/base/time.h"
#include "core/order/ids.h"

namespace oee {
namespace {

TEST(Rfc3339, FormatsAndParses) {
  const auto time = parse_rfc3339("2026-03-01T12:00:00.000123Z");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(format_rfc3339(*time), "2026-03-01T12:00:00.000123Z");
  EXPECT_EQ(*parse_rfc3339("2026-03-01T14:30:00+02:30"), *parse_rfc3339("2026-03-01T12:00:00Z"));
  EXPECT_EQ(*parse_rfc3339("2016-12-31T23:59:60Z"), *parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(*parse_rfc3339("2026-03-01T12:00:00.1234567Z"),
            *parse_rfc3339("2026-03-01T12:00:00.123456Z"));
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+2:00", "2026-03-01T12:00:00Zx", "tomorrow", "2026-03-01T12:00:00+",
        "2026/03/01T12:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
}

TEST(Duration, ReadsUnitsAndWritesThem) {
  EXPECT_EQ(parse_duration("250ms")->count(), 250'000);
  EXPECT_EQ(parse_duration("2s")->count(), 2'000'000);
  EXPECT_EQ(parse_duration("0")->count(), 0);
  EXPECT_EQ(parse_duration("1500us")->count(), 1'500);
  for (const char* text : {"", "2", "s", "-1s", "1.5s", "1d", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  EXPECT_EQ(format_duration(Micros{2'000'000}), "2s");
  EXPECT_EQ(format_duration(Micros{250'000}), "250ms");
  EXPECT_EQ(format_duration(Micros{0}), "0ms");
}

TEST(Sha256, MatchesThePublishedVector) {
  const std::string hex = to_hex(as_bytes(sha256({"a", "bc"})));
  EXPECT_EQ(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, test case 2.
TEST(Sha256, HmacMatchesItsTestVector) {
  EXPECT_EQ(to_hex(as_bytes(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(OrderIds, RiseAndAreVersionSeven) {
  OrderIdSource source;
  OrderId last{};
  for (int i = 0; i < 10'000; ++i) {
    // The clock steps back in the middle: ids still rise.
    const OrderId id =
        source.next(i < 5'000 ? 1'700'000'000'000'000ULL : 1'600'000'000'000'000ULL, 7);
    EXPECT_LT(last, id);
    last = id;
    const std::string text = to_text(id);
    ASSERT_EQ(text.size(), 36U);
    EXPECT_EQ(text[14], '7');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
    EXPECT_EQ(*parse_order_id(text), id);
  }
}

TEST(OrderIds, OfTwoSourcesRiseWithTheMicrosecond) {
  OrderIdSource one, other;
  OrderId last{};
  for (std::uint64_t us = 1'700'000'000'000'000; us < 1'700'000'000'002'500; ++us) {
    const OrderId id = (us % 2 == 0 ? one : other).next(us, ~us);
    EXPECT_LT(last, id);
    last = id;
  }
  EXPECT_EQ(to_text(last).substr(0, 18), "018bcfe5-6802-77fb");
}

TEST(OrderIds, RefuseOtherText) {
  for (const char* text :
       {"", "x", "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5", "018f3c5e7b1a7cc29a538a1f2b3c4d5e",
        "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5g", "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5ee"})
    EXPECT_FALSE(parse_order_id(text).ok()) << text;
}

TEST(VenueOrderIds, DependOnOrderAndAttemptAlone) {
  OrderId a{}, b{};
  b.bytes[0] = 1;
  EXPECT_EQ(venue_order_id_of(a, 1), venue_order_id_of(a, 1));
  EXPECT_NE(venue_order_id_of(a, 1), venue_order_id_of(a, 2));
  EXPECT_NE(venue_order_id_of(a, 1), venue_order_id_of(b, 1));
}

TEST(TxHashes, AreBase58OfSixtyFourBytes) {
  TxHash hash{};
  EXPECT_EQ(to_text(hash), std::string(64, '1'));
  hash.bytes.fill(0xFF);
  const std::string text = to_text(hash);
  EXPECT_EQ(text.size(), 88U);
  EXPECT_EQ(text.find_first_of("0OIl"), std::string::npos);
  // 0x0101...01 in base58, computed independently.
  TxHash one{};
  one.bytes[63] = 58;
  EXPECT_EQ(to_text(one), std::string(63, '1') + "21");
}

// Base58 by its definition, digit by digit.
std::string schoolbook_base58(std::string_view bytes) {
  std::vector<unsigned> digits;  // least significant first
  std::size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == 0) ++zeros;
  for (const char c : bytes) {
    unsigned carry = static_cast<unsigned char>(c);
    for (unsigned& digit : digits) {
      carry += digit << 8;
      digit = carry % 58;
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) digits.push_back(carry % 58);
  }
  std::string out(zeros, '1');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit)
    out += "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[*digit];
  return out;
}

TEST(TxHashes, AreWhatBase58Defines) {
  rc::check([] {
    TxHash hash{};
    const auto zeros = *rc::gen::inRange<std::size_t>(0, 65);
    for (std::size_t i = zeros; i < 64; ++i) hash.bytes[i] = *rc::gen::arbitrary<std::uint8_t>();
    RC_ASSERT(to_text(hash) == schoolbook_base58(hash.view()));
  });
}

TEST(Json, EscapesWhatMustBeEscaped) {
  std::string out;
  append_json_escaped(out, "a\"b\\c\n\x01 \xC3\xA9 \xFF \xED\xA0\x80");
  EXPECT_EQ(out, "a\\\"b\\\\c\\n\\u0001 \xC3\xA9 \\ufffd \\ufffd\\ufffd\\ufffd");
}

TEST(Json, PlacesCommasAndKeepsExactNumbers) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("a").array([&] { json.number(1).text("x").null(); });
    json.key("b").decimal_number(Decimal{149'622'015, 6});
    json.key("c").decimal_text(Decimal{1, 1});
    json.key("d").object([] {});
  });
  EXPECT_EQ(out, R"({"a":[1,"x",null],"b":149.622015,"c":"0.1","d":{}})");
}

}  // namespace
}  // namespace oee
