#include "eventlog/rocks/log.h"

#include <algorithm>
#include <mutex>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "eventlog/rocks/hint_file.h"
#include "eventlog/rocks/recovery.h"
#include "eventlog/rocks/scrub.h"
#include "eventlog/rocks/upkeep.h"
#include "eventlog/rocks/writer.h"

namespace oee {
namespace {

constexpr std::size_t read_records_max = 10'000;  // of one read(), for every `limit`
constexpr std::size_t read_bytes_max = 4 << 20;

void refuse(BlockSink& origin, void* ticket, Error why) {
  std::vector<Answer> answers;
  answers.push_back({ticket, std::move(why)});
  origin.deliver(nullptr, std::move(answers));
}

}  // namespace

class RocksLog::Impl {
 public:
  Impl(RocksLogOptions options, const Clock& clock);
  ~Impl() { stop(); }
  Result<void> recover();
  void start(std::span<BlockSink* const> sinks);
  void stop();
  void append(AppendRequest request, BlockSink& origin, void* ticket);
  Result<BlockPtr> read(Seq from, std::size_t limit);
  Result<std::vector<Record>> read_order(const OrderId& id);
  OpenOrderHint load_hint();
  void store_hint(OpenOrderHint hint) { hint_->store(std::move(hint)); }

  const LogIdentity& identity() const { return log_->store->identity(); }
  const LogMetrics& metrics() const { return metrics_; }
  BlockTail& tail() { return *tail_; }
  StoreMetrics store_metrics() const { return log_->store->metrics(); }

 private:
  Result<BlockPtr> read_stored(Seq from, Seq last);
  Result<Record> read_record(Seq seq);
  // Damage that a reader finds stops the log.
  Error damaged(const Error& error) {
    fail_stop_.raise(error);
    return error;
  }
  void answer_unstarted();
  void refuse_full(BlockSink& origin, void* ticket) {
    metrics_.refused_queue_full.fetch_add(1, std::memory_order_relaxed);
    refuse(origin, ticket, {Errc::full, "the log's queue is full"});
  }

