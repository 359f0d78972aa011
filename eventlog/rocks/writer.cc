#include "eventlog/rocks/writer.h"

#include <algorithm>
#include <chrono>

#include "core/base/log.h"
#include "core/runtime/worker.h"

namespace oee {

Hash256 BatchRecords::put_record(RecordHeader& header, std::string_view payload) {
  record_.clear();
  header.previous_chain = chain_;
  chain_ = append_record(record_, header, payload);
  record_bytes_ += record_.size();
  store_.put_record(batch_, header, record_);
  return chain_;
}

void BatchRecords::put_key(std::string_view key, const KeyEntry& entry) {
  store_.put_key(batch_, key, entry);
}

void BatchRecords::clear() {
  batch_.Clear();
  record_bytes_ = 0;
}

LogWriter::LogWriter(Parts parts)
    : parts_(std::move(parts)),
      records_(*parts_.log.store, parts_.log.chain, parts_.options.batch_bytes_max),
      sequencer_(*parts_.log.store, records_, parts_.log.head, parts_.log.time) {}

void LogWriter::start(std::span<BlockSink* const> sinks) {
  check(!sinks.empty(), "RocksLog::start: at least one sink");
  sinks_.assign(sinks.begin(), sinks.end());
  answers_.resize(sinks_.size());
  thread_ = std::thread([this] { run(); });
}

void LogWriter::join() {
  if (thread_.joinable()) thread_.join();
}

void LogWriter::run() {
  name_this_thread("log");
  while (parts_.queue.wait()) {
    if (parts_.fail_stop.raised()) break;
    commit();
    if (parts_.fail_stop.raised()) break;
  }
  if (parts_.fail_stop.raised()) halt();
}

void LogWriter::commit() {
  parts_.queue.take(parts_.options.batch_requests_max, parts_.options.batch_bytes_max, appends_);
  auto hints = parts_.queue.take_hints();
  records_.clear();
  auto block = std::make_shared<Block>();
  block->first = sequencer_.head() + 1;
  Result<void> stored = decide(*block);
  const bool decided = stored.ok();
  if (decided) {
    if (!hints.empty()) parts_.log.store->put_hint(records_.batch(), hints.back().bytes);
    if (records_.batch().Count() > 0) stored = store(block);
  }
  // A background error that came meanwhile: whether this batch is safe is not known any more.
  if (stored.ok() && parts_.fail_stop.raised()) stored = parts_.fail_stop.why();
  if (!stored.ok()) {
    parts_.fail_stop.raise(stored.error());
    answer_all(decided ? Error{Errc::indeterminate, "the write failed: " + stored.error().detail}
                       : Error{Errc::closed, "the log stopped: " + stored.error().detail});
    block = std::make_shared<Block>();
  }
  store_hints(hints, stored);
  if (!appends_.empty())
    parts_.stats.meters.commit_appends.add(static_cast<std::int64_t>(appends_.size()));
  parts_.stats.requests.fetch_add(appends_.size(), std::memory_order_relaxed);
  deliver(block->records.empty() ? nullptr : BlockPtr(std::move(block)));
  appends_.clear();
}

Result<void> LogWriter::decide(Block& block) {
  std::size_t events = 0;
  for (const auto& append : appends_) events += append->request.events.size();
  block.records.reserve(events);
  sequencer_.begin_batch(parts_.clock.now());
  for (const auto& append : appends_)
    OEE_TRY(sequencer_.take(*append, block, answers_of(append->origin)));
  parts_.stats.head.store(sequencer_.head(), std::memory_order_relaxed);
  return {};
}

Result<void> LogWriter::store(const BlockPtr& block) {
  const auto before = std::chrono::steady_clock::now();
  OEE_TRY(parts_.log.store->write(records_.batch()));
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - before);
  const auto took_us = static_cast<std::uint64_t>(took.count());
  auto& stats = parts_.stats;
  stats.meters.sync.add(took);
  stats.commits.fetch_add(1, std::memory_order_relaxed);
  stats.sync_us_sum.fetch_add(took_us, std::memory_order_relaxed);
  if (took_us > stats.sync_us_max.load(std::memory_order_relaxed))
    stats.sync_us_max.store(took_us, std::memory_order_relaxed);
  if (block->records.empty()) return {};  // a hint alone
  if (parts_.fail_stop.raised()) return parts_.fail_stop.why();
  OEE_TRY(parts_.log.watermark.write(Watermark{sequencer_.head(), records_.chain()}));
  parts_.watermark_moved();
  stats.meters.add(block->records, records_.record_bytes());
  parts_.tail.publish(block, records_.record_bytes());
  stats.durable_head.store(sequencer_.head(), std::memory_order_release);
  return {};
}

void LogWriter::store_hints(std::vector<LogQueue::HintJob>& hints, const Result<void>& outcome) {
  for (auto& hint : hints) hint.done(outcome);
}

void LogWriter::deliver(const BlockPtr& block) {
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    if (!block && answers_[i].empty()) continue;
    sinks_[i]->deliver(block, std::move(answers_[i]));
    answers_[i].clear();
  }
}

void LogWriter::answer_all(const Error& error) {
  for (auto& answers : answers_) answers.clear();
  for (const auto& append : appends_) answers_of(append->origin).push_back({append->ticket, error});
}

std::vector<Answer>& LogWriter::answers_of(const BlockSink* sink) {
  // Appends of one shard arrive in runs.
  if (sinks_[last_sink_] != sink) {
    const auto found = std::find(sinks_.begin(), sinks_.end(), sink);
    check(found != sinks_.end(), "RocksLog::append: the origin is not one of the sinks");
    last_sink_ = static_cast<std::size_t>(found - sinks_.begin());
  }
  return answers_[last_sink_];
}

void LogWriter::halt() {
  const Error why = parts_.fail_stop.why();
  log::error("the log stops", log::field("why", why.detail));
  parts_.queue.close();
  const Error closed{Errc::closed, "the log stopped: " + why.detail};
  while (parts_.queue.wait()) {
    appends_.clear();
    parts_.queue.take(parts_.options.batch_requests_max, parts_.options.batch_bytes_max, appends_);
    auto hints = parts_.queue.take_hints();
    store_hints(hints, closed);
    answer_all(closed);
    deliver(nullptr);
  }
  appends_.clear();
  parts_.tail.close();
  if (parts_.options.on_fail_stop) parts_.options.on_fail_stop(why);
}

}  // namespace oee
