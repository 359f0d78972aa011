#include "api/telemetry/metrics_table.h"

namespace oee {
namespace {

using M = Metric;
using enum MetricKind;

constexpr std::array<MetricInfo, metric_count> table = {{
    // --- Health ----------------------------------------------------------------------------------
    {M::build_info, gauge, "oee_build_info", "Always 1; the labels name the running version."},
    {M::ready, gauge, "oee_ready", "1 when /readyz returns 200."},
    {M::draining, gauge, "oee_draining", "1 while the process stops."},
    {M::fail_stop, gauge, "oee_fail_stop",
     "1 when the engine halts because it cannot continue safely."},
    // --- HTTP ------------------------------------------------------------------------------------
    {M::http_requests, counter, "oee_http_requests_total",
     "Responses, by route pattern, method and status class."},
    {M::http_request_duration, durations, "oee_http_request_duration_seconds",
     "Time from a request read to its response ready."},
    {M::http_connections, gauge, "oee_http_connections", "Open connections, WebSockets included."},
    {M::http_connections_limit, gauge, "oee_http_connections_limit",
     "Connections above this number are refused."},
    {M::accept_duration, durations, "oee_accept_duration_seconds",
     "Time from a new order read to its acceptance, fsync included; dialects included."},
    {M::orders_refused, counter, "oee_orders_refused_total",
     "New orders refused with 503, by reason."},
    // --- Orders ----------------------------------------------------------------------------------
    {M::open_orders, gauge, "oee_open_orders", "Orders that have not ended, by status."},
    {M::open_orders_limit, gauge, "oee_open_orders_limit",
     "New orders are refused at this number of open orders."},
    {M::orders_executing, gauge, "oee_orders_executing",
     "Open orders that the executors work on now."},
    {M::orders_waiting, gauge, "oee_orders_waiting_for_retry", "Open orders between two attempts."},
    {M::events, counter, "oee_events_total", "Events made durable since the start, by type."},
    {M::orders_accepted, counter, "oee_orders_accepted_total",
     "Orders made durable since the start."},
    {M::orders_ended, counter, "oee_orders_ended_total",
     "Orders that ended since the start, by status."},
    {M::attempts, counter, "oee_attempts_total",
     "Transactions built: attempts that reached a venue."},
    {M::retries, counter, "oee_retries_total",
     "Attempts that failed and are tried again, by error class."},
    {M::dead_letters, counter, "oee_dead_letters_total",
     "Orders that failed for good, by error class."},
    {M::dead_letters_open, gauge, "oee_dead_letters_open",
     "Failed orders that were neither requeued nor discarded."},
    {M::unknown_outcomes, gauge, "oee_unknown_outcomes",
     "Attempts whose outcome is unknown because the venue has not reported it."},
    {M::unknown_outcome_age, gauge, "oee_unknown_outcome_age_seconds",
     "Age of the oldest unknown outcome; 0: none."},
    {M::order_stage_duration, durations, "oee_order_stage_duration_seconds",
     "Time between two steps of an order, measured between their records."},
    {M::order_duration, durations, "oee_order_duration_seconds",
     "Time from accepted to ended, by final status."},
    {M::venue_calls, counter, "oee_venue_calls_total", "Calls of venues, by outcome."},
    {M::venue_call_duration, durations, "oee_venue_call_duration_seconds",
     "Duration of venue calls."},
    // --- The log ---------------------------------------------------------------------------------
    {M::log_head_seq, gauge, "oee_log_head_seq", "The last seq assigned."},
    {M::log_durable_seq, gauge, "oee_log_durable_seq", "The last seq made durable."},
    {M::log_scrubbed_seq, gauge, "oee_log_scrubbed_seq",
     "The last seq that the background scrub has verified."},
    {M::log_commits, counter, "oee_log_commits_total", "Synced group commits."},
    {M::log_appends, counter, "oee_log_appends_total", "Appends answered."},
    {M::log_record_bytes, counter, "oee_log_record_bytes_total",
     "Bytes of the records made durable."},
    {M::log_commit_records, sizes, "oee_log_commit_records", "Records per group commit."},
    {M::log_commit_appends, sizes, "oee_log_commit_appends", "Appends per group commit."},
    {M::log_append_wait, durations, "oee_log_append_wait_seconds",
     "Time that appends of the executors waited for their answers."},
    {M::log_sync_duration, durations, "oee_log_sync_duration_seconds",
     "A group commit's write with its fsync."},
    {M::log_append_age, gauge, "oee_log_append_age_seconds",
     "Age of the oldest append that the log's thread is writing; 0: none."},
    {M::log_queue_depth, gauge, "oee_log_queue_depth", "Appends that wait for the log's thread."},
    {M::disk_free, gauge, "oee_disk_free_bytes", "Free space where the log is."},
    {M::disk_low, gauge, "oee_disk_low", "1 while new orders are refused for lack of space."},
    {M::rocksdb_memtable, gauge, "oee_rocksdb_memtable_bytes",
     "Memory tables, by column family of the log."},
    {M::rocksdb_sst, gauge, "oee_rocksdb_sst_bytes", "SST files, by column family of the log."},
    {M::rocksdb_compaction_pending, gauge, "oee_rocksdb_compaction_pending_bytes",
     "Bytes that compaction has still to rewrite, by column family."},
    {M::rocksdb_wal, gauge, "oee_rocksdb_wal_bytes", "Live write-ahead logs."},
    {M::rocksdb_background_jobs, gauge, "oee_rocksdb_background_jobs",
     "Compactions and flushes that run now."},
    {M::rocksdb_block_cache, counter, "oee_rocksdb_block_cache_lookups_total",
     "Block cache look-ups, by result."},
    {M::rocksdb_write_stall, counter, "oee_rocksdb_write_stall_seconds_total",
     "Time for which RocksDB delayed writes."},
    // --- Consumers of the log --------------------------------------------------------------------
    {M::consumer_seq, gauge, "oee_consumer_seq",
     "The last seq that a consumer of the log has processed."},
    {M::consumer_lag_events, gauge, "oee_consumer_lag_events",
     "Events between a consumer and the durable head."},
    {M::consumer_lag_seconds, gauge, "oee_consumer_lag_seconds",
     "Time for which a consumer has been behind; 0: it keeps up."},
    {M::projector_batches, counter, "oee_projector_batches_total",
     "Batches applied to the read model."},
    {M::projector_retries, counter, "oee_projector_retries_total", "Batches that were retried."},
    {M::stream_seq, gauge, "oee_stream_seq", "The last seq handed to every shard's subscribers."},
    {M::stream_subscribers, gauge, "oee_stream_subscribers", "Subscriptions to the live stream."},
    {M::stream_lost, counter, "oee_stream_lost_total",
     "Subscriptions closed because the stream could not continue."},
    {M::stream_ignored, counter, "oee_stream_ignored_total",
     "Times that a gateway ignored heads or updates ahead of the log that nothing confirmed."},
    {M::stream_buffer_bytes, gauge, "oee_stream_buffer_bytes",
     "Memory held for stream clients that have not taken it yet."},
    {M::stream_buffer_bytes_limit, gauge, "oee_stream_buffer_bytes_limit",
     "At this number of bytes the slowest streams are closed."},
    {M::stream_slow_readers, counter, "oee_stream_slow_readers_closed_total",
     "Streams closed because the client took nothing (stalled) or memory was short (budget)."},
    {M::websocket_sessions, gauge, "oee_websocket_sessions", "Open WebSockets."},
    {M::websocket_sessions_opened, counter, "oee_websocket_sessions_opened_total",
     "WebSockets opened."},
    {M::websocket_queued, gauge, "oee_websocket_queued_messages",
     "Messages waiting for their sockets."},
    {M::websocket_messages, counter, "oee_websocket_messages_total",
     "Messages queued for WebSockets."},
    {M::websocket_slow_readers, counter, "oee_websocket_slow_readers_closed_total",
     "Clients closed with 1013 because they did not read."},
    {M::redis_up, gauge, "oee_redis_up", "1 while the connections to Redis work."},
    {M::redis_updates, counter, "oee_redis_updates_total", "Updates through Redis, by result."},
    {M::redis_connections_lost, counter, "oee_redis_connections_lost_total",
     "Connections to Redis that broke."},
    {M::redis_messages_dropped, counter, "oee_redis_messages_dropped_total",
     "Messages on the channels that were not used: malformed, or of another log."},
    {M::postgres_up, gauge, "oee_postgres_up",
     "1 while the projector can write to PostgreSQL (on a gateway: while it can be read)."},
    // --- The process -----------------------------------------------------------------------------
    {M::log_lines, counter, "oee_log_lines_total", "Lines of the operator's log, by level."},
    {M::log_lines_dropped, counter, "oee_log_lines_dropped_total",
     "Lines of the log dropped because stderr was not read fast enough."},
    {M::access_log_lines, counter, "oee_access_log_lines_total",
     "Lines of the access log, by result."},
    {M::process_cpu, counter, "process_cpu_seconds_total", "Processor time used, user and system."},
    {M::process_resident_memory, gauge, "process_resident_memory_bytes", "Resident memory."},
    {M::process_virtual_memory, gauge, "process_virtual_memory_bytes", "Virtual memory."},
    {M::process_open_fds, gauge, "process_open_fds", "Open file descriptors."},
    {M::process_max_fds, gauge, "process_max_fds", "Limit of open file descriptors."},
    {M::process_threads, gauge, "process_threads", "Threads of the process."},
    {M::process_start_time, gauge, "process_start_time_seconds",
     "Start of the process, seconds since 1970."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < metric_count; ++i)
    if (table[i].metric != static_cast<Metric>(i)) return false;
  return true;
}
static_assert(in_order(), "the table follows the order of Metric");

}  // namespace

const std::array<MetricInfo, metric_count>& metric_table() {
  return table;
}

}  // namespace oee
