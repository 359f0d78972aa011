// kill -9 during orders at faulty venues: nothing acknowledged is lost, nothing settles twice,
// every order ends, and a subscriber that resumes receives each update once.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/stack/process/kill_fixture.h"

namespace oee::test {
namespace {

// The number of these orders that the log has as confirmed.
int confirmed_of(SharedChecker& history, const std::vector<std::string>& ids) {
  return history.use([&](HistoryChecker& checker) {
    return static_cast<int>(std::count_if(ids.begin(), ids.end(), [&](const std::string& id) {
      const auto standing = checker.standing(*parse_order_id(id));
      return standing && standing->phase == Phase::confirmed;
    }));
  });
}

// Ten kills. After each, every acknowledged order is read over REST.
TEST(Kill, NothingAcknowledgedIsLostAndNothingSettlesTwice) {
  constexpr int orders_total = 2'000;
  constexpr int kills = 10;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  engine.start();
  SharedChecker history;
  Trader trader(history, engine.port(), "order");
  const auto trade_up_to = [&](int orders) {
    while (trader.acknowledged() < orders)
      if (!trader.submit_next()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  for (int kill = 1; kill <= kills; ++kill) {
    trade_up_to(orders_total * kill / (kills + 1));
    engine.kill_hard();
    check_log(history, engine);
    ASSERT_EQ(history.report(), "") << "after kill " << kill;
    engine.start();
    HttpClient client(engine.port());
    for (const std::string& id : trader.ids()) {
      const HttpReply found = client.get("/v1/orders/" + id);
      ASSERT_EQ(found.status, 200) << id << " after kill " << kill;
      ASSERT_EQ(text_at(parse_json(found.body), "orderId"), id);
    }
  }
  trade_up_to(orders_total);
  const std::uint64_t settled = stop_and_check(history, engine);
  const int confirmed = confirmed_of(history, trader.ids());
  EXPECT_GT(confirmed, orders_total * 9 / 10);
  EXPECT_EQ(settled, static_cast<std::uint64_t>(confirmed));
  history.use([&](HistoryChecker& checker) {
    EXPECT_EQ(checker.orders(), static_cast<std::size_t>(orders_total)) << "one order for each key";
  });
}

struct Cycles {
  int cycles = 0;
  int in_recovery = 0;       // kills before the engine was ready again
  int with_open_orders = 0;  // kills with open orders in the log
};

// Kills the engine 20-400 ms after it is ready, `cycles` times. Every fourth time it also kills it
// during recovery. The engine runs at the end.
void kill_in_cycles(SharedChecker& history, EngineProcess& engine, int cycles, Cycles& done) {
  std::mt19937 random(20'260'301);  // of the intervals; what they interrupt differs from run to run
  const auto between = [&](int low, int high) {
    return std::chrono::milliseconds(std::uniform_int_distribution<int>(low, high)(random));
  };
  for (; done.cycles < cycles; ++done.cycles) {
    std::this_thread::sleep_for(between(20, 400));
    engine.kill_hard();
    check_log(history, engine);
    ASSERT_EQ(history.report(), "") << "after kill " << done.cycles;
    if (history.use([](HistoryChecker& checker) { return !checker.open_orders().empty(); }))
      ++done.with_open_orders;
    if (done.cycles % 4 == 3) {
      engine.launch();
      std::this_thread::sleep_for(between(1, 80));
      engine.kill_hard();
      ++done.in_recovery;
      check_log(history, engine);
      ASSERT_EQ(history.report(), "") << "after a kill in recovery " << done.cycles;
    }
    ASSERT_NO_FATAL_FAILURE(engine.start());
  }
}

TEST(Kill, HundredCyclesUnderLoadLoseNothingDoubleNothingAndLeaveNoGap) {
  constexpr int cycles = 100;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  engine.start();
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TraderThread first(history, engine.port(), "first");
  TraderThread second(history, engine.port(), "second");
  Cycles done;
  kill_in_cycles(history, engine, cycles, done);
  first.stop();
  second.stop();
  ASSERT_FALSE(HasFatalFailure()) << engine.log_text();
  EXPECT_TRUE(
      EngineProcess::eventually(180, [&] { return engine.health_number("openOrders") == 0; }));
  const Seq head = engine.health_number("headSeq");
  EXPECT_TRUE(EngineProcess::eventually(60, [&] { return watcher.last() >= head; }))
      << "streamed to " << watcher.last() << " of " << head;
  watcher.stop();
  const std::uint64_t settled = stop_and_check(history, engine);

  const int acknowledged = first.trader().acknowledged() + second.trader().acknowledged();
  const int confirmed =
      confirmed_of(history, first.trader().ids()) + confirmed_of(history, second.trader().ids());
  using I = Invariant;
  const int lost = history.count({I::log_acknowledged, I::log_prefix, I::venue_settled_confirmed});
  const int doubled = history.count(
      {I::venue_settled_once, I::order_venue_id_once, I::key_one_order, I::key_equal_answers});
  const int gaps = history.count({I::stream_gapless, I::stream_resumable, I::stream_durable});
  std::cout << "kill -9: cycles " << done.cycles << ", in recovery " << done.in_recovery
            << ", with open orders " << done.with_open_orders << ", orders acknowledged "
            << acknowledged << ", confirmed " << confirmed << ", settled " << settled << ", lost "
            << lost << ", doubled " << doubled << ", updates streamed " << watcher.last() << " in "
            << watcher.subscriptions() << " subscriptions, gaps " << gaps << std::endl;
  // stop_and_check() has checked the invariants. These check that the run exercised them.
  EXPECT_EQ(done.cycles, cycles);
  EXPECT_GE(done.with_open_orders, cycles / 2);
  EXPECT_GE(watcher.subscriptions(), cycles / 2);
  EXPECT_GE(acknowledged, 10 * cycles);
  EXPECT_GE(settled, static_cast<std::uint64_t>(confirmed));
  EXPECT_EQ(lost + doubled + gaps, 0);
}

}  // namespace
}  // namespace oee::test
