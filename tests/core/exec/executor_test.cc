// The executor over a memory log, a virtual clock and scripted venues: one thread, no waiting.
#include "core/exec/executor.h"

#include <gtest/gtest.h>

#include <set>

#include "eventlog/memory_log.h"
#include "tests/support/orders.h"
#include "tests/support/scripted_venue.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

using test::Act;

class CountingEntropy final : public Entropy {
 public:
  std::uint64_t next() override { return 0; }
};

// One shard: rebuilt by restart() over the same log and venues.
class ExecutorFixture {
 public:
  ExecutorFixture() : log(clock), raydium("raydium", clock), meteora("meteora", clock) {
    meteora.quoted_out = 148'000'000;
    build({});
  }
  ~ExecutorFixture() { stop(); }

  void restart() {
    stop();
    Seq as_of = 0;
    auto open = recover_open_orders(log, &as_of);
    ASSERT_TRUE(open.ok()) << open.error().detail;
    build(*std::move(open));
  }

  OrderId place(std::uint64_t n, std::optional<WallTime> expires_at = std::nullopt) {
    OrderAccepted event = test::accepted_event();
    event.expires_at = expires_at;
    AppendRequest request;
    request.order_id = test::order_id(n);
    request.events.push_back(event);
    log.append(std::move(request), sink, nullptr);
    return test::order_id(n);
  }
  void append(const OrderId& id, Event event) {
    AppendRequest request;
    request.order_id = id;
    request.expected_version = story(id).back().version;
    request.correlation = trace;
    request.events.push_back(std::move(event));
    log.append(std::move(request), sink, nullptr);
  }

  // Runs until nothing is left to do at this instant; returns the number of group commits.
  int settle_now() {
    int commits = 0;
    for (;;) {
      loop.restart();
      read_loop.restart();
      const auto ran = loop.poll() + (reader_held ? 0 : read_loop.poll());
      const auto wrote = log.write();
      if (wrote > 0) {
        log.sync();
        ++commits;
      }
      if (ran == 0 && wrote == 0) return commits;
    }
  }
  void run_for(Micros time) {
    const SteadyTime until = clock.steady_now() + time;
    bool due = false;
    const auto marker = clock.call_at(until, [&due] { due = true; });
    settle_now();
    while (!due && clock.fire_next()) settle_now();
    clock.cancel(marker);
  }

  std::vector<Record> story(const OrderId& id) { return *log.read_order(id); }
  std::string types(const OrderId& id) {
    std::string out;
    for (const Record& record : story(id))
      out += std::string(out.empty() ? "" : " ") + std::string(to_string(type_of(record.event)));
    return out;
  }
  Order order(const OrderId& id) { return **fold_order(story(id)); }

  test::VirtualClock clock;
  MemoryLog log;
  test::ScriptedVenue raydium, meteora;
  ExecutorOptions options;
  Loop loop{1};
  Loop read_loop{1};
  CountingEntropy entropy;

  struct NullSink final : BlockSink {
    void deliver(BlockPtr, std::vector<Answer>) override {}
  } sink;
  std::unique_ptr<Worker> read;
  std::unique_ptr<Appender> appender;
  std::unique_ptr<OpenOrders> orders;
  std::unique_ptr<Executor> executor;

  bool reader_held = false;  // reads of the log wait
  CorrelationId trace;       // of what append() appends

  // The log as the executor sees it: an order's records may turn out to be damaged.
  struct SeenLog final : EventLog {
    explicit SeenLog(MemoryLog& log) : inner(log) {}
    void append(AppendRequest request, BlockSink& origin, void* ticket) override {
      inner.append(std::move(request), origin, ticket);
    }
    Result<BlockPtr> read(Seq from, std::size_t limit) override { return inner.read(from, limit); }
    Result<std::vector<Record>> read_order(const OrderId& id) override {
      if (damaged) return Error{Errc::corrupt, "the block's checksum is wrong"};
      return inner.read_order(id);
    }
    Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
      return inner.wait_past(seq, wait);
    }
    Result<OpenOrderHint> load_hint() override { return inner.load_hint(); }
    Result<void> store_hint(const OpenOrderHint& hint) override { return inner.store_hint(hint); }
    MemoryLog& inner;
    bool damaged = false;
  } seen_log{log};

 private:
  void build(std::vector<Order> open) {
    read = std::make_unique<Worker>(read_loop, 16);
    appender = std::make_unique<Appender>(log, loop);
    orders = std::make_unique<OpenOrders>(0, 1);
    executor = std::make_unique<Executor>(*orders, seen_log, *appender, loop, clock, entropy, *read,
                                          std::vector<Venue*>{&raydium, &meteora}, options);
    appender->observe(*executor);
    BlockSink* sinks[] = {appender.get(), &sink};
    log.start(sinks);
    const Seq as_of = log.wait_past(0, std::chrono::milliseconds(0));
    executor->recover(std::move(open), as_of);
    executor->start();
  }
  void stop() {
    Gate gate;
    bool stopped = false;
    spawn(gate, "stop", stop_executor(&stopped));
    settle_now();
    while (!stopped && clock.fire_next()) settle_now();
    ASSERT_TRUE(stopped);
    executor.reset();
    orders.reset();
    read.reset();
  }
  Task<void> stop_executor(bool* stopped) {
    co_await executor->stop();
    *stopped = true;
  }
};

