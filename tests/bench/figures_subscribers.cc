// Figures 11 and 12: many subscribers, many orders.
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "core/order/order.h"
#include "tests/bench/engine.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_load.h"
#include "tests/bench/subscriber_pool.h"

namespace oee::bench {

namespace {

// Open orders while subscribers are served. Their 6 updates each stay below the 8,192 that may wait
// for one socket, so that no socket is closed as slow.
constexpr std::uint64_t fanout_open = 1'000;

struct Fanout {
  double updates_per_s = 0;  // delivered, to all subscribers together
  double payload_mb_per_s = 0;
  double frames_per_s = 0;
  double updates_per_byte = 0;  // of the probe
};

// Measures the reads of the pool for `seconds`. With `updates_per_byte` 0 the probe measures it.
Fanout watch(const SubscriberPool& pool, double warm_up_s, double seconds,
             double updates_per_byte) {
  std::this_thread::sleep_for(std::chrono::duration<double>(warm_up_s));
  const SubscriberPool::Totals before = pool.totals();
  const auto began = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const SubscriberPool::Totals after = pool.totals();
  const double took = seconds_since(began);
  if (after.gone > 0)
    throw std::runtime_error(std::to_string(after.gone) + " subscribers were closed");
  Fanout seen;
  if (updates_per_byte == 0)
    updates_per_byte = static_cast<double>(after.updates) / static_cast<double>(after.probe_bytes);
  const auto bytes = static_cast<double>(after.bytes - before.bytes);
  seen.updates_per_byte = updates_per_byte;
  seen.updates_per_s = bytes * updates_per_byte / took;
  seen.payload_mb_per_s = bytes / took / 1e6;
  seen.frames_per_s = static_cast<double>(after.frames - before.frames) / took;
  return seen;
}

boost::json::object as_object(const Fanout& seen) {
  return {{"updatesPerSecond", seen.updates_per_s},
          {"payloadMbPerSecond", seen.payload_mb_per_s},
          {"framesPerSecond", seen.frames_per_s}};
}

Fanout fan_out(Bench& bench, const std::filesystem::path& frames) {
  const Sizes& sizes = bench.sizes;
  Engine engine(bench.fresh_path("fanout"), no_delays);
  SubscriberPool pool(engine.port(), sizes.subscribers, true);
  const double load_s = sizes.fanout_warm_up_s + sizes.fanout_s + 0.5;
  auto load = std::async(std::launch::async, [&engine, load_s] {
    return run_load(engine.url(), {"--open", std::to_string(fanout_open), "--connections", "32",
                                   "--duration", seconds_text(load_s)});
  });
  const Fanout seen = watch(pool, sizes.fanout_warm_up_s, sizes.fanout_s, 0);
  load.get();
  pool.stop();
  pool.save(frames);
  engine.stop();
  return seen;
}

}  // namespace

void measure_fanout(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  std::vector<double> rates, ceilings;
  boost::json::array of_engine, of_bare;
  for (unsigned i = 0; i < std::min(2U, sizes.repeats); ++i) {
    const auto frames = bench.fresh_path("frames");
    const Fanout seen = fan_out(bench, frames);
    const BareServer server("ws", bench.shards, frames);
    SubscriberPool pool(server.port(), sizes.subscribers, false);
    const Fanout bare = watch(pool, sizes.fanout_warm_up_s, sizes.fanout_s, seen.updates_per_byte);
    rates.push_back(seen.updates_per_s);
    ceilings.push_back(bare.updates_per_s);
    of_engine.push_back(as_object(seen));
    of_bare.push_back(as_object(bare));
  }
  Row row{11,
          "WebSocket fan-out",
          "updates/s",
          median(rates),
          median(ceilings),
          {Target::Kind::ratio_min, 0.7},
          std::to_string(sizes.subscribers) + " subscribers, delivered to all together"};
  row.raw = {{"engine", of_engine}, {"bareWebSocket", of_bare}};
  bench.add(std::move(row));
}

void measure_memory(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  // Held orders. The bounded buffers (newest blocks, memtables, caches) are full before the first
  // measurement, so that all growth after it is caused by the orders.
  Engine holding(bench.fresh_path("holding"), held);
  run_load(holding.url(), accept_load_of(sizes.waiting_before));
  const std::uint64_t before = holding.resident_bytes();
  run_load(holding.url(), accept_load_of(sizes.waiting_after - sizes.waiting_before));
  const std::uint64_t after = holding.resident_bytes();
  holding.stop();
  const auto more = static_cast<double>(sizes.waiting_after - sizes.waiting_before);
  Row waiting{12,
              "memory per waiting order",
              "B",
              (static_cast<double>(after) - static_cast<double>(before)) / more,
              std::nullopt,
              {Target::Kind::value_max, 512},
              "RSS from " + std::to_string(sizes.waiting_before) + " to " +
                  std::to_string(sizes.waiting_after) + " held orders; sizeof(Order) is " +
                  std::to_string(sizeof(Order))};
  waiting.raw = {{"rssBefore", before}, {"rssAfter", after}, {"sizeofOrder", sizeof(Order)}};
  bench.add(std::move(waiting));

  // Ended orders.
  Engine ending(bench.fresh_path("ending"), no_delays);
  const auto end_orders = [&ending](std::uint64_t orders) {
    std::vector<std::string> flags = open_load(1'000);
    flags.insert(flags.end(), {"--orders", std::to_string(orders)});
    run_load(ending.url(), flags);
    return ending.resident_bytes();
  };
  const std::uint64_t early = end_orders(sizes.ended_before);
  const std::uint64_t late = end_orders(sizes.ended_after - sizes.ended_before);
  ending.stop();
  Row ended{12,
            "RSS after " + std::to_string(sizes.ended_after) + " orders",
            "MB",
            static_cast<double>(late) / 1e6,
            static_cast<double>(early) / 1e6,
            {Target::Kind::ratio_max, 1.2},
            "against after " + std::to_string(sizes.ended_before)};
  bench.add(std::move(ended));
}

}  // namespace oee::bench
