// Executor: takes a shard's open orders from acceptance to their end: it decides each order's next
// step, appends the decision, acts, and appends the outcome. Owned by the shard; the loop's thread.
//
// Laws:
// - It acts only on durable records: a transaction's intent is in the log before the venue is
//   called.
// - It asks the venue for the outcome of an attempt and never assumes one.
// - It executes nothing twice: an attempt has the same venue order id after every crash.
// - It keeps no state that a restart cannot fold from the log.
//
// executor.cc has the start and stop, the blocks, the slots and the loop of one order;
// routing_steps.cc has the quotes and the built transaction; attempt_steps.cc has the calls of a
// live attempt and the venue's reports.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "core/exec/append_builder.h"
#include "core/exec/appender.h"
#include "core/exec/executor_context.h"
#include "core/exec/executor_metrics.h"
#include "core/exec/executor_options.h"
#include "core/exec/open_orders.h"
#include "core/order/decide.h"
#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"
#include "core/runtime/worker.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"

namespace oee {

class Executor final : public BlockObserver {
 public:
  // REQUIRES: the references of `context` outlive it, and every coroutine has ended (stop()) before
  // the destruction.
  Executor(ExecutorContext context, ExecutorOptions options);
  ~Executor() override;

  // Takes this shard's orders from recover_open_orders(), with their head `as_of`. Called before
  // start(). Orders with a live attempt are executed first.
  void recover(std::vector<Order> orders, Seq as_of);
  // From now on orders are executed.
  void start();
  // Starts no further step, cancels the retry timers and returns when the current steps have ended.
  // Idempotent.
  Task<void> stop();

  void on_block(const Block& block) override;
  // Starts one quote call per venue, in the order of venues(), inside `gate`, and counts the
  // answers. The executor need not be started.
  std::vector<Started<Result<Quote>>> start_quotes(Gate& gate, const QuoteRequest& request);
  const std::vector<Venue*>& venues() const { return venues_; }
  const ExecutorMetrics& metrics() const { return metrics_; }  // any thread
  // Every order that is open as of metrics().folded: those held, and the requeued ones that
  // are still being folded.
  std::vector<OrderId> open_ids() const;
  // The order as of metrics().folded. Empty: it is not open, is of another shard, or was requeued
  // and is still being folded.
  std::optional<Order> open_order(const OrderId& id) const { return orders_.copy_of(id); }

 private:
  // An order that waits for a free slot.
  struct Ready {
    OrderId id;
    bool resumed = false;  // it was open at the start and has had no step since
    bool due = false;      // its retry timer has fired
  };
  // An order that has a slot (a coroutine executes it) or waits for its retry time.
  struct Work {
    enum class State : std::uint8_t { executing, waiting } state = State::executing;
    bool resumed = false;
    bool due = false;
    Clock::TimerId timer = 0;  // while waiting
    Micros append_wait{0};     // while executing
  };
  // The newest record of an order that is being loaded.
  struct Newest {
    explicit Newest(const Record& record)
        : version(record.version), seq(record.seq), trace(record.correlation) {}
    Version version;
    Seq seq;
    CorrelationId trace;
  };
  // After a step: decide the order's next step, or leave its coroutine.
  enum class Next : std::uint8_t { decide, leave };

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
  Task<Next> append(AppendBuilder builder);
  Task<void> back_off(std::uint32_t tries);
  // Counts a venue's answer to a call that began at `began`.
  void count_call(const Venue& venue, VenueMetrics::Call call, SteadyTime began,
                  const Result<VenueReport>& answer);
  Venue* venue_of(const Order& order) const;
  void publish_metrics();
  // The log's time: the later of the wall clock and the newest record's time, so it never falls.
  // Records get this time, and waits between attempts are measured from it.
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
  ExecutorMetrics metrics_;
  Gate gate_;
  std::unordered_map<OrderId, Work, IdHash> work_;
  std::deque<Ready> ready_;  // may contain ended orders; pump() skips them
  std::unordered_map<OrderId, WallTime, IdHash> unknown_;
  std::unordered_map<OrderId, Newest, IdHash> loading_;  // requeued orders being folded
  WallTime newest_time_{};  // time of the newest record that was folded
  std::uint32_t executing_ = 0;
  bool pump_scheduled_ = false;
  bool running_ = false;
};

}  // namespace oee
