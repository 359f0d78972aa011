// Logs made for a measurement: events of real orders, written through the log's own codec and
// writer as fast as it accepts them. Needs oee_eventlog and oee_venue. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/seams/clock.h"
#include "core/seams/event_log.h"

namespace oee {
class RocksLog;
}

namespace oee::bench {

// OrderAccepted | RoutingStarted, RouteSelected, TransactionBuilt | TransactionSubmitted,
// OrderConfirmed: the three appends of an order whose venues take no time, with the bytes that the
// engine stores for order-load's orders.
inline constexpr std::uint64_t events_per_order = 6;
inline constexpr std::uint64_t appends_per_order = 3;

// The appends of `ended` whole orders and then `open` acceptances, interleaved as with `at_once`
// orders under way: an order's next append comes `at_once` orders after its previous one.
class OrderFeed {
 public:
  OrderFeed(std::uint64_t ended, std::uint64_t open, std::uint64_t at_once);
  ~OrderFeed();
  OrderFeed(const OrderFeed&) = delete;
  bool next(AppendRequest* request);         // false: there are no more
  bool accepting() const;                    // an acceptance is still to come
  const std::vector<OrderId>& open() const;  // orders with an acceptance only

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends the requests of a feed, at most `window` unanswered, and waits for the answers. Throws
// when one is refused. The log takes events of admitted orders before new ones, so an acceptance
// must be answered before the order's next append. REQUIRES: window <= the feed's at_once; the log
// was started with sink() alone.
class LogFiller {
 public:
  LogFiller();
  ~LogFiller();
  BlockSink& sink();
  void fill(RocksLog& log, OrderFeed& feed, std::size_t window);
  void append_all(RocksLog& log, std::vector<AppendRequest> requests, std::size_t window);

 private:
  void send(RocksLog& log, AppendRequest request, std::size_t window);
  void wait_for_all();
  class Sink;
  std::unique_ptr<Sink> sink_;
};

// The clock of logs that the bench writes. It has no timers.
const Clock& wall_clock();

struct PrefillPlan {
  std::filesystem::path data_dir;  // DATA; the log is DATA/log
  std::uint64_t ended = 0;
  std::uint64_t open = 0;
};
struct Prefilled {
  std::filesystem::path data_dir;
  std::uint64_t ended = 0;
  std::uint64_t open = 0;
  std::uint64_t events = 0;
  std::uint64_t record_bytes = 0;   // of all records, encoded
  std::uint64_t written_bytes = 0;  // bytes that the process wrote meanwhile (/proc/self/io)
  double seconds = 0;
};
// Fills a log without a sync per batch, because nothing here must survive a power cut, and syncs
// everything at the end. The log is closed in order, with the hint of open orders that an engine
// leaves, and verified.
Prefilled prefill(const PrefillPlan& plan);

}  // namespace oee::bench
