// The wait for the read model: many requests wait, and one query at a time serves them all.
#include "api/orders/read_model_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "api/orders/orders.h"
#include "core/runtime/spawn.h"
#include "core/runtime/system_clock.h"
#include "projections/embedded/read_model.h"
#include "projections/postgres/adapters.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/record_log.h"
#include "tests/support/orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {
namespace {

// Counts the queries for the position.
class CountedQueries final : public OrderQueries {
 public:
  explicit CountedQueries(OrderQueries* model = nullptr) : model_(model) {}
  Result<ProjectionCursor> cursor() override {
    ++count;
    if (model_ != nullptr) return model_->cursor();
    if (fail_with) return *fail_with;
    return ProjectionCursor{{}, position};
  }
  Result<Page<Order>> orders(const OrderFilter&) override { return Page<Order>(); }
  Result<Page<Order>> dead_letters(std::uint32_t, const std::string&, const std::string&) override {
    return Page<Order>();
  }
  Result<DeadLetterCounts> dead_letter_counts(const std::string&) override {
    return DeadLetterCounts();
  }

  std::atomic<int> count{0};
  Seq position = 0;
  std::optional<Error> fail_with;

 private:
  OrderQueries* model_;
};

// --- In virtual time -----------------------------------------------------------------------------

class ReadModelWaitTest : public ::testing::Test {
 protected:
  ~ReadModelWaitTest() override {
    stop();
    run();
  }
  void stop() { spawn(gate_, "stop", wait_.stop()); }
  // `answers[i]` is set when the i-th wait ends: "" or the error's code.
  void start(Seq seq) {
    answers.emplace_back();
    spawn(gate_, "wait", wait_for(seq, answers.size() - 1));
  }
  Task<void> wait_for(Seq seq, std::size_t index) {
    const auto reached = co_await wait_.reach(seq);
    answers[index] = reached.ok() ? "" : std::string(to_string(reached.error().code));
  }
  void run() {
    while (loop_.poll() > 0) {
    }
    loop_.restart();
  }
  void run_for(Micros time) {
    const SteadyTime until = clock_.steady_now() + time;
    clock_.call_at(until, [] {});
    run();
    while (clock_.steady_now() < until && clock_.fire_next()) run();
  }
  long answered() const {
    return std::count_if(answers.begin(), answers.end(),
                         [](const auto& a) { return a.has_value(); });
  }

  CountedQueries queries_;
  std::vector<std::optional<std::string>> answers;

