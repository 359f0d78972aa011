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
// An order is an actor. A decision (quotes, route, transaction) has one of the slots and a
// coroutine. An order that waits, for its venue, for a quote, for its trigger, for its retry time
// or for the end of a halt, has neither: a report, a price, a timer or the resumption continues it.
// Reports about a live attempt are facts: they wait their turn while an append of the order is
// under way, and none is dropped.
//
// A venue that fails repeatedly is left out of routing by a circuit breaker (venue_desk.h).
//
// No order can end the process at every start, and no other order is counted for it:
// - An order that was interrupted in routing for the first time is executed as any other. One that
//   was interrupted before is executed alone: the next of them follows after its decision. So a
//   crash counts for one order, and for those that were routed for the first time.
// - A live attempt whose newest record is 5 s old is counted durably before it is asked for; one
//   that was counted before is asked for alone, leg after leg. A recorded answer ends the count.
//   After five starts that ended, the attempt is left alone, because its money may be in flight.
//   OutcomeUnknown is its state until an operator resolves it.
//
// An attempt is of one leg, or is split into several that trade beside each other: each leg is
// submitted, asked for and cancelled by itself, and its reports are facts of its order.
//
// executor.cc has the start and stop, the blocks and the slots; wait_steps.cc has the waits and the
// expiry; routing_steps.cc has the quotes, the paths and the built transaction; split_steps.cc has
// the legs of a split attempt; price_steps.cc has the orders that wait for a price or a trigger,
// slice_steps.cc those that rest until more of them is due; attempt_steps.cc has the calls of a
// live attempt, and report_steps.cc what is appended after its venues' reports.
#pragma once

#include <boost/container/small_vector.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/exec/append_builder.h"
#include "core/exec/appender.h"
#include "core/exec/executor_context.h"
#include "core/exec/executor_metrics.h"
#include "core/exec/executor_options.h"
#include "core/exec/open_orders.h"
#include "core/exec/price_index.h"
#include "core/exec/quote_round.h"
#include "core/exec/route_choice.h"
#include "core/exec/route_round.h"
#include "core/exec/triggers.h"
#include "core/exec/venue_desk.h"
#include "core/order/decide.h"
#include "core/order/halts.h"
#include "core/runtime/call_deadlines.h"
#include "core/runtime/gate.h"
#include "core/runtime/worker.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"

namespace oee {

class Executor final : public BlockObserver, VenueAnswers {
 public:
  // REQUIRES: the references of `context` outlive it, and every coroutine has ended (stop()) before
  // the destruction.
  Executor(ExecutorContext context, ExecutorOptions options);
  ~Executor() override;

  // Takes this shard's orders from recover_open_orders(), with their head `as_of`, and the halts in
  // force there. Called before start().
  void recover(std::vector<Order> orders, Seq as_of, Halts halts = {});
  // From now on orders are executed.
  void start();
  // Starts no further step, cancels the retry timers and returns when the current steps have ended.
  // Idempotent.
  Task<void> stop();

  void on_block(const Block& block) override;
  // Asks every venue for a quote, in the order of venues(), unless it is halted or a circuit
  // breaker leaves it out. Each call has a deadline. The executor need not be started.
  QuoteRound ask_quotes(const QuoteRequest& request);
  // The paths of several pools, and the splits, that may yield more than `quotes`, the venues' own
  // of the same request; the venues of the best one are asked for their quotes. Empty:
  // RouteFinder::find() is, or the request is of an exact output.
  std::optional<RouteRound> ask_routes(const QuoteRequest& request, bool may_be_split,
                                       std::span<const VenueQuote> quotes);
  const std::vector<Venue*>& venues() const { return venues_; }
  const ExecutorMetrics& metrics() const { return metrics_; }  // any thread
  const Halts& halts() const { return halts_; }                // as of metrics().folded
  // Every order that is open as of metrics().folded: those held, and the requeued ones that
  // are still being folded.
  std::vector<OrderId> open_ids() const;
  // The order as of metrics().folded. Empty: it is not open, is of another shard, or was requeued
  // and is still being folded.
  std::optional<Order> open_order(const OrderId& id) const { return orders_.copy_of(id); }
  // The log's time: the later of the wall clock and the newest record's time, so it never falls.
  // Records get this time, and waits between attempts are measured from it.
  WallTime log_now() const;
  // false for a leg of a live attempt: its venue is not configured, or the attempt is left alone.
  // Nothing but an operator's statement ends it.
  bool handles(const OrderId& id, LegIndex leg = 0) const;