TEST(Executor, ConfirmsAnOrderInThreeGroupCommits) {
  ExecutorFixture fixture;
  const OrderId id = fixture.place(1);
  EXPECT_EQ(fixture.settle_now(), 3);
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderConfirmed");
  const Order order = fixture.order(id);
  EXPECT_EQ(order.venue, "raydium");
  EXPECT_EQ(to_text(order.executed_price), "149");
  EXPECT_EQ(fixture.executor->stats().open, 0U);
}

TEST(Executor, StartsAnAttemptDurablyWhenQuotesTakeTime) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.types(id), "OrderAccepted RoutingStarted");
  fixture.run_for(Micros{300'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
}

TEST(Executor, ALostReplyIsUnknownAndThenFoundSettledOnce) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_reply};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt OutcomeUnknown "
            "TransactionSubmitted OrderConfirmed");
  EXPECT_EQ(fixture.raydium.settlements.size(), 1U);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, ALostRequestIsSubmittedAgainUnderTheSameId) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request, Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  ASSERT_EQ(fixture.raydium.submits.size(), 3U);
  for (const VenueOrderId& submitted : fixture.raydium.submits)
    EXPECT_EQ(submitted, venue_order_id_of(id, 1));
  EXPECT_EQ(fixture.raydium.settlements[venue_order_id_of(id, 1)], 1);
}

TEST(Executor, ATransactionInFlightIsAskedForUntilItEnds) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  EXPECT_TRUE(fixture.order(id).tx_hash.has_value());
  fixture.run_for(Micros{3'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, RetriesWithBackOffThenTheOrderIsADeadLetter) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage, Act::refuse_slippage, Act::refuse_slippage};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'900'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
  fixture.run_for(Micros{200'000});  // 2 s: the second attempt
  EXPECT_EQ(fixture.raydium.submits.size(), 2U);
  fixture.run_for(Micros{3'800'000});
  EXPECT_EQ(fixture.raydium.submits.size(), 2U);
  fixture.run_for(Micros{400'000});  // 2 s + 4 s: the third
  EXPECT_EQ(fixture.raydium.submits.size(), 3U);
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::failed);
  EXPECT_EQ(order.attempts_made, 3U);
  EXPECT_EQ(
      std::set<VenueOrderId>(fixture.raydium.submits.begin(), fixture.raydium.submits.end()).size(),
      3U);
}

TEST(Executor, ARequeuedDeadLetterGoesOnWithTheNextAttemptNumber) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  EXPECT_EQ(fixture.orders->size(), 0U);
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_EQ(order.attempt, 2U);
}

// The open-order hint is made of open_ids(): an order that it leaves out, though its requeue is
// folded, would not be found after a crash.
TEST(Executor, ARequeuedOrderIsOpenWhileItIsStillBeingFolded) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  EXPECT_TRUE(fixture.executor->open_ids().empty());
  fixture.reader_held = true;
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  ASSERT_EQ(fixture.executor->stats().folded.load(), fixture.story(id).back().seq);
  EXPECT_EQ(fixture.executor->open_ids(), std::vector{id});
  fixture.reader_held = false;
  fixture.settle_now();
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_TRUE(fixture.executor->open_ids().empty());
}

TEST(Executor, ARequeuedOrderThatCannotBeReadIsNamedWithItsSeqAndTrace) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_invalid};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{1'000'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::failed);
  fixture.seen_log.damaged = true;
  fixture.trace.bytes[0] = 7;
  testing::internal::CaptureStderr();
  fixture.append(id, DeadLetterRequeued{"ops", "again"});
  fixture.settle_now();
  const std::string said = testing::internal::GetCapturedStderr();
  const Record requeued = fixture.story(id).back();
  EXPECT_NE(said.find("a requeued order cannot be read order=" + to_text(id) +
                      " seq=" + std::to_string(requeued.seq) +
                      " trace=" + to_text(requeued.correlation) + " version=6"),
            std::string::npos)
      << said;
}

TEST(Executor, ACancelDuringBackOffWins) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::refuse_slippage};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{500'000});
  ASSERT_EQ(fixture.order(id).phase, Phase::pending);
  fixture.append(id, OrderCancelled{"default", "asked"});
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::cancelled);
  EXPECT_EQ(fixture.raydium.submits.size(), 1U);
}

