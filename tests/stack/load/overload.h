// Measurements of a running engine for the overload tests: the processor time that it used, the
// orders that it confirmed meanwhile and how long each took, from its log.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "tests/support/process/engine_process.h"
#include "tests/support/process/pinned.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {

// The counters of the engine and of its core at one time.
struct EngineSample {
  std::chrono::steady_clock::time_point at;
  double engine_s = 0;  // processor time of the engine
  double busy_s = 0;    // processor time of all processes on its core
  std::uint64_t head = 0;
};

inline double seconds_of_ticks(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

inline EngineSample take_sample(EngineProcess& engine, int core) {
  EngineSample sample;
  sample.head = engine.health_number("headSeq");
  sample.at = std::chrono::steady_clock::now();
  sample.engine_s = processor_seconds(engine.child().pid());
  std::ifstream all("/proc/stat");
  std::string word;
  while (all >> word && word != "cpu" + std::to_string(core)) all.ignore(1'000, '\n');
  std::uint64_t field[8] = {};  // user nice system idle iowait irq softirq steal
  for (auto& value : field) all >> value;
  sample.busy_s = seconds_of_ticks(field[0] + field[1] + field[2] + field[5] + field[6] + field[7]);
  return sample;
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

// The engine's work between two samples.
struct Work {
  double seconds = 0;
  double engine_s = 0;  // processor time of the engine
  double others_s = 0;  // processor time of other processes on its core
  std::size_t confirmed = 0;
  double total_ms_p50 = 0, total_ms_p99 = 0;  // accepted to confirmed
  double built_ms_p50 = 0, built_ms_p99 = 0;  // transaction built to confirmed

  double per_second() const { return static_cast<double>(confirmed) / seconds; }
  // For a machine that does something else meanwhile: confirmations per second of the engine's
  // processor time, and the part of the available processor time that the engine used, so that
  // idling counts.
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

// `with_latencies`: also computes how long about the last 20,000 orders took.
inline Work work_between(const EngineProcess& engine, const EngineSample& a, const EngineSample& b,
                         bool with_latencies = true) {
  Work work;
  work.seconds = std::chrono::duration<double>(b.at - a.at).count();
  work.engine_s = std::max(0.01, b.engine_s - a.engine_s);
  work.others_s = std::max(0.0, (b.busy_s - a.busy_s) - work.engine_s);
  const auto confirmed = times_of(engine, "OrderConfirmed", a.head + 1, b.head);
  work.confirmed = confirmed.size();
  if (!with_latencies) return work;
  const std::uint64_t from =
      std::max(a.head + 1, b.head - std::min<std::uint64_t>(b.head, 120'000));
  std::tie(work.total_ms_p50, work.total_ms_p99) =
      p50_and_p99_ms(times_of(engine, "OrderAccepted", from, b.head), confirmed);
  std::tie(work.built_ms_p50, work.built_ms_p99) =
      p50_and_p99_ms(times_of(engine, "TransactionBuilt", from, b.head), confirmed);
  return work;
}

}  // namespace oee::test
