// The simulator's command: sim --seed N | --seeds A..B | --minutes M. One seed gives one run and
// one trace.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "core/base/log.h"
#include "tests/sim/simulation.h"

namespace {

using oee::sim::Outcome;
using oee::sim::Plan;
using oee::sim::Simulation;

constexpr std::uint64_t repeat_every =
    25;  // each so many-th seed is run twice to compare the traces
constexpr std::uint64_t coverage_seeds =
    200;  // from so many seeds on, a point that is never hit fails
volatile std::uint64_t running_seed = 0;

// A failed check() ends the process. The output must name the seed then too.
void on_abort(int) {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "\nsim: aborted in seed %llu\n",
                                 static_cast<unsigned long long>(running_seed));
  [[maybe_unused]] const auto written = ::write(2, line, static_cast<std::size_t>(size));
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

Outcome run(const Plan& plan) {
  running_seed = plan.seed;
  Simulation simulation(plan);
  return simulation.run();
}

// Reduces the plan as long as it still breaks the same invariant.
Plan shrink(Plan plan, oee::Invariant broken) {
  const auto still_fails = [broken](const Plan& smaller) {
    const Outcome outcome = run(smaller);
    return !outcome.ok() && outcome.violations.front().invariant == broken;
  };
  // Each way reduces one parameter. false: it cannot be reduced further.
  const auto drop = [](auto member) {
    return [member](Plan& p) { return std::exchange(p.faults.*member, 0U) != 0; };
  };
  using oee::sim::Faults;
  std::vector<std::function<bool(Plan&)>> ways = {
      [](Plan& p) { return p.orders > 1 && (p.orders /= 2, true); },
      [](Plan& p) { return p.orders > 1 && (--p.orders, true); },
      [](Plan& p) { return p.crashes > 0 && (--p.crashes, true); },
      [](Plan& p) { return std::exchange(p.subscribers, 0U) != 0; },
      [](Plan& p) { return std::exchange(p.shards, 1U) != 1; },
      [](Plan& p) { return std::exchange(p.slow_venues, false); },
      [](Plan& p) { return std::exchange(p.limit_orders, 0U) != 0; },
      [](Plan& p) { return std::exchange(p.amendments, 0U) != 0; },
      [](Plan& p) { return std::exchange(p.triggers, 0U) != 0; },
      [](Plan& p) { return std::exchange(p.exact_outputs, 0U) != 0; },
      [](Plan& p) { return std::exchange(p.risk_limits, false); },
      drop(&Faults::venue_request_lost),
      drop(&Faults::venue_reply_lost),
      drop(&Faults::venue_duplicated),
      drop(&Faults::venue_delayed),
      drop(&Faults::venue_late),
      drop(&Faults::venue_reject),
      drop(&Faults::venue_away),
      drop(&Faults::quotes_fail),
      drop(&Faults::quotes_slow),
      drop(&Faults::answer_lost),
      drop(&Faults::log_write_failed),
      drop(&Faults::log_stalled),
      drop(&Faults::tables),
      drop(&Faults::bus),
      drop(&Faults::wall_steps),
      drop(&Faults::pauses),
      drop(&Faults::log_hung),
      drop(&Faults::tables_silent),
      drop(&Faults::bus_silent),
      drop(&Faults::bus_garbage),
      drop(&Faults::market_moves),
      [](Plan& p) { return std::exchange(p.away, oee::sim::Away::nobody) != p.away; },
      [](Plan& p) { return p.orders_meanwhile > 0 && (p.orders_meanwhile /= 2, true); },
  };
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (const auto& way : ways) {
      Plan next = plan;
      if (!way(next) || !still_fails(next)) continue;
      plan = next;
      smaller = true;
    }
  }
  return plan;
}

void explain(const Plan& plan, const Outcome& outcome) {
  const oee::Invariant broken = outcome.violations.front().invariant;
  const Plan least = shrink(plan, broken);
  Simulation simulation(least);
  const Outcome again = simulation.run();
  simulation.trail().print();
  std::fprintf(
      stderr, "orders=%u shards=%u crashes=%u subscribers=%u slow=%d away=%d (of %u, %u, %u, %u)\n",
      least.orders, least.shards, least.crashes, least.subscribers, least.slow_venues,
      static_cast<int>(least.away), plan.orders, plan.shards, plan.crashes, plan.subscribers);
  for (const auto& violation : (again.ok() ? outcome : again).violations)
    std::fprintf(stderr, "broken: %s at seq %llu: %s\n",
                 std::string(to_string(violation.invariant)).c_str(),
                 static_cast<unsigned long long>(violation.seq), violation.what.c_str());
  std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(plan.seed));
}