  const RocksLogOptions options_;
  const Clock& clock_;
  LogMetrics metrics_;
  LogQueue queue_;
  FailStop fail_stop_;  // outlives the store, whose threads may raise it until they end
  std::optional<RecoveredLog> log_;
  std::optional<BlockTail> tail_;
  std::optional<Upkeep> upkeep_;
  std::optional<LogWriter> writer_;
  std::optional<Scrub> scrub_;
  std::optional<HintFile> hint_;
  std::mutex lifecycle_;  // for start() and stop()
  bool started_ = false;
  bool stopped_ = false;
};

RocksLog::Impl::Impl(RocksLogOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      queue_(options_.queue_requests_max, metrics_.queue_depth),
      fail_stop_([this] {
        metrics_.failed.store(true, std::memory_order_release);
        queue_.wake();
      }) {
  check(options_.queue_requests_max >= 2, "RocksLogOptions: queue_requests_max is at least 2");
  check(options_.batch_requests_max > 0, "RocksLogOptions: batch_requests_max is at least 1");
}

Result<void> RocksLog::Impl::recover() {
  auto log = recover_log(LogFiles(options_.file_system), options_.dir, options_.memtable_bytes,
                         fail_stop_);
  if (!log.ok()) return log.error();
  log_.emplace(*std::move(log));
  metrics_.assigned_head.store(log_->head);
  metrics_.durable_head.store(log_->head);
  tail_.emplace(LogHead{log_->head, log_->chain}, options_.tail_records_max,
                options_.tail_bytes_max);
  Upkeep::Disk disk{.files = LogFiles(options_.file_system),
                    .dir = options_.dir,
                    .free_bytes_min = options_.free_bytes_min,
                    .low = metrics_.disk_low,
                    .free_bytes = metrics_.disk_free_bytes};
  upkeep_.emplace(log_->watermark, *tail_, fail_stop_, std::move(disk));
  upkeep_->check_disk();
  LogWriter::Context context{.options = options_,
                             .clock = clock_,
                             .log = *log_,
                             .queue = queue_,
                             .tail = *tail_,
                             .fail_stop = fail_stop_,
                             .metrics = metrics_,
                             .on_watermark_moved = [this] { upkeep_->watermark_moved(); }};
  writer_.emplace(std::move(context));
  scrub_.emplace(*log_->store, *tail_, fail_stop_, options_.scrub_period, metrics_.scrubbed);
  hint_.emplace(LogFiles(options_.file_system), options_.dir / hint_name,
                [this](Seq seq) -> Result<Hash256> {
                  OEE_TRY_ASSIGN(const Record record, read_record(seq));
                  return record.hash;
                });
  return {};
}

void RocksLog::Impl::start(std::span<BlockSink* const> sinks) {
  std::lock_guard lock(lifecycle_);
  check(!started_ && !stopped_, "RocksLog::start: once only");
  started_ = true;
  upkeep_->start();
  scrub_->start();
  writer_->start(sinks);
}

void RocksLog::Impl::stop() {
  std::lock_guard lock(lifecycle_);
  if (stopped_ || !log_) return;
  stopped_ = true;
  queue_.close();
  writer_->join();
  if (!started_) answer_unstarted();
  hint_->stop();
  scrub_->stop();
  upkeep_->stop();
  tail_->close();
}

// Answers the queued appends of a log that was never started and has no thread.
void RocksLog::Impl::answer_unstarted() {
  std::vector<AppendPtr> waiting;
  while (queue_.wait()) {
    queue_.take(options_.batch_requests_max, options_.batch_bytes_max, waiting);
    for (auto& append : waiting)
      refuse(*append->origin, append->ticket, {Errc::closed, "the log is stopping"});
    waiting.clear();
  }
}

void RocksLog::Impl::append(AppendRequest request, BlockSink& origin, void* ticket) {
  // A refusal depends on no block: it is delivered here and does not wait for a slow disk.
  if (fail_stop_.raised()) return refuse(origin, ticket, {Errc::closed, "the log has stopped"});
  const bool new_order = request.new_order();
  if (new_order && metrics_.disk_low.load(std::memory_order_relaxed)) {
    metrics_.refused_disk_low.fetch_add(1, std::memory_order_relaxed);
    return refuse(origin, ticket, {Errc::full, "the disk is nearly full"});
  }
  if (new_order && queue_.full()) return refuse_full(origin, ticket);
  auto pending = prepare_append(request, origin, ticket);
  if (!pending.ok()) return refuse(origin, ticket, pending.error());
  switch (queue_.put(*pending)) {
    case LogQueue::Put::taken:
      return;
    case LogQueue::Put::full:
      return refuse_full(origin, ticket);
    case LogQueue::Put::closed:
      return refuse(origin, ticket, {Errc::closed, "the log is stopping"});
  }
}

Result<BlockPtr> RocksLog::Impl::read(Seq from, std::size_t limit) {
  from = std::max<Seq>(from, 1);
  if (BlockPtr block = tail_->find(from)) return block;
  const Seq head = tail_->durable_head();
  if (from > head) {
    auto empty = std::make_shared<Block>();
    empty->first = from;
    return BlockPtr(std::move(empty));
  }
  const std::size_t count = std::clamp<std::size_t>(limit, 1, read_records_max);
  return read_stored(from, std::min<Seq>(head, from + count - 1));
}

Result<BlockPtr> RocksLog::Impl::read_stored(Seq from, Seq last) {
  auto block = std::make_shared<Block>();
  block->first = from;
  block->records.reserve(last - from + 1);
  std::size_t bytes_read = 0;
  std::optional<Hash256> chain;
  const Error enough{Errc::full, ""};
  auto each = [&](Seq seq, std::string_view bytes) -> Result<void> {
    if (bytes_read > read_bytes_max) return enough;
    bytes_read += bytes.size();
    OEE_TRY_ASSIGN(const RecordHeader header, decode_header(bytes));
    if (header.seq != seq || (chain && header.previous_chain != *chain))
      return Error{Errc::corrupt,
                   "record " + std::to_string(seq) + ": the hash chain is broken before it"};
    chain = chain_hash(header.previous_chain, bytes);
    OEE_TRY_ASSIGN(auto event, decode_payload(header.type, bytes.substr(record_header_bytes)));
    block->records.push_back(Record{seq, header.order_id, header.version, header.time,
                                    header.correlation, std::move(event), *chain});
    return {};
  };
  if (auto read = log_->store->scan(from, last, false, each);
      !read.ok() && read.error().code != Errc::full) {
    Error error = read.error();
    error.detail = "at record " + std::to_string(block->end()) + ": " + error.detail;
    return damaged(error);
  }
  return BlockPtr(std::move(block));
}

Result<Record> RocksLog::Impl::read_record(Seq seq) {
  if (BlockPtr block = tail_->find(seq)) return block->records[seq - block->first];
  return log_->store->record(seq);
}

Result<std::vector<Record>> RocksLog::Impl::read_order(const OrderId& id) {
  const Seq head = tail_->durable_head();
  auto seqs = log_->store->seqs_of(id);
  if (!seqs.ok()) return damaged(seqs.error());
  std::vector<Record> records;
  records.reserve(seqs->size());
  for (const Seq seq : *seqs) {
    if (seq > head) break;  // written, not yet durable
    auto record = read_record(seq);
    if (!record.ok()) return damaged(record.error());
    if (record->seq != seq || record->order_id != id || record->version != records.size() + 1)
      return damaged(Error{Errc::corrupt, "the index of order " + to_text(id) +
                                              " leads to record " + std::to_string(seq) +
                                              ", which is another one"});
    records.push_back(*std::move(record));
  }
  return records;
}

OpenOrderHint RocksLog::Impl::load_hint() {
  const Seq head = tail_->durable_head();
  if (auto hint = hint_->load(head)) return *std::move(hint);
  const auto older = log_->store->older_hint();
  if (older.ok() && *older)
    if (auto hint = parse_hint(**older, head)) return *std::move(hint);
  return {};
}

RocksLog::RocksLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksLog::~RocksLog() = default;

Result<std::unique_ptr<RocksLog>> RocksLog::open(RocksLogOptions options, const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), clock);
  OEE_TRY(impl->recover());
  return std::unique_ptr<RocksLog>(new RocksLog(std::move(impl)));
}

