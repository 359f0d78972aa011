// The wall clock of a running engine is stepped while its steady clock stays true. Orders continue
// by seq and by the steady clock, log time never decreases, and only expiresAt lets an order
// expire.
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>

#include "tests/stack/fault_fixture.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

constexpr std::int64_t hour_s = 3'600;
constexpr std::int64_t ten_years_s = 10 * 365 * 24 * hour_s;
// With three attempts and a back-off of 1 s, 1-1.2 s and 2-2.4 s pass between them.
constexpr double backoff_s = 1;

// Sets the wall clock of the children that are started meanwhile: the true time plus an offset that
// can be changed while they run (tests/preload/wall_clock.cc).
class SteppedClock {
 public:
  explicit SteppedClock(std::filesystem::path file) : file_(std::move(file)) {
    std::ofstream(file_) << std::string(sizeof offset_s_, '\0');
    ::setenv("WALL_CLOCK_FILE", file_.c_str(), 1);
    ::setenv("LD_PRELOAD", program("wall_clock.so").c_str(), 1);
  }
  ~SteppedClock() {
    ::unsetenv("WALL_CLOCK_FILE");
    ::unsetenv("LD_PRELOAD");
  }
  SteppedClock(const SteppedClock&) = delete;

  // From now on the children's wall clock is `offset_s` ahead of the true time.
  void step_to(std::int64_t offset_s) {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.write(reinterpret_cast<const char*>(&offset_s), sizeof offset_s);
    offset_s_ = offset_s;
  }
  // RFC 3339 text of the stepped clock's time plus `ahead_s`.
  std::string time_text(std::int64_t ahead_s) const {
    const std::time_t at = std::time(nullptr) + offset_s_ + ahead_s;
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
  }

 private:
  std::filesystem::path file_;
  std::int64_t offset_s_ = 0;
};

struct Clock : testing::Test {
  void SetUp() override {
    if (!memory_is_measurable) GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
  }

  std::string place(HttpClient& client, const std::string& body) {
    const HttpReply reply = client.post("/v1/orders", body);
    EXPECT_EQ(reply.status, 202) << reply.body;
    return reply.status == 202 ? text_at(parse_json(reply.body), "orderId") : std::string();
  }
  static std::string expiring_body(const std::string& when) {
    return R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"expiresAt":")" + when + "\"}";
  }
  static std::string status_of(HttpClient& client, const std::string& id) {
    return text_at(parse_json(client.get("/v1/orders/" + id).body), "status");
  }
  TemporaryDirectory dir;
};

// Seconds on the test's clock until an order fails at a venue that refuses everything.
double seconds_to_fail(HttpClient& client) {
  const auto begin = Steady::now();
  const HttpReply placed = client.post("/v1/orders", order_body());
  EXPECT_EQ(placed.status, 202) << placed.body;
  const std::string id = text_at(parse_json(placed.body), "orderId");
  EXPECT_TRUE(EngineProcess::eventually(15, [&] {
    return text_at(parse_json(client.get("/v1/orders/" + id).body), "status") == "failed";
  })) << client.get("/v1/orders/" + id).body;
  return seconds_since(begin);
}

