// Executor: takes a shard's open orders through their lives: read, decide, append, act, recover. It
// acts only on what the log has made durable, asks the venue before it assumes anything, and does
// nothing twice: an attempt's venue order id is the same after every crash. Loop's thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/exec/append_builder.h"
#include "core/exec/appender.h"
#include "core/exec/executor_metrics.h"
#include "core/exec/open_orders.h"
#include "core/order/decide.h"
#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"
#include "core/runtime/worker.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"

namespace oee {

struct ExecutorOptions {
  std::uint32_t concurrency = 1'000;  // orders executed at once on this shard; 0: hold all
  RetryRules retry;
  Micros ask_wait{1'000'000};      // one question to a venue waits this long for an end
  Micros ask_backoff_min{50'000};  // between questions that a venue did not answer
  Micros ask_backoff_max{1'000'000};
};

// Figures for /readyz and /metrics. Written by the loop's thread, read by any.
struct ExecutorStats {
  std::atomic<std::uint64_t> open{0};             // open orders held
  std::atomic<std::uint64_t> executing{0};        // of these, in a coroutine now
  std::atomic<std::uint64_t> waiting{0};          // of these, until a retry time
  std::atomic<std::uint64_t> unknown{0};          // of these, with an unknown outcome
  std::atomic<std::int64_t> unknown_since_us{0};  // wall time of the oldest of those; 0: none
  std::atomic<std::uint64_t> confirmed{0};        // since start
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> ended{0};           // in whatever way
  std::atomic<std::uint64_t> executed_us{0};     // time in hand, of the orders that left its hands
  std::atomic<std::uint64_t> append_wait_us{0};  // of that, waiting for the log
  std::atomic<std::uint32_t> concurrency{0};     // ExecutorOptions::concurrency
  std::atomic<Seq> folded{0};                    // the last block's last seq
};

class Executor final : public BlockObserver {
 public:
  // `read` runs blocking log reads (the fold of a requeued order).
  Executor(OpenOrders& orders, EventLog& log, Appender& appender, Loop& loop, Clock& clock,
           Entropy& entropy, Worker& read, std::vector<Venue*> venues, ExecutorOptions options);
  ~Executor() override;

  // The orders found by recover_open_orders() as of a seq, before start(). Live attempts are asked
  // first.
  void recover(std::vector<Order> orders, Seq as_of);
  void start();
  // Starts nothing new, parks what waits, lets the step in hand finish. Idempotent.
  Task<void> stop();

  void on_block(const Block& block) override;
  // Asks every venue at once, in their order, and counts what they answer, in `gate`. Loop's
  // thread; whether executing or not.
  std::vector<Started<Result<Quote>>> start_quotes(Gate& gate, const QuoteRequest& request);
  const std::vector<Venue*>& venues() const { return venues_; }
  const ExecutorStats& stats() const { return stats_; }
  const ExecutorMeters& meters() const { return meters_; }
  // Every order that has not ended as of stats().folded: those held, and the requeued ones that are
  // still being folded.
  std::vector<OrderId> open_ids() const;

 private:
  // An order whose turn comes when there is room for it.
  struct Ready {
    OrderId id;
    bool resumed = false;  // open when the engine started, not yet looked at
    bool due = false;      // its retry timer has run
  };
  // An order in a coroutine, or until its retry time.
  struct Work {
    enum class State : std::uint8_t { executing, waiting } state = State::executing;
    bool resumed = false;
    bool due = false;
    Clock::TimerId timer = 0;  // while waiting
    Micros append_wait{0};     // while executing
  };
  // The newest record seen of an order.
  struct Newest {
    explicit Newest(const Record& record)
        : version(record.version), seq(record.seq), trace(record.correlation) {}
    Version version;
    Seq seq;
    CorrelationId trace;
  };
  enum class Next : std::uint8_t { go_on, leave };

  void enqueue(Ready ready);
  void forget(const OrderId& id);
  void schedule_pump();
  void pump();
  void wait_for_retry(const Order& order, Work& work);
  Task<void> load_requeued(OrderId id);
  Task<void> run(OrderId id);
  Task<Next> step(OrderId id, Step what);
  Task<Next> route(OrderId id);
  // `started`: RoutingStarted of this attempt is in the log already.
  Task<Next> build(OrderId id, Attempt attempt, bool started, std::vector<Result<Quote>> answers);
  Task<Next> submit(OrderId id);
  Task<Next> ask(OrderId id);
  Task<Next> take_report(OrderId id, Attempt attempt, Result<VenueReport> report);
  Task<Next> append(AppendBuilder draft);
  Task<void> back_off(std::uint32_t tries);
  // Counts a venue's answer to a call that began then.
  void count_call(const Venue& venue, VenueMeters::Call call, SteadyTime began,
                  const Result<VenueReport>& answer);
  Venue* venue_of(const Order& order) const;
  void publish_stats();
  // The log's time, which never falls: what a record's time becomes, and what waits between
  // attempts are counted from. After the wall clock was set back it is the later of the two.
  WallTime log_now() const;

  OpenOrders& orders_;
  EventLog& log_;
  Appender& appender_;
  Loop& loop_;
  Clock& clock_;
  Entropy& entropy_;
  Worker& read_;
  const std::vector<Venue*> venues_;
  const ExecutorOptions options_;
  ExecutorStats stats_;
  ExecutorMeters meters_;
  Gate gate_;
  std::unordered_map<OrderId, Work, IdHash> work_;
  std::deque<Ready> ready_;  // an order that ended meanwhile is skipped when its turn comes
  std::unordered_map<OrderId, WallTime, IdHash> unknown_;
  std::unordered_map<OrderId, Newest, IdHash> loading_;  // requeued orders being folded
  WallTime newest_{};                                    // the time of the newest record folded
  std::uint32_t executing_ = 0;
  bool pump_scheduled_ = false;
  bool running_ = false;
};

}  // namespace oee
