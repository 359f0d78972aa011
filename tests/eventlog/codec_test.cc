#include "eventlog/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "core/order/order_json.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/sample_records.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::full_events;

RecordHeader sample_header(std::size_t n, const Event& event) {
  RecordHeader header;
  header.format = record_format_of(event);
  header.type = type_of(event);
  header.seq = 0x0102030405060708 + n;
  header.order_id.bytes = test::counting_bytes<16>(1);
  header.version = 0x0A0B0C0D;
  header.time = WallTime(Micros(1'780'000'000'123'456));
  header.correlation.bytes = test::counting_bytes<16>(200);
  header.previous_chain = test::counting_bytes<32>(30);
  return header;
}

std::string record_of(std::size_t n, const Event& event) {
  std::string record;
  append_record(record, sample_header(n, event), encode_event(event)->payload);
  return record;
}

// Makes the CRC of a changed record valid.
void repair_crc(std::string& record) {
  std::string crc;
  append_be<std::uint32_t>(crc, crc32c(record.substr(100), crc32c(record.substr(0, 96))));
  record.replace(96, 4, crc);
}

std::string json_of(const Record& record) {
  std::string out;
  JsonWriter json(out);
  write_event(json, record, true);
  return out;
}

std::string json_of(const Order& order) {
  std::string out;
  JsonWriter json(out);
  write_order(json, order);
  return out;
}

// Every field of two events is equal: their encodings and their JSON texts are equal.
void expect_same(const Event& a, const Event& b) {
  EXPECT_EQ(encode_event(a)->payload, encode_event(b)->payload);
  Record left, right;
  left.event = a;
  right.event = b;
  EXPECT_EQ(json_of(left), json_of(right));
}

std::uint32_t crc32c_by_definition(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

TEST(Crc32c, MatchesItsCheckValueAndItsDefinitionAtEveryLength) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_by_definition(bytes)) << i;
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(crc32c(bytes.substr(41), crc32c(bytes.substr(0, 41))), crc32c(bytes));
}

TEST(Codec, EveryEventComesBackUnchanged) {
  const auto events = full_events();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto record = decode_record(record_of(i, events[i]));
    ASSERT_TRUE(record.ok()) << record.error().detail;
    const RecordHeader header = sample_header(i, events[i]);
    EXPECT_EQ(record->seq, header.seq);
    EXPECT_EQ(record->order_id, header.order_id);
    EXPECT_EQ(record->version, header.version);
    EXPECT_EQ(record->time, header.time);
    EXPECT_EQ(record->correlation, header.correlation);
    ASSERT_EQ(record->event.index(), events[i].index());
    expect_same(record->event, events[i]);
  }
}

TEST(Codec, FieldsOfAnOrderComeBackOneByOne) {
  const auto record = decode_record(record_of(0, full_events()[0]));
  ASSERT_TRUE(record.ok());
  const auto& order = std::get<OrderAccepted>(record->event);
  const OrderAccepted expected = test::full_order();
  EXPECT_EQ(order.account, expected.account);
  EXPECT_EQ(order.idempotency_key, expected.idempotency_key);
  EXPECT_EQ(order.client_order_id, expected.client_order_id);
  EXPECT_EQ(order.fingerprint, expected.fingerprint);
  EXPECT_EQ(order.input, expected.input);
  EXPECT_EQ(order.output, expected.output);
  EXPECT_EQ(order.amount_in, expected.amount_in);
  EXPECT_EQ(order.slippage_bps, expected.slippage_bps);
  EXPECT_EQ(order.expires_at, expected.expires_at);
  EXPECT_EQ(order.min_out_floor, expected.min_out_floor);
}

TEST(Codec, HopsOfAPathComeBackOneByOne) {
  const auto events = full_events();
  const Event& selected = events[test::full_route_with_path];
  const auto route = decode_payload(EventType::route_selected, encode_event(selected)->payload);
  ASSERT_TRUE(route.ok()) << route.error().detail;
  const auto& back = std::get<RouteSelected>(*route);
  ASSERT_EQ(back.quotes.size(), 5U);
  EXPECT_EQ(back.chosen, 3U);
  EXPECT_TRUE(back.quotes[0].path.empty());
  EXPECT_EQ(back.quotes[3].path, test::full_path());
  EXPECT_EQ(to_text(back.quotes[4].path), "raydium-4>JUP>raydium-8>USDT>raydium-5");
  const auto built = decode_payload(EventType::transaction_built,
                                    encode_event(events[test::full_built_with_path])->payload);
  ASSERT_TRUE(built.ok()) << built.error().detail;
  EXPECT_EQ(std::get<TransactionBuilt>(*built).path, test::full_path());
}

