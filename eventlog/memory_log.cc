#include "eventlog/memory_log.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "eventlog/sequencer.h"

namespace oee {
namespace {

constexpr std::size_t queue_requests_max = 65'536;  // the default of RocksLogOptions

// The records' bytes, chained, from seq 1.
class StoredRecords {
 public:
  Hash256 add(RecordHeader& header, std::string_view payload) {
    if (!chains_.empty()) header.previous_chain = chains_.back();
    std::string& bytes = bytes_.emplace_back();
    return chains_.emplace_back(append_record(bytes, header, payload));
  }
  void cut_after(Seq last) {
    bytes_.resize(last);
    chains_.resize(last);
  }
  std::string_view at(Seq seq) const { return bytes_.at(seq - 1); }
  Seq size() const { return bytes_.size(); }

 private:
  std::deque<std::string> bytes_;
  std::deque<Hash256> chains_;
};

// The indexes of the written records. Cutting the log back removes the entries of the records that
// are cut off.
class MemoryIndex final : public StoredIndex {
 public:
  explicit MemoryIndex(const StoredRecords& stored) : stored_(stored) {}

  Result<bool> has_version(const OrderId& id, Version version) override {
    const auto found = by_order_.find(id);
    return found != by_order_.end() && version >= 1 && version <= found->second.size();
  }
  Result<std::optional<KeyEntry>> find_key(std::string_view key) override {
    const auto found = keys_.find(std::string(key));
    if (found == keys_.end()) return std::optional<KeyEntry>();
    return std::optional(found->second);
  }
  Result<std::vector<Record>> records_of(const OrderId& id) override {
    std::vector<Record> records;
    if (const std::vector<Seq>* const seqs = seqs_of(id)) {
      for (const Seq seq : *seqs) {
        OEE_TRY_ASSIGN(Record record, decode_record(stored_.at(seq)));
        records.push_back(std::move(record));
      }
    }
    return records;
  }
  const std::vector<Seq>* seqs_of(const OrderId& id) const {
    const auto found = by_order_.find(id);
    return found == by_order_.end() ? nullptr : &found->second;
  }

  void add(const OrderId& id, Seq seq) { by_order_[id].push_back(seq); }
  void add_key(std::string_view key, const KeyEntry& entry) {
    keys_.emplace(std::string(key), entry);
  }
  // A bound key points to an older record and stays with it.
  void cut_after(Seq last) {
    for (auto it = by_order_.begin(); it != by_order_.end();) {
      std::erase_if(it->second, [last](Seq seq) { return seq > last; });
      it = it->second.empty() ? by_order_.erase(it) : std::next(it);
    }
    std::erase_if(keys_, [last](const auto& key) { return key.second.seq > last; });
  }

 private:
  const StoredRecords& stored_;
  std::unordered_map<OrderId, std::vector<Seq>, IdHash> by_order_;
  std::unordered_map<std::string, KeyEntry> keys_;
};

// Keeps the index entries of a batch until it ends: the sequencer must not find them in the index
// earlier.
class BatchEntries final : public RecordStore {
 public:
  explicit BatchEntries(StoredRecords& stored) : stored_(stored) {}
  Hash256 put_record(RecordHeader& header, std::string_view payload) override {
    records_.emplace_back(header.order_id, header.seq);
    return stored_.add(header, payload);
  }
  void put_key(std::string_view key, const KeyEntry& entry) override {
    keys_.emplace_back(std::string(key), entry);
  }
  void move_to(MemoryIndex& index) {
    for (const auto& [id, seq] : records_) index.add(id, seq);
    for (const auto& [key, entry] : keys_) index.add_key(key, entry);
    records_.clear();
    keys_.clear();
  }

 private:
  StoredRecords& stored_;
  std::vector<std::pair<OrderId, Seq>> records_;
  std::vector<std::pair<std::string, KeyEntry>> keys_;
};

using AnswersBySink = std::vector<std::pair<BlockSink*, std::vector<Answer>>>;

std::vector<Answer>& answers_for(AnswersBySink& all, BlockSink* sink) {
  for (auto& [known, answers] : all)
    if (known == sink) return answers;
  return all.emplace_back(sink, std::vector<Answer>()).second;
}

// The result of one write(): a block (null when nothing was appended) and the answers that are
// delivered once it is durable.
struct Batch {
  BlockPtr block;
  AnswersBySink answers;
};

}  // namespace

struct MemoryLog::State {
  State(const Clock& the_clock, RiskControl* limits) : clock(the_clock), risk(limits) {
    restart_sequencer();
  }

