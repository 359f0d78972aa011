// Entries of the paper venues' journal: everything that ever happened at the venues, in order.
// Values only; their stored bytes are ledger/codec.h, their meaning is LedgerState::apply
// (ledger/state.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/order/event.h"

namespace oee {

using EntryNumber = std::uint64_t;  // position in the journal, contiguous from 1
using PoolId = std::uint16_t;       // rises with each Deposit, from 0

// A new pool with its first reserves: the only way in which tokens come into the venues.
struct Deposit {
  VenueName venue;
  Token a;
  Token b;
  Units amount_a = 0;
  Units amount_b = 0;
};

// A swap by some account. sells_a: token a goes in and token b comes out; else the reverse.
struct PoolTrade {
  PoolId pool = 0;
  bool sells_a = false;
  Units amount_in = 0;
  Units amount_out = 0;
  Units fee = 0;  // part of amount_in, stays in the pool
};

struct Settlement {  // a trade of the trader account
  VenueOrderId id;
  PoolTrade trade;
};
struct Refusal {
  VenueOrderId id;
  ErrorClass error{};
  Micros retry_after{0};  // rate_limited
  std::string detail;
};
struct Tombstone {  // cancelled before it settled: a later submit is refused
  VenueOrderId id;
};
struct Expiry {  // judged above its validity before it settled
  VenueOrderId id;
  std::uint64_t valid_until_height = 0;
};
struct Arbitrage {  // a trade of the arbitrage account: the only way in which prices follow the
                    // world
  PoolTrade trade;
};
struct HeightMark {};  // records the height alone, so that it does not fall over a restart

// The alternatives' order is stored: append only.
using EntryBody =
    std::variant<Deposit, Settlement, Refusal, Tombstone, Expiry, Arbitrage, HeightMark>;

struct JournalEntry {
  std::uint64_t height = 0;  // the venues' height when it happened; never falls along the journal
  EntryBody body;
};

// The id that this entry ends (settlement, refusal, tombstone, expiry); null for the others. Lives
// as long as `entry`.
const VenueOrderId* ended_id(const JournalEntry& entry);

// The transaction hash of an id: SHA-512("oee/paper-tx/1" || id), so that it is known before the
// trade and the same in every answer.
TxHash tx_hash_of(const VenueOrderId& id);

}  // namespace oee
