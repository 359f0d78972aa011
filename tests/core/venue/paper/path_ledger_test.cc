// Entries of trades along paths: their stored bytes, and their rules.
#include <functional>

#include "core/venue/paper/ledger/codec.h"
#include "tests/core/venue/paper/ledger_entries.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::TemporaryDirectory;
using test::venue_order_id;

// 100 SOL for 190 USDC in pool 0, and those for 150 RAY in pool 1.
PathSettlement path_settlement(std::uint64_t number) {
  PathSettlement made;
  made.id = venue_order_id(number);
  made.trades = {PoolTrade{0, true, 100, 190, 1}, PoolTrade{1, true, 190, 150, 1}};
  return made;
}

TEST(PathLedger, FormatFourIsPinned) {
  const std::string golden =
      "04090a00000000000000"
      "0100000000000000272829"
      "2a2b2c2da5"
      "02"
      "0000"
      "01"
      "6400000000000000"
      "be00000000000000"
      "0100000000000000"
      "0100"
      "01"
      "be00000000000000"
      "9600000000000000"
      "0100000000000000";
  EXPECT_EQ(to_hex(encode_entry(entry_of(path_settlement(1)))), golden);
  const auto decoded = decode_entry(*from_hex(golden));
  ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
  EXPECT_EQ(to_hex(encode_entry(*decoded)), golden);
}

TEST(PathLedger, EveryTruncationAndExtensionIsRefused) {
  const std::string bytes = encode_entry(entry_of(path_settlement(1)));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(decode_entry(std::string_view(bytes).substr(0, size)).error().code, Errc::corrupt);
  EXPECT_FALSE(decode_entry(bytes + '\0').ok());
  for (const char count : {0, 1, 4}) {
    std::string other = bytes;
    other[26] = count;
    EXPECT_FALSE(decode_entry(other).ok());
  }
}

TEST(PathLedger, ATradeOfAPathFollowsFromTheOneBeforeOrAllAreRefused) {
  LedgerState state;
  ASSERT_TRUE(state.apply(entry_of(deposit())).ok());
  ASSERT_TRUE(state.apply(entry_of(deposit("USDC", "RAY"))).ok());
  Deposit other_venue = deposit("USDC", "RAY");
  other_venue.venue = "meteora";
  ASSERT_TRUE(state.apply(entry_of(other_venue)).ok());
  const LedgerState before = state;
  const auto changed = [](const std::function<void(std::vector<PoolTrade>&)>& change) {
    PathSettlement path = path_settlement(1);
    change(path.trades);
    return EntryBody(path);
  };
  for (const EntryBody& body :
       {changed([](auto& trades) { trades.pop_back(); }),
        changed([](auto& trades) { trades.clear(); }),
        changed([](auto& trades) { trades[1].amount_in = 189; }),
        changed([](auto& trades) { trades[1].sells_a = false; }),
        changed([](auto& trades) { trades[1].pool = 2; }),
        changed([](auto& trades) { trades[1].pool = 9; }),
        changed([](auto& trades) { trades[1].amount_out = 1'999'999; }), changed([](auto& trades) {
          trades[1] = {0, false, 190, 90, 1};
        }),
        changed([](auto& trades) { trades.resize(4, trades[1]); })}) {
    const auto applied = state.apply(entry_of(body));
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().code, Errc::corrupt);
    EXPECT_EQ(state, before);
  }
  ASSERT_TRUE(state.apply(entry_of(path_settlement(1))).ok());
  EXPECT_EQ(to_text(state.balances_of("SOL")->trader), "-100");
  EXPECT_EQ(to_text(state.balances_of("USDC")->trader), "0");
  EXPECT_EQ(to_text(state.balances_of("RAY")->trader), "150");
  for (const I128 gap : state.conservation_gaps()) EXPECT_EQ(to_text(gap), "0");
}

TEST(PathLedger, APathSettlementIsFoundByItsIdAfterAReopen) {
  TemporaryDirectory dir;
  LedgerState state;
  {
    auto store = open(dir.path());
    ASSERT_TRUE(append(*store, state,
                       {entry_of(deposit()), entry_of(deposit("USDC", "RAY")),
                        entry_of(path_settlement(1))})
                    .ok());
  }
  auto store = open(dir.path());
  EXPECT_EQ(*store->load(), state);
  EXPECT_EQ(*store->find({venue_order_id(1)}), std::vector<EntryNumber>{3});
  std::vector<SettledTrade> trades;
  const auto audit =
      audit_ledger(*store, [&](const SettledTrade& trade) { trades.push_back(trade); });
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, 1u);
  ASSERT_EQ(trades.size(), 1u);
  EXPECT_EQ(trades[0].input.symbol, "SOL");
  EXPECT_EQ(trades[0].output.symbol, "RAY");
  EXPECT_EQ(trades[0].amount_in, 100u);
  EXPECT_EQ(trades[0].amount_out, 150u);
  EXPECT_EQ(trades[0].fee, 2u);  // 1, and 1 of 190 in the second pool: less than 1 of 100
}

}  // namespace
}  // namespace oee::paper