  void restart_sequencer() {
    const WallTime time = blocks.empty() ? WallTime{} : blocks.back()->records.back().time;
    Halts halts;
    if (const auto* seqs = index.seqs_of(engine_stream))
      for (const Seq seq : *seqs) halts.take(block_of(seq)->records[seq - block_of(seq)->first]);
    sequencer.emplace(index, entries, durable_head, time, std::move(halts), risk);
  }
  // A sink may append again inside its deliver(): the state is complete before the first delivery.
  void deliver(Batch batch) {
    const auto targets = sinks;
    for (const auto& [sink, answers] : batch.answers)
      check(std::find(targets.begin(), targets.end(), sink) != targets.end(),
            "MemoryLog::append: the origin is not one of the sinks");
    for (BlockSink* sink : targets) {
      auto answers = std::move(answers_for(batch.answers, sink));
      if (batch.block || !answers.empty()) sink->deliver(batch.block, std::move(answers));
    }
  }
  void add_durable(const BlockPtr& block) {
    durable_head = block->end() - 1;
    blocks.push_back(block);
  }
  BlockPtr block_of(Seq seq) const {
    const auto after =
        std::upper_bound(blocks.begin(), blocks.end(), seq,
                         [](Seq wanted, const BlockPtr& block) { return wanted < block->first; });
    return *std::prev(after);
  }
  // `batch` is the one whose write failed. Its appends are answered `indeterminate`, and so are the
  // appends of all unsynced batches, as after one failed sync.
  void fail(Batch batch, bool kept);

