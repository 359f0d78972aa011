// Figures 17 and 18: limit orders that rest, and the prices that pass them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <stdexcept>
#include <thread>

#include "tests/bench/engine.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_load.h"
#include "tests/bench/subscriber_pool.h"
#include "tests/support/clients/http_client.h"

namespace oee::bench {

namespace {

using Clock = std::chrono::steady_clock;
using test::HttpClient;

constexpr double rest_seconds_max = 300;
constexpr const char* at_rest = R"(oee_open_orders{status="resting"})";
constexpr const char* confirmed = R"(oee_orders_ended_total{status="confirmed"})";

// SOL in USDC. The market begins near 150.
constexpr const char* near_price = "200";
constexpr double above_near_price = 250;

std::vector<std::string> resting_flags() {
  std::vector<std::string> flags = no_delays;
  flags.insert(flags.end(), {"--enable-test-endpoints", "--open-orders-max", "10000000"});
  return flags;
}

std::vector<std::string> limit_load(std::vector<std::string> flags, const char* price) {
  flags.insert(flags.end(), {"--mix", "limit:100", "--limit-price", price});
  return flags;
}

std::string price_text(double price) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", price);
  return text;
}

// Returns when every pool of the pair is at this price, durably.
void move_market(HttpClient& client, double price) {
  const auto reply =
      client.post("/test/market", R"({"inputToken":"SOL","outputToken":"USDC","price":")" +
                                      price_text(price) + "\"}");
  if (reply.status != 200) throw std::runtime_error("the market was not moved: " + reply.body);
}

// Processor time of the engine for a move of the market that passes no order, in us, less that of
// an idle engine.
double move_us(const Engine& engine, std::uint64_t moves, double idle_s) {
  HttpClient client(engine.port());
  double before = engine.processor_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(idle_s));
  const double idle = (engine.processor_seconds() - before) / idle_s;
  before = engine.processor_seconds();
  const auto began = Clock::now();
  for (std::uint64_t i = 0; i < moves; ++i) move_market(client, i % 2 == 0 ? 151 : 150);
  const double used = engine.processor_seconds() - before - idle * seconds_since(began);
  return 1e6 * used / static_cast<double>(moves);
}

}  // namespace