 private:
  // The requests for quotes since the last usable one.
  struct QuoteTries {
    std::uint32_t count = 0;
    SteadyTime since{};  // the end of the first; of this process
  };
  // An order that waits for a free slot.
  struct Ready {
    OrderId id;
    bool due = false;    // its retry timer has fired
    bool alone = false;  // of alone_
    QuoteTries quote_tries{};
  };
  // A report about a leg of a live attempt.
  struct Fact {
    Attempt attempt;
    LegIndex leg;
    Result<VenueReport> report;
  };
  // A leg of a live attempt at its venue. Without a desk it is at none: it has ended, or no such
  // venue is configured.
  struct AtVenue {
    VenueDesk* desk = nullptr;
    VenueOrderId id;
    std::optional<SteadyTime> arrived;   // empty: its end is counted
    std::optional<SteadyTime> next_ask;  // with this time it is in the desk's `due`
    Micros venue_delay{0};               // that a rate-limiting venue named
    enum class Next : std::uint8_t { none, ask, submit } next = Next::none;  // after its last fact
  };
  // An order that is not only ready.
  struct Actor {
    enum class State : std::uint8_t {
      deciding,  // it has a slot, and a coroutine executes it
      live,      // its attempt is at the venues
      waiting,   // for its timer
      expiring,  // a coroutine appends OrderExpired
    } state = State::deciding;
    bool due = false;
    bool appending = false;  // live: a coroutine appends the events that follow from the facts
    QuoteTries quote_tries{};
    Micros quote_wait{0};            // until the next one
    std::vector<IndexPrice> act_at;  // resting: the next one is at these spot prices, by desk
    Clock::TimerId timer = 0;
    boost::container::small_vector<AtVenue, 1> legs;  // live, by their index
    std::vector<Fact> facts;
    SteadyTime began{};  // of the decision
    Micros append_wait{0};
  };
  using Actors = std::unordered_map<OrderId, Actor, IdHash>;
  // The newest record of an order that is being loaded.
  struct Newest {
    explicit Newest(const Record& record)
        : version(record.version), seq(record.seq), trace(record.correlation) {}
    Version version;
    Seq seq;
    CorrelationId trace;
  };
  // After a step: decide the order's next step, wait for a quote, or leave its coroutine.
  enum class Next : std::uint8_t { decide, wait, leave };
  class Appending;
  struct LateReport;
  struct LateReports;

  // --- Slots and waits (executor.cc) -------------------------------------------------------------
  void enqueue(Ready ready);
  // It was open at the start, and nothing of it is recorded since.
  bool resumed(const Order& order) const;
  // A halt covers the order's next transaction, wherever it is built.
  bool halted(const Order& order) const;
  // A halt covers the order's live leg, or the venue where it is.
  bool leg_halted(const Order& order, LegIndex leg) const;
  void hold(Ready ready);
  void release_held();
  void count_halts();
  void forget(const OrderId& id);
  void schedule_pump();
  void pump();
  // The next order for a slot; empty: none.
  std::optional<Ready> take_ready();
  Task<void> run(OrderId id);
  void leave_slot(const OrderId& id);
  // The order's coroutine has ended: it waits for its timer, is ready again, or is gone.
  void park(const OrderId& id);
  void wait(const Order& order, Actor& actor, Micros time);
  void add_times(Actor& actor);
  void amended(const Order& order, const OpenOrders::Before& before);
  void watch_expiry(const Order& order);
  // A timer for the earliest of some times of the log.
  struct LogTimer {
    Clock::TimerId id = 0;
    SteadyTime at{};
  };
  void arm(LogTimer& timer, WallTime first, void (Executor::*due)());
  void disarm(LogTimer& timer);
  void arm_expiry();
  void expire_due();
  Task<void> expire(OrderId id);
  void stop_waiting(Actor& actor);
  void drop(Actors::iterator actor);
  Task<void> load_requeued(OrderId id);
  Appending append(AppendBuilder builder);
  Micros back_off_time(std::uint32_t tries);

