// kill -9 in the middle of orders at faulty venues: nothing acknowledged is lost, nothing settles
// twice, every order ends, and a subscriber that resumes sees each update once.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/stack/process/kill_fixture.h"

namespace oee::test {
namespace {

// Orders of every end, counted by the log.
int confirmed_of(Witness& witness, const std::vector<std::string>& ids) {
  return witness.tell([&](HistoryChecker& checker) {
    return static_cast<int>(std::count_if(ids.begin(), ids.end(), [&](const std::string& id) {
      const auto standing = checker.standing(*parse_order_id(id));
      return standing && standing->phase == Phase::confirmed;
    }));
  });
}

// Ten kills, and after each of them every order that was acknowledged is asked for over REST.
TEST(Kill, NothingAcknowledgedIsLostAndNothingSettlesTwice) {
  constexpr int orders_total = 2'000;
  constexpr int kills = 10;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  engine.start();
  Witness witness;
  Trader trader(witness, engine.port(), "order");
  const auto trade_up_to = [&](int orders) {
    while (trader.acknowledged() < orders)
      if (!trader.submit_next()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  for (int kill = 1; kill <= kills; ++kill) {
    trade_up_to(orders_total * kill / (kills + 1));
    engine.kill_hard();
    look_at_log(witness, engine);
    ASSERT_EQ(witness.report(), "") << "after kill " << kill;
    engine.start();
    HttpClient client(engine.port());
    for (const std::string& id : trader.ids()) {
      const HttpReply found = client.get("/v1/orders/" + id);
      ASSERT_EQ(found.status, 200) << id << " after kill " << kill;
      ASSERT_EQ(text_at(parse_json(found.body), "orderId"), id);
    }
  }
  trade_up_to(orders_total);
  const std::uint64_t settled = come_to_rest(witness, engine);
  const int confirmed = confirmed_of(witness, trader.ids());
  EXPECT_GT(confirmed, orders_total * 9 / 10);
  EXPECT_EQ(settled, static_cast<std::uint64_t>(confirmed));
  witness.tell([&](HistoryChecker& checker) {
    EXPECT_EQ(checker.orders(), static_cast<std::size_t>(orders_total)) << "one order for each key";
  });
}

struct Cycles {
  int cycles = 0;
  int in_recovery = 0;       // kills before the engine was ready again
  int with_open_orders = 0;  // kills that found orders under way
};

// Kills the engine 20-400 ms after it is ready, `cycles` times; every fourth time also while it
// recovers. Leaves it running.
void kill_in_cycles(Witness& witness, EngineProcess& engine, int cycles, Cycles& done) {
  std::mt19937 random(20'260'301);  // of the moments; what they hit differs from run to run
  const auto between = [&](int low, int high) {
    return std::chrono::milliseconds(std::uniform_int_distribution<int>(low, high)(random));
  };
  for (; done.cycles < cycles; ++done.cycles) {
    std::this_thread::sleep_for(between(20, 400));
    engine.kill_hard();
    look_at_log(witness, engine);
    ASSERT_EQ(witness.report(), "") << "after kill " << done.cycles;
    if (witness.tell([](HistoryChecker& checker) { return !checker.open_orders().empty(); }))
      ++done.with_open_orders;
    if (done.cycles % 4 == 3) {
      engine.launch();
      std::this_thread::sleep_for(between(1, 80));
      engine.kill_hard();
      ++done.in_recovery;
      look_at_log(witness, engine);
      ASSERT_EQ(witness.report(), "") << "after a kill in recovery " << done.cycles;
    }
    ASSERT_NO_FATAL_FAILURE(engine.start());
  }
}

TEST(Kill, HundredCyclesUnderLoadLoseNothingDoubleNothingAndLeaveNoGap) {
  constexpr int cycles = 100;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  engine.start();
  Witness witness;
  WatcherThread watcher(witness, engine.port());
  TraderThread first(witness, engine.port(), "first");
  TraderThread second(witness, engine.port(), "second");
  Cycles done;
  kill_in_cycles(witness, engine, cycles, done);
  first.stop();
  second.stop();
  ASSERT_FALSE(HasFatalFailure()) << engine.log_text();
  EXPECT_TRUE(EngineProcess::eventually(180, [&] { return engine.figure("openOrders") == 0; }));
  const Seq head = engine.figure("headSeq");
  EXPECT_TRUE(EngineProcess::eventually(60, [&] { return watcher.last() >= head; }))
      << "streamed to " << watcher.last() << " of " << head;
  watcher.stop();
  const std::uint64_t settled = come_to_rest(witness, engine);

  const int acknowledged = first.trader().acknowledged() + second.trader().acknowledged();
  const int confirmed =
      confirmed_of(witness, first.trader().ids()) + confirmed_of(witness, second.trader().ids());
  using I = Invariant;
  const int lost = witness.count({I::log_acknowledged, I::log_prefix, I::venue_settled_confirmed});
  const int doubled = witness.count(
      {I::venue_settled_once, I::order_venue_id_once, I::key_one_order, I::key_equal_answers});
  const int gaps = witness.count({I::stream_gapless, I::stream_resumable, I::stream_durable});
  std::cout << "kill -9: cycles " << done.cycles << ", in recovery " << done.in_recovery
            << ", with open orders " << done.with_open_orders << ", orders acknowledged "
            << acknowledged << ", confirmed " << confirmed << ", settled " << settled << ", lost "
            << lost << ", doubled " << doubled << ", updates streamed " << watcher.last() << " in "
            << watcher.subscriptions() << " subscriptions, gaps " << gaps << std::endl;
  // The promises are the checker's; these say that they were tried.
  EXPECT_EQ(done.cycles, cycles);
  EXPECT_GE(done.with_open_orders, cycles / 2);
  EXPECT_GE(watcher.subscriptions(), cycles / 2);
  EXPECT_GE(acknowledged, 10 * cycles);
  EXPECT_GE(settled, static_cast<std::uint64_t>(confirmed));
  EXPECT_EQ(lost + doubled + gaps, 0);
}

}  // namespace
}  // namespace oee::test
