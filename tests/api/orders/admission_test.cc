#include "api/orders/admission.h"

#include <gtest/gtest.h>

#include <coroutine>

#include "api/http/server/refusal_throttle.h"

namespace oee {
namespace {

using std::chrono::seconds;

// An engine of one shard whose metrics the test sets.
struct MeasuredEngine {
  ExecutorMetrics metrics;
  Admission admission;
  SteadyTime now{std::chrono::hours(1)};

  explicit MeasuredEngine(std::uint32_t concurrency = 1'000) {
    metrics.concurrency = concurrency;
    admission.executors.push_back(&metrics);
    ask();
  }
  std::optional<Busy> ask(bool backlogged = false) { return admission.refuses(now, backlogged); }
  // Runs for `tenths` of a second. Each order spends `append_ms` of its 100 ms waiting for the log.
  void run(std::uint64_t ended_per_s, std::uint64_t append_ms, int tenths = 30) {
    for (int i = 0; i < tenths; ++i) {
      now += std::chrono::milliseconds(100);
      metrics.ended += ended_per_s / 10;
      metrics.executed_us += ended_per_s / 10 * 100'000;
      metrics.append_wait_us += ended_per_s / 10 * append_ms * 1'000;
      ask();
    }
  }
  // Is saturated with so many open orders for longer than a stall takes to drain.
  void hold(std::uint64_t open, std::uint64_t ended_per_s, std::uint64_t append_ms) {
    metrics.open = open;
    run(ended_per_s, append_ms, 20);
  }
};

TEST(Admission, TheConfiguredMaximumHoldsAlways) {
  MeasuredEngine engine;
  engine.metrics.open = engine.admission.open_orders_max - 1;
  EXPECT_FALSE(engine.ask());
  const Admission::Entry on_its_way(engine.admission);
  ASSERT_TRUE(engine.ask());
  EXPECT_GE(engine.ask()->retry_after, seconds(1));
}

TEST(Admission, OrdersThatWaitForVenuesDoNotMakeTheEngineBusy) {
  MeasuredEngine engine;
  engine.run(400, 1);
  engine.metrics.open = 90'000;
  EXPECT_FALSE(engine.ask());
  EXPECT_FALSE(engine.ask(true));
}

TEST(Admission, ASaturatedEngineHoldsThroughputTimesTime) {
  MeasuredEngine engine;
  engine.run(20'000, 60);  // 20,000/s x (40 ms of venues + 50 ms own time) = 1,800
  engine.hold(1'700, 20'000, 60);
  EXPECT_FALSE(engine.ask());
  EXPECT_TRUE(engine.ask(true)) << "requests wait to be read";
  engine.metrics.open = 1'900;
  EXPECT_TRUE(engine.ask());
  engine.run(20'000, 1);
  EXPECT_FALSE(engine.ask()) << "the log is no longer the bottleneck";
}

TEST(Admission, OrdersThatWaitForTheirTimeAreNoLoad) {
  MeasuredEngine engine;
  engine.run(20'000, 60);
  engine.metrics.waiting = 50'000;
  engine.hold(51'700, 20'000, 60);
  EXPECT_FALSE(engine.ask());
  engine.metrics.open = 51'900;
  EXPECT_TRUE(engine.ask());
}

TEST(Admission, ASlowEngineStillHoldsEnoughToFillItsBatches) {
  MeasuredEngine engine(1'000);
  engine.run(10, 90);
  engine.hold(511, 10, 90);
  EXPECT_FALSE(engine.ask());
  engine.metrics.open = 512;
  EXPECT_TRUE(engine.ask());
}

TEST(Admission, TheFirstOrdersAfterAnIdleTimeDoNotCountAsThroughput) {
  MeasuredEngine engine;
  for (int burst = 0; burst < 2; ++burst) {
    engine.now += seconds(10);
    engine.ask();
    engine.metrics.open = 1'000;
    engine.run(500, 60, 1);  // most of the first thousand have not had time to end
    EXPECT_FALSE(engine.ask());
    engine.run(50, 60, 1);  // then the machine halts for a short time
    EXPECT_FALSE(engine.ask());
    for (int tenth = 0; tenth < 8; ++tenth) {
      engine.run(20'000, 60, 1);
      EXPECT_FALSE(engine.ask()) << tenth;
    }
    engine.hold(1'900, 20'000, 60);
    EXPECT_TRUE(engine.ask());
    engine.metrics.open = 0;
  }
}

// Orders that come in at a steady rate, and an engine of a capacity that is the bottleneck: it
// completes at most so many a second, and none during a stall.
struct SteadyLoad {
  MeasuredEngine engine{1'000};
  std::uint64_t arrive_per_ms;
  std::uint64_t capacity_per_ms;
  std::uint64_t refused = 0;
  std::uint64_t open_max = 0;

  void run(int milliseconds, bool stalled = false) {
    for (int i = 0; i < milliseconds; ++i) {
      engine.now += std::chrono::milliseconds(1);
      for (std::uint64_t order = 0; order < arrive_per_ms; ++order) {
        if (engine.ask())
          ++refused;
        else
          engine.metrics.open += 1;
      }
      const std::uint64_t open = engine.metrics.open;
      open_max = std::max(open_max, open);
      const std::uint64_t ended = stalled ? 0 : std::min(open, capacity_per_ms);
      engine.metrics.open -= ended;
      engine.metrics.ended += ended;
      engine.metrics.executed_us += ended * 2'000;
      engine.metrics.append_wait_us += ended * 1'500;
    }
  }
};

TEST(Admission, AStallBelowHalfTheCapacityRefusesNoOrder) {
  for (const std::uint64_t arrive_per_ms : {1, 3, 5, 7}) {
    SteadyLoad load{.arrive_per_ms = arrive_per_ms, .capacity_per_ms = 15};
    load.run(3'000);
    for (int stall = 0; stall < 20; ++stall) {
      load.run(200, true);
      load.run(1'000 + 137 * stall);
    }
    EXPECT_EQ(load.refused, 0u) << arrive_per_ms << ",000/s of 15,000/s";
  }
}

TEST(Admission, AnOverloadIsRefusedAsSoonAsItIsNoStall) {
  SteadyLoad load{.arrive_per_ms = 30, .capacity_per_ms = 15};
  load.run(2'000);
  // Not limited in the first second, which measures; then by 15,000/s x (a stall + own time).
  EXPECT_LT(load.open_max, 15'000u);
  load.run(2'000);
  load.refused = load.open_max = 0;
  load.run(1'000);
  EXPECT_GT(load.refused, 14'000u);
  EXPECT_LT(load.open_max, 15'000 * 60 / 1'000);
}

TEST(Admission, RefusedClientsReturnOneAfterTheOther) {
  MeasuredEngine engine;
  engine.run(1'000, 60);
  engine.metrics.open = 50'000;
  std::vector<int> per_second(61, 0);
  for (int i = 0; i < 10'000; ++i) {
    const auto busy = engine.ask();
    ASSERT_TRUE(busy);
    ASSERT_LE(busy->retry_after, Admission::retry_after_max);
    ++per_second[static_cast<std::size_t>(busy->retry_after.count())];
  }
  for (std::size_t second = 4; second <= 20; ++second) {
    EXPECT_GT(per_second[second], 300) << second;
    EXPECT_LT(per_second[second], 700) << second;
  }
}

// The coroutine of a refused connection.
struct Waiter {
  struct promise_type {
    Waiter get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
Waiter wait_for_turn(RefusalThrottle& throttle, SteadyTime now, int& woken) {
  co_await throttle.turn(now);
  ++woken;
}

TEST(RefusalThrottle, RefusedConnectionsAreReadAgainInTurnAndAllOfThemInTime) {
  RefusalThrottle throttle;
  int woken = 0;
  SteadyTime now{seconds(10)};
  for (int i = 0; i < 3'000; ++i) wait_for_turn(throttle, now, woken);
  EXPECT_EQ(woken, 0);
  int before = 0;
  for (int tick = 1; tick <= 50; ++tick) {
    now += std::chrono::milliseconds(20);
    wait_for_turn(throttle, now, woken);  // refusals continue
    throttle.tick(now);
    EXPECT_LE(woken - before, 10) << tick;
    before = woken;
  }
  EXPECT_GE(woken, 380);
  throttle.tick(SteadyTime{seconds(10)} + RefusalThrottle::wait_max);
  EXPECT_GE(woken, 3'000);
  throttle.close();
  EXPECT_EQ(woken, 3'050);
}

TEST(RefusalThrottle, WithoutNewRefusalsAllAreResumedSoon) {
  RefusalThrottle throttle;
  int woken = 0;
  SteadyTime now{seconds(10)};
  for (int i = 0; i < 3'000; ++i) wait_for_turn(throttle, now, woken);
  for (int tick = 0; tick < 15; ++tick) throttle.tick(now += std::chrono::milliseconds(20));
  EXPECT_EQ(woken, 3'000);
}

TEST(RefusalThrottle, ClosingResumesAllAndNoneWaitsAfterwards) {
  RefusalThrottle throttle;
  int woken = 0;
  for (int i = 0; i < 100; ++i) wait_for_turn(throttle, SteadyTime{}, woken);
  throttle.close();
  EXPECT_EQ(woken, 100);
  wait_for_turn(throttle, SteadyTime{}, woken);
  EXPECT_EQ(woken, 101);
}

}  // namespace
}  // namespace oee
