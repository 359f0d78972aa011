#include "eventlog/rocks/writer.h"

#include <algorithm>
#include <chrono>

#include "core/base/log.h"
#include "core/runtime/thread.h"

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

LogWriter::LogWriter(Context context)
    : context_(std::move(context)),
      records_(*context_.log.store, context_.log.chain, context_.options.batch_bytes_max),
      sequencer_(*context_.log.store, records_, context_.log.head, context_.log.time,
                 context_.log.halts, context_.options.risk) {}

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
  wake_soon_on_this_thread();
  while (context_.queue.wait()) {
    if (context_.fail_stop.raised()) break;
    commit();
    if (context_.fail_stop.raised()) break;
  }
  if (context_.fail_stop.raised()) halt();
}

void LogWriter::commit() {
  context_.metrics.commit_begun.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
  context_.queue.take(context_.options.batch_requests_max, context_.options.batch_bytes_max,
                      appends_);
  records_.clear();
  auto block = std::make_shared<Block>();
  block->first = sequencer_.head() + 1;
  Result<void> stored = decide(*block);
  const bool decided = stored.ok();
  if (decided && records_.batch().Count() > 0) stored = store(block);
  // After a background error it is not known whether this batch is durable.
  if (stored.ok() && context_.fail_stop.raised()) stored = context_.fail_stop.why();
  if (!stored.ok()) {
    context_.fail_stop.raise(stored.error());
    answer_all(decided ? Error{Errc::indeterminate, "the write failed: " + stored.error().detail}
                       : Error{Errc::closed, "the log stopped: " + stored.error().detail});
    block = std::make_shared<Block>();
  }
  if (!appends_.empty())
    context_.metrics.commit_appends.add(static_cast<std::int64_t>(appends_.size()));
  context_.metrics.appends.fetch_add(appends_.size(), std::memory_order_relaxed);
  deliver(block->records.empty() ? nullptr : BlockPtr(std::move(block)));
  appends_.clear();
  context_.metrics.commit_begun.store(LogMetrics::none, std::memory_order_relaxed);
}

Result<void> LogWriter::decide(Block& block) {
  std::size_t events = 0;
  for (const auto& append : appends_) events += append->request.events.size();
  block.records.reserve(events);
  sequencer_.begin_batch(context_.clock.now());
  for (const auto& append : appends_)
    OEE_TRY(sequencer_.take(*append, block, answers_of(append->origin)));
  context_.metrics.assigned_head.store(sequencer_.head(), std::memory_order_relaxed);
  return {};
}

Result<void> LogWriter::store(const BlockPtr& block) {
  const auto before = std::chrono::steady_clock::now();
  OEE_TRY(context_.log.store->write(records_.batch()));
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - before);
  const auto took_us = static_cast<std::uint64_t>(took.count());
  LogMetrics& metrics = context_.metrics;
  metrics.sync.add(took);
  metrics.commits.fetch_add(1, std::memory_order_relaxed);
  if (took_us > metrics.sync_us_max.load(std::memory_order_relaxed))
    metrics.sync_us_max.store(took_us, std::memory_order_relaxed);
  if (block->records.empty()) return {};  // a bound key alone
  if (context_.fail_stop.raised()) return context_.fail_stop.why();
  OEE_TRY(context_.log.watermark.write(Watermark{sequencer_.head(), records_.chain()}));
  context_.on_watermark_moved();
  metrics.records.add(block->records, records_.record_bytes());
  metrics.commit_records.add(static_cast<std::int64_t>(block->records.size()));
  context_.tail.publish(block, records_.record_bytes());
  metrics.durable_head.store(sequencer_.head(), std::memory_order_release);
  return {};
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
  const Error why = context_.fail_stop.why();
  context_.queue.close();
  const Error closed{Errc::closed, "the log stopped: " + why.detail};
  while (context_.queue.wait()) {
    appends_.clear();
    context_.queue.take(context_.options.batch_requests_max, context_.options.batch_bytes_max,
                        appends_);
    answer_all(closed);
    deliver(nullptr);
  }
  appends_.clear();
  context_.tail.close();
  if (context_.options.on_fail_stop) context_.options.on_fail_stop(why);
  log::error("the log stops", log::field("why", why.detail));
}

}  // namespace oee
