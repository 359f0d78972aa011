// Reads on a gateway: its projection may be behind the head that the bus announced.
#include <gtest/gtest.h>

#include "api/orders/orders.h"
#include "core/runtime/spawn.h"
#include "tests/api/stream/stream_fixture.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

// The position of the tables. Their rows are those of a SampleHistory.
class TablesPosition final : public OrderQueries {
 public:
  Result<ProjectionCursor> cursor() override { return ProjectionCursor{log_id(1), position}; }
  Result<Page<Order>> orders(const OrderFilter&) override { return Page<Order>(); }
  Result<Page<Order>> dead_letters(std::uint32_t, const std::string&, const std::string&) override {
    return Page<Order>();
  }
  Result<DeadLetterCounts> dead_letter_counts(const std::string&) override {
    return DeadLetterCounts();
  }
  Seq position = 0;
};

// The log: order 1 in the seqs 1 (accepted) to 6 (confirmed), order 2 accepted in seq 7.
class GatewayReads : public testing::Test {
 protected:
  GatewayReads() {
    for (std::uint32_t i = 0; i < usual_steps; ++i) sample_.step(order_id(1));
    sample_.step(order_id(2));
  }
  ~GatewayReads() override {
    spawn(gate_, "stop", orders_.stop());
    run();
  }
  void announce(Seq head) { announced_.on_head(log_id(1), head); }
  void project(Seq seq) {
    history_.reach(seq);
    queries_.position = seq;
  }
  void ask(std::uint64_t order, std::optional<Seq> at = std::nullopt) {
    answer_ = "waits";
    spawn(gate_, "read", read(order_id(order), at));
    run();
  }
  // The answer also has the number and the status of each leg.
  void ask_with_legs(std::uint64_t order, std::optional<Seq> at = std::nullopt) {
    answer_ = "waits";
    spawn(gate_, "read with legs", read_with_legs(order_id(order), at));
    run();
  }
  // "waits", the code of the error, "none", or the order's status. Each wait polls every 10 ms.
  const std::string& answer_after(std::chrono::milliseconds time) {
    const SteadyTime until = clock_.steady_now() + time;
    clock_.call_at(until, [] {});
    while (clock_.steady_now() < until && clock_.fire_next()) run();
    return answer_;
  }
  Seq position_of(ReadSource source) {
    Seq position = 0;
    spawn(gate_, "position", read_position(source, position));
    run();
    return position;
  }

  std::string answer_;

 private:
  Task<void> read(OrderId id, std::optional<Seq> at) {
    const auto found = co_await orders_.order(id, at);
    if (!found.ok()) {
      answer_ = to_string(found.error().code);
    } else {
      answer_ = found->has_value() ? to_string((*found)->status()) : "none";
    }
  }
  Task<void> read_with_legs(OrderId id, std::optional<Seq> at) {
    const auto found = co_await orders_.order_and_legs(id, at);
    if (!found.ok() || !*found) {
      answer_ = found.ok() ? "none" : to_string(found.error().code);
      co_return;
    }
    answer_ = to_string((*found)->order.status());
    for (const Leg& leg : (*found)->legs)
      answer_ += ", " + std::to_string(leg.number) + ": " + std::string(to_string(leg.status));
  }
  Task<void> read_position(ReadSource source, Seq& position) {
    const auto read = co_await orders_.read_position(source);
    if (read.ok()) position = *read;
  }
  void run() {
    while (loop_.poll() > 0) {
    }
    loop_.restart();
  }

  Loop loop_{1};
  VirtualClock clock_;
  SystemEntropy entropy_{1};
  SampleLog sample_;
  SampleHistory history_{sample_};
  TablesPosition queries_;
  AnnouncedHead announced_;
  Worker worker_{loop_, 8};
  Gate gate_;
  Orders orders_{loop_, clock_, entropy_,
                 Orders::Reading{.history = history_,
                                 .history_worker = worker_,
                                 .queries = queries_,
                                 .queries_worker = worker_,
                                 .announced = &announced_},
                 std::nullopt};
};

TEST_F(GatewayReads, AnOrderThatIsNotProjectedYetIsWaitedFor) {
  announce(7);
  project(6);
  ask(2);
  EXPECT_EQ(answer_after(500ms), "waits");
  project(7);
  EXPECT_EQ(answer_after(20ms), "pending");
}

TEST_F(GatewayReads, AfterTwoSecondsTheAnswerIsUnavailable) {
  announce(7);
  project(6);
  ask(2);
  EXPECT_EQ(answer_after(1'990ms), "waits");
  EXPECT_EQ(answer_after(20ms), "unavailable");
}

TEST_F(GatewayReads, AnOrderIsUnknownOnlyWhenTheProjectionHasReachedTheHead) {
  announce(7);
  project(6);
  ask(9);
  EXPECT_EQ(answer_after(500ms), "waits");
  project(7);
  EXPECT_EQ(answer_after(20ms), "none");
  ask(9);
  EXPECT_EQ(answer_, "none") << "the projection is at the head";
}

TEST_F(GatewayReads, AnOrderWithItsLegsIsWaitedForAlike) {
  announce(7);
  project(3);
  ask_with_legs(1, 5);
  EXPECT_EQ(answer_after(500ms), "waits") << "not the state at seq 3";
  project(5);
  EXPECT_EQ(answer_after(20ms), "submitted, 1: submitted");
  project(6);
  ask_with_legs(1);
  EXPECT_EQ(answer_, "confirmed, 1: filled");
  ask_with_legs(1, 3);
  EXPECT_EQ(answer_, "routing");
  ask_with_legs(2);
  EXPECT_EQ(answer_after(500ms), "waits");
  project(7);
  EXPECT_EQ(answer_after(20ms), "pending");
}

TEST_F(GatewayReads, AnOrderThatIsProjectedIsAnsweredAtOnce) {
  announce(1'000);
  project(6);
  ask(1);
  EXPECT_EQ(answer_, "confirmed");
}

TEST_F(GatewayReads, BeforeTheFirstHeadNothingIsWaitedFor) {
  project(6);
  ask(9);
  EXPECT_EQ(answer_, "none");
}

TEST_F(GatewayReads, AStateAtASeqWaitsForTheProjectionToReachIt) {
  announce(7);
  project(3);
  ask(1, 5);
  EXPECT_EQ(answer_after(500ms), "waits") << "not the state at seq 3";
  project(5);
  EXPECT_EQ(answer_after(20ms), "submitted");
  ask(1, 2);
  EXPECT_EQ(answer_, "routing");
  ask(2, 5);
  EXPECT_EQ(answer_, "none") << "order 2 has no record up to seq 5";
  ask(1, 6);
  EXPECT_EQ(answer_after(2'010ms), "unavailable");
}

TEST_F(GatewayReads, AtASeqThatTheLogDoesNotHaveTheStateIsTheOneAtItsHead) {
  announce(7);
  project(6);
  ask(1, 100);
  EXPECT_EQ(answer_after(2'010ms), "waits") << "the projection is not at the head";
  project(7);
  EXPECT_EQ(answer_after(20ms), "confirmed");
}

TEST_F(GatewayReads, EveryReadIsAsOfTheProjection) {
  announce(7);
  project(6);
  EXPECT_EQ(position_of(ReadSource::history), 6U);
  EXPECT_EQ(position_of(ReadSource::read_model), 6U);
}

}  // namespace
}  // namespace oee::test
