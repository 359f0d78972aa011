// Figures 1 to 4, 15, 16 and 20: orders over HTTP, against the same load on a bare Beast server or
// on an engine with less to do.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "tests/bench/engine.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_load.h"
#include "tests/bench/machine.h"
#include "tests/bench/subscriber_pool.h"
#include "tests/support/clients/http_client.h"
#include "tests/support/process/pinned.h"

namespace oee::bench {

namespace {

constexpr double paced_rate = 1'000;  // figures 3 and 4: orders a second

void pause(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// --- The ceilings of figures 3 and 4 ------------------------------------------------------------

struct Limits {
  std::vector<double> sync_p50, sync_p99, trip_p50, trip_p99;  // us

  void sample(Bench& bench) {
    const auto dir = bench.fresh_path("sync");
    std::filesystem::create_directories(dir);
    const Percentiles sync = fdatasync_latency(dir, paced_rate, bench.sizes.latency_s);
    sync_p50.push_back(sync.p50_us);
    sync_p99.push_back(sync.p99_us);
    const BareServer server("http", bench.shards);
    const auto load = run_load(server.url(), paced_load(paced_rate, bench.sizes.latency_s));
    trip_p50.push_back(1000 * number_at(load, "acceptMs", "p50"));
    trip_p99.push_back(1000 * number_at(load, "acceptMs", "p99"));
  }
  boost::json::object raw() const {
    return {{"fdatasyncP50Us", as_json(sync_p50)},
            {"fdatasyncP99Us", as_json(sync_p99)},
            {"roundTripP50Us", as_json(trip_p50)},
            {"roundTripP99Us", as_json(trip_p99)}};
  }
};

// --- Figure 2 -----------------------------------------------------------------------------------

struct Sustained {
  double rate = 0;  // orders confirmed a second
  boost::json::object load;
  std::vector<double> by_second;  // confirmations in each
  std::uint64_t open = 0;         // orders at the end
  std::uint64_t gone = 0;         // clients whose stream was closed
};

// The confirmations are those that the client saw, or those that the engine counts.
enum class CountedBy : std::uint8_t { client, engine };

Sustained sustain(Bench& bench, std::uint64_t open, double warm_up_s, double window_s,
                  const std::vector<std::string>& engine_flags = no_delays,
                  CountedBy counted_by = CountedBy::client, std::uint64_t resting = 0) {
  Engine engine(bench.fresh_path("sustained"), engine_flags);
  if (resting > 0) rest_orders(engine, resting, far_prices);
  SubscriberPool client(engine.port(), 1, false);
  const double all_s = warm_up_s + window_s + 0.5;
  std::vector<std::string> flags = open_load(open);
  flags.insert(flags.end(), {"--duration", seconds_text(all_s)});
  auto load = std::async(std::launch::async, [&] { return run_load(engine.url(), flags); });
  const auto confirmed = [&] {
    return counted_by == CountedBy::client ? client.totals().confirmed
                                           : static_cast<std::uint64_t>(engine.metric(
                                                 R"(oee_orders_ended_total{status="confirmed"})"));
  };
  pause(warm_up_s);
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t first = confirmed();
  Sustained seen;
  for (std::uint64_t last = first; seconds_since(began) < window_s;) {
    pause(std::min(1.0, window_s - seconds_since(began)));
    const std::uint64_t now = confirmed();
    seen.by_second.push_back(static_cast<double>(now - last));
    last = now;
  }
  seen.rate = static_cast<double>(confirmed() - first) / seconds_since(began);
  seen.open = engine.health_number("openOrders");
  seen.load = load.get();
  seen.gone = client.totals().gone;
  if (seen.gone > 0 && counted_by == CountedBy::client)
    throw std::runtime_error("the client's stream was closed");
  engine.stop();
  return seen;
}

// Values that a user would try.
std::vector<std::uint64_t> opens_to_try(const Bench& bench) {
  if (bench.quick) return {100, 250};
  return {250, 1'000, 4'000};
}

}  // namespace

double accept_rate(Bench& bench, const std::filesystem::path& data_dir,
                   const std::vector<std::string>& flags,
                   const std::function<void(const Engine&)>& prepare) {
  std::vector<std::string> all = held;
  all.insert(all.end(), flags.begin(), flags.end());
  Engine engine(data_dir, all);
  if (prepare) prepare(engine);
  const auto load = run_load(engine.url(), accept_load(bench.sizes.accept_s));
  engine.stop();
  return number_at(load, "acceptedPerSecond");
}

double end_to_end_rate(Bench& bench) {
  return sustain(bench, bench.end_to_end_open, bench.sizes.slow_warm_up_s / 4,
                 bench.sizes.slow_s / 2)
      .rate;
}

void measure_accepts(Bench& bench) {
  std::vector<double> rates, ceilings;
  for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
    rates.push_back(accept_rate(bench, bench.fresh_path("accept")));
    ceilings.push_back(bare_http_rate(bench.shards, bench.sizes.accept_s));
  }
  bench.set_http_ceiling(median(ceilings));
  Row row{1,
          "durable accepts",
          "/s",
          median(rates),
          median(ceilings),
          {Target::Kind::ratio_min, 0.6},
          "128 connections, keys"};
  row.raw = {{"engine", as_json(rates)}, {"bareHttp", as_json(ceilings)}};
  bench.add(std::move(row));
}

void measure_end_to_end(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  boost::json::object trials;
  std::string tried;
  std::uint64_t best = 0;
  double best_rate = 0;
  for (const std::uint64_t open : opens_to_try(bench)) {
    const double rate = sustain(bench, open, sizes.trial_s / 4, sizes.trial_s).rate;
    const std::string name = std::to_string(open);
    trials[name] = rate;
    tried += (tried.empty() ? "" : ", ") + name + ": " + std::to_string(static_cast<int>(rate));
    if (rate > best_rate) {
      best = open;
      best_rate = rate;
    }
  }
  bench.end_to_end_open = best;
  const Sustained seen = sustain(bench, best, sizes.warm_up_s, sizes.sustain_s);
  Row row{2,
          "accepted and confirmed",
          "/s",
          seen.rate,
          bench.http_ceiling(),
          {Target::Kind::ratio_min, 0.25},
          "--open " + std::to_string(best) + "; short trials gave " + tried};
  row.raw = {{"open", best},
             {"trials", trials},
             {"bySecond", as_json(seen.by_second)},
             {"orderLoad", seen.load}};
  bench.add(std::move(row));
}

void measure_accept_latency(Bench& bench) {
  std::vector<double> p50, p99;
  Limits limits;
  for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
    Engine engine(bench.fresh_path("paced"), held);
    const auto load = run_load(engine.url(), paced_load(paced_rate, bench.sizes.latency_s));
    engine.stop();
    p50.push_back(1000 * number_at(load, "acceptMs", "p50"));
    p99.push_back(1000 * number_at(load, "acceptMs", "p99"));
    limits.sample(bench);
  }
  boost::json::object raw = limits.raw();
  raw["engineP50Us"] = as_json(p50);
  raw["engineP99Us"] = as_json(p99);
  bench.add({3,
             "accept latency p50",
             "us",
             median(p50),
             median(limits.sync_p50) + median(limits.trip_p50),
             {Target::Kind::ratio_max, 2},
             "1,000/s, open loop",
             raw});
  bench.add({3,
             "accept latency p99",
             "us",
             median(p99),
             median(limits.sync_p99) + median(limits.trip_p99),
             {Target::Kind::ratio_max, 4},
             "1,000/s, open loop",
             std::move(raw)});
}

