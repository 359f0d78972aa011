// The table of all metrics of /metrics: name, kind and help text. Names follow Prometheus'
// conventions (https://prometheus.io/docs/practices/naming/): base units, and `_total` for
// counters. Each label has a small number of values; order ids and accounts are never labels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oee {

enum class Metric : std::uint8_t {
  build_info,
  ready,
  draining,
  fail_stop,
  http_requests,
  http_request_duration,
  http_connections,
  http_connections_limit,
  accept_duration,
  orders_refused,
  open_orders,
  open_orders_limit,
  orders_executing,
  orders_waiting,
  live_attempts,
  live_attempts_limit,
  events,
  orders_accepted,
  orders_ended,
  attempts,
  retries,
  dead_letters,
  dead_letters_open,
  unknown_outcomes,
  unknown_outcome_age,
  halts,
  order_stage_duration,
  order_duration,
  venue_calls,
  venue_call_duration,
  venue_breaker_state,
  venue_breaker_openings,
  log_head_seq,
  log_durable_seq,
  log_scrubbed_seq,
  log_commits,
  log_appends,
  log_record_bytes,
  log_commit_records,
  log_commit_appends,
  log_append_wait,
  log_sync_duration,
  log_append_age,
  log_queue_depth,
  disk_free,
  disk_low,
  rocksdb_memtable,
  rocksdb_sst,
  rocksdb_compaction_pending,
  rocksdb_wal,
  rocksdb_background_jobs,
  rocksdb_block_cache,
  rocksdb_write_stall,
  consumer_seq,
  consumer_lag_events,
  consumer_lag_seconds,
  projector_batches,
  projector_retries,
  stream_seq,
  stream_subscribers,
  stream_lost,
  stream_ignored,
  stream_buffer_bytes,
  stream_buffer_bytes_limit,
  stream_slow_readers,
  websocket_sessions,
  websocket_sessions_opened,
  websocket_queued,
  websocket_messages,
  websocket_slow_readers,
  redis_up,
  redis_updates,
  redis_connections_lost,
  redis_messages_dropped,
  postgres_up,
  log_lines,
  log_lines_dropped,
  access_log_lines,
  process_cpu,
  process_resident_memory,
  process_virtual_memory,
  process_open_fds,
  process_max_fds,
  process_threads,
  process_start_time,
  count_,
};
inline constexpr std::size_t metric_count = static_cast<std::size_t>(Metric::count_);

enum class MetricKind : std::uint8_t {
  counter,
  gauge,
  durations,  // a histogram of microseconds, shown in seconds
  sizes,      // a histogram of plain numbers
};

struct MetricInfo {
  Metric metric;
  MetricKind kind;
  std::string_view name;
  std::string_view help;
};

// In the order of Metric.
const std::array<MetricInfo, metric_count>& metric_table();

}  // namespace oee
