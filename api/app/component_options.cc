#include "api/app/component_options.h"

#include <fstream>
#include <sstream>

#include "api/app/access_files.h"
#include "api/app/config/text.h"
#include "api/app/process/process_limits.h"

namespace oee {
namespace {

// The lists lag by this much while the log is quiet. At 20,000 orders/s with 7 records each, a
// batch is full after the same time.
constexpr Micros projected_every{100'000};
constexpr std::size_t projected_records_max = 16'384;

}  // namespace

Result<TokenRegistry> load_tokens(const Config& config) {
  if (config.tokens_file.empty()) return TokenRegistry::defaults();
  std::ifstream file(config.tokens_file);
  if (!file) return Error{Errc::invalid, "tokens-file: cannot read " + config.tokens_file.string()};
  std::ostringstream text;
  text << file.rdbuf();
  auto parsed = TokenRegistry::parse(text.str());
  if (!parsed.ok())
    return Error{Errc::invalid,
                 "tokens-file " + config.tokens_file.string() + ": " + parsed.error().detail};
  return parsed;
}

Result<EngineOptions> engine_options(const Config& config) {
  EngineOptions options;
  OEE_TRY(add_access(config, options));
  options.listen_host = config.listen_host;
  options.listen_port = config.listen_port;
  options.http.connections_max = connections_that_fit(config.connections_max);
  options.shards = config.shards;
  options.open_orders_max = config.open_orders_max;
  options.executor.concurrency = config.execution_concurrency;
  options.executor.live_attempts_max = config.live_attempts_max;
  // A slow venue's quote is not a lost one.
  options.executor.quote_max =
      std::max(options.executor.quote_max, config.quote_delay.max + Micros(1'000'000));
  options.executor.quote_breaker.probe_max = options.executor.quote_max;
  options.executor.routes.impact_min_bps = config.path_impact_bps;
  options.executor.routes.leg_gain_min_bps = config.leg_gain_bps;
  options.executor.quote_breaker.failures_max = config.breaker_failures;
  options.executor.submit_breaker.failures_max = config.breaker_failures;
  options.executor.retry.attempts_max = config.max_attempts;
  options.executor.retry.backoff = config.backoff;
  options.stream.trusts_bus = config.role == Role::all;
  options.stream_buffer_bytes_max = config.stream_buffer_bytes_max;
  options.test_endpoints = config.enable_test_endpoints;
  options.dialects = config.dialects;
  options.settings = settings_of(config);
  return options;
}

paper::ExchangeOptions paper_options(const Config& config) {
  paper::ExchangeOptions options;
  options.dir = config.data_dir / "venue";
  options.venue_delay_min = config.venue_delay.min;
  options.venue_delay_max = config.venue_delay.max;
  options.quote_delay_min = config.quote_delay.min;
  options.quote_delay_max = config.quote_delay.max;
  options.seed = config.venue_seed;  // 0: the ledger's own; prices then continue after a restart
  options.faults.lose_request = config.venue_faults.lose_request;
  options.faults.lose_reply = config.venue_faults.lose_reply;
  options.faults.duplicate = config.venue_faults.duplicate;
  options.faults.late = config.venue_faults.late;
  options.faults.late_delay = config.venue_faults.late_delay;
  options.faults.reject = config.venue_faults.reject;
  options.faults.move_bps = config.venue_faults.move_bps;
  return options;
}

RocksLogOptions log_options(const Config& config, OnFailStop on_fail_stop) {
  RocksLogOptions options;
  options.dir = config.data_dir / "log";
  options.free_bytes_min = config.disk_free_min_mb << 20;
  options.on_fail_stop = std::move(on_fail_stop);
  return options;
}

ProjectorOptions projector_options(const Config& config, OnFailStop on_fail_stop) {
  ProjectorOptions options;
  options.name = config.postgres_url.empty() ? "view" : "pg";
  options.batch_records_max = projected_records_max;
  options.gather = projected_every;
  options.on_fail_stop = std::move(on_fail_stop);
  return options;
}

PostgresOptions postgres_options(const Config& config) {
  PostgresOptions options;
  options.url = config.postgres_url;
  return options;
}

}  // namespace oee