void measure_end_latency(Bench& bench) {
  std::vector<double> p50, p99;
  Limits limits;
  for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
    Engine engine(bench.fresh_path("paced"), no_delays);
    const auto load = run_load(engine.url(), {"--rate", std::to_string(paced_rate), "--keys",
                                              "--duration", seconds_text(bench.sizes.latency_s)});
    engine.stop();
    p50.push_back(1000 * number_at(load, "endMs", "p50"));
    p99.push_back(1000 * number_at(load, "endMs", "p99"));
    limits.sample(bench);
  }
  boost::json::object raw = limits.raw();
  raw["engineP50Us"] = as_json(p50);
  raw["engineP99Us"] = as_json(p99);
  bench.add({4,
             "accept to confirmed p50",
             "us",
             median(p50),
             4 * median(limits.sync_p50) + median(limits.trip_p50),
             {Target::Kind::ratio_max, 2.5},
             "1,000/s, as a WebSocket client sees it",
             std::move(raw)});
}

void measure_shards(Bench& bench) {
  struct Layout {
    const char* name;
    const char* shards;
    std::vector<int> server, load;  // cores
  };
  const Layout layouts[] = {
      {"1 shard on core 0, load on core 1", "1", {0}, {1}},
      {"1 shard, nothing pinned", "1", {0, 1}, {0, 1}},
      {"2 shards on cores 0 and 1, load on core 1", "2", {0, 1}, {1}},
      {"2 shards, nothing pinned", "2", {0, 1}, {0, 1}},
  };
  if (bench.shards < 2) throw std::runtime_error("this needs two cores");
  std::vector<std::vector<double>> rates(std::size(layouts));
  for (unsigned i = 0; i < std::min(2U, bench.sizes.repeats); ++i) {
    for (std::size_t at = 0; at < std::size(layouts); ++at) {
      const Layout& layout = layouts[at];
      std::vector<std::string> flags = held;
      flags.insert(flags.end(), {"--shards", layout.shards});
      std::optional<test::Pinned> pinned(std::in_place, layout.server);
      Engine engine(bench.fresh_path("shards"), flags);
      pinned.reset();
      pinned.emplace(layout.load);
      const auto load = run_load(engine.url(), accept_load(bench.sizes.accept_s));
      pinned.reset();
      engine.stop();
      rates[at].push_back(number_at(load, "acceptedPerSecond"));
    }
  }
  for (std::size_t at = 0; at < std::size(layouts); ++at) {
    Row row{
        15, std::string("accepts, ") + layouts[at].name, "/s", median(rates[at]), median(rates[0]),
        {}, "against the first of these lines"};
    row.raw = {{"engine", as_json(rates[at])}};
    bench.add(std::move(row));
  }
}

