#include "tests/bench/figures.h"

#include <algorithm>
#include <thread>

#include "tests/bench/engine.h"
#include "tests/bench/http_load.h"

namespace oee::bench {

const Sizes full_sizes = {
    .repeats = 3,
    .accept_s = 4,
    .trial_s = 3,
    .warm_up_s = 10,
    .sustain_s = 60,
    .latency_s = 3,
    .append_records = 192'000,
    .prefilled_events = 10'000'000,
    .prefilled_open = 100'000,
    .replay_events = 3'000'000,
    .table_orders = 150'000,
    .subscribers = 1'000,
    .fanout_warm_up_s = 3,
    .fanout_s = 8,
    .waiting_before = 300'000,
    .waiting_after = 900'000,
    .ended_before = 100'000,
    .ended_after = 1'000'000,
    .growth_small = 10'000,
    .growth_orders = 60'000,
    .growth_repeats = 3,
    .slow_venue = "2s-3s",
    .slow_open = 100'000,
    .slow_warm_up_s = 10,
    .slow_s = 15,
    .resting_before = 300'000,
    .resting_after = 1'000'000,
    .price_moves = 4'000,
    .idle_s = 5,
    .trigger_s = 5,
    .triggered = 100'000,
    .route_markets = 40,
};

const Sizes quick_sizes = {
    .repeats = 1,
    .accept_s = 0.3,
    .trial_s = 0.3,
    .warm_up_s = 0.3,
    .sustain_s = 1,
    .latency_s = 0.5,
    .append_records = 6'144,
    .prefilled_events = 30'000,
    .prefilled_open = 300,
    .replay_events = 30'000,
    .table_orders = 1'000,
    .subscribers = 50,
    .fanout_warm_up_s = 0.5,
    .fanout_s = 1,
    .waiting_before = 1'000,
    .waiting_after = 8'000,
    .ended_before = 200,
    .ended_after = 1'000,
    .growth_small = 200,
    .growth_orders = 500,
    .growth_repeats = 1,
    .slow_venue = "100ms-200ms",
    .slow_open = 500,
    .slow_warm_up_s = 0.5,
    .slow_s = 1,
    .resting_before = 1'000,
    .resting_after = 8'000,
    .price_moves = 300,
    .idle_s = 1,
    .trigger_s = 0.5,
    .triggered = 2'000,
    .route_markets = 4,
};

const Figure figures[figure_count] = {
    {1, "durable accepts", measure_accepts},
    {2, "accepted and confirmed", measure_end_to_end},
    {3, "accept latency", measure_accept_latency},
    {4, "accept to confirmed", measure_end_latency},
    {5, "log append", measure_append},
    {6, "replay", measure_replay},
    {7, "verify", measure_verify},
    {8, "restart", measure_restart},
    {9, "rebuild-projections", measure_rebuild},
    {10, "live projector", measure_projector},
    {11, "WebSocket fan-out", measure_fanout},
    {12, "memory", measure_memory},
    {13, "disk", measure_disk},
    {14, "cost growth", measure_growth},
    {15, "shards", measure_shards},
    {16, "slow venues", measure_slow_venues},
    {17, "orders at rest", measure_resting},
    {18, "triggers", measure_triggers},
    {19, "routes", measure_routes},
    {20, "limits and halts", measure_limits},
};

std::optional<double> Row::ratio() const {
  if (!ceiling || *ceiling == 0) return std::nullopt;
  return value / *ceiling;
}

std::optional<bool> Row::met() const {
  switch (target.kind) {
    case Target::Kind::ratio_min:
      return ratio().value_or(0) >= target.bound;
    case Target::Kind::ratio_max:
      return ratio() && *ratio() <= target.bound;
    case Target::Kind::difference_max:
      return value - ceiling.value_or(0) <= target.bound;
    case Target::Kind::value_max:
      return value <= target.bound;
    case Target::Kind::reported:
      return std::nullopt;
  }
  return std::nullopt;
}

Bench::Bench(bool is_quick)
    : quick(is_quick),
      sizes(is_quick ? quick_sizes : full_sizes),
      shards(std::max(1U, std::thread::hardware_concurrency())) {}

std::filesystem::path Bench::fresh_path(const std::string& name) {
  return dir_.path() / (name + "-" + std::to_string(++paths_));
}

void Bench::add(Row row) {
  rows.push_back(std::move(row));
}

void Bench::tidy() {
  std::vector<std::filesystem::path> done;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    const auto is_of = [&entry](const std::optional<Prefilled>& log) {
      return log && entry.path() == log->data_dir;
    };
    if (!is_of(long_log_) && !is_of(table_log_)) done.push_back(entry.path());
  }
  for (const auto& path : done) std::filesystem::remove_all(path);
}

double Bench::http_ceiling() {
  if (!http_ceiling_) {
    std::vector<double> rates;
    for (unsigned i = 0; i < sizes.repeats; ++i)
      rates.push_back(bare_http_rate(shards, sizes.accept_s));
    http_ceiling_ = median(rates);
  }
  return *http_ceiling_;
}

const Prefilled& Bench::long_log() {
  if (!long_log_) {
    PrefillPlan plan;
    plan.data_dir = fresh_path("long");
    plan.open = sizes.prefilled_open;
    plan.ended = (sizes.prefilled_events - plan.open) / events_per_order;
    long_log_ = prefill(plan);
  }
  return *long_log_;
}

const Prefilled& Bench::long_log_with_read_model() {
  const Prefilled& log = long_log();
  if (!long_log_projected_) bring_read_model_up_to_date(log.data_dir);
  long_log_projected_ = true;
  return log;
}

const Prefilled& Bench::table_log() {
  if (!table_log_) {
    PrefillPlan plan;
    plan.data_dir = fresh_path("tables");
    plan.ended = sizes.table_orders;
    table_log_ = prefill(plan);
  }
  return *table_log_;
}

double median(std::vector<double> samples) {
  if (samples.empty()) throw std::runtime_error("no sample was taken");
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

boost::json::array as_json(const std::vector<double>& samples) {
  return boost::json::array(samples.begin(), samples.end());
}

}  // namespace oee::bench