TEST(Codec, LegsOfASplitComeBackOneByOne) {
  const auto events = full_events();
  const auto back = [&](std::size_t i) {
    return *decode_payload(type_of(events[i]), encode_event(events[i])->payload);
  };
  const auto route = std::get<RouteSelected>(back(test::full_split_route));
  EXPECT_EQ(route.chosen, 3U);
  EXPECT_EQ(route.legs, 2U);
  ASSERT_EQ(route.quotes.size(), 5U);
  EXPECT_EQ(route.quotes[3].amount_in, (Decimal{900'000'000, 9}));
  EXPECT_EQ(route.quotes[4].path, test::full_path());
  EXPECT_EQ(std::get<RouteSelected>(back(2)).legs, 1U) << "of a record without the member";
  const auto built = std::get<LegBuilt>(back(test::full_split_route + 2));
  EXPECT_EQ(built.leg, 1);
  EXPECT_EQ(built.min_out, (Decimal{3, 6}));
  EXPECT_EQ(built.path, test::full_path());
  EXPECT_EQ(std::get<LegSubmitted>(back(test::full_split_route + 3)).leg, 1);
  EXPECT_EQ(std::get<LegOutcomeUnknown>(back(test::full_split_route + 4)).seen, "no reply in 5 s");
  EXPECT_EQ(std::get<LegFilled>(back(test::full_split_route + 5)).amount_out,
            (Decimal{74'811'007, 6}));
  EXPECT_EQ(std::get<LegEnded>(back(test::full_split_route + 6)).error,
            ErrorClass::attempt_cancelled);
  EXPECT_EQ(std::get<OutcomeResolved>(back(test::full_split_route + 7)).leg, LegIndex{1});
  EXPECT_FALSE(std::get<OutcomeResolved>(back(20)).leg) << "of a record without the member";
}

TEST(Codec, LegsThatAreNoQuotesAreInvalid) {
  auto route = std::get<RouteSelected>(full_events()[test::full_split_route]);
  EXPECT_TRUE(encode_event(route).ok());
  for (const std::uint32_t legs : {0U, 3U, 5U, ~0U}) {
    route.legs = legs;
    const auto refused = encode_event(route);
    ASSERT_FALSE(refused.ok()) << legs;
    EXPECT_EQ(refused.error().code, Errc::invalid);
  }
}

TEST(Codec, APathOfMoreThanThreePoolsIsInvalid) {
  TransactionBuilt built = test::built_event(OrderId{test::counting_bytes<16>(1)}, 1);
  built.path = {{"a", "B"}, {"c", "D"}, {"e", "F"}};
  EXPECT_TRUE(encode_event(built).ok());
  built.path.push_back({"g", "USDC"});
  const auto refused = encode_event(built);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::invalid);
}

TEST(Codec, EveryErrorClassComesBack) {
  for (int i = 0; i <= static_cast<int>(ErrorClass::interrupted); ++i) {
    const Event event = OrderFailed{1, static_cast<ErrorClass>(i), "why", 2};
    const auto back = decode_payload(EventType::order_failed, encode_event(event)->payload);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(std::get<OrderFailed>(*back).error, static_cast<ErrorClass>(i));
  }
}

TEST(Codec, PayloadsAreReadAtAnyAlignment) {
  const Event event = full_events()[2];
  const std::string payload = encode_event(event)->payload;
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, 'x') + payload;
    const auto back = decode_payload(type_of(event), std::string_view(shifted).substr(shift));
    ASSERT_TRUE(back.ok()) << shift;
    expect_same(*back, event);
  }
}

