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

Task<void> cancel(Orders& orders, OrderId id, std::optional<AppendAnswer>* answer) {
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
  AppendAnswer cancel_now(const OrderId& id) {
    std::optional<AppendAnswer> answer;
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
  const AppendAnswer answer = cancel_now(id);
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
  std::optional<AppendAnswer> answer;
  spawn(gate_, "cancel", cancel(*orders_, id, &answer));
  shard_loop_.poll();
  EXPECT_FALSE(answer.has_value()) << "the order is on the engine's loop";
  settle();
  ASSERT_TRUE(answer.has_value() && answer->ok());
  EXPECT_EQ(engine_.types(id), "OrderAccepted OrderCancelled");
  EXPECT_EQ(history_.order_reads, 0);
}

}  // namespace
}  // namespace oee::test
