#include <unordered_map>

#include "core/venue/ledger.h"
#include "core/venue/ledger_codec.h"

namespace oee {
namespace {

// Keeps the same bytes as the durable ledger does, so that audits and digests mean the same.
class MemoryLedger final : public LedgerStore {
 public:
  Result<LedgerState> load() override { return state_; }

  Result<std::vector<std::optional<StoredEntry>>> find(
      const std::vector<VenueOrderId>& ids) override {
    std::vector<std::optional<StoredEntry>> found(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto ended = ended_.find(ids[i]);
      if (ended == ended_.end()) continue;
      OEE_TRY_ASSIGN(Entry entry, decode_entry(journal_[ended->second - 1]));
      found[i] = StoredEntry{ended->second, std::move(entry)};
    }
    return found;
  }

  Result<void> commit(const std::vector<Entry>& entries, const LedgerState& after) override {
    for (const Entry& entry : entries) {
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

}  // namespace oee
