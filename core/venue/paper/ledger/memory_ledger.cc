#include <unordered_map>

#include "core/venue/paper/ledger/codec.h"
#include "core/venue/paper/ledger/ledger.h"

namespace oee::paper {
namespace {

// Stores the same bytes as the durable ledger, so that audits and digests are comparable.
class MemoryLedger final : public LedgerStore {
 public:
  Result<LedgerState> load() override { return state_; }

  Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) override {
    std::vector<EntryNumber> found;
    for (const VenueOrderId& id : ids) {
      const auto ended = ended_.find(id);
      found.push_back(ended == ended_.end() ? 0 : ended->second);
    }
    return found;
  }

  Result<JournalEntry> read(EntryNumber number) override {
    check(number > 0 && number <= journal_.size(), "MemoryLedger: no such entry");
    return decode_entry(journal_[number - 1]);
  }

  Result<void> commit(const std::vector<JournalEntry>& entries, const LedgerState& after) override {
    for (const JournalEntry& entry : entries) {
      journal_.push_back(encode_entry(entry));
      if (const VenueOrderId* id = ended_id(entry)) ended_[*id] = journal_.size();
    }
    state_ = after;
    return {};
  }

  Result<void> scan(const Visit& visit) override {
    for (std::size_t i = 0; i < journal_.size(); ++i) OEE_TRY(visit(i + 1, journal_[i]));
    return {};
  }

  Result<std::uint64_t> count_ids() override { return ended_.size(); }

 private:
  std::vector<std::string> journal_;
  std::unordered_map<VenueOrderId, EntryNumber, IdHash> ended_;
  LedgerState state_;
};

}  // namespace

std::unique_ptr<LedgerStore> make_memory_ledger() {
  return std::make_unique<MemoryLedger>();
}

}  // namespace oee::paper