void rest_orders(const Engine& engine, std::uint64_t all, const char* price) {
  const auto resting = static_cast<std::uint64_t>(engine.metric(at_rest));
  run_load(engine.url(), limit_load({"--connections", "128", "--no-outcomes", "--orders",
                                     std::to_string(all - resting)},
                                    price));
  const auto began = Clock::now();
  while (engine.metric(at_rest) < static_cast<double>(all)) {
    if (seconds_since(began) > rest_seconds_max)
      throw std::runtime_error("the orders do not come to rest");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void measure_resting(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  const auto count = static_cast<double>(sizes.resting_after);
  const std::string of_count = std::to_string(sizes.resting_after) + " limit orders";
  const auto dir = bench.fresh_path("resting");
  double alone_us = 0, among_us = 0;
  std::uint64_t before = 0, after = 0;
  const auto began = Clock::now();
  {
    Engine engine(dir, resting_flags());
    engine.settle(rest_seconds_max);
    alone_us = move_us(engine, sizes.price_moves, sizes.idle_s);
    // As in figure 12, the bounded buffers are full before the first measurement.
    rest_orders(engine, sizes.resting_before, far_prices);
    before = engine.resident_bytes();
    rest_orders(engine, sizes.resting_after, far_prices);
    after = engine.resident_bytes();
    engine.settle(rest_seconds_max);
    among_us = move_us(engine, sizes.price_moves, sizes.idle_s);
    engine.stop();
  }
  Row memory{17,
             "memory per resting order",
             "B",
             (static_cast<double>(after) - static_cast<double>(before)) /
                 static_cast<double>(sizes.resting_after - sizes.resting_before),
             std::nullopt,
             {Target::Kind::value_max, 512},
             "RSS from " + std::to_string(sizes.resting_before) + " to " + of_count + ", " +
                 std::to_string(after / 1'000'000) + " MB"};
  memory.raw = {
      {"rssBefore", before}, {"rssAfter", after}, {"fillAndMovesSeconds", seconds_since(began)}};
  bench.add(std::move(memory));
  bench.add({17,
             "a price move that passes no order",
             "us",
             among_us,
             alone_us,
             {Target::Kind::difference_max, 10},
             "the engine's processor time with " + of_count + " at rest, against none; " +
                 std::to_string(sizes.price_moves) + " requests"});

  std::vector<double> starts, with, without;
  for (unsigned i = 0; i < std::min(2U, sizes.repeats); ++i) {
    with.push_back(accept_rate(bench, dir, {}, [&](const Engine& engine) {
      starts.push_back(engine.start_seconds());
      if (engine.metric(at_rest) != count) throw std::runtime_error("not all orders rest again");
      engine.settle(rest_seconds_max);
    }));
    without.push_back(accept_rate(bench, bench.fresh_path("accept")));
  }
  // The later starts also have the accepted orders.
  Row start{17,
            "restart with " + of_count,
            "s",
            starts.front(),
            std::nullopt,
            {Target::Kind::value_max, 5},
            "from exec until ready"};
  start.raw = {{"starts", as_json(starts)}};
  bench.add(std::move(start));
  Row accepts{17,
              "durable accepts with " + of_count,
              "/s",
              median(with),
              median(without),
              {Target::Kind::ratio_min, 0.9},
              "held, as in figure 1, against an empty log"};
  accepts.raw = {{"with", as_json(with)}, {"without", as_json(without)}};
  bench.add(std::move(accepts));
}

// --- Figure 18 ----------------------------------------------------------------------------------

namespace {

constexpr double triggers_per_s = 1'000;
constexpr double moves_per_s = 100;
constexpr std::uint64_t orders_per_move = 10;  // triggers_per_s / moves_per_s
// Limit prices of successive moves differ by 10 bps. The walk of the prices makes at most 20 bps a
// second of it, so it passes none between two moves.
constexpr double first_limit = 160, limit_step = 0.16;
constexpr double accepts_per_s = 1'000;

// When the client received the first update with this status, by order id.
class StatusTimes {
 public:
  explicit StatusTimes(std::string status) : mark_("\"status\":\"" + std::move(status) + "\"") {}
  // A message of the stream. Every update has its order before its status.
  void read(std::string_view message) {
    constexpr std::string_view id_mark = "\"orderId\":\"";
    const auto now = Clock::now();
    for (std::size_t at = 0; (at = message.find(mark_, at)) != message.npos; at += mark_.size()) {
      const std::size_t id = message.rfind(id_mark, at);
      if (id == message.npos) continue;
      const std::string_view rest = message.substr(id + id_mark.size());
      times_.emplace(rest.substr(0, rest.find('"')), now);
    }
  }
  const std::map<std::string, Clock::time_point, std::less<>>& times() const { return times_; }

 private:
  const std::string mark_;
  std::map<std::string, Clock::time_point, std::less<>> times_;
};

// Places orders_per_move limit orders for each of the moves and returns their ids, in this order.
std::vector<std::string> place_ladder(const Engine& engine, std::uint64_t moves) {
  HttpClient client(engine.port());
  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < moves * orders_per_move; ++i) {
    const double limit = first_limit + static_cast<double>(i / orders_per_move) * limit_step;
    const auto reply = client.post(
        "/v1/orders", R"({"type":"limit","inputToken":"SOL","outputToken":"USDC","amount":"0.01",)"
                      R"("limitPrice":")" +
                          price_text(limit) + "\"}");
    if (reply.status != 202) throw std::runtime_error("a limit order was refused: " + reply.body);
    ids.emplace_back(boost::json::parse(reply.body).at("orderId").as_string());
  }
  return ids;
}

// The share of its spot price that a venue pays: its fee is missing.
double paid_share(HttpClient& client) {
  constexpr double spot = 150;
  move_market(client, spot);
  const auto reply = client.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=1");
  const auto quote = boost::json::parse(reply.body);
  return std::stod(std::string(quote.at("route").at("price").as_string())) / spot;
}

struct Triggered {
  std::vector<double> ms;   // from the request that moves the price until the update
  std::uint64_t early = 0;  // passed by the walk before
};

Triggered trigger_ladder(Bench& bench) {
  Engine engine(bench.fresh_path("triggers"), resting_flags());
  StatusTimes building("building");
  SubscriberPool client(engine.port(), 1, false,
                        [&building](std::string_view message) { building.read(message); });
  HttpClient market(engine.port());
  const double paid = paid_share(market);
  const auto moves = static_cast<std::uint64_t>(moves_per_s * bench.sizes.trigger_s);
  const std::vector<std::string> ids = place_ladder(engine, moves);
  while (engine.metric(at_rest) < static_cast<double>(ids.size()))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto began = Clock::now();
  std::vector<Clock::time_point> sent;
  for (std::uint64_t i = 0; i < moves; ++i) {
    const double due_s = static_cast<double>(i) / moves_per_s;
    std::this_thread::sleep_until(
        began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(due_s)));
    sent.push_back(Clock::now());
    move_market(market, (first_limit + (static_cast<double>(i) + 0.5) * limit_step) / paid);
  }
  engine.wait_until("openOrders", 0, 30);
  client.stop();
  engine.stop();
  Triggered seen;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto built = building.times().find(ids[i]);
    if (built == building.times().end()) throw std::runtime_error("an order was never built");
    const double ms =
        std::chrono::duration<double, std::milli>(built->second - sent[i / orders_per_move])
            .count();
    if (ms < 0) ++seen.early;
    seen.ms.push_back(std::max(ms, 0.0));
  }
  std::sort(seen.ms.begin(), seen.ms.end());
  return seen;
}