// The stored bytes, pinned: a record written by any release is read by every later one.
TEST(Golden, RecordsAreWrittenAndReadByteForByte) {
  std::stringstream golden;
  for (const char* file :
       {"records_v1.txt", "records_v2.txt", "records_paths.txt", "records_legs.txt"}) {
    std::ifstream lines(OEE_SOURCE_DIR "/tests/eventlog/golden/" + std::string(file));
    ASSERT_TRUE(lines) << file;
    golden << lines.rdbuf();
  }
  const auto events = full_events();
  std::string name, hex;
  std::size_t i = 0;
  for (; golden >> name >> hex; ++i) {
    ASSERT_LT(i, events.size());
    EXPECT_EQ(name, to_string(type_of(events[i])));
    EXPECT_EQ(to_hex(record_of(i, events[i])), hex) << name << ": the stored format has changed";
    const auto record = decode_record(*from_hex(hex));
    ASSERT_TRUE(record.ok()) << record.error().detail;
    expect_same(record->event, events[i]);
  }
  EXPECT_EQ(i, events.size());
}

TEST(Codec, AnyFlippedByteIsRefused) {
  const std::string record = record_of(0, full_events()[2]);
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = record;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto result = decode_record(damaged);
      ASSERT_FALSE(result.ok()) << "byte " << at;
      // A changed format number reads as a newer format.
      EXPECT_TRUE(result.error().code == Errc::corrupt || at == 4) << at;
    }
  }
}

TEST(Codec, AnyTruncationOrExtensionIsRefused) {
  const std::string record = record_of(0, full_events()[6]);
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_EQ(decode_record(record.substr(0, size)).error().code, Errc::corrupt) << size;
  EXPECT_EQ(decode_record(record + '\0').error().code, Errc::corrupt);
}

TEST(Codec, DamagedPayloadWithAValidCrcNeverCrashes) {
  std::mt19937_64 random(20'261'121);
  const auto events = full_events();
  std::size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string record = record_of(0, events[random() % events.size()]);
    for (int change = 0; change < 3; ++change)
      record[100 + random() % (record.size() - 100)] = static_cast<char>(random());
    repair_crc(record);
    const auto result = decode_record(record);
    if (!result.ok()) {
      ++refused;
      EXPECT_TRUE(result.error().code == Errc::corrupt || result.error().code == Errc::unsupported);
    }
  }
  EXPECT_GT(refused, 1'000U);
}

// The fold of borrowed records reads verified bytes only and refuses the same records.
TEST(Codec, BorrowedRecordsAreRefusedForTheSameReasonsAndFoldToTheSameOrders) {
  std::mt19937_64 random(20'261'122);
  test::RandomOrders orders(7);
  std::map<OrderId, Order> decoded_orders, borrowed_orders;
  for (int round = 0; round < 20'000; ++round) {
    const Record record = orders.next();
    RecordHeader header;
    header.type = type_of(record.event);
    header.seq = record.seq;
    header.order_id = record.order_id;
    header.version = record.version;
    header.time = record.time;
    header.correlation = record.correlation;
    std::string bytes;
    append_record(bytes, header, encode_event(record.event)->payload);
    const auto decoded = decode_record(bytes);
    const auto borrowed = borrow_record(bytes);
    ASSERT_TRUE(decoded.ok() && borrowed.ok());
    Order& left = decoded_orders[record.order_id];
    Order& right = borrowed_orders[record.order_id];
    ASSERT_TRUE(evolve(left, *decoded).ok());
    ASSERT_TRUE(evolve(right, *borrowed).ok());
    EXPECT_EQ(json_of(left), json_of(right));

    for (int change = 0; change < 3; ++change)
      bytes[100 + random() % (bytes.size() - 100)] = static_cast<char>(random());
    repair_crc(bytes);
    const auto damaged = decode_record(bytes);
    const auto refused = borrow_record(bytes);
    ASSERT_EQ(damaged.ok(), refused.ok());
    if (damaged.ok()) continue;
    EXPECT_EQ(damaged.error().code, refused.error().code);
    EXPECT_EQ(damaged.error().detail, refused.error().detail);
  }
}