  // --- Routing (routing_steps.cc) ----------------------------------------------------------------
  Task<Next> decide(OrderId id, Step what);
  Task<Next> route(OrderId id);
  AppendBuilder start_of(const Order& order, Attempt attempt) const;
  // The quotes lead to an append, or else to the step in `next`.
  struct Decision {
    std::optional<AppendBuilder> append;
    Next next = Next::decide;
  };
  // The state of the order for which the venues were asked.
  struct Asking {
    Attempt attempt;
    bool started;     // RoutingStarted of this attempt is in the log already
    Version version;  // of the order
    Decimal amount;   // that is quoted: all that is due
    std::vector<std::optional<IndexPrice>> spots;  // by desk, when the venues were asked
    QuoteRound round;
    std::optional<RouteRound> routes{};
  };
  // Every venue's quote, in the order of the desks.
  std::vector<VenueQuote> quotes_of(const Order& order, const Asking& asking) const;
  Decision build(OrderId id, const Asking& asking);
  // RouteSelected and TransactionBuilt of one transaction.
  void add_transaction(AppendBuilder& builder, const Asking& asking, std::uint32_t chosen,
                       std::vector<VenueQuote> quotes);
  Decision without_quote(const Order& order, Actor& actor, const Asking& asking, std::string why);
  std::vector<IndexPrice> act_at_each(const Order& order, const Asking& asking) const;
  // A round in which this venue alone is asked.
  QuoteRound ask_one(std::size_t venue, const QuoteRequest& request);
  // The end of an attempt, and of the order when nothing follows it.
  void add_end(AppendBuilder& builder, const AttemptEnd& end);
  Micros venue_delay_of(const OrderId& id) const;
  void on_quote(std::size_t venue, const Result<Quote>& answer, SteadyTime began) override;
  void on_quote_overdue(std::size_t venue, SteadyTime began) override;
  // While the breaker of a venue's quotes is not closed, the executor asks the venue itself: orders
  // at rest ask for no quote, and the venue's last prices count for none of them meanwhile.
  void arm_probe(std::size_t venue);
  Task<void> probe(std::size_t venue);
  // The reason why the venue gets no further order, although it quotes. Empty: it does.
  std::string without_room(const VenueDesk& desk, std::size_t legs_before = 0) const;

  // --- Paths and splits (split_steps.cc) ---------------------------------------------------------
  // The routes for the order's part that `asking` is of. Empty also when the order has changed.
  std::optional<RouteRound> ask_routes(OrderId id, const QuoteRequest& request,
                                       const Asking& asking);
  // Asks for the leg at this place of the round, and adds it.
  void ask_leg(const QuoteRequest& request, RouteFinder::Leg leg, QuoteRound& round,
               std::vector<RouteRound::Leg>& legs, std::size_t at);
  void add_paths(const Order& order, const Asking& asking, std::vector<VenueQuote>& quotes) const;
  // Adds the quotes of the split that was asked for. true: `choice` is its leg 0 now.
  bool choose_split(const Order& order, const Asking& asking, std::vector<VenueQuote>& quotes,
                    RouteChoice& choice) const;
  // RouteSelected, TransactionBuilt and a LegBuilt for each leg.
  void add_split(AppendBuilder& builder, const Asking& asking, std::uint32_t first,
                 std::vector<VenueQuote> quotes);

