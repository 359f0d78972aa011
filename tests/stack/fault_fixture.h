// What the process and dependency tests have in common: an engine under load from traders whose
// answers are timed, figures of a running process, and PostgreSQL's tables held against the log.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include "tests/stack/process/kill_fixture.h"

namespace oee::test {

using Steady = std::chrono::steady_clock;

inline void pause(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
inline double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

inline std::vector<std::string> joined(std::vector<std::string> flags,
                                       const std::vector<std::string>& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// A trader on a thread of its own that notes how long each answer took.
class TimedTrader {
 public:
  TimedTrader(Witness& witness, std::uint16_t port, const std::string& name,
              std::chrono::milliseconds pause = std::chrono::milliseconds(2))
      : pause_(pause), trader_(witness, port, name), thread_([this] { run(); }) {}
  ~TimedTrader() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int answered() const { return answered_; }
  int unanswered() const { return unanswered_; }
  // The slowest answer since the last call; any thread.
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

// Whether /readyz answers 503 and says `what` within `seconds`.
inline bool says_why(EngineProcess& engine, const std::string& what, double seconds = 10) {
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

// The whole of what the engine has said on its stderr (log_text() is its end).
inline std::string whole_log(const EngineProcess& engine) {
  std::ifstream file(engine.output());
  return {std::istreambuf_iterator<char>(file), {}};
}

// Processor time that a process has used, user and system, in seconds.
inline double cpu_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::istringstream rest(text.substr(after_name + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) rest >> skipped;
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Bounds one resource of a running process.
inline bool limit_resource(pid_t pid, __rlimit_resource what, rlim_t most) {
  rlimit now{};
  if (prlimit(pid, what, nullptr, &now) != 0) return false;
  const rlimit wanted{most, now.rlim_max};
  return prlimit(pid, what, &wanted, nullptr) == 0;
}

// Gaps, repeats and updates that are not in the log, over all subscribers. After the log was shown.
inline int broken_streams(Witness& witness) {
  return witness.count(
      {Invariant::stream_gapless, Invariant::stream_durable, Invariant::stream_resumable});
}

inline int orders_in_log(Witness& witness) {
  return witness.tell([](HistoryChecker& checker) { return static_cast<int>(checker.orders()); });
}

// The load has ended: every order ends, the subscriber has everything, and the checker judges.
// Returns the number of settlements. Stops the engine.
inline std::uint64_t come_to_rest_watched(Witness& witness, EngineProcess& engine,
                                          std::vector<WatcherThread*> watchers) {
  EXPECT_TRUE(EngineProcess::eventually(60, [&] { return engine.figure("openOrders") == 0; }))
      << engine.figure("openOrders") << " orders are open\n"
      << engine.log_text();
  const Seq head = engine.figure("headSeq");
  for (WatcherThread* watcher : watchers) {
    EXPECT_TRUE(EngineProcess::eventually(30, [&] { return watcher->last() >= head; }))
        << "streamed to " << watcher->last() << " of " << head;
    watcher->stop();
  }
  return come_to_rest(witness, engine);
}

}  // namespace oee::test