TEST(Codec, WhatANewerProgramWroteIsUnsupportedNotCorrupt) {
  const std::string record = record_of(0, full_events()[1]);
  std::string newer = record;
  newer[4] = 3;
  EXPECT_EQ(decode_record(newer).error().code, Errc::unsupported) << "format";
  newer = record;
  newer[5] = static_cast<char>(event_type_count);
  repair_crc(newer);
  EXPECT_EQ(decode_record(newer).error().code, Errc::unsupported) << "event type";
  newer = record;
  newer[6] = 1;
  repair_crc(newer);
  EXPECT_EQ(decode_record(newer).error().code, Errc::unsupported) << "flags";
}

TEST(Codec, PayloadOfAnotherTypeIsCorrupt) {
  // OrderExpired has the first two members of OrderCancelled.
  std::string record = record_of(0, full_events()[9]);
  record[5] = static_cast<char>(EventType::order_expired);
  repair_crc(record);
  EXPECT_EQ(decode_record(record).error().code, Errc::corrupt);
}

TEST(Codec, MembersBeyondTheirMaximumAreInvalid) {
  const auto code = [](const Event& event) {
    const auto encoded = encode_event(event);
    return encoded.ok() ? std::optional<Errc>() : encoded.error().code;
  };
  OrderAccepted order = test::full_order();
  order.idempotency_key = std::string(255, 'k');
  EXPECT_FALSE(code(order));
  order.idempotency_key += 'k';
  EXPECT_EQ(code(order), Errc::invalid);
  order = test::full_order();
  order.account = std::string(256, 'a');
  EXPECT_EQ(code(order), Errc::invalid);
  order = test::full_order();
  order.quote_id = std::string(256, 'q');
  EXPECT_EQ(code(order), Errc::invalid);
  order = test::full_order();
  order.amount_in.scale = 19;
  EXPECT_EQ(code(order), Errc::invalid);
  EXPECT_FALSE(code(OrderCancelled{std::string(4096, 'b'), ""}));
  EXPECT_FALSE(code(OrderCancelled{std::string(255, 'b'), "", std::string(255, 'k')}));
  EXPECT_EQ(code(OrderCancelled{"me", "", std::string(256, 'k')}), Errc::invalid);
  EXPECT_EQ(code(OrderCancelled{std::string(256, 'b'), "", "k"}), Errc::invalid)
      << "the account of a key has at most 255 bytes";
  EXPECT_FALSE(code(OutcomeUnknown{1, std::string(4096, 's')}));
  EXPECT_EQ(code(OutcomeUnknown{1, std::string(4097, 's')}), Errc::invalid);
  RouteSelected route;
  EXPECT_EQ(code(route), Errc::invalid) << "no quote was chosen";
  route.quotes.assign(65, test::full_quote("raydium", "", ""));
  EXPECT_EQ(code(route), Errc::invalid);
  route.quotes.assign(64, test::full_quote("raydium", "", std::string(4096, 'x')));
  EXPECT_EQ(code(route), Errc::invalid) << "64 KiB of payload are exceeded";
  // A refused event leaves no bytes in the thread's encoder.
  expect_same(*decode_payload(EventType::routing_started, encode_event(RoutingStarted{5})->payload),
              RoutingStarted{5});
}

TEST(Chain, DependsOnEveryByteBefore) {
  const auto events = full_events();
  std::string first, second, other;
  RecordHeader header = sample_header(0, events[1]);
  const Hash256 one = append_record(first, header, encode_event(events[1])->payload);
  EXPECT_EQ(one, chain_hash(header.previous_chain, first));
  EXPECT_EQ(one, sha256({as_bytes(header.previous_chain), first}));
  header.previous_chain = one;
  const Hash256 two = append_record(second, header, encode_event(events[1])->payload);
  header.previous_chain[31] ^= 1;
  EXPECT_NE(two, append_record(other, header, encode_event(events[1])->payload));
}

TEST(Chain, RecordsAreAppendedWhereTheBufferEnds) {
  std::string buffer = "before";
  const Event event = full_events()[1];
  const RecordHeader header = sample_header(0, event);
  const Hash256 chain = append_record(buffer, header, encode_event(event)->payload);
  EXPECT_EQ(buffer, "before" + record_of(0, event));
  EXPECT_EQ(chain, chain_hash(header.previous_chain, record_of(0, event)));
}

}  // namespace
}  // namespace oee
