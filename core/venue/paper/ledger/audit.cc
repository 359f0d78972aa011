#include "core/venue/paper/ledger/codec.h"
#include "core/venue/paper/ledger/ledger.h"

namespace oee::paper {
namespace {

constexpr std::size_t lookups_batch = 256;

Error violation(EntryNumber number, const std::string& rule) {
  return Error{Errc::corrupt, "venue ledger entry " + std::to_string(number) + ": " + rule};
}

class Auditor {
 public:
  Auditor(LedgerStore& store, const SettledTradeVisit& visit) : store_(store), visit_(visit) {}

  Result<LedgerAudit> run() {
    OEE_TRY(store_.scan(
        [this](EntryNumber number, std::string_view bytes) { return take(number, bytes); }));
    OEE_TRY(check_index());
    OEE_TRY_ASSIGN(const std::uint64_t indexed, store_.count_ids());
    // Each entry's id leads back to that entry, so equal counts prove a one-to-one index.
    if (indexed != ended_) {
      return Error{Errc::corrupt, "venue ledger: the index holds " + std::to_string(indexed) +
                                      " ids, the journal ends " + std::to_string(ended_)};
    }
    OEE_TRY_ASSIGN(const LedgerState stored, store_.load());
    if (!(stored == audit_.state)) {
      return Error{Errc::corrupt, "venue ledger: the stored state is not the fold of the journal"};
    }
    for (const I128 gap : audit_.state.conservation_gaps()) {
      if (gap != 0) {
        return Error{Errc::corrupt, "venue ledger: the accounts are off by " + to_text(gap)};
      }
    }
    return std::move(audit_);
  }

 private:
  Result<void> take(EntryNumber number, std::string_view bytes) {
    if (number != audit_.state.next_entry)
      return violation(number, "its number is not the next one");
    auto entry = decode_entry(bytes);
    if (!entry) return violation(number, entry.error().detail);
    if (auto applied = audit_.state.apply(*entry); !applied) {
      return violation(number, applied.error().detail);
    }
    ++audit_.entries;
    audit_.digest = sha256({as_bytes(audit_.digest), bytes});
    if (std::holds_alternative<Refusal>(entry->body)) ++audit_.refusals;
    if (std::holds_alternative<Tombstone>(entry->body)) ++audit_.tombstones;
    if (std::holds_alternative<Expiry>(entry->body)) ++audit_.expiries;
    if (std::holds_alternative<Arbitrage>(entry->body)) ++audit_.arbitrage_trades;
    if (const VenueOrderId* id = ended_id(*entry)) {
      const auto trades = trades_of(*entry);
      audit_.settlements += trades.empty() ? 0 : 1;
      if (visit_ && !trades.empty()) report(*id, trades, entry->height);
      ++ended_;
      ids_.push_back(*id);
      numbers_.push_back(number);
      if (ids_.size() == lookups_batch) return check_index();
    }
    return {};
  }

  Result<void> check_index() {
    OEE_TRY_ASSIGN(const auto found, store_.find(ids_));
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (found[i] == 0) return violation(numbers_[i], "its id is not in the index");
      if (found[i] != numbers_[i]) {
        return violation(numbers_[i], "its id ends again in entry " + std::to_string(found[i]));
      }
    }
    ids_.clear();
    numbers_.clear();
    return {};
  }

  void report(const VenueOrderId& id, std::span<const PoolTrade> trades, std::uint64_t height) {
    const PoolTrade& first = trades.front();
    const PoolTrade& last = trades.back();
    const PoolState& from = audit_.state.pools[first.pool];
    const PoolState& to = audit_.state.pools[last.pool];
    SettledTrade row;
    row.id = id;
    row.venue = from.venue;
    row.input = first.sells_a ? from.a : from.b;
    row.output = last.sells_a ? to.b : to.a;
    row.amount_in = first.amount_in;
    row.amount_out = last.amount_out;
    row.fee = fee_of(trades);
    row.tx_hash = tx_hash_of(id);
    row.height = height;
    visit_(row);
  }

  LedgerStore& store_;
  const SettledTradeVisit& visit_;
  LedgerAudit audit_;
  std::uint64_t ended_ = 0;
  std::vector<VenueOrderId> ids_;  // of the newest entries; not looked up yet
  std::vector<EntryNumber> numbers_;
};

}  // namespace

Result<LedgerAudit> audit_ledger(LedgerStore& store, const SettledTradeVisit& visit) {
  return Auditor(store, visit).run();
}

}  // namespace oee::paper