  const Clock& clock;
  RiskControl* const risk;
  std::vector<BlockSink*> sinks;
  std::deque<std::unique_ptr<PendingAppend>> urgent;
  std::deque<std::unique_ptr<PendingAppend>> new_orders;
  StoredRecords stored;
  MemoryIndex index{stored};  // of all written records
  BatchEntries entries{stored};
  std::optional<Sequencer> sequencer;
  std::deque<Batch> written;    // not yet synced
  std::deque<BlockPtr> blocks;  // durable, from seq 1
  std::vector<BlockPtr> kept;   // blocks of a failed write that are present after a restart
  Seq durable_head = 0;
  OpenOrderHint hint;
  bool fail_next = false;
  bool keep_failed = false;
  bool failed = false;
};

namespace {

void answer_indeterminate(Batch& batch) {
  for (auto& [sink, answers] : batch.answers)
    for (auto& answer : answers)
      answer.result = Error{Errc::indeterminate, "the write failed, as fail_next_write() requires"};
}

void refuse(BlockSink& origin, void* ticket, Error why) {
  std::vector<Answer> answers;
  answers.push_back({ticket, std::move(why)});
  origin.deliver(nullptr, std::move(answers));
}

}  // namespace

void MemoryLog::State::fail(Batch batch, bool keep) {
  failed = true;
  auto lost = std::exchange(written, {});
  lost.push_back(std::move(batch));
  for (auto& each : lost) {
    if (each.block && keep) kept.push_back(each.block);
    each.block = nullptr;
    answer_indeterminate(each);
  }
  std::vector<std::unique_ptr<PendingAppend>> queued;
  for (auto* list : {&urgent, &new_orders}) {
    for (auto& append : *list) queued.push_back(std::move(append));
    list->clear();
  }
  for (auto& each : lost) deliver(std::move(each));
  for (auto& append : queued)
    refuse(*append->origin, append->ticket, {Errc::closed, "the log has stopped"});
}

MemoryLog::MemoryLog(const Clock& clock, const LogId& id, RiskControl* risk)
    : id_(id), state_(std::make_unique<State>(clock, risk)) {}
MemoryLog::~MemoryLog() = default;

void MemoryLog::start(std::span<BlockSink* const> sinks) {
  check(!sinks.empty(), "MemoryLog::start: at least one sink");
  state_->sinks.assign(sinks.begin(), sinks.end());
}

void MemoryLog::append(AppendRequest request, BlockSink& origin, void* ticket) {
  State& state = *state_;
  if (state.failed) return refuse(origin, ticket, {Errc::closed, "the log has stopped"});
  const std::size_t depth = state.urgent.size() + state.new_orders.size();
  if (request.new_order() && depth >= queue_requests_max / 2)
    return refuse(origin, ticket, {Errc::full, "the log's queue is full"});
  auto pending = prepare_append(request, origin, ticket);
  if (!pending.ok()) return refuse(origin, ticket, pending.error());
  auto& list = (*pending)->new_order() ? state.new_orders : state.urgent;
  list.push_back(*std::move(pending));
}

std::size_t MemoryLog::write() {
  State& state = *state_;
  std::vector<std::unique_ptr<PendingAppend>> appends;
  for (auto* list : {&state.urgent, &state.new_orders}) {
    for (auto& append : *list) appends.push_back(std::move(append));
    list->clear();
  }
  if (appends.empty()) return 0;
  Batch batch;
  auto block = std::make_shared<Block>();
  block->first = state.sequencer->head() + 1;
  state.sequencer->begin_batch(state.clock.now());
  for (const auto& append : appends) {
    const auto taken =
        state.sequencer->take(*append, *block, answers_for(batch.answers, append->origin));
    check(taken.ok(), "MemoryLog: the index in memory can be read");
  }
  state.entries.move_to(state.index);
  if (!block->records.empty()) batch.block = std::move(block);
  if (std::exchange(state.fail_next, false)) {
    state.fail(std::move(batch), state.keep_failed);
  } else {
    state.written.push_back(std::move(batch));
  }
  return appends.size();
}

void MemoryLog::sync() {
  // All blocks become durable before the first delivery: a sink may read inside its deliver().
  auto synced = std::exchange(state_->written, {});
  for (const auto& batch : synced)
    if (batch.block) state_->add_durable(batch.block);
  for (auto& batch : synced) state_->deliver(std::move(batch));
}

std::size_t MemoryLog::queued() const {
  return state_->urgent.size() + state_->new_orders.size();
}
std::size_t MemoryLog::unsynced() const {
  return state_->written.size();
}
bool MemoryLog::failed() const {
  return state_->failed;
}
Seq MemoryLog::durable_head() const {
  return state_->durable_head;
}
Seq MemoryLog::written_head() const {
  return state_->stored.size();
}
std::string_view MemoryLog::stored(Seq seq) const {
  return state_->stored.at(seq);
}

void MemoryLog::lose_unsynced(std::size_t batches_kept) {
  State& state = *state_;
  for (const auto& block : std::exchange(state.kept, {})) state.add_durable(block);
  check(batches_kept <= state.written.size(),
        "MemoryLog::lose_unsynced: batches_kept exceeds unsynced()");
  for (std::size_t i = 0; i < batches_kept; ++i)
    if (state.written[i].block) state.add_durable(state.written[i].block);
  state.written.clear();
  state.urgent.clear();
  state.new_orders.clear();
  state.sinks.clear();
  state.failed = false;
  state.fail_next = false;
  state.index.cut_after(state.durable_head);
  state.stored.cut_after(state.durable_head);
  state.restart_sequencer();
}

void MemoryLog::fail_next_write(bool kept) {
  state_->fail_next = true;
  state_->keep_failed = kept;
}

Result<BlockPtr> MemoryLog::read(Seq from, std::size_t) {
  from = std::max<Seq>(from, 1);
  if (from <= state_->durable_head) return state_->block_of(from);
  auto empty = std::make_shared<Block>();
  empty->first = from;
  return BlockPtr(std::move(empty));
}

Result<std::vector<Record>> MemoryLog::read_order(const OrderId& id) {
  std::vector<Record> records;
  const auto* seqs = state_->index.seqs_of(id);
  if (seqs == nullptr) return records;
  for (const Seq seq : *seqs) {
    if (seq > state_->durable_head) break;
    const BlockPtr block = state_->block_of(seq);
    records.push_back(block->records[seq - block->first]);
  }
  return records;
}

Seq MemoryLog::wait_past(Seq, std::chrono::milliseconds) {
  return state_->durable_head;
}

OpenOrderHint MemoryLog::load_hint() {
  return state_->hint;
}

void MemoryLog::store_hint(OpenOrderHint hint) {
  state_->hint = std::move(hint);
}

}  // namespace oee
