// Writes beside reads: a change of an order waits for no client's read of the history.
#include "api/orders/orders.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "projections/log_history.h"
#include "tests/core/exec/executor_fixture.h"

namespace oee::test {
namespace {

// Orders are folded from the log at once. Every list of events waits until release().
class SlowHistory final : public OrderHistory {
 public:
  explicit SlowHistory(EventLog& log) : folded_(log) {}

  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override {
    ++order_reads;
    return folded_.order(id, at);
  }
  Result<Events> events(const EventFilter&) override {
    ++lists;
    released_.wait();
    return Events();
  }
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override {
    return folded_.records(id, at);
  }
  void release() { release_.set_value(); }

  std::atomic<int> order_reads{0};
  std::atomic<int> lists{0};

 private:
  LogHistory folded_;
  std::promise<void> release_;
  const std::shared_future<void> released_{release_.get_future()};
};

class NoQueries final : public OrderQueries {
 public:
  Result<ProjectionCursor> cursor() override { return ProjectionCursor{}; }
  Result<Page<Order>> orders(const OrderFilter&) override { return Page<Order>(); }
  Result<Page<Order>> dead_letters(std::uint32_t, const std::string&, const std::string&) override {
    return Page<Order>();
  }
  Result<DeadLetterCounts> dead_letter_counts(const std::string&) override {
    return DeadLetterCounts();
  }
};

Task<void> list_events(Orders& orders) {
  EventFilter filter;
  filter.type = EventType::order_failed;
  (void)co_await orders.events(std::move(filter));
}

Task<void> cancel(Orders& orders, OrderId id, std::optional<ChangeAnswer>* answer) {
  CancelOrder command;
  command.by = "default";
  answer->emplace(co_await orders.cancel(id, std::move(command), CorrelationId()));
}

// Two reader threads read for clients, and both are blocked. No order is executed: all wait packed.
class WritesBesideReads : public ::testing::Test {
 protected:
  static constexpr int readers = 2;

  WritesBesideReads() {
    engine_.options.concurrency = 0;
    engine_.restart();
    open_orders_.push_back({engine_.loop, *engine_.executor});
  }
  // The shard of the requests is on `loop`; the only shard with orders is on the engine's.
  void serve_on(Loop& loop) {
    admission_.recovering = false;
    Orders::Reading reading{.history = history_,
                            .history_worker = read_worker_,
                            .queries = queries_,
                            .queries_worker = read_worker_};
    OrderWriting writing{.appender = *engine_.appender,
                         .admission = admission_,
                         .executor = *engine_.executor,
                         .open_orders = open_orders_,
                         .tokens = TokenRegistry::defaults(),
                         .worker = *engine_.read};
    orders_.emplace(loop, engine_.clock, engine_.entropy, reading, writing);
    for (int i = 0; i < 3 * readers; ++i) spawn(gate_, "list events", list_events(*orders_));
    while (history_.lists < readers) std::this_thread::yield();
  }
  ~WritesBesideReads() override {
    history_.release();
    spawn(gate_, "stop", orders_->stop());
    while (gate_.inside() > 0) settle();
  }
  void settle() {
    do {
      shard_loop_.restart();
      engine_.settle_now();
    } while (shard_loop_.poll() > 0);
  }
  ChangeAnswer cancel_now(const OrderId& id) {
    std::optional<ChangeAnswer> answer;
    spawn(gate_, "cancel", cancel(*orders_, id, &answer));
    settle();
    EXPECT_TRUE(answer.has_value()) << "the cancel waits for a reader";
    return answer ? *std::move(answer) : Error{Errc::closed, "not answered"};
  }