 private:
  Loop loop_{1};
  VirtualClock clock_;
  Worker worker_{loop_, 8};
  Gate gate_;
  ReadModelWait wait_{loop_, clock_, queries_, worker_};
};

TEST_F(ReadModelWaitTest, AHundredWaitsCostTheQueriesOfOne) {
  for (Seq seq = 1; seq <= 100; ++seq) start(seq);
  run_for(Micros(1'000'000));
  EXPECT_EQ(answered(), 0);
  EXPECT_LE(queries_.count, 102);
  queries_.position = 60;
  run_for(Micros(10'000));
  EXPECT_EQ(answered(), 60);
  EXPECT_THAT(answers[59], testing::Optional(std::string()));
  run_for(Micros(1'000'000));
  EXPECT_EQ(answered(), 100);
  EXPECT_THAT(answers[60], testing::Optional(std::string("unavailable")));
  EXPECT_LE(queries_.count, 203);
  const int count = queries_.count;
  run_for(Micros(1'000'000));
  EXPECT_EQ(queries_.count, count) << "a query without a request";
}

TEST_F(ReadModelWaitTest, AWaitNeedsAQueryThatBeganAfterIt) {
  queries_.position = 9;
  start(1);
  start(9);  // the first query is on its way
  run();
  EXPECT_EQ(answered(), 2);
  EXPECT_EQ(queries_.count, 2);
}

TEST_F(ReadModelWaitTest, ANewRequestDoesNotWaitForTheNextTurn) {
  start(5);
  run_for(Micros(3'000));
  queries_.position = 2;
  start(2);
  run();
  EXPECT_EQ(answers[1], "");
}

TEST_F(ReadModelWaitTest, AFailedQueryIsTheAnswer) {
  queries_.fail_with = Error{Errc::unavailable, "the database is down"};
  start(1);
  run();
  EXPECT_THAT(answers[0], testing::Optional(std::string("unavailable")));
  queries_.fail_with.reset();
  queries_.position = 1;
  start(1);
  run();
  EXPECT_THAT(answers[1], testing::Optional(std::string()));
}

TEST_F(ReadModelWaitTest, AStopEndsTheWaitsAtOnce) {
  start(1);
  run_for(Micros(3'000));
  start(2);  // its query is on its way
  stop();
  EXPECT_THAT(answers, testing::Each(testing::Optional(std::string("closed"))));
  start(3);
  EXPECT_THAT(answers[2], testing::Optional(std::string("closed")));
}

// --- With the real read models -------------------------------------------------------------------

class EmptyLog final : public OrderHistory {
 public:
  Result<std::optional<Order>> order(const OrderId&, std::optional<Seq>) override {
    return std::optional<Order>();
  }
  Result<Events> events(const EventFilter&) override { return Events(); }
  Result<std::vector<Record>> records(const OrderId&, std::optional<Seq>) override {
    return std::vector<Record>();
  }
};

class ReadModelWaiting : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "embedded") {
      auto opened = EmbeddedReadModel::open(dir_.path() / "read_model");
      ASSERT_TRUE(opened.ok()) << opened.error().detail;
      embedded_ = *std::move(opened);
    } else {
      PostgresOptions options;
      options.url = PostgresServer::shared_database();
      postgres_ = make_postgres_read_model(options);
      ASSERT_TRUE(postgres_->cursor().ok());
      postgres_queries_ = make_postgres_queries(options);
    }
  }
  ReadModel& model() { return embedded_ ? *embedded_ : *postgres_; }
  OrderQueries& queries() { return embedded_ ? *embedded_ : *postgres_queries_; }

 private:
  TemporaryDirectory dir_;
  std::unique_ptr<EmbeddedReadModel> embedded_;
  std::unique_ptr<ReadModel> postgres_;
  std::unique_ptr<OrderQueries> postgres_queries_;
};

Task<void> list_after(Orders& orders, Seq seq, int& listed, int& left, Loop& loop) {
  OrderFilter filter;
  const auto page = co_await orders.orders(std::move(filter), seq);
  if (page.ok()) ++listed;
  if (--left == 0) loop.stop();
}

TEST_P(ReadModelWaiting, AHundredRequestsCostTheQueriesOfOne) {
  RecordLog log(RandomOrders(1).take(100));
  CountedQueries counted(&queries());
  EmptyLog history;
  Loop loop{1};
  SystemClock clock{loop};
  SystemEntropy entropy{1};
  Worker worker{"test query", 1'000};
  Orders orders(
      loop, clock, entropy,
      {.history = history, .history_worker = worker, .queries = counted, .queries_worker = worker},
      std::nullopt);
  Gate gate;
  int listed = 0;
  int left = 100;
  for (int i = 0; i < 100; ++i) spawn(gate, "list", list_after(orders, 100, listed, left, loop));
  clock.call_at(clock.steady_now() + Micros(500'000), [&] {
    EXPECT_EQ(left, 100);
    Projector projector(log, log_id(1), model(), {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    EXPECT_TRUE(step.ok());
  });
  const boost::asio::executor_work_guard<Loop::executor_type> keep(loop.get_executor());
  loop.run();
  EXPECT_EQ(listed, 100);
  EXPECT_LE(counted.count, 150);  // one each 10 ms, for 500 ms and the projection
  loop.restart();
  spawn(gate, "stop", orders.stop());
  while (gate.inside() > 0) loop.run_one();
}

INSTANTIATE_TEST_SUITE_P(Models, ReadModelWaiting, ::testing::Values("embedded", "postgres"));

}  // namespace
}  // namespace oee::test