TEST(Executor, ACancelThatWinsTheRaceAgainstRoutingEndsTheOrder) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{200'000};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.append(id, OrderCancelled{"default", "asked"});
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::cancelled);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AnOrderPastItsExpiryIsNeverBuilt) {
  ExecutorFixture fixture;
  fixture.raydium.quote_delay = Micros{500'000};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{100'000});
  fixture.run_for(Micros{2'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AfterARestartALiveAttemptIsAskedForBeforeAnythingElse) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  ASSERT_EQ(fixture.order(id).phase, Phase::submitted);
  ASSERT_TRUE(fixture.order(id).outcome_unknown);
  fixture.restart();
  fixture.raydium.asked.clear();
  const auto submits_before = fixture.raydium.submits.size();
  fixture.settle_now();
  ASSERT_FALSE(fixture.raydium.asked.empty());
  EXPECT_EQ(fixture.raydium.submits.size(), submits_before);
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.raydium.settlements[venue_order_id_of(id, 1)], 1);
}

TEST(Executor, AnExpiredTransactionIsFollowedByANewAttempt) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::lose_request};
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.raydium.script.assign(50, Act::lose_request);
  fixture.raydium.height = 1'000;  // past valid until
  fixture.run_for(Micros{1'500'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::pending);
  EXPECT_EQ(fixture.order(id).error, ErrorClass::attempt_expired);
  fixture.raydium.script.clear();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).attempt, 2U);
}

TEST(Executor, ExpiryWithAnUnknownFateCancelsAtTheVenueFirst) {
  ExecutorFixture fixture;
  fixture.raydium.script.assign(50, Act::lose_request);
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{1'500'000});
  fixture.run_for(Micros{30'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
  EXPECT_TRUE(fixture.raydium.settlements.empty());
  EXPECT_EQ(fixture.raydium.ledger.begin()->second.status, VenueStatus::cancelled);
}

TEST(Executor, WithoutAnyQuoteTheAttemptFailsAndIsRetried) {
  ExecutorFixture fixture;
  fixture.raydium.quote_error = Error{Errc::unavailable, "down"};
  fixture.meteora.quote_error = Error{Errc::timeout, "slow"};
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{100'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted RoutingStarted AttemptFailed");
  fixture.meteora.quote_error.reset();
  fixture.run_for(Micros{10'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::confirmed);
  EXPECT_EQ(fixture.order(id).venue, "meteora");
}

TEST(Executor, TheFifthInterruptionFailsTheOrder) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  // Five starts of the engine, each of which died while routing.
  for (int i = 0; i < 5; ++i) {
    fixture.append(id, RoutingStarted{1});
    fixture.settle_now();
  }
  fixture.options.concurrency = 10;
  fixture.restart();
  fixture.settle_now();
  const Order order = fixture.order(id);
  EXPECT_EQ(order.phase, Phase::failed) << fixture.types(id);
  EXPECT_EQ(order.error, ErrorClass::interrupted);
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_TRUE(fixture.raydium.submits.empty());
}

TEST(Executor, AnInterruptedRoutingIsStartedAgainDurably) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.settle_now();
  fixture.append(id, RoutingStarted{1});
  fixture.settle_now();
  fixture.options.concurrency = 10;
  fixture.restart();
  EXPECT_EQ(fixture.settle_now(), 3);
  EXPECT_EQ(fixture.types(id),
            "OrderAccepted RoutingStarted RoutingStarted RouteSelected TransactionBuilt "
            "TransactionSubmitted OrderConfirmed");
}

TEST(Executor, NeverExecutesMoreOrdersAtOnceThanItMay) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 3;
  fixture.restart();
  fixture.raydium.quote_delay = Micros{1'000'000};
  for (std::uint64_t n = 1; n <= 10; ++n) fixture.place(n);
  fixture.settle_now();
  EXPECT_EQ(fixture.executor->stats().open, 10U);
  int routing = 0;
  for (std::uint64_t n = 1; n <= 10; ++n)
    routing += fixture.order(test::order_id(n)).phase == Phase::routing;
  EXPECT_EQ(routing, 3);
  fixture.run_for(Micros{10'000'000});
  for (std::uint64_t n = 1; n <= 10; ++n)
    EXPECT_EQ(fixture.order(test::order_id(n)).phase, Phase::confirmed);
}

TEST(Executor, HoldsOrdersWhenConcurrencyIsZero) {
  ExecutorFixture fixture;
  fixture.options.concurrency = 0;
  fixture.restart();
  const OrderId id = fixture.place(1);
  fixture.run_for(Micros{5'000'000});
  EXPECT_EQ(fixture.types(id), "OrderAccepted");
}

}  // namespace
}  // namespace oee