  ExecutorFixture engine_;
  Loop shard_loop_{1};
  SlowHistory history_{engine_.log};
  NoQueries queries_;
  Admission admission_;
  std::vector<ShardOrders> open_orders_;
  Worker read_worker_{"test read", 16, readers};
  std::optional<Orders> orders_;
  Gate gate_;
};

TEST_F(WritesBesideReads, AnOpenOrderIsCancelledWithoutARead) {
  serve_on(engine_.loop);
  const OrderId id = engine_.place(1);
  engine_.settle_now();
  const ChangeAnswer answer = cancel_now(id);
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  EXPECT_EQ(answer->version, 2U);
  EXPECT_EQ(engine_.types(id), "OrderAccepted OrderCancelled");
  EXPECT_EQ(history_.order_reads, 0);
}

TEST_F(WritesBesideReads, AnotherOrderIsReadFromTheLogByTheWritesAlone) {
  serve_on(engine_.loop);
  const OrderId id = engine_.place(1);
  engine_.settle_now();
  EXPECT_TRUE(cancel_now(id).ok());
  EXPECT_EQ(cancel_now(id).error().code, Errc::conflict);
  EXPECT_EQ(cancel_now(order_id(9)).error().code, Errc::not_found);
  EXPECT_EQ(history_.order_reads, 2);
  EXPECT_EQ(history_.lists, readers);
}

TEST_F(WritesBesideReads, AnOpenOrderOfAnotherShardIsReadOnTheLoopOfThatShard) {
  serve_on(shard_loop_);
  const OrderId id = engine_.place(1);
  engine_.settle_now();
  std::optional<ChangeAnswer> answer;
  spawn(gate_, "cancel", cancel(*orders_, id, &answer));
  shard_loop_.poll();
  EXPECT_FALSE(answer.has_value()) << "the order is on the engine's loop";
  settle();
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ(engine_.types(id), "OrderAccepted OrderCancelled");
  EXPECT_EQ(history_.order_reads, 0);
}

template <class Answer>
Task<void> keep(Task<Answer> task, std::optional<Answer>* answer) {
  answer->emplace(co_await std::move(task));
}

// Changes of orders that no venue trades, on the log itself.
class Changes : public WritesBesideReads {
 protected:
  Changes() { serve_on(engine_.loop); }

