// Stored bytes of format 3: a pool of each kind. A change here makes existing ledgers unreadable.
#include <gtest/gtest.h>

#include "core/venue/paper/ledger/codec.h"
#include "tests/support/paper_fixture.h"

namespace oee::paper {
namespace {

std::vector<PoolShape> one_of_each_kind() {
  StableSwapPool stable{11, 13, 100, 1'000, 1, 2'000};
  BinPool bins;
  bins.step = 30;
  bins.active_id = -2;
  bins.fees = {10'000, 1, 30, 600, 5'000, 7'500, 150'000};
  bins.volatility = {3, 4, -5, 6};
  bins.time = 7;
  bins.bins = {{-2, 8, 9}, {1, 10, 0}};
  TickPool ticks;
  ticks.sqrt_price = U128(1) << 64;
  ticks.tick = 0;
  ticks.liquidity = (U128(1) << 70) + 5;
  ticks.fee_per_million = 3'000;
  ticks.ticks = {{-10, (I128(1) << 70) + 5}, {10, -(I128(1) << 70) - 5}};
  return {nullptr, std::make_shared<oee::PoolState>(stable), std::make_shared<oee::PoolState>(bins),
          std::make_shared<oee::PoolState>(ticks)};
}

JournalEntry opened(const PoolShape& shape) {
  NewPoolState body;
  body.first.venue = "raydium";
  body.first.a = test::token("SOL");
  body.first.b = test::token("USDC");
  body.first.amount_a = 1'000'000;
  body.first.amount_b = 2'000'000;
  body.shape = shape;
  JournalEntry entry;
  entry.height = 10;
  entry.body = body;
  return entry;
}

const std::string head =
    "03080a00000000000000"
    "07007261796469756d0300534f4c0904005553444306"
    "40420f000000000080841e0000000000";
const std::vector<std::string> golden = {
    "00",
    "01"
    "0b000000000000000d000000000000006400000000000000e803000001000000d0070000",
    "02"
    "1e00feffffff"
    "1027011e00580288134c1d0000f0490200"
    "0300000004000000fbffffff0600000000000000"
    "0700000000000000"
    "0200"
    "feffffff08000000000000000900000000000000"
    "010000000a000000000000000000000000000000",
    "03"
    "00000000000000000100000000000000"
    "00000000"
    "05000000000000004000000000000000"
    "b80b0000"
    "0200"
    "f6ffffff05000000000000004000000000000000"
    "0a000000fbffffffffffffffbfffffffffffffff"};

TEST(ShapeCodec, FormatThreeIsPinned) {
  const auto shapes = one_of_each_kind();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const JournalEntry entry = opened(shapes[i]);
    EXPECT_EQ(to_hex(encode_entry(entry)), head + golden[i]) << "kind " << i;
    const auto decoded = decode_entry(*from_hex(head + golden[i]));
    ASSERT_TRUE(decoded.ok()) << i << " " << decoded.error().detail;
    const PoolShape& read = std::get<PoolOpened>(decoded->body).pool->shape;
    ASSERT_EQ(read == nullptr, shapes[i] == nullptr);
    if (read) {
      EXPECT_EQ(*read, *shapes[i]);
    }
  }
}

TEST(ShapeCodec, APoolsStateEndsWithItsReferenceAndItsShape) {
  const auto shapes = one_of_each_kind();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    PoolState pool;
    pool.venue = "raydium";
    pool.a = test::token("SOL");
    pool.b = test::token("USDC");
    pool.reserve_a = 1'000'000;
    pool.reserve_b = 2'000'000;
    const std::string plain = to_hex(encode_pool(pool));
    pool.shape = shapes[i];
    const std::string none = i == 0 ? "" : std::string(32, '0');
    EXPECT_EQ(to_hex(encode_pool(pool)), plain + none + (i == 0 ? "" : golden[i]));
    EXPECT_EQ(*decode_pool(encode_pool(pool)), pool);
    pool.reference_a = 5;
    pool.reference_b = 7;
    const std::string reference = "05000000000000000700000000000000";
    EXPECT_EQ(to_hex(encode_pool(pool)), plain + reference + (i == 0 ? "" : golden[i]));
    EXPECT_EQ(*decode_pool(encode_pool(pool)), pool);
  }
}

TEST(ShapeCodec, DamagedShapesAreRefused) {
  for (const std::string& shape : golden) {
    const std::string bytes = *from_hex(head + shape);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_entry(std::string_view(bytes).substr(0, size)).ok()) << size;
    EXPECT_FALSE(decode_entry(bytes + '\0').ok());
  }
  EXPECT_FALSE(decode_entry(*from_hex(head + "04")).ok()) << "no such kind";
  std::string no_step = golden[2];
  no_step.replace(2, 4, "0000");
  EXPECT_FALSE(decode_entry(*from_hex(head + no_step)).ok()) << "a shape out of range";
}

TEST(ShapeCodec, APoolThatPromisesMoreThanItHoldsIsCorrupt) {
  LedgerState state;
  JournalEntry entry = opened(one_of_each_kind()[1]);
  ASSERT_TRUE(state.apply(entry).ok());
  ASSERT_TRUE(state.apply(entry).ok()) << "several pools of one pair";
  const LedgerState before = state;
  NewPoolState less = *std::get<PoolOpened>(entry.body).pool;
  less.first.amount_a = 10;
  entry.body = less;
  EXPECT_EQ(state.apply(entry).error().code, Errc::corrupt);
  EXPECT_EQ(state, before);
}

}  // namespace
}  // namespace oee::paper