void measure_trigger_latency(Bench& bench) {
  const Triggered seen = trigger_ladder(bench);
  const auto at = [&seen](double share) {
    return seen.ms[static_cast<std::size_t>(static_cast<double>(seen.ms.size() - 1) * share)];
  };
  Row row{18,
          "price passed to transaction built, p99",
          "ms",
          at(0.99),
          std::nullopt,
          {Target::Kind::value_max, 10},
          "as a WebSocket client sees it, from the request that moves the price; p50 " +
              price_text(at(0.5)) + " ms; 1,000 triggers/s"};
  row.raw = {{"orders", seen.ms.size()}, {"p50Ms", at(0.5)}, {"p90Ms", at(0.9)},
             {"p99Ms", at(0.99)},        {"maxMs", at(1)},   {"early", seen.early}};
  bench.add(std::move(row));
}

// Accepts at 1,000/s, of orders that come to rest.
boost::json::object paced_accepts(const Engine& engine, double seconds) {
  return run_load(engine.url(), limit_load(paced_load(accepts_per_s, seconds), far_prices));
}
double p99_us(const boost::json::object& load) {
  return 1000 * number_at(load, "acceptMs", "p99");
}

void measure_drain(Bench& bench) {
  const Sizes& sizes = bench.sizes;
  const double before = end_to_end_rate(bench);
  Engine engine(bench.fresh_path("drain"), resting_flags());
  rest_orders(engine, sizes.triggered, near_price);
  engine.settle(rest_seconds_max);
  const auto calm = paced_accepts(engine, sizes.latency_s);
  SubscriberPool client(engine.port(), 1, false);  // as figure 2 has one
  HttpClient market(engine.port());
  const auto began = Clock::now();
  auto accepts =
      std::async(std::launch::async, [&] { return paced_accepts(engine, sizes.latency_s); });
  move_market(market, above_near_price);
  while (engine.metric(confirmed) < static_cast<double>(sizes.triggered)) {
    if (seconds_since(began) > rest_seconds_max)
      throw std::runtime_error("the triggered orders do not end");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const double rate = static_cast<double>(sizes.triggered) / seconds_since(began);
  const auto busy = accepts.get();
  client.stop();
  engine.stop();
  const double after = end_to_end_rate(bench);
  Row drained{18,
              "confirmed, " + std::to_string(sizes.triggered) + " triggered by one price",
              "/s",
              rate,
              (before + after) / 2,
              {Target::Kind::ratio_min, 0.8},
              "against figure 2's load before and after"};
  drained.raw = {{"withoutDelays", as_json({before, after})},
                 {"streamsClosed", client.totals().gone}};
  bench.add(std::move(drained));
  Row latency{18,
              "accept latency p99 meanwhile",
              "us",
              p99_us(busy),
              p99_us(calm),
              {Target::Kind::ratio_max, 5},
              "1,000/s, open loop, against the same before the price moved; " +
                  std::to_string(busy.at("refused").to_number<std::uint64_t>()) + " were refused"};
  latency.raw = {{"meanwhile", busy}, {"before", calm}};
  bench.add(std::move(latency));
}

}  // namespace

void measure_triggers(Bench& bench) {
  measure_trigger_latency(bench);
  measure_drain(bench);
}

}  // namespace oee::bench
