// DependencyFixture: an engine and a gateway that share one PostgreSQL database and one Redis,
// under load from a timed trader and with one subscriber on each. A test disturbs a dependency
// meanwhile. At the end finish() checks orders, log, ledger and streams.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "tests/stack/fault_fixture.h"

namespace oee::test {

// For a machine that does other things too. A submit waits for neither PostgreSQL nor Redis: a wait
// for Redis would show as its time limit, 3 s.
inline constexpr double submit_ms_max = 1'500;

struct DependencyFixture : testing::Test {
  // own_postgres: a PostgreSQL of this test alone, which it may stop; else the shared one.
  explicit DependencyFixture(bool own_postgres, std::chrono::milliseconds trader_pause)
      : postgres(own_postgres ? std::make_unique<PostgresServer>() : nullptr),
        postgres_url(postgres ? postgres->url("orders") : PostgresServer::shared_database()),
        engine(dir.path() / "data", joined(faulty_venue, store_flags(postgres_url, redis))),
        gateway(dir.path() / "gateway", gateway_flags(postgres_url, redis)),
        pause_(trader_pause) {}

  void SetUp() override {
    engine.start();
    gateway.start();
    of_engine = std::make_unique<WatcherThread>(history, engine.port());
    of_gateway = std::make_unique<WatcherThread>(history, gateway.port());
    trader = std::make_unique<TimedTrader>(history, engine.port(), "order", pause_);
    trade(100);
  }
  // Returns after `orders` more answers.
  void trade(int orders) {
    const int until = trader->answered() + orders;
    EXPECT_TRUE(EngineProcess::eventually(60, [&] { return trader->answered() >= until; }))
        << engine.log_text();
    slowest_ms = std::max(slowest_ms, trader->slowest_ms());
  }
  // Both streams have reached the engine's head, while the load continues.
  void expect_streams_caught_up(const char* after) {
    const Seq head = engine.health_number("headSeq");
    for (WatcherThread* watcher : {of_engine.get(), of_gateway.get()})
      EXPECT_TRUE(EngineProcess::eventually(20, [&] { return watcher->last() >= head; }))
          << after << ": streamed to " << watcher->last() << " of " << head << "\n"
          << gateway.log_text();
  }
  void finish(const char* what, int faults) {
    trader->stop();
    const std::uint64_t settled =
        drain_and_check(history, engine, {of_engine.get(), of_gateway.get()});
    EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
    EXPECT_EQ(trader->unanswered(), 0);
    EXPECT_LT(slowest_ms, submit_ms_max);
    std::cout << what << ": faults " << faults << ", orders " << trader->trader().acknowledged()
              << ", unanswered " << trader->unanswered() << ", slowest answer " << slowest_ms
              << " ms, settled " << settled << ", updates streamed " << of_engine->last() << " in "
              << of_engine->subscriptions() << " subscriptions, by the gateway "
              << of_gateway->last() << " in " << of_gateway->subscriptions() << ", gaps "
              << broken_stream_count(history) << std::endl;
  }

  TemporaryDirectory dir;
  RedisServer redis;
  std::unique_ptr<PostgresServer> postgres;  // null: the shared one
  std::string postgres_url;
  EngineProcess engine;
  EngineProcess gateway;
  SharedChecker history;
  std::unique_ptr<WatcherThread> of_engine;
  std::unique_ptr<WatcherThread> of_gateway;
  std::unique_ptr<TimedTrader> trader;
  double slowest_ms = 0;

 private:
  const std::chrono::milliseconds pause_;
};

}  // namespace oee::test