TEST_F(Clock, BackOffKeepsItsLengthWhereverTheWallClockSteps) {
  SteppedClock clock(dir.path() / "offset");
  std::vector<std::string> flags = no_delays;
  EngineProcess engine(dir.path() / "data",
                       joined(no_delays, {"--venue-faults", "reject=1", "--backoff", "1s",
                                          "--breaker-failures", "0"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  std::string counts;
  for (const std::int64_t offset : {std::int64_t{0}, hour_s, -hour_s, ten_years_s}) {
    SCOPED_TRACE(offset);
    clock.step_to(offset);
    const double took = seconds_to_fail(client);
    EXPECT_GE(took, 3 * backoff_s) << "no wait between the attempts";
    EXPECT_LE(took, 3 * backoff_s * 1.2 + 2);
    counts += " " + std::to_string(offset) + " s: " + std::to_string(took) + " s";
    // A backward step while an order waits does not make it wait longer.
    const auto begin = Steady::now();
    const std::string waiting = place(client, order_body());
    pause(300);
    clock.step_to(offset - hour_s);
    EXPECT_TRUE(
        EngineProcess::eventually(15, [&] { return status_of(client, waiting) == "failed"; }));
    EXPECT_GE(seconds_since(begin), 3 * backoff_s);
    EXPECT_LE(seconds_since(begin), 3 * backoff_s * 1.2 + 2);
  }
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  std::cout << "clock steps: three refused attempts took" << counts << std::endl;
}

TEST_F(Clock, StepsUnderLoadChangeNeitherOrderNorOutcomes) {
  SteppedClock clock(dir.path() / "offset");
  EngineProcess engine(dir.path() / "data", faulty_venue);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TimedTrader trader(history, engine.port(), "order");
  const auto trade = [&](int orders) {
    const int until = trader.answered() + orders;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return trader.answered() >= until; }));
  };
  int steps = 0;
  for (const std::int64_t offset :
       {hour_s, -hour_s, hour_s / 2, ten_years_s, ten_years_s - hour_s, std::int64_t{0}}) {
    trade(150);
    clock.step_to(offset);
    ++steps;
  }
  trade(150);
  const double slowest_ms = trader.slowest_ms();
  trader.stop();
  // The checker checks that the log's times never decrease (log.time) and the stream's seqs.
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  // A restart ten years before the log's newest record: recovery depends on seqs alone.
  clock.step_to(-hour_s);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  const std::string id = place(client, order_body());
  EXPECT_TRUE(EngineProcess::eventually(20, [&] {
    return status_of(client, id) == "confirmed" || status_of(client, id) == "failed";
  })) << client.get("/v1/orders/" + id).body;
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  std::cout << "clock steps under load: steps " << steps << ", orders "
            << trader.trader().acknowledged() << ", settled " << settled << ", slowest answer "
            << slowest_ms << " ms, updates streamed " << watcher.last() << ", gaps "
            << broken_stream_count(history) << std::endl;
}

TEST_F(Clock, OnlyExpiresAtLetsAnOrderExpire) {
  SteppedClock clock(dir.path() / "offset");
  // A quote takes longer than the steps below, so orders are in routing when the clock steps.
  EngineProcess engine(dir.path() / "data",
                       {"--venue-delay", "0ms", "--quote-delay", "1s", "--log-level", "warn"});
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  const std::string in_30_minutes = place(client, expiring_body(clock.time_text(hour_s / 2)));
  const std::string in_2_hours = place(client, expiring_body(clock.time_text(2 * hour_s)));
  const std::string never = place(client, order_body());
  pause(200);
  clock.step_to(hour_s);
  const auto ends_as = [&](const std::string& id, const std::string& status) {
    EXPECT_TRUE(EngineProcess::eventually(10, [&] { return status_of(client, id) == status; }))
        << client.get("/v1/orders/" + id).body;
  };
  ends_as(in_30_minutes, "expired");
  ends_as(in_2_hours, "confirmed");
  ends_as(never, "confirmed");
  // Back to the true time, an hour before the log's. A transaction is built before the deadline by
  // the time of its record, so an order whose deadline the log has passed trades nothing.
  clock.step_to(0);
  ends_as(place(client, expiring_body(clock.time_text(hour_s / 2))), "expired");
  ends_as(place(client, expiring_body(clock.time_text(2 * hour_s))), "confirmed");
  clock.step_to(ten_years_s);
  EXPECT_EQ(client.post("/v1/orders", expiring_body(clock.time_text(-hour_s))).status, 422);
  ends_as(place(client, expiring_body(clock.time_text(hour_s))), "confirmed");
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  std::cout << "clock steps and expiresAt: expired 2 of 6, as expected, in 3 steps" << std::endl;
}

}  // namespace
}  // namespace oee::test
