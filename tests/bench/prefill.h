// Logs made for a measurement: real orders' events through the log's own codec and writer, as fast
// as it takes them. Needs oee_eventlog and oee_venue. One thread calls.
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
inline constexpr std::uint64_t events_of_a_life = 6;
inline constexpr std::uint64_t appends_of_a_life = 3;

// The appends of `ended` whole lives and then `open` acceptances, as they interleave when `at_once`
// orders are under way: an order's next append comes `at_once` orders after the one before it.
class LifeFeed {
 public:
  LifeFeed(std::uint64_t ended, std::uint64_t open, std::uint64_t at_once);
  ~LifeFeed();
  LifeFeed(const LifeFeed&) = delete;
  bool next(AppendRequest* request);         // false: that was all
  bool accepting() const;                    // an acceptance is still to come
  const std::vector<OrderId>& open() const;  // accepted, nothing more

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends what a feed makes, at most `window` unanswered, and waits for the answers. Throws when
// one is refused. The log takes events of admitted orders before new ones, so an acceptance must be
// answered before its order goes on. REQUIRES: window <= the feed's at_once; the log has been
// started with sink() alone.
class LogFiller {
 public:
  LogFiller();
  ~LogFiller();
  BlockSink& sink();
  void fill(RocksLog& log, LifeFeed& feed, std::size_t window);
  void append_all(RocksLog& log, std::vector<AppendRequest> requests, std::size_t window);

 private:
  void send(RocksLog& log, AppendRequest request, std::size_t window);
  void wait_for_all();
  class Sink;
  std::unique_ptr<Sink> sink_;
};

// Stamps records; has no timers.
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
  std::uint64_t written_bytes = 0;  // what the process wrote meanwhile (/proc/self/io)
  double seconds = 0;
};
// Without a sync per batch (nothing here must survive a power cut), with a sync of everything at
// the end; closed in order, with the hint of open orders that an engine leaves. Verified.
Prefilled prefill(const PrefillPlan& plan);

}  // namespace oee::bench