const LogId& RocksLog::id() const {
  return impl_->identity().id;
}
const LogIdentity& RocksLog::identity() const {
  return impl_->identity();
}
const LogMetrics& RocksLog::metrics() const {
  return impl_->metrics();
}
LogHead RocksLog::head() const {
  return impl_->tail().head();
}
StoreMetrics RocksLog::store_metrics() const {
  return impl_->store_metrics();
}
void RocksLog::start(std::span<BlockSink* const> sinks) {
  impl_->start(sinks);
}
void RocksLog::stop() {
  impl_->stop();
}

void RocksLog::append(AppendRequest request, BlockSink& origin, void* ticket) {
  impl_->append(std::move(request), origin, ticket);
}
Result<BlockPtr> RocksLog::read(Seq from, std::size_t limit) {
  return impl_->read(from, limit);
}
Result<std::vector<Record>> RocksLog::read_order(const OrderId& id) {
  return impl_->read_order(id);
}
Seq RocksLog::wait_past(Seq seq, std::chrono::milliseconds wait) {
  return impl_->tail().wait_past(seq, wait);
}
OpenOrderHint RocksLog::load_hint() {
  return impl_->load_hint();
}
void RocksLog::store_hint(OpenOrderHint hint) {
  impl_->store_hint(std::move(hint));
}

}  // namespace oee