  // --- Prices (price_steps.cc) -------------------------------------------------------------------
  void rest(const Order& order, Actors::iterator actor);
  // The same of an order that rests since before the start. true: it waits for its price, by which
  // the caller indexes it.
  bool rest_recovered(const Order& order);
  // Appends OrderTriggered, or OrderRested when the order begins to wait for its trigger.
  Task<Next> trigger(OrderId id);
  // OrderTriggered by the venues' present prices.
  std::optional<OrderTriggered> present_trigger(const Order& order) const;
  void on_prices(VenueDesk& desk, std::span<const PoolPrice> changed);
  // The venue's highest spot price of the pair. Empty: it has delivered none.
  static std::optional<IndexPrice> spot_of(const VenueDesk& desk, const Pair& pair);
  // false: the order waits for no price, no trigger and no slice.
  bool stop_resting(const OrderId& id);
  // No price has come for these since the start, so their venues are asked.
  void ask_unpriced();
  // Orders whose limit the spot price has reached, and whose amount is too large for the pool: it
  // may have become deeper without a change of its price.
  void look_deeper();
  void arm_deeper();
  void look_again(const std::vector<OrderId>& orders);
  // Its price, its trigger or its slice has come: it goes on when it has a slot.
  void pass(const OrderId& id);
  std::size_t resting() const {
    return triggers_.size() + (desks_.empty() ? 0 : desks_.front().resting.size()) +
           resting_for_slices_ + passed_.size();
  }

  // --- Slices (slice_steps.cc) -------------------------------------------------------------------
  struct SliceWait {
    WallTime at;
    bool only;  // it waits for no price beside
  };
  // The order, which rests, goes on when more of it is due than at `now`.
  void await_slice(const Order& order, WallTime now, bool only);
  bool stop_awaiting_slice(const OrderId& id);
  void arm_slices();
  void take_due_slices();

  // --- Live attempts (attempt_steps.cc) ----------------------------------------------------------
  // The open legs of the order's attempt are at their venues from now on. They are counted there
  // until they leave.
  void arrive(Actor& actor, const Order& order);
  void leave_desks(Actor& actor);
  static void leave_desk(AtVenue& leg);
  void recover_live(const Order& order);
  Task<void> ask_interrupted(VenueDesk& desk);
  // Appends that the attempt was interrupted. false: it is not to be asked for.
  Task<bool> count_interruption(OrderId id);
  Task<void> ask_counted(OrderId id);
  // Returns when the venues' answers are recorded.
  Task<void> ask_alone(OrderId id);
  Task<void> ask_alone(OrderId id, Attempt attempt, LegIndex leg);
  // All legs at once.
  Task<void> submit_all(OrderId id);
  Task<void> submit(OrderId id, LegIndex leg);
  Task<void> cancel(OrderId id, LegIndex leg);
  void ask_at(Actor& actor, const Order& order, LegIndex leg, SteadyTime at);
  void arm(VenueDesk& desk);
  void ask_due(VenueDesk& desk);
  void ask_now(Actor& actor, const OrderId& id);
  void cancel_now(const OrderId& id);
  struct Asked {
    OrderId order;
    Attempt attempt;
    LegIndex leg;
  };
  Task<void> ask(VenueDesk& desk, std::vector<VenueOrderRef> refs, std::vector<Asked> asked);
  void on_pushed(VenueDesk& desk, const VenueOrderId& at_desk, const VenueReport& report);
  void on_late_report(const OrderId& id, Attempt attempt, LegIndex leg,
                      Result<VenueReport> report) override;
  // The leg is of the order's live attempt and has not ended.
  static bool is_open_leg(const Order& order, Attempt attempt, LegIndex leg);
  // The end of a leg counts for the breaker of its venue.
  void count_end(AtVenue& leg, const VenueReport& report);
  // Adds a fact. The append that follows, which the caller must run with append_facts(); empty:
  // nothing is to be appended, or a coroutine appends already.
  std::optional<AppendBuilder> take(const OrderId& id, Fact fact);
  std::optional<AppendBuilder> next_append(const OrderId& id, Actor& actor);
  Task<void> append_facts(OrderId id, AppendBuilder builder);
  // The same for callers without a coroutine.
  void tell(const OrderId& id, Attempt attempt, LegIndex leg, Result<VenueReport> report);
  VenueDesk* desk_of(const VenueName& venue);
  const VenueDesk* desk_of(const VenueName& venue) const;