struct Total {
  oee::sim::Coverage coverage;
  std::uint64_t seeds = 0;
  std::uint64_t repeated = 0;
  std::uint64_t orders = 0;
  std::uint64_t settlements = 0;
  std::uint64_t crashes = 0;
  std::uint64_t steps = 0;
  std::uint64_t violations = 0;
};

bool run_seed(std::uint64_t seed, Total& total) {
  const Plan plan = Plan::of(seed);
  const Outcome outcome = run(plan);
  ++total.seeds;
  total.coverage.add(outcome.coverage);
  total.orders += outcome.orders;
  total.settlements += outcome.settlements;
  total.crashes += outcome.crashes;
  total.steps += outcome.steps;
  total.violations += outcome.violations.size();
  if (!outcome.ok()) {
    explain(plan, outcome);
    return false;
  }
  if (seed % repeat_every != 0) return true;
  ++total.repeated;
  if (run(plan).trace == outcome.trace) return true;
  std::fprintf(stderr, "the same seed gave another trace\nseed %llu\n",
               static_cast<unsigned long long>(seed));
  return false;
}

bool print(const Total& total, double seconds) {
  bool all_hit = true;
  for (std::size_t i = 0; i < oee::sim::point_count; ++i) {
    const std::uint64_t count = total.coverage.count(static_cast<oee::sim::Point>(i));
    std::printf("%12llu  %s\n", static_cast<unsigned long long>(count),
                std::string(oee::sim::point_names[i]).c_str());
    all_hit &= count > 0 || !oee::sim::is_hit_by_a_run(static_cast<oee::sim::Point>(i));
  }
  std::printf(
      "seeds %llu (%llu run twice, equal traces), orders %llu, settlements %llu, "
      "ends of the engine %llu, steps %llu, %.1f s; violations %llu\n",
      static_cast<unsigned long long>(total.seeds), static_cast<unsigned long long>(total.repeated),
      static_cast<unsigned long long>(total.orders),
      static_cast<unsigned long long>(total.settlements),
      static_cast<unsigned long long>(total.crashes), static_cast<unsigned long long>(total.steps),
      seconds, static_cast<unsigned long long>(total.violations));
  if (all_hit || total.seeds < coverage_seeds) return true;
  std::fprintf(stderr, "a point was never hit\n");
  return false;
}

bool parse_range(std::string_view text, std::uint64_t& first, std::uint64_t& last) {
  const char* const end = text.data() + text.size();
  const auto a = std::from_chars(text.data(), end, first);
  if (a.ec != std::errc() || end - a.ptr < 3 || a.ptr[0] != '.' || a.ptr[1] != '.') return false;
  const auto b = std::from_chars(a.ptr + 2, end, last);
  return b.ec == std::errc() && b.ptr == end && first <= last;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the engine in a simulated environment with faults and checks its invariants.");
  std::uint64_t seed = 0;
  std::string range;
  double minutes = 0;
  auto* one = app.add_option("--seed", seed, "run this seed");
  auto* many = app.add_option("--seeds", range, "run the seeds A..B, both included");
  auto* timed =
      app.add_option("--minutes", minutes, "run seeds from a random one on for M minutes");
  one->excludes(many)->excludes(timed);
  many->excludes(timed);
  CLI11_PARSE(app, argc, argv);
  std::uint64_t first = seed;
  std::uint64_t last = seed;
  if (!range.empty()) {
    if (!parse_range(range, first, last)) {
      std::fprintf(stderr, "--seeds: expected two numbers, as in 1..500, not '%s'\n",
                   range.c_str());
      return 2;
    }
  } else if (minutes > 0) {
    first = std::random_device{}() * std::uint64_t{1'000'000};
    last = ~std::uint64_t{0};
  }
  oee::log::configure(oee::log::Format::text, oee::log::Level::off);
  std::signal(SIGABRT, on_abort);
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  Total total;
  for (std::uint64_t s = first; s <= last; ++s) {
    if (minutes > 0 && elapsed() >= minutes * 60) break;
    if (!run_seed(s, total)) return 1;  // the seed is the last line printed
  }
  return print(total, elapsed()) ? 0 : 1;
}
