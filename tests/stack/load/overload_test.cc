// Overload with real processes. The engine runs on one core, where its capacity is measured. The
// load generator runs on the other core and offers three times that capacity as an open loop. The
// engine still confirms nearly its capacity, refused orders do not delay admitted ones, and the
// engine returns to normal when the load ends.
#include "tests/stack/load/overload.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

constexpr int engine_core = 0;
constexpr int load_core = 1;
constexpr double goodput_min = 0.9;  // of the capacity
// With clients that retry at once, thousands of connections stay busy: 82 to 98 % were measured.
constexpr double storm_goodput_min = 0.75;
// About ten times the value that Admission::own_time_max gives on an idle machine.
constexpr double total_ms_max = 1'500;
// Fixed parts 250 MB (memtables, caches, threads), the log's tail 200,000 records x 1 KB, 32 KB x
// 4,000 connections, 4 KB x 100,000 open orders: 1 GiB is enough for all that the flags allow.
constexpr std::uint64_t memory_kib_max = 1024 * 1024;
// The memory that an overload may add to an engine at capacity: its connections.
constexpr std::uint64_t memory_growth_kib_max = 256 * 1024;
constexpr int connections = 4'000;
// Of the capacity and of the goodput alike. The store writes its memtables to files every few
// seconds: a shorter window may have none of that work, and two windows of different lengths have
// different shares of it.
constexpr auto window = 7s;

// A client that submits one order every 50 ms, and the answers it gets.
struct Probe {
  int sent = 0, accepted = 0, refused = 0;
  std::vector<double> took_ms;
  std::string wrong;  // the first answer that the contract does not allow

