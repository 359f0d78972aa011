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
// The format is 1, of a ReferenceSet 2. A pool's state ends with its reference a u64, b u64 if it
// has one.
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
