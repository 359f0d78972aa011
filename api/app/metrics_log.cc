// Reads the log's metrics (eventlog/rocks/metrics.h) for /metrics.
#include "api/app/metrics.h"

namespace oee {
namespace {

template <class Histogram>
Distribution distribution_of(const Histogram& histogram) {
  Distribution distribution;
  histogram.add_to(distribution);
  return distribution;
}

void add_events(MetricSamples& out, const RecordMetrics& records) {
  for (std::size_t i = 0; i < event_type_count; ++i) {
    const auto type = static_cast<EventType>(i);
    out.value(Metric::events, records.events(type), {{"type", to_string(type)}});
  }
  out.value(Metric::orders_accepted, records.events(EventType::order_accepted));
  for (const EventType type : {EventType::order_confirmed, EventType::order_failed,
                               EventType::order_cancelled, EventType::order_expired})
    out.value(Metric::orders_ended, records.events(type),
              {{"status", to_string(status_after(type))}});
  out.value(Metric::attempts, records.events(EventType::transaction_built));
  for (std::size_t i = 0; i < error_classes; ++i) {
    const auto error = static_cast<ErrorClass>(i);
    out.value(Metric::retries, records.retries(error), {{"class", to_string(error)}});
    out.value(Metric::dead_letters, records.dead_letters(error), {{"class", to_string(error)}});
  }
}

void add_rocksdb(MetricSamples& out, const StoreMetrics& rocks) {
  for (const StoreFamilyMetrics& family : rocks.families) {
    const std::string_view name = family.name;
    out.value(Metric::rocksdb_memtable, family.memtable_bytes, {{"family", name}});
    out.value(Metric::rocksdb_sst, family.sst_bytes, {{"family", name}});
    out.value(Metric::rocksdb_compaction_pending, family.compaction_pending_bytes,
              {{"family", name}});
  }
  out.value(Metric::rocksdb_wal, rocks.wal_bytes);
  out.value(Metric::rocksdb_background_jobs, rocks.running_compactions, {{"job", "compaction"}});
  out.value(Metric::rocksdb_background_jobs, rocks.running_flushes, {{"job", "flush"}});
  out.value(Metric::rocksdb_block_cache, rocks.block_cache_hits, {{"result", "hit"}});
  out.value(Metric::rocksdb_block_cache, rocks.block_cache_misses, {{"result", "miss"}});
  out.value(Metric::rocksdb_write_stall, static_cast<double>(rocks.write_stall_us) / 1e6);
}

}  // namespace

void add_log_metrics(MetricsRegistry& registry, const RocksLog& log) {
  registry.add([&log](MetricSamples& out) {
    const LogMetrics& metrics = log.metrics();
    add_events(out, metrics.records);
    out.value(Metric::log_head_seq, metrics.assigned_head.load());
    out.value(Metric::log_durable_seq, metrics.durable_head.load());
    out.value(Metric::log_scrubbed_seq, metrics.scrubbed.load());
    out.value(Metric::log_commits, metrics.commits.load());
    out.value(Metric::log_appends, metrics.appends.load());
    out.value(Metric::log_record_bytes, metrics.records.bytes());
    out.distribution(Metric::log_commit_records, distribution_of(metrics.commit_records));
    out.distribution(Metric::log_commit_appends, distribution_of(metrics.commit_appends));
    out.distribution(Metric::log_sync_duration, distribution_of(metrics.sync));
    out.value(Metric::log_append_age, static_cast<double>(metrics.commit_age().count()));
    out.value(Metric::log_queue_depth, metrics.queue_depth.load());
    out.value(Metric::disk_free, metrics.disk_free_bytes.load());
    out.value(Metric::disk_low, metrics.disk_low.load());
    out.value(Metric::orders_refused, metrics.refused_disk_low.load(), {{"reason", "disk_low"}});
    out.value(Metric::orders_refused, metrics.refused_queue_full.load(),
              {{"reason", "log_queue_full"}});
    add_rocksdb(out, log.store_metrics());
  });
}

}  // namespace oee