  void submit(std::uint16_t port) {
    const auto begin = std::chrono::steady_clock::now();
    HttpClient client(port, 10s);
    const HttpReply reply = client.post("/v1/orders", order_body());
    ++sent;
    if (reply.status == 202) {
      ++accepted;
      took_ms.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
              .count());
      return;
    }
    ++refused;
    const auto header = [&reply](const char* name) {
      const auto found = reply.headers.find(name);
      return found == reply.headers.end() ? std::string() : found->second;
    };
    const bool known = (reply.status == 503 || reply.status == 429) &&
                       header("content-type") == "application/problem+json" &&
                       std::atoi(header("retry-after").c_str()) >= 1;
    if (!known && wrong.empty()) wrong = std::to_string(reply.status) + " " + reply.body;
  }
  double median_ms() const {
    if (took_ms.empty()) return 1e9;
    std::vector<double> sorted = took_ms;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Overload : public testing::Test {
 protected:
  void SetUp() override {
    if (!memory_is_measurable) GTEST_SKIP() << "a sanitizer changes what is fast and what is big";
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "two cores are needed";
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < connections + 200) GTEST_SKIP() << "too few descriptors are allowed";
    const Pinned pinned({engine_core});
    engine_.start();
  }

  std::vector<std::string> load(std::vector<std::string> flags) const {
    std::vector<std::string> argv{program("order-load"), "--url", engine_.url(), "--quiet",
                                  "--json"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }

  // Confirmed orders a second with 1,000 orders always open.
  Work capacity(bool with_latencies) {
    const Pinned pinned({load_core});
    ChildProcess generator(load({"--open", "1000", "--connections", "64", "--duration", "60s"}),
                           dir_.path() / "capacity.out");
    std::this_thread::sleep_for(1s);
    const EngineSample begin = take_sample(engine_, engine_core);
    std::this_thread::sleep_for(window);
    const EngineSample end = take_sample(engine_, engine_core);
    generator.signal(SIGKILL);
    return work_between(engine_, begin, end, with_latencies);
  }

  // Offers three times `capacity` and sends probes meanwhile. Ends the load and sets `ended_`.
  Work overload(double capacity, std::vector<std::string> flags, Probe* probe) {
    const Pinned pinned({load_core});
    flags.insert(flags.end(),
                 {"--rate", std::to_string(3 * capacity), "--connections",
                  std::to_string(connections), "--duration", "9s", "--grace", "100ms"});
    ChildProcess generator(load(flags), dir_.path() / "overload.out");
    std::this_thread::sleep_for(1'500ms);
    const EngineSample begin = take_sample(engine_, engine_core);
    while (std::chrono::steady_clock::now() - begin.at < window) {
      probe->submit(engine_.port());
      std::this_thread::sleep_for(50ms);
    }
    const EngineSample end = take_sample(engine_, engine_core);
    generator.wait(10);
    ended_ = std::chrono::steady_clock::now();
    return work_between(engine_, begin, end);
  }

  // Seconds from the load's end until ten probes in a row are accepted as fast as before it.
  double recovery(double normal_ms) {
    int in_a_row = 0;
    auto since = ended_;
    while (in_a_row < 10) {
      const auto begin = std::chrono::steady_clock::now();
      if (begin - ended_ > 20s) return 20;
      if (in_a_row == 0) since = begin;
      Probe probe;
      probe.submit(engine_.port());
      in_a_row = probe.accepted == 1 && probe.took_ms[0] <= normal_ms ? in_a_row + 1 : 0;
    }
    return std::chrono::duration<double>(since - ended_).count();
  }

  boost::json::value report() const {
    std::ifstream file(dir_.path() / "overload.out");
    std::ostringstream text;
    text << file.rdbuf();
    return parse_json(text.str());
  }

  // One measurement, and the expectations that do not depend on the machine's other work.
  double measure(const char* name, const std::vector<std::string>& flags) {
    std::filesystem::remove(dir_.path() / "overload.out");
    Probe normal;
    for (int i = 0; i < 20; ++i) normal.submit(engine_.port());
    EXPECT_EQ(normal.refused, 0);
    const Work before = capacity(true);
    const std::uint64_t memory_before = memory("VmRSS");
    Probe probe;
    const Work during = overload(before.per_second(), flags, &probe);
    const double recovered = recovery(std::max(50.0, 5 * normal.median_ms()));
    const std::uint64_t memory_peak = memory("VmHWM");
    const Work after = capacity(false);
    const double by_time = 2 * during.per_second() / (before.per_second() + after.per_second());
    const double by_processor = 2 * during.per_engine_second() * during.used() /
                                (before.per_engine_second() + after.per_engine_second());
    // On an idle machine both are equal. On any other machine, other processes may spoil the first;
    // the second is the lower bound then.
    const double ratio = std::max(by_time, by_processor);

    const auto found = report();
    const auto count = [&found](const char* key) { return found.at(key).to_number<double>(); };
    std::printf(
        "%s: capacity %.0f/s before, %.0f/s after; offered %.0f/s, answered %.0f/s of which %.0f/s "
        "refused; goodput %.0f/s = %.0f %% of capacity (by the engine's processor time: %.0f %%; "
        "it "
        "had %.0f %% of the core, %.0f %% before, %.0f %% after); accepted to confirmed p50 %.0f "
        "p99 %.0f ms (at capacity %.0f, "
        "%.0f), built to confirmed p99 %.0f ms (%.0f); probes accepted %d of %d in %.0f ms; memory "
        "%.0f MB, peak %.0f MB; normal again after %.1f s\n",
        name, before.per_second(), after.per_second(), count("due") / count("seconds"),
        count("requests") / count("seconds"), count("refused") / count("seconds"),
        during.per_second(), 100 * by_time, 100 * by_processor,
        100 * during.engine_s / during.seconds, 100 * before.engine_s / before.seconds,
        100 * after.engine_s / after.seconds, during.total_ms_p50, during.total_ms_p99,
        before.total_ms_p50, before.total_ms_p99, during.built_ms_p99, before.built_ms_p99,
        probe.accepted, probe.sent, probe.median_ms(), static_cast<double>(memory_before) / 1024,
        static_cast<double>(memory_peak) / 1024, recovered);
    std::fflush(stdout);

    EXPECT_TRUE(found.at("unexpected").as_object().empty()) << boost::json::serialize(found);
    EXPECT_EQ(count("lost"), 0) << boost::json::serialize(found);
    EXPECT_GT(count("refused"), 0) << "that was no overload";
    EXPECT_EQ(probe.wrong, "");
    EXPECT_LE(during.total_ms_p99, total_ms_max);
    // An event of an admitted order does not queue behind new orders. Twice the time at capacity
    // allows for a thousand admitted orders and for the machine.
    EXPECT_LE(during.built_ms_p99, 2 * std::max(before.built_ms_p99, after.built_ms_p99) + 50);
    EXPECT_LE(memory_peak, memory_kib_max);
    EXPECT_LE(memory_peak, memory_before + memory_growth_kib_max);
    EXPECT_LE(recovered, 5.0);
    return ratio;
  }

  // Up to three measurements, because other work on the machine may spoil one or two.
  void expect_goodput(const char* name, double least, const std::vector<std::string>& flags) {
    double ratio = measure(name, flags);
    for (int again = 0; again < 2 && ratio < least && !HasFailure(); ++again)
      ratio = measure(name, flags);
    EXPECT_GE(ratio, least);
    EXPECT_EQ(engine_.stop(), 0) << engine_.log_text();
    const auto verified = run({program("log-dump"), "verify", engine_.data_dir().string()});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }

  std::uint64_t memory(const char* what) { return memory_kib(engine_.child().pid(), what); }

  TemporaryDirectory dir_;
  EngineProcess engine_{dir_.path() / "data", no_delays};
  std::chrono::steady_clock::time_point ended_;
};

TEST_F(Overload, ThreeTimesTheCapacityLeavesTheGoodputWhereItWas) {
  expect_goodput("overload", goodput_min, {"--retries", "5"});
}

TEST_F(Overload, ARetryStormLeavesMostOfTheGoodput) {
  expect_goodput("retry storm", storm_goodput_min, {"--retries", "1000", "--retry-at-once"});
}

}  // namespace
}  // namespace oee::test