void measure_slow_venues(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  const std::string open = std::to_string(sizes.slow_open);
  const std::vector<std::string> flags = {"--venue-delay",       sizes.slow_venue,
                                          "--quote-delay",       "0ms",
                                          "--open-orders-max",   "1000000",
                                          "--live-attempts-max", open,
                                          "--log-level",         "warn"};
  const double before = end_to_end_rate(bench);
  const Sustained seen = sustain(bench, sizes.slow_open, sizes.slow_warm_up_s, sizes.slow_s, flags,
                                 CountedBy::engine, sizes.slow_open);
  const double after = end_to_end_rate(bench);
  Row row{16,
          std::string("confirmed, venues take ") + sizes.slow_venue,
          "/s",
          seen.rate,
          (before + after) / 2,
          {Target::Kind::ratio_min, 0.8},
          "--open " + open + " beside " + open + " orders at rest; " + std::to_string(seen.open) +
              " were open at the end; against figure 2's load before and after"};
  row.raw = {{"bySecond", as_json(seen.by_second)},
             {"orderLoad", seen.load},
             {"streamsClosed", seen.gone},
             {"withoutDelays", as_json({before, after})}};
  bench.add(std::move(row));
}

// --- Figure 20 ----------------------------------------------------------------------------------

namespace {

// A limit of each kind. No order of order-load breaks one.
constexpr const char* wide_limits = R"([all]
open_orders = 10000000
orders_per_second = 10000000
open_notional = { SOL = "1000000000" }
[account]
open_orders = 10000000
orders_per_second = 10000000
largest_order = { SOL = "1000", USDC = "100000" }
open_notional = { SOL = "1000000000" }
day_notional = { SOL = "1000000000" }
tokens = ["SOL", "USDC"]
pairs = ["SOL/USDC"]
slippage_bps = 300
)";

// Halts in force that cover none of order-load's orders.
void halt_others(const Engine& engine) {
  test::HttpClient client(engine.port());
  for (const char* scope : {R"({"account":"other"})", R"({"token":"BONK"})"}) {
    const auto reply =
        client.post("/v1/halt", std::string(R"({"scope":)") + scope + R"(,"reason":"measured"})");
    if (reply.status != 201) throw std::runtime_error("no halt: " + reply.body);
  }
}

}  // namespace

void measure_limits(Bench& bench) {
  const auto file = bench.fresh_path("limits");
  std::ofstream(file) << wide_limits;
  std::vector<double> with, without;
  for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
    with.push_back(accept_rate(bench, bench.fresh_path("limited"), {"--risk-file", file.string()},
                               halt_others));
    without.push_back(accept_rate(bench, bench.fresh_path("accept")));
  }
  Row row{20,
          "durable accepts with risk limits and halts",
          "/s",
          median(with),
          median(without),
          {Target::Kind::ratio_min, 0.95},
          "a limit of each kind and two halts are checked, against none"};
  row.raw = {{"with", as_json(with)}, {"without", as_json(without)}};
  bench.add(std::move(row));
}

}  // namespace oee::bench
