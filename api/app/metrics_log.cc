// The log's metrics: counted by its thread (eventlog/rocks/record_metrics.h), and what RocksDB
// says.
#include "api/app/metrics.h"

namespace oee {
namespace {

template <class Histogram>
Distribution distribution_of(const Histogram& histogram) {
  Distribution distribution;
  histogram.add_to(distribution);
  return distribution;
}

void add_events(MetricSamples& out, const LogMeters& meters) {
  for (std::size_t i = 0; i < event_type_count; ++i) {
    const auto type = static_cast<EventType>(i);
    out.value(Metric::events, meters.events(type), {{"type", to_string(type)}});
  }
  out.value(Metric::orders_accepted, meters.events(EventType::order_accepted));
  for (const EventType type : {EventType::order_confirmed, EventType::order_failed,
                               EventType::order_cancelled, EventType::order_expired})
    out.value(Metric::orders_ended, meters.events(type),
              {{"status", to_string(status_after(type))}});
  out.value(Metric::attempts, meters.events(EventType::transaction_built));
  for (std::size_t i = 0; i < error_classes; ++i) {
    const auto error = static_cast<ErrorClass>(i);
    out.value(Metric::retries, meters.retries(error), {{"class", to_string(error)}});
    out.value(Metric::dead_letters, meters.dead_letters(error), {{"class", to_string(error)}});
  }
}

void add_rocksdb(MetricSamples& out, const RocksFigures& rocks) {
  for (const RocksFamilyFigures& family : rocks.families) {
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

void add_log_metrics(Metrics& metrics, const RocksLog& log) {
  metrics.add([&log](MetricSamples& out) {
    const RocksLogStats& stats = log.stats();
    add_events(out, stats.meters);
    out.value(Metric::log_head_seq, stats.head.load());
    out.value(Metric::log_durable_seq, stats.durable_head.load());
    out.value(Metric::log_scrubbed_seq, stats.scrubbed.load());
    out.value(Metric::log_commits, stats.commits.load());
    out.value(Metric::log_appends, stats.requests.load());
    out.value(Metric::log_record_bytes, stats.meters.record_bytes());
    out.distribution(Metric::log_commit_records, distribution_of(stats.meters.commit_records));
    out.distribution(Metric::log_commit_appends, distribution_of(stats.meters.commit_appends));
    out.distribution(Metric::log_sync_duration, distribution_of(stats.meters.sync));
    out.value(Metric::log_queue_depth, stats.queue_depth.load());
    out.value(Metric::disk_free, stats.disk_free_bytes.load());
    out.value(Metric::disk_low, stats.disk_low.load());
    out.value(Metric::orders_refused, stats.refused_disk_low.load(), {{"reason", "disk_low"}});
    out.value(Metric::orders_refused, stats.refused_queue_full.load(),
              {{"reason", "log_queue_full"}});
    add_rocksdb(out, log.rocks_figures());
  });
}

}  // namespace oee
