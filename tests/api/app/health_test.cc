// The reasons of /readyz that come from positions: consumers far behind, tables of another log.
#include "api/app/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "projections/embedded/read_model.h"
#include "projections/in_process_bus.h"
#include "tests/eventlog/rocks/rocks_fixture.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// --- An engine -----------------------------------------------------------------------------------

// A log with five records, and consumers that move only when the test moves them.
class EngineReadiness : public RocksFixture {
 protected:
  void SetUp() override {
    open_and_start();
    auto opened = EmbeddedReadModel::open(data_.path() / "read_model");
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    model_ = *std::move(opened);
    projector_.emplace(*log_, log_->identity(), *model_, ProjectorOptions{});
    publisher_.emplace(*log_, log_->identity(), bus_);
    bus_.start();
    publisher_->step();  // it begins at the head
    ASSERT_TRUE(projector_->step().ok());
    append_orders(1, 5);
    lags_.emplace(*log_, *projector_, *publisher_);
    add_consumer_health(health_, *log_, *projector_, *publisher_, *lags_);
  }
  std::vector<std::string> reasons_after(std::chrono::seconds time) {
    now_ += time;
    lags_->sample(now_);
    return health_.readiness().reasons;
  }

  std::unique_ptr<EmbeddedReadModel> model_;
  InProcessBus bus_;
  std::optional<Projector> projector_;
  std::optional<Publisher> publisher_;

 private:
  HealthRegistry health_;
  std::optional<ConsumerLags> lags_;
  SteadyTime now_{1'000s};
};

TEST_F(EngineReadiness, AConsumerIsNamedWhenItIsMoreThan30SecondsBehind) {
  EXPECT_THAT(reasons_after(1s), IsEmpty());
  EXPECT_THAT(reasons_after(30s), IsEmpty());
  EXPECT_THAT(reasons_after(1s), ElementsAre("the projector is 5 events and 31 s behind",
                                             "the publisher is 5 events and 31 s behind"));
  while (publisher_->step()) {
  }
  EXPECT_THAT(reasons_after(1s), ElementsAre("the projector is 5 events and 32 s behind"));
  ASSERT_TRUE(projector_->step().ok());
  EXPECT_THAT(reasons_after(1s), IsEmpty());
}

// --- A gateway -----------------------------------------------------------------------------------

// The cursor of PostgreSQL, or its error.
class GatewayCursor final : public OrderQueries {
 public:
  Result<ProjectionCursor> cursor() override { return answer; }
  Result<Page<Order>> orders(const OrderFilter&) override { return Page<Order>(); }
  Result<Page<Order>> dead_letters(std::uint32_t, const std::string&, const std::string&) override {
    return Page<Order>();
  }
  Result<DeadLetterCounts> dead_letter_counts(const std::string&) override {
    return DeadLetterCounts();
  }
  Result<ProjectionCursor> answer = ProjectionCursor{};
};

class GatewayReadiness : public testing::Test {
 protected:
  GatewayReadiness() { add_gateway_health(health_, probe_, announced_, lag_, clock_); }
  // As the gateway's main loop does every second.
  void upkeep(bool probe_answers = true) {
    probe_.start(worker_, queries_, clock_.steady_now());
    if (probe_answers) loop_.poll();
    loop_.restart();
    clock_.advance(1s);
    lag_.sample(clock_.steady_now(), announced_.get().last_seq, probe_.projected().last_seq);
  }
  Readiness readiness() const { return health_.readiness(); }

  GatewayCursor queries_;
  AnnouncedHead announced_;

 private:
  Loop loop_{1};
  VirtualClock clock_;
  Worker worker_{loop_, 8};
  PostgresProbe probe_;
  ConsumerLag lag_;
  HealthRegistry health_;
};

TEST_F(GatewayReadiness, AProjectionFarBehindTheAnnouncedHeadIsNamed) {
  announced_.on_head(log_id(1), 100);
  queries_.answer = ProjectionCursor{log_id(1), 40};
  for (int second = 0; second < 30; ++second) upkeep();
  EXPECT_THAT(readiness().reasons, IsEmpty());
  for (int second = 0; second < 2; ++second) upkeep();
  EXPECT_THAT(readiness().reasons, ElementsAre("the projection is 60 events and 31 s behind"));
  queries_.answer = ProjectionCursor{log_id(1), 100};
  for (int second = 0; second < 2; ++second) upkeep();
  EXPECT_THAT(readiness().reasons, IsEmpty());
}

TEST_F(GatewayReadiness, OneFalseHeadMakesNoGatewayUnready) {
  announced_.on_head(log_id(1), 100);
  queries_.answer = ProjectionCursor{log_id(1), 100};
  upkeep();
  announced_.on_head(log_id(1), 9'000'000'000'000'000'000);
  upkeep();
  EXPECT_THAT(readiness().reasons, IsEmpty());
}

TEST_F(GatewayReadiness, TablesOfAnotherLogAreNamedWithBothLogs) {
  announced_.on_head(log_id(2), 100);
  queries_.answer = ProjectionCursor{log_id(1), 100};
  upkeep();
  EXPECT_THAT(readiness().reasons,
              ElementsAre("PostgreSQL's tables are of log " + to_text(LogIdentity(log_id(1))) +
                          ", Redis announces log " + to_text(LogIdentity(log_id(2)))));
  EXPECT_THAT(readiness().words, ElementsAre("the read model is of another log"));
}

TEST_F(GatewayReadiness, APostgresThatFailsOrHangsIsNamed) {
  queries_.answer = Error{Errc::unavailable, "postgres: connection refused"};
  upkeep();
  EXPECT_THAT(readiness().reasons, ElementsAre("postgres: cannot be read"));
  queries_.answer = ProjectionCursor{log_id(1), 1};
  upkeep();
  EXPECT_THAT(readiness().reasons, IsEmpty());
  for (int second = 0; second < 3; ++second) upkeep(false);
  EXPECT_THAT(readiness().reasons, IsEmpty());
  upkeep(false);
  EXPECT_THAT(readiness().reasons, ElementsAre("postgres: no answer"));
  upkeep();
  EXPECT_THAT(readiness().reasons, IsEmpty());
}

}  // namespace
}  // namespace oee::test