  // --- Reports (report_steps.cc) -----------------------------------------------------------------
  // The append that follows from a report about the order's live attempt. Empty: none.
  std::optional<AppendBuilder> append_for(const Order& order, const Fact& fact);
  // The same about a leg of a split attempt.
  std::optional<AppendBuilder> append_for_leg(const Order& order, const Fact& fact);

  void attempt_ended(const OrderId& id);
  void note_outcome(const Record& record, EventType type);
  bool has_unknown_leg(const Order& order) const;
  void set_unknown(const OrderId& id, WallTime since);
  void set_known(const OrderId& id);
  void publish_waiting();
  void publish_metrics();
  bool past_expiry(const Order& order) const;

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
  CallDeadlines calls_;   // of submit, find and cancel
  CallDeadlines quotes_;  // of quotes
  VenueAnswersHandle answers_;
  std::deque<VenueDesk> desks_;  // in the order of venues_
  RouteFinder routes_;
  Triggers triggers_;
  Actors actors_;
  std::deque<Ready> ready_;      // may contain ended orders; pump() skips them
  std::size_t ready_ended_ = 0;  // of ready_, about: orders that ended there
  // Orders that may go on after a price or a halt, in the order in which they were passed. There
  // may be many at once: they count as waiting, and take every other slot while others are ready.
  std::deque<Ready> passed_;   // may contain ended orders, as ready_
  bool passed_first_ = false;  // the next slot is for passed_
  // Open orders that may not be built, by their acceptance: they are ready again when a halt ends.
  std::map<OrderId, Ready> held_;
  Halts halts_;
  std::set<Interrupted> alone_;  // in routing, interrupted before: executed one at a time
  std::optional<OrderId> alone_now_;
  std::unordered_map<OrderId, WallTime, IdHash> unknown_;
  std::multiset<WallTime> unknown_since_;                // the times of unknown_
  std::unordered_map<OrderId, Newest, IdHash> loading_;  // requeued orders being folded
  std::set<std::pair<WallTime, OrderId>> expiries_;      // of open orders
  LogTimer expiry_timer_;
  std::set<std::pair<WallTime, OrderId>> slices_;  // of orders at rest: more of them is due then
  std::unordered_map<OrderId, SliceWait, IdHash> slice_waits_;  // those of slices_
  std::size_t resting_for_slices_ = 0;                          // of slice_waits_: for nothing else
  LogTimer slice_timer_;
  Clock::TimerId unpriced_timer_ = 0;
  Clock::TimerId deeper_timer_ = 0;
  Seq recovered_ = 0;       // the head at the start
  WallTime newest_time_{};  // time of the newest record that was folded
  std::uint32_t executing_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint32_t expiring_ = 0;
  bool pump_scheduled_ = false;
  bool running_ = false;
};

// co_await append(builder): the order's next step, after this shard has folded the block.
class Executor::Appending {
 public:
  Appending(Executor& executor, AppendRequest request)
      : executor_(executor),
        id_(request.order_id),
        began_(executor.clock_.steady_now()),
        awaiter_(executor.appender_, std::move(request)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { awaiter_.await_suspend(waiter); }
  Next await_resume();

 private:
  Executor& executor_;
  const OrderId id_;
  const SteadyTime began_;
  Appender::Awaiter awaiter_;
};

}  // namespace oee
