// The simulated exchange's ledger: a journal of entries, an index of the ids that have ended, and
// the fold of the journal. One durable batch changes all three. RocksDB in its own directory, or
// memory for simulations.
//
// After a crash the ledger is a prefix of the committed entries and contains every commit that
// returned success. One thread at a time. With RocksDB, memory does not grow with the number of
// entries.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/venue/paper/ledger/state.h"

namespace oee::paper {

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // The stored fold; empty for a new ledger. corrupt: the fold and the journal end at different
  // entries.
  virtual Result<LedgerState> load() = 0;
  // For each id the number of the entry that ended it; 0: it has not ended. corrupt, io.
  virtual Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) = 0;
  // One entry. corrupt: the entry is missing or damaged; io.
  virtual Result<JournalEntry> read(EntryNumber number) = 0;
  // Appends `entries`, all or nothing, durable on return. `after` is the fold that includes them.
  // io: the entries may or may not be there after a restart; the store must not be written again.
  virtual Result<void> commit(const std::vector<JournalEntry>& entries,
                              const LedgerState& after) = 0;
  // Calls `visit` with the number and the stored bytes of every entry, in order, until it fails.
  using Visit = std::function<Result<void>(EntryNumber, std::string_view)>;
  virtual Result<void> scan(const Visit& visit) = 0;
  // The number of ids in the index. Reads the whole index.
  virtual Result<std::uint64_t> count_ids() = 0;
};

std::unique_ptr<LedgerStore> make_memory_ledger();

// Opens or creates the ledger in `dir`. `on_background_error` is called when RocksDB reports that
// it cannot write any more: from any thread, possibly more than once. in_use, corrupt, io.
Result<std::unique_ptr<LedgerStore>> open_rocks_ledger(
    const std::filesystem::path& dir, std::function<void(const Error&)> on_background_error);

// --- For auditors --------------------------------------------------------------------------------

struct SettledTrade {
  VenueOrderId id;
  VenueName venue;
  Token input;
  Token output;
  Units amount_in = 0;
  Units amount_out = 0;
  Units fee = 0;  // in input units
  TxHash tx_hash;
  std::uint64_t height = 0;
};
using SettledTradeVisit = std::function<void(const SettledTrade&)>;

struct LedgerAudit {
  std::uint64_t entries = 0;
  std::uint64_t settlements = 0;
  std::uint64_t refusals = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t expiries = 0;
  std::uint64_t arbitrage_trades = 0;
  LedgerState state;  // the fold of the whole journal
  Hash256 digest{};   // over all entries' bytes in order: equal ledgers, equal digests
};

// Folds the whole journal and checks these rules:
// - Entry numbers are contiguous.
// - Every id ends once, and the index points to that entry. Hence a venue order id has at most one
//   settlement.
// - No trade shrinks the product of a constant-product pool's reserves. Each trade in a pool of
//   another kind is the one that the pool's arithmetic gives for its input (core/venue/pools).
// - For each token the sum over all accounts is constant.
// - The stored state is the fold of the journal.
// corrupt: the detail names the entry and the rule.
Result<LedgerAudit> audit_ledger(LedgerStore& store, const SettledTradeVisit& visit = {});

// The same for a directory, read-only. An engine may have the ledger open (the audit then covers it
// up to a recent commit) or may have crashed. not_found: there is no ledger. Needs a writable
// temporary directory.
Result<LedgerAudit> audit_ledger(const std::filesystem::path& dir,
                                 const SettledTradeVisit& visit = {});

}  // namespace oee::paper
