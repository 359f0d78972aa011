// The paper venues' ledger: a journal of entries, an index of the ids that have ended, and the
// journal's fold, all moved by one durable batch. RocksDB in its own directory, or memory for
// simulations.
//
// After a crash the ledger is a prefix of what was committed, and holds every commit that was
// answered. One thread at a time. Memory does not grow with the number of entries (RocksDB).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/venue/paper/ledger/state.h"

namespace oee {

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // The stored fold; empty for a new ledger. corrupt: it does not reach the journal's end.
  virtual Result<LedgerState> load() = 0;
  // For each id the number of the entry that ended it; 0: none has. corrupt, io.
  virtual Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) = 0;
  // One entry. corrupt: it is missing or damaged; io.
  virtual Result<JournalEntry> read(EntryNumber number) = 0;
  // Appends `entries`, all or nothing, durable on return. `after` is the fold including them. io:
  // may or may not be there after a restart; the store must not be written again.
  virtual Result<void> commit(const std::vector<JournalEntry>& entries,
                              const LedgerState& after) = 0;
  // Every journal entry's number and stored bytes, in order, until `visit` fails.
  using Visit = std::function<Result<void>(EntryNumber, std::string_view)>;
  virtual Result<void> scan(const Visit& visit) = 0;
  // How many ids the index holds; reads all of it.
  virtual Result<std::uint64_t> count_ids() = 0;
};

std::unique_ptr<LedgerStore> make_memory_ledger();

// Opens or creates the ledger in `dir`. `on_background_error` may be called from any thread, more
// than once, when RocksDB reports that it cannot write any more. in_use, corrupt, io.
Result<std::unique_ptr<LedgerStore>> open_rocks_ledger(
    const std::filesystem::path& dir, std::function<void(const Error&)> on_background_error);

// --- For auditors ----------------------------------------------------------------------------

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

// Folds the whole journal and checks it: contiguous numbers; every id ends once, and the index says
// so (hence at most one settlement per venue order id); no trade shrinks a product; per token the
// sums over all accounts are constant; the stored state is the fold. corrupt: which entry breaks
// which rule.
Result<LedgerAudit> audit_ledger(LedgerStore& store, const SettledTradeVisit& visit = {});

// The same for a directory, read-only, also while an engine has it open (then up to some recent
// commit) or after it died. not_found: no ledger there. Needs a writable temporary directory for
// its own scratch.
Result<LedgerAudit> audit_ledger(const std::filesystem::path& dir,
                                 const SettledTradeVisit& visit = {});

}  // namespace oee
