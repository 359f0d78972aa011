// Stored bytes of the simulated exchange's ledger. Integers are little-endian in values and
// big-endian in keys, so that keys sort by number. Pure.
//
// journal entry: format u8 | kind u8 (EntryBody's index) | height u64 | body
//   Deposit     venue text, token a, token b, amount_a u64, amount_b u64
//   Settlement  id 16 bytes, trade
//   Refusal     id 16 bytes, error u8, retry_after_us u64, detail text
//   Tombstone   id 16 bytes
//   Expiry      id 16 bytes, valid_until_height u64
//   Arbitrage   trade
//   HeightMark  nothing
//   ReferenceSet  pool u16, a u64, b u64
//   PoolOpened  as Deposit, then shape
//   PathSettlement  id 16 bytes, count u8, trades
// The format is 1, of a ReferenceSet 2, of a PoolOpened 3, of a PathSettlement 4. A pool's state
// ends with its reference a u64, b u64 if it has one. With a shape it ends with its reference,
// zeros if it has none, and the shape.
// shape: kind u8 (PoolKind), then
//   constantProduct  nothing: the reserves are the pool's amounts
//   stableSwap       reserve_a u64, reserve_b u64, amplification u64, multiplier_a u32,
//                    multiplier_b u32, fee_per_million u32
//   bins             step u16, active_id i32, base_factor u16, base_fee_power u8, filter_period
//                    u16, decay_period u16, reduction_factor u16, variable_fee_control u32,
//                    accumulator_max u32, accumulator u32, reference u32, index_reference i32,
//                    updated_at i64, time i64, count u16, each bin: id i32, amount_a u64,
//                    amount_b u64
//   ticks            sqrt_price u128, tick i32, liquidity u128, fee_per_million u32, count u16,
//                    each tick: index i32, liquidity_net i128
// trade: pool u16, sells_a u8, amount_in u64, amount_out u64, fee u64
// token: symbol text, decimals u8; text: size u16, bytes
#pragma once

#include <string>
#include <string_view>

#include "core/venue/paper/ledger/state.h"

namespace oee::paper {

std::string encode_entry(const JournalEntry& entry);
// unsupported: a newer format; corrupt: the bytes are not an entry.
Result<JournalEntry> decode_entry(std::string_view bytes);

std::string encode_pool(const PoolState& pool);
Result<PoolState> decode_pool(std::string_view bytes);
std::string encode_balances(const TokenBalances& balances);
Result<TokenBalances> decode_balances(std::string_view bytes);

// The single numbers of a state.
struct LedgerHead {
  EntryNumber next_entry = 1;
  std::uint64_t height = 0;
  std::uint64_t first_height = 0;
};
std::string encode_head(LedgerHead head);
Result<LedgerHead> decode_head(std::string_view bytes);

// Keys of the journal: 8 bytes, big-endian. corrupt: not such a key.
std::string entry_key(EntryNumber number);
Result<EntryNumber> decode_entry_key(std::string_view key);

}  // namespace oee::paper
