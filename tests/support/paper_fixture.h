// Fixtures for the paper venues. PaperFixture: ledger in memory, one loop, virtual clock; runs with
// equal seeds are equal. DiskFixture: ledger on disk, real clocks, the exchange's own thread.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "core/base/bytes.h"
#include "core/runtime/spawn.h"
#include "core/runtime/system_clock.h"
#include "core/venue/paper/exchange.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {

inline paper::ExchangeOptions instant_options() {
  paper::ExchangeOptions options;
  options.venue_delay_min = options.venue_delay_max = Micros(0);
  options.quote_delay_min = options.quote_delay_max = Micros(0);
  return options;
}

inline Token token(const char* symbol) {
  const TokenInfo* info = TokenRegistry::defaults().find(symbol);
  check(info != nullptr, "a test names an unknown token");
  return info->token;
}

// Different for every `number`, the same in every run.
inline VenueOrderId venue_order_id(std::uint64_t number) {
  VenueOrderId id;
  store_le<std::uint64_t>(&id.bytes[0], number);
  id.bytes[15] = 0xA5;
  for (std::size_t i = 8; i < 15; ++i) id.bytes[i] = static_cast<std::uint8_t>(number * 31 + i);
  return id;
}

// Sells `amount_in` of SOL for USDC, valid for ever, at any price. Tests change the members that
// they test.
inline VenueOrder sol_order(std::uint64_t number, Units amount_in = 1'000'000'000) {
  VenueOrder order;
  order.id = venue_order_id(number);
  order.input = token("SOL");
  order.output = token("USDC");
  order.amount_in = amount_in;
  order.valid_until_height = ~std::uint64_t{0};
  return order;
}

inline QuoteRequest quote_request(const char* input, const char* output, Units amount_in) {
  QuoteRequest request;
  request.input = token(input);
  request.output = token(output);
  request.amount_in = amount_in;
  return request;
}

// The reports that a venue pushes, the last one for each order.
using PushedReports = std::map<VenueOrderId, VenueReport>;

inline VenueReportSink into(PushedReports& reports) {
  return [&reports](const VenueOrderId& id, const VenueReport& report) { reports[id] = report; };
}

inline VenueOrderRef ref_of(const VenueOrder& order) {
  VenueOrderRef ref;
  ref.id = order.id;
  ref.valid_until_height = order.valid_until_height;
  return ref;
}

class PaperFixture {
 public:
  explicit PaperFixture(paper::ExchangeOptions options, std::uint64_t entropy_seed = 7,
                        const TokenRegistry& registry = TokenRegistry::defaults())
      : entropy_(entropy_seed), keep_(loop_.get_executor()) {
    auto opened = paper::Exchange::open(std::move(options), registry, clock_,
                                        [this](const Error& error) { failure = error; });
    check(opened.ok(), "a paper exchange opens");
    exchange = *std::move(opened);
    venues = exchange->connect(loop_, clock_, entropy_);
  }
  ~PaperFixture() {
    exchange->stop();
    venues.clear();
    settle_down();
  }

  // Starts a call; it continues while the fixture runs.
  template <class T>
  Started<T> begin(Task<T> task) {
    return start(gate_, std::move(task));
  }
  // Runs one call to its end and moves the clock as far as needed.
  template <class T>
  T run(Task<T> task) {
    Started<T> started = begin(std::move(task));
    while (!started.done()) check(step(), "no event is left and the call has not ended");
    return started.await_resume();
  }
  // The report about one order as of now.
  Result<VenueReport> find(Venue& venue, const VenueOrder& order) {
    std::vector<VenueOrderRef> refs = {ref_of(order)};
    Result<std::vector<VenueReport>> reports = run(venue.find(std::move(refs)));
    if (!reports.ok()) return reports.error();
    return reports->front();
  }
  // The end that the venue pushes. It moves the clock as far as needed.
  VenueReport pushed_end(Venue& venue, const VenueOrder& order) {
    PushedReports reports;
    venue.report_to(into(reports));
    while (!reports.contains(order.id)) check(step(), "no event is left and no end was reported");
    venue.report_to({});
    return reports[order.id];
  }
  // Runs everything that does not need the clock to move.
  void settle_down() {
    while (loop_.poll() > 0) {
    }
  }
  // Runs the next event; false: there is none.
  bool step() {
    if (loop_.poll() > 0) return true;
    return clock_.fire_next();
  }
  void run_all() {
    while (step()) {
    }
  }
  void advance(Micros by) {
    const SteadyTime until = clock_.steady_now() + by;
    bool reached = false;
    clock_.call_at(until, [&reached] { reached = true; });
    while (!reached) step();
    settle_down();
  }

  Venue& raydium() { return *venues[0]; }
  Venue& meteora() { return *venues[1]; }
  VirtualClock& clock() { return clock_; }
  Entropy& entropy() { return entropy_; }
  Loop& loop() { return loop_; }

  std::optional<Error> failure;
  std::unique_ptr<paper::Exchange> exchange;
  std::vector<std::unique_ptr<Venue>> venues;

 private:
  VirtualClock clock_;
  SystemEntropy entropy_;
  Loop loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_;
  Gate gate_;
};

class DiskFixture {
 public:
  explicit DiskFixture(paper::ExchangeOptions options, std::uint64_t entropy_seed = 7,
                       const TokenRegistry& registry = TokenRegistry::defaults())
      : clock_(loop_), entropy_(entropy_seed), keep_(loop_.get_executor()) {
    auto opened = paper::Exchange::open(std::move(options), registry, clock_,
                                        [](const Error&) { failed() = true; });
    if (!opened.ok()) {
      error = opened.error();
      return;
    }
    exchange = *std::move(opened);
    venues = exchange->connect(loop_, clock_, entropy_);
  }
  ~DiskFixture() {
    if (exchange) exchange->stop();
  }

  template <class T>
  Started<T> begin(Task<T> task) {
    return start(gate_, std::move(task));
  }
  template <class T>
  T run(Task<T> task) {
    Started<T> started = begin(std::move(task));
    return finish(started);
  }
  template <class T>
  T finish(Started<T>& started) {
    while (!started.done()) step();
    return started.await_resume();
  }
  void step() { loop_.run_one(); }
  Loop& loop() { return loop_; }
  static std::atomic<bool>& failed() {
    static std::atomic<bool> value{false};
    return value;
  }
  Venue& raydium() { return *venues[0]; }
  Venue& meteora() { return *venues[1]; }

 private:
  Loop loop_{1};
  SystemClock clock_;
  SystemEntropy entropy_;
  boost::asio::executor_work_guard<Loop::executor_type> keep_;
  Gate gate_;

 public:
  std::optional<Error> error;  // the exchange did not open
  std::unique_ptr<paper::Exchange> exchange;
  std::vector<std::unique_ptr<Venue>> venues;
};

}  // namespace oee::test
