// Entries of the simulated exchange's journal: every event at the venues, in order. Values only.
// ledger/codec.h has their stored bytes; LedgerState::apply (ledger/state.h) has their meaning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/order/event.h"
#include "core/venue/pools/pool_state.h"

namespace oee::paper {

using EntryNumber = std::uint64_t;  // position in the journal, contiguous from 1
using PoolId = std::uint16_t;       // the n-th Deposit or PoolOpened makes pool n, from 0

// The state of a pool of another kind than constant product, which has its reserves alone and no
// shape. A trade makes a new one: readers on any thread keep the one that they hold.
using PoolShape = std::shared_ptr<const oee::PoolState>;

// A new constant-product pool with its first reserves, the first of its pair at the venue. Tokens
// enter the venues by this and by PoolOpened only.
struct Deposit {
  VenueName venue;
  Token a;
  Token b;
  Units amount_a = 0;
  Units amount_b = 0;
};

// A swap by one account. sells_a: token a goes in and token b comes out; else the reverse.
struct PoolTrade {
  PoolId pool = 0;
  bool sells_a = false;
  Units amount_in = 0;
  Units amount_out = 0;
  Units fee = 0;  // part of amount_in; stays in the pool
};

struct Settlement {  // a trade of the trader account
  VenueOrderId id;
  PoolTrade trade;
};
struct Refusal {
  VenueOrderId id;
  ErrorClass error{};
  Micros retry_after{0};  // with rate_limited
  std::string detail;
};
struct Tombstone {  // cancelled before it settled; a later submit is refused
  VenueOrderId id;
};
struct Expiry {  // a request came above valid_until_height before the id had settled
  VenueOrderId id;
  std::uint64_t valid_until_height = 0;
};
struct Arbitrage {  // a trade of the arbitrage account, which moves a pool towards its reference
  PoolTrade trade;
};
// The pool's reference price: the amounts are worth the same while the price walk is at its middle.
// Before the first one the registry's prices apply.
struct ReferenceSet {
  PoolId pool = 0;
  Units a = 0;
  Units b = 0;
};
struct HeightMark {};  // records the height only, so that it does not fall over a restart
// A new pool of any kind. A venue may have several of one pair. The fee of a constant-product pool
// is the venue's; the other kinds have theirs in the shape.
struct NewPoolState {
  Deposit first;
  PoolShape shape;  // null: constant product
};
struct PoolOpened {
  PoolOpened() = default;  // of no pool; never recorded
  PoolOpened(NewPoolState state) : pool(std::make_shared<const NewPoolState>(std::move(state))) {}
  std::shared_ptr<const NewPoolState> pool;  // apart, so that the entries of trades stay small
};

// A trade of the trader account through 2 to hops_max different pools of one venue, all or nothing:
// what comes out of each goes into the next.
struct PathSettlement {
  VenueOrderId id;
  std::vector<PoolTrade> trades;
};

// The index of an alternative is stored: append only.
using EntryBody = std::variant<Deposit, Settlement, Refusal, Tombstone, Expiry, Arbitrage,
                               HeightMark, ReferenceSet, PoolOpened, PathSettlement>;

struct JournalEntry {
  std::uint64_t height = 0;  // the venues' height at the time; never falls along the journal
  EntryBody body;
};

// The id that this entry ends (settlement, refusal, tombstone, expiry); null for the others. The
// pointer is valid as long as `entry`.
const VenueOrderId* ended_id(const JournalEntry& entry);
// The trades of either account in this entry, in their order. Valid as long as `entry`.
std::span<const PoolTrade> trades_of(const JournalEntry& entry);
// The fees of a settlement's trades, as VenueReport::fee has them. REQUIRES: a trade.
Units fee_of(std::span<const PoolTrade> trades);

// The transaction hash of an id: SHA-512("oee/paper-tx/1" || id). So it is known before the trade
// and is the same in every answer.
TxHash tx_hash_of(const VenueOrderId& id);

}  // namespace oee::paper
