// Shared by the process and dependency tests: an engine under load from traders whose answers are
// timed, waits for /readyz, limits on a running process, and the final check of log and streams.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include "tests/stack/process/kill_fixture.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {

using Steady = std::chrono::steady_clock;

inline void pause(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
inline double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

// A trader on its own thread that records how long each answer took.
class TimedTrader {
 public:
  TimedTrader(SharedChecker& history, std::uint16_t port, const std::string& name,
              std::chrono::milliseconds pause = std::chrono::milliseconds(2))
      : pause_(pause), trader_(history, port, name), thread_([this] { run(); }) {}
  ~TimedTrader() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int answered() const { return answered_; }
  int unanswered() const { return unanswered_; }
  // The slowest answer since the last call. Any thread.
  double slowest_ms() { return static_cast<double>(slowest_us_.exchange(0)) / 1'000; }
  // After stop().
  const Trader& trader() const { return trader_; }

 private:
  void run() {
    while (!stopping_) {
      const auto begin = Steady::now();
      const bool answered = trader_.submit_next();
      const auto took =
          std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - begin).count();
      if (answered && took > slowest_us_) slowest_us_ = took;
      ++(answered ? answered_ : unanswered_);
      std::this_thread::sleep_for(pause_);
    }
  }
  const std::chrono::milliseconds pause_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> answered_{0};
  std::atomic<int> unanswered_{0};
  std::atomic<std::int64_t> slowest_us_{0};
  Trader trader_;
  std::thread thread_;
};

// Whether /readyz returns 503 with `what` in its body within `seconds`.
inline bool reports_unready(EngineProcess& engine, const std::string& what, double seconds = 10) {
  HttpClient client(engine.port(), std::chrono::seconds(2));
  return EngineProcess::eventually(seconds, [&] {
    const HttpReply reply = client.get("/readyz");
    return reply.status == 503 && reply.body.find(what) != std::string::npos;
  });
}
inline bool gets_ready(EngineProcess& engine, double seconds = 20) {
  HttpClient client(engine.port(), std::chrono::seconds(2));
  return EngineProcess::eventually(seconds, [&] { return client.get("/readyz").status == 200; });
}

// All that the engine has written to stderr; log_text() is the end of it.
inline std::string whole_log(const EngineProcess& engine) {
  std::ifstream file(engine.output());
  return {std::istreambuf_iterator<char>(file), {}};
}

// Limits one resource of a running process.
inline bool limit_resource(pid_t pid, __rlimit_resource what, rlim_t most) {
  rlimit now{};
  if (prlimit(pid, what, nullptr, &now) != 0) return false;
  const rlimit wanted{most, now.rlim_max};
  return prlimit(pid, what, &wanted, nullptr) == 0;
}

// The number of gaps, repeats and updates that are not in the log, over all subscribers. REQUIRES:
// the checker has the whole log.
inline int broken_stream_count(SharedChecker& history) {
  return history.count(
      {Invariant::stream_gapless, Invariant::stream_durable, Invariant::stream_resumable});
}

inline int orders_in_log(SharedChecker& history) {
  return history.use([](HistoryChecker& checker) { return static_cast<int>(checker.orders()); });
}

// Called after the load. Waits until every order has ended and every subscriber has received all
// updates, then calls stop_and_check(). Returns the number of settlements.
inline std::uint64_t drain_and_check(SharedChecker& history, EngineProcess& engine,
                                     std::vector<WatcherThread*> watchers) {
  EXPECT_TRUE(
      EngineProcess::eventually(60, [&] { return engine.health_number("openOrders") == 0; }))
      << engine.health_number("openOrders") << " orders are open\n"
      << engine.log_text();
  const Seq head = engine.health_number("headSeq");
  for (WatcherThread* watcher : watchers) {
    EXPECT_TRUE(EngineProcess::eventually(30, [&] { return watcher->last() >= head; }))
        << "streamed to " << watcher->last() << " of " << head;
    watcher->stop();
  }
  return stop_and_check(history, engine);
}

}  // namespace oee::test
