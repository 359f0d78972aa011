// What an overload test measures of a running engine: the processor time it had, the orders that
// it confirmed meanwhile and how long each took, by its log.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "tests/support/process/engine_process.h"

namespace oee::test {

// Pins what this thread starts from here on; undone at the end. false: there is no such core.
class Pinned {
 public:
  explicit Pinned(int core) {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ok_ = sched_setaffinity(0, sizeof one, &one) == 0;
  }
  ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }
  Pinned(const Pinned&) = delete;
  bool ok() const { return ok_; }

 private:
  cpu_set_t before_{};
  bool ok_ = false;
};

// A moment of the engine on its core.
struct Moment {
  std::chrono::steady_clock::time_point at;
  double engine_s = 0;  // processor time that the engine had
  double busy_s = 0;    // processor time that anybody had on its core
  std::uint64_t head = 0;
};

inline double seconds_of_ticks(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

inline Moment look(EngineProcess& engine, int core) {
  Moment moment;
  moment.head = engine.figure("headSeq");
  moment.at = std::chrono::steady_clock::now();
  std::ifstream own("/proc/" + std::to_string(engine.child().pid()) + "/stat");
  std::string word;
  std::uint64_t user = 0, system = 0;
  for (int i = 0; i < 13; ++i) own >> word;  // proc(5): the name has no space
  own >> user >> system;
  moment.engine_s = seconds_of_ticks(user + system);
  std::ifstream all("/proc/stat");
  while (all >> word && word != "cpu" + std::to_string(core)) all.ignore(1'000, '\n');
  std::uint64_t field[8] = {};  // user nice system idle iowait irq softirq steal
  for (auto& value : field) all >> value;
  moment.busy_s = seconds_of_ticks(field[0] + field[1] + field[2] + field[5] + field[6] + field[7]);
  return moment;
}

// KiB, from /proc/PID/status.
inline std::uint64_t memory_of(pid_t pid, const std::string& what) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  std::uint64_t kib = 0;
  while (status >> word)
    if (word == what + ":") status >> kib;
  return kib;
}

// The time of day of each order's event of one type, in microseconds, from log-dump.
inline std::unordered_map<std::string, std::int64_t> times_of(const EngineProcess& engine,
                                                              const char* type, std::uint64_t from,
                                                              std::uint64_t to) {
  const auto dumped =
      run({program("log-dump"), engine.data_dir().string(), "--format", "csv", "--type", type,
           "--from", std::to_string(from), "--to", std::to_string(to)},
          120);
  EXPECT_EQ(dumped.exit_code, 0) << dumped.err;
  std::unordered_map<std::string, std::int64_t> times;
  const std::string_view text = dumped.out;
  const auto number = [](std::string_view digits) {
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  for (std::size_t at = text.find('\n') + 1; at < text.size(); at = text.find('\n', at) + 1) {
    // seq,2026-11-21T15:45:15.701665Z,orderId,...
    const std::size_t ts = text.find(',', at) + 1;
    if (text.substr(ts).size() < 65 || text[ts + 10] != 'T') break;
    const std::int64_t day = number(text.substr(ts + 8, 2));
    const std::int64_t second =
        ((day * 24 + number(text.substr(ts + 11, 2))) * 60 + number(text.substr(ts + 14, 2))) * 60 +
        number(text.substr(ts + 17, 2));
    times.emplace(text.substr(ts + 28, 36), second * 1'000'000 + number(text.substr(ts + 20, 6)));
  }
  return times;
}

// What the engine did between two moments.
struct Work {
  double seconds = 0;
  double engine_s = 0;  // processor time that the engine had
  double others_s = 0;  // processor time that others had on its core
  std::size_t confirmed = 0;
  double life_ms_p50 = 0, life_ms_p99 = 0;    // accepted to confirmed
  double built_ms_p50 = 0, built_ms_p99 = 0;  // transaction built to confirmed

  double per_second() const { return static_cast<double>(confirmed) / seconds; }
  // By what the engine had of its core, for a machine that does something else meanwhile; and the
  // part it used of what it could have, so that idling counts.
  double per_engine_second() const { return static_cast<double>(confirmed) / engine_s; }
  double used() const {
    return std::min(1.0, engine_s / std::max(seconds - others_s, 0.1 * seconds));
  }
};

inline std::pair<double, double> p50_and_p99_ms(
    const std::unordered_map<std::string, std::int64_t>& begin,
    const std::unordered_map<std::string, std::int64_t>& end) {
  std::vector<double> took;
  for (const auto& [id, at] : end)
    if (const auto found = begin.find(id); found != begin.end())
      took.push_back(static_cast<double>(at - found->second) / 1'000);
  if (took.empty()) return {0, 0};
  std::sort(took.begin(), took.end());
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

// `lives`: how long the orders took, too (of the last 20,000 or so).
inline Work work_between(const EngineProcess& engine, const Moment& a, const Moment& b,
                         bool lives = true) {
  Work work;
  work.seconds = std::chrono::duration<double>(b.at - a.at).count();
  work.engine_s = std::max(0.01, b.engine_s - a.engine_s);
  work.others_s = std::max(0.0, (b.busy_s - a.busy_s) - work.engine_s);
  const auto confirmed = times_of(engine, "OrderConfirmed", a.head + 1, b.head);
  work.confirmed = confirmed.size();
  if (!lives) return work;
  const std::uint64_t from =
      std::max(a.head + 1, b.head - std::min<std::uint64_t>(b.head, 120'000));
  std::tie(work.life_ms_p50, work.life_ms_p99) =
      p50_and_p99_ms(times_of(engine, "OrderAccepted", from, b.head), confirmed);
  std::tie(work.built_ms_p50, work.built_ms_p99) =
      p50_and_p99_ms(times_of(engine, "TransactionBuilt", from, b.head), confirmed);
  return work;
}

}  // namespace oee::test
