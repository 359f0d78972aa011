// The projector over the embedded read model: after any failure between the two, the rows are the
// fold of the log.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "projections/embedded/read_model.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/record_log.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"

namespace oee {
namespace {

using test::RandomOrders;
using test::RecordLog;

using test::contents;
using test::fold_of;
using test::log_id;

// A model whose connection fails at random, either before a batch is written or after it is
// committed.
class FlakyModel final : public ReadModel {
 public:
  FlakyModel(ReadModel& model, std::uint64_t seed) : model_(model), random_(seed) {}
  Result<ProjectionCursor> cursor() override {
    if (random_() % 5 == 0) return lost();
    return model_.cursor();
  }
  Result<void> apply(const ProjectionBatch& batch) override {
    const auto dice = random_() % 4;
    if (dice == 0) return lost();
    const auto applied = model_.apply(batch);
    if (dice == 1) {
      if (applied) ++replies_lost;
      return lost();
    }
    return applied;
  }
  int replies_lost = 0;

 private:
  static Error lost() { return Error{Errc::unavailable, "connection lost"}; }
  ReadModel& model_;
  std::mt19937_64 random_;
};

class ProjectorTest : public ::testing::Test {
 protected:
  std::unique_ptr<EmbeddedReadModel> open() {
    auto opened = EmbeddedReadModel::open(dir_.path() / "read_model");
    EXPECT_TRUE(opened.ok()) << opened.error().detail;
    return *std::move(opened);
  }
  static void run_to(Projector& projector, Seq last) {
    for (int steps = 0; projector.metrics().applied < last; ++steps) {
      ASSERT_LT(steps, 100'000);
      const auto step = projector.step();
      ASSERT_TRUE(step.ok() || step.error().code != Errc::corrupt) << step.error().detail;
    }
  }
  test::TemporaryDirectory dir_;
};

TEST_F(ProjectorTest, RowsAreTheFoldAfterEveryBatch) {
  RecordLog log(RandomOrders(1).take(2'000));
  const auto model = open();
  ProjectorOptions options;
  options.batch_records_max = 137;
  Projector projector(log, log_id(1), *model, options);
  for (;;) {
    const auto step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
    if (*step == 0) break;
    const Seq at = projector.metrics().applied;
    ASSERT_EQ(model->cursor()->last_seq, at);
    ASSERT_EQ(contents(*model), fold_of(log, at)) << "at seq " << at;
  }
  EXPECT_EQ(projector.metrics().applied, 2'000U);
}

TEST_F(ProjectorTest, LostRepliesAreNeitherSkippedNorAppliedTwice) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RecordLog log(RandomOrders(seed).take(1'000));
    auto opened = EmbeddedReadModel::open(dir_.path() / std::to_string(seed));
    ASSERT_TRUE(opened.ok());
    FlakyModel flaky(**opened, seed);
    ProjectorOptions options;
    options.batch_records_max = 50;
    Projector projector(log, log_id(1), flaky, options);
    run_to(projector, 1'000);
    EXPECT_GT(flaky.replies_lost, 0);
    EXPECT_EQ(contents(**opened), fold_of(log, 1'000)) << "seed " << seed;
  }
}

TEST_F(ProjectorTest, OrdersDroppedFromTheCacheAreFoldedAgain) {
  RecordLog log(RandomOrders(2, 100).take(3'000));
  const auto model = open();
  ProjectorOptions options;
  options.batch_records_max = 20;
  options.orders_cached_max = 4;
  Projector projector(log, log_id(1), *model, options);
  run_to(projector, 3'000);
  EXPECT_GT(log.order_reads(), 100U);
  EXPECT_EQ(contents(*model), fold_of(log, 3'000));
}

TEST_F(ProjectorTest, RestartedInTheMiddleItContinuesAtTheCursor) {
  RandomOrders random_orders(3);
  RecordLog log(random_orders.take(500));
  {
    const auto model = open();
    Projector projector(log, log_id(1), *model, {});
    run_to(projector, 500);
  }
  log.add(random_orders.take(500));
  const auto model = open();
  ASSERT_EQ(model->cursor()->last_seq, 500U);
  Projector projector(log, log_id(1), *model, {});
  run_to(projector, 1'000);
  EXPECT_EQ(contents(*model), fold_of(log, 1'000));
}

TEST_F(ProjectorTest, ALogThatWentBackInTimeStopsTheEngine) {
  RecordLog log(RandomOrders(4).take(300));
  const auto model = open();
  {
    Projector projector(log, log_id(1), *model, {});
    run_to(projector, 300);
  }
  log.set_durable_head(299);
  std::atomic<int> stops{0};
  std::string why;
  ProjectorOptions options;
  options.on_fail_stop = [&](const Error& error) {
    why = error.detail;
    EXPECT_EQ(error.code, Errc::corrupt);
    ++stops;
  };
  Projector projector(log, log_id(1), *model, options);
  projector.start();
  for (int i = 0; i < 500 && stops == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  projector.stop();
  EXPECT_EQ(stops, 1);
  EXPECT_NE(why.find("299"), std::string::npos) << why;
  EXPECT_NE(why.find("300"), std::string::npos) << why;
}

TEST_F(ProjectorTest, AnotherLogIsNotProjectedAndTheReasonIsReported) {
  RecordLog log(RandomOrders(5).take(300));
  const auto model = open();
  {
    Projector projector(log, log_id(1), *model, {});
    run_to(projector, 300);
  }
  const auto before = contents(*model);
  RecordLog other(RandomOrders(6).take(600));
  ProjectorOptions options;
  options.backoff_min = Micros(1'000);
  options.on_fail_stop = [](const Error& error) { ADD_FAILURE() << error.detail; };
  Projector projector(other, log_id(2), *model, options);
  EXPECT_NE(projector.unhealthy_reason(), "") << "the model has not answered";
  projector.start();
  const auto reported = [&] {
    return projector.unhealthy_reason().find("another log") != std::string::npos;
  };
  for (int i = 0; i < 500 && !reported(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(reported()) << projector.unhealthy_reason();
  projector.stop();
  EXPECT_EQ(contents(*model), before);
}

TEST_F(ProjectorTest, AnIllegalEventInTheLogStopsTheEngine) {
  std::vector<Record> records = RandomOrders(7).take(100);
  records[60].version += 1;
  RecordLog log(records);
  const auto model = open();
  Projector projector(log, log_id(1), *model, {});
  Result<std::size_t> step = std::size_t{1};
  while (step && *step > 0) step = projector.step();
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.error().code, Errc::corrupt);
  EXPECT_NE(step.error().detail.find("61"), std::string::npos) << step.error().detail;
}

TEST_F(ProjectorTest, ItsThreadFollowsTheLogAndStopsQuickly) {
  RandomOrders random_orders(8);
  RecordLog log(random_orders.take(100));
  const auto model = open();
  Projector projector(log, log_id(1), *model, {});
  projector.start();
  for (Seq head = 200; head <= 2'000; head += 100) {
    log.add(random_orders.take(100));
    for (int i = 0; i < 2'000 && projector.metrics().applied < head; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(projector.metrics().applied, head);
  }
  EXPECT_EQ(projector.unhealthy_reason(), "");
  const auto began = std::chrono::steady_clock::now();
  projector.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(contents(*model), fold_of(log, 2'000));
}

}  // namespace
}  // namespace oee