  template <class Answer>
  Answer run(Task<Answer> task) {
    std::optional<Answer> answer;
    spawn(gate_, "change", keep(std::move(task), &answer));
    settle();
    check(answer.has_value(), "the change waits");
    return *std::move(answer);
  }
  AppendAnswer try_to_place(PlaceOrder command = {}) {
    command.input = {"SOL", 9};
    command.output = {"USDC", 6};
    command.amount_in = {1'000'000'000, 9};
    return run(orders_->place(std::move(command), {}));
  }
  OrderId place(PlaceOrder command = {}) {
    const AppendAnswer placed = try_to_place(std::move(command));
    check(placed.ok(), "an order is not accepted");
    return placed->order_id;
  }
  OrderId place_limit() {
    PlaceOrder command;
    command.type = OrderType::limit;
    command.limit_price = Decimal{150, 0};
    command.time_in_force = TimeInForce::gtc;
    return place(std::move(command));
  }
  ChangeAnswer amend(const OrderId& id, Version version, Units amount, std::string key = {}) {
    AmendOrder command;
    command.by = "default";
    command.idempotency_key = std::move(key);
    command.version = version;
    command.terms.amount_in = Decimal{amount, 9};
    return run(orders_->amend(id, std::move(command), {}));
  }
  ChangeAnswer cancel(const OrderId& id, std::string key = {}) {
    CancelOrder command{.by = "default", .why = "a test"};
    command.idempotency_key = std::move(key);
    return run(orders_->cancel(id, std::move(command), {}));
  }
  CancelCounts cancel_all(CancelFilter filter) {
    CancelOrder command{.by = "default", .why = "a test"};
    const auto counts = run(orders_->cancel_all(std::move(filter), std::move(command), {}));
    check(counts.ok(), "the orders are not cancelled");
    return *counts;
  }
  // The order's attempt is at a venue from now on.
  void make_live(const OrderId& id) {
    TransactionBuilt built;
    built.attempt = 1;
    built.venue = "raydium";
    built.amount_in = {1'000'000'000, 9};
    built.expected_out = built.min_out = {150'000'000, 6};
    built.price = {150, 0};
    RouteSelected route;
    route.attempt = 1;
    route.quotes.emplace_back();
    route.quotes[0].venue = "raydium";
    route.quotes[0].amount_out = built.expected_out;
    for (Event event : {Event(RoutingStarted{1}), Event(route), Event(built)}) {
      engine_.append(id, std::move(event));
      settle();
    }
  }
  // REQUIRES: make_live().
  void confirm(const OrderId& id) {
    OrderConfirmed confirmed;
    confirmed.attempt = 1;
    confirmed.venue = "raydium";
    confirmed.amount_in = {1'000'000'000, 9};
    confirmed.amount_out = {150'000'000, 6};
    confirmed.executed_price = {150, 0};
    confirmed.fee = {0, 9};
    engine_.append(id, confirmed);
    settle();
  }
};

TEST_F(Changes, AnAmendmentIsAppendedAtItsVersionAlone) {
  const OrderId id = place_limit();
  const ChangeAnswer first = amend(id, 1, 2'000'000'000);
  ASSERT_TRUE(first.ok()) << first.error().detail;
  EXPECT_EQ(first->version, 2U);
  EXPECT_EQ(first->status, OrderStatus::pending);
  EXPECT_EQ(amend(id, 1, 3'000'000'000).error().code, Errc::stale);
  EXPECT_EQ(amend(id, 3, 3'000'000'000).error().code, Errc::stale);
  EXPECT_EQ(engine_.order(id).amount_in.units, 2'000'000'000U);
  EXPECT_EQ(amend(order_id(9), 1, 1).error().code, Errc::not_found);
  EXPECT_TRUE(cancel(id).ok());
  EXPECT_EQ(amend(id, 3, 1).error().code, Errc::conflict);
  EXPECT_EQ(engine_.types(id), "OrderAccepted OrderAmended OrderCancelled");
}

TEST_F(Changes, AKnownKeyOfAnAmendmentIsAnsweredFirst) {
  const OrderId id = place_limit();
  const ChangeAnswer first = amend(id, 1, 2'000'000'000, "k");
  ASSERT_TRUE(first.ok()) << first.error().detail;
  ASSERT_TRUE(cancel(id).ok());
  const ChangeAnswer again = amend(id, 1, 2'000'000'000, "k");
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->seq, first->seq);
  EXPECT_EQ(again->version, 2U);
  EXPECT_EQ(again->status, OrderStatus::pending) << "as it was then";
  EXPECT_EQ(amend(id, 1, 1'000'000'000, "k").error().code, Errc::key_mismatch);
  EXPECT_EQ(amend(id, 1, 1'000'000'000, "new").error().code, Errc::stale);
}

TEST_F(Changes, ACancelOfALiveAttemptIsRequestedOnce) {
  const OrderId id = place();
  make_live(id);
  const ChangeAnswer first = cancel(id, "k");
  ASSERT_TRUE(first.ok()) << first.error().detail;
  EXPECT_EQ(first->status, OrderStatus::submitted);
  EXPECT_TRUE(first->cancel_requested);
  for (const char* key : {"", "k"}) {
    const ChangeAnswer again = cancel(id, key);
    ASSERT_TRUE(again.ok()) << key << ": " << again.error().detail;
    EXPECT_TRUE(again->cancel_requested) << key;
    EXPECT_EQ(again->seq, first->seq) << key;
    EXPECT_EQ(again->version, first->version) << key;
  }
  EXPECT_EQ(amend(id, first->version, 1).error().code, Errc::conflict);
  EXPECT_EQ(engine_.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt CancelRequested");
}

// Each key has its answer for ever, also when another request came first.
TEST_F(Changes, ASecondKeyOfARequestedCancelIsBoundToItsAnswer) {
  const OrderId id = place();
  make_live(id);
  ASSERT_TRUE(cancel(id, "k").ok());
  const ChangeAnswer second = cancel(id, "other");
  ASSERT_TRUE(second.ok()) << second.error().detail;
  EXPECT_TRUE(second->cancel_requested);
  confirm(id);
  for (const char* key : {"k", "other"}) {
    const ChangeAnswer again = cancel(id, key);
    ASSERT_TRUE(again.ok()) << key << ": " << again.error().detail;
    EXPECT_TRUE(again->replayed) << key;
    EXPECT_EQ(again->status, OrderStatus::submitted) << key;
  }
  EXPECT_EQ(cancel(id).error().code, Errc::conflict);
}

TEST_F(Changes, AResolutionIsAnsweredWithTheStateAfterItsLastEvent) {
  const OrderId id = place();
  make_live(id);
  ASSERT_TRUE(cancel(id).ok());
  ResolveOutcome stated;
  stated.by = "default";
  stated.why = "mail";
  stated.attempt = 1;
  stated.idempotency_key = "k";
  const ChangeAnswer first = run(orders_->resolve(id, stated, {}));
  ASSERT_TRUE(first.ok()) << first.error().detail;
  EXPECT_EQ(first->status, OrderStatus::cancelled);
  const ChangeAnswer again = run(orders_->resolve(id, stated, {}));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->status, first->status);
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(again->seq, first->seq);
}

TEST_F(Changes, OrdersThatMatchAreCancelledTogether) {
  std::vector<OrderId> own;
  for (int i = 0; i < 150; ++i) own.push_back(place());  // more than are cancelled at once
  PlaceOrder of_other;
  of_other.account = "other";
  const OrderId other = place(std::move(of_other));
  make_live(own[0]);
  ASSERT_TRUE(cancel(own[1]).ok());
  EXPECT_EQ(cancel_all({.account = "default", .token = "BONK"}).matched, 0U);
  EXPECT_EQ(cancel_all({.status = OrderStatus::resting}).matched, 0U);
  const CancelCounts counts = cancel_all({.account = "default", .token = "USDC"});
  EXPECT_EQ(counts.matched, 149U);
  EXPECT_EQ(counts.cancelled, 148U);
  EXPECT_EQ(counts.requested, 1U);
  EXPECT_EQ(counts.ended + counts.failed, 0U);
  EXPECT_EQ(engine_.types(other), "OrderAccepted");
  EXPECT_EQ(cancel_all({}).matched, 2U) << "the live one again, and the other account's";
  admission_.draining = true;
  EXPECT_EQ(run(orders_->cancel_all({}, {}, {})).error().code, Errc::closed);
}

TEST_F(Changes, AHaltIsTheReasonBeforeTheLimitOfOpenOrdersAndAfterAKnownKey) {
  PlaceOrder keyed;
  keyed.idempotency_key = "k";
  const OrderId id = place(keyed);
  HaltTrading command{.value = {}, .by = "ops", .why = "depeg"};
  const AppendAnswer halt = run(orders_->halt(command, {}));
  ASSERT_TRUE(halt.ok()) << halt.error().detail;
  admission_.open_orders_max = 0;
  EXPECT_FALSE(orders_->refuses_new_orders()) << "before the body is read nothing is refused";
  PlaceOrder fresh;
  fresh.idempotency_key = "new";
  for (const PlaceOrder& order : {PlaceOrder{}, fresh}) {
    const AppendAnswer refused = try_to_place(order);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::halted);
    EXPECT_NE(refused.error().detail.find("by ops since"), std::string::npos);
    EXPECT_TRUE(refused.error().detail.ends_with(": depeg")) << refused.error().detail;
  }
  const AppendAnswer again = try_to_place(keyed);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->order_id, id);
  EXPECT_TRUE(amend(id, 1, 2'000'000'000).ok());
  EXPECT_TRUE(cancel(id).ok());
  ResumeTrading resume{.halt = halt->first_seq, .by = "ops", .why = "over"};
  EXPECT_TRUE(run(orders_->resume(resume, {})).ok());
  EXPECT_EQ(run(orders_->resume(resume, {})).error().code, Errc::not_found);
  EXPECT_EQ(try_to_place().error().code, Errc::full);
  admission_.open_orders_max = 1;
  EXPECT_TRUE(try_to_place(fresh).ok());
}

TEST_F(Changes, AnOrderByAQuoteIsAcceptedBeforeTheQuotesEndAndRepeatedAfterIt) {
  PlaceOrder keyed;
  keyed.idempotency_key = "k";
  keyed.quote = {"id", 150'000'000, engine_.clock.now() + Micros(10'000'000)};
  const OrderId id = place(keyed);
  const auto order = run(orders_->current(id));
  ASSERT_TRUE(order.ok() && order->has_value());
  EXPECT_EQ((*order)->quote_id, "id");
  EXPECT_EQ((*order)->min_out_floor, 150'000'000U);

  PlaceOrder late = keyed;
  late.idempotency_key = "late";
  late.quote.valid_until = engine_.clock.now();
  PlaceOrder no_quote = late;
  no_quote.quote.valid_until = {};
  for (const PlaceOrder& refused : {late, no_quote})
    EXPECT_EQ(try_to_place(refused).error().code, Errc::conflict);
  for (const WallTime end : {engine_.clock.now(), WallTime{}}) {
    PlaceOrder repeated = keyed;
    repeated.quote.amount_out = 0;
    repeated.quote.valid_until = end;
    const AppendAnswer again = try_to_place(repeated);
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->order_id, id);
  }
}

TEST_F(Changes, TheEnginesOwnStreamIsNoOrder) {
  HaltTrading command{.value = {}, .by = "ops", .why = "depeg"};
  ASSERT_TRUE(run(orders_->halt(command, {})).ok());
  for (const char* key : {"", "k"}) {
    EXPECT_EQ(amend(engine_stream, 1, 1, key).error().code, Errc::not_found) << key;
    EXPECT_EQ(cancel(engine_stream, key).error().code, Errc::not_found) << key;
  }
}

}  // namespace
}  // namespace oee::test
