// One venue falls silent with thousands of live attempts. The orders of the other venue keep their
// pace, and each attempt ends as its venue's ledger states when the venue speaks again.
#include "tests/stack/process/kill_fixture.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t live_at_silent = 10'000;
// `--open` orders of the other venue at 2 to 3 s each: about 1,000 a second, a tenth of the
// capacity of two cores. So the pace is the venue's, not the machine's.
constexpr const char* open_elsewhere = "2500";
constexpr auto window = 12s;

class DeadVenue : public testing::Test {
 protected:
  std::vector<std::string> load(std::vector<std::string> flags) const {
    std::vector<std::string> argv{program("order-load"), "--url", engine_.url(), "--quiet",
                                  "--json"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }
  void move(const char* input, const char* venue, const char* price) {
    const HttpReply reply = HttpClient(engine_.port())
                                .post("/test/market", std::string(R"({"inputToken":")") + input +
                                                          R"(","outputToken":"USDC","venue":")" +
                                                          venue + R"(","price":")" + price + "\"}");
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  void silence(bool silent) {
    const HttpReply reply = HttpClient(engine_.port())
                                .post("/test/venues/raydium",
                                      std::string(R"({"silent":)") + (silent ? "true}" : "false}"));
    ASSERT_EQ(reply.status, 200) << reply.body;
  }
  std::uint64_t live(const std::string& venue) {
    return engine_.metric("oee_live_attempts{venue=\"" + venue + "\"}");
  }
  std::uint64_t confirmed() {
    return engine_.metric("oee_orders_ended_total{status=\"confirmed\"}");
  }
  // Confirmed orders a second.
  double pace() {
    const std::uint64_t before = confirmed();
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(window);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(confirmed() - before) / took.count();
  }

  TemporaryDirectory dir_;
  EngineProcess engine_{dir_.path() / "data",
                        {"--venue-delay", "2s-3s", "--quote-delay", "0ms", "--log-level", "error",
                         "--enable-test-endpoints", "--shards", "2"}};
};

TEST_F(DeadVenue, TenThousandLiveAttemptsThereLeaveTheOthersTheirPace) {
  if (!memory_is_measurable) GTEST_SKIP() << "a sanitizer changes what is fast";
  engine_.start();
  move("SOL", "raydium", "160");  // each pair has its better venue
  move("SOL", "meteora", "150");
  move("JUP", "raydium", "0.80");
  move("JUP", "meteora", "0.85");
  ChildProcess elsewhere(load({"--pair", "JUP/USDC", "--open", open_elsewhere, "--connections",
                               "64", "--duration", "120s"}),
                         dir_.path() / "elsewhere.out");
  std::this_thread::sleep_for(6s);
  const double before = pace();
  {
    ChildProcess there(load({"--rate", "6000", "--connections", "64", "--duration", "60s"}),
                       dir_.path() / "there.out");
    ASSERT_TRUE(engine_.eventually(30, [&] { return live("raydium") >= live_at_silent; }));
    silence(true);
    there.signal(SIGKILL);
  }
  std::this_thread::sleep_for(6s);  // its quotes time out, and its circuit breaker opens
  const double during = pace();
  const std::uint64_t silent_live = live("raydium");
  std::printf(
      "%.0f orders/s confirmed elsewhere before, %.0f/s beside %llu live at a silent venue\n",
      before, during, static_cast<unsigned long long>(silent_live));
  EXPECT_GE(silent_live, live_at_silent * 9 / 10);
  EXPECT_GE(during, 0.9 * before);
  elsewhere.signal(SIGKILL);
  silence(false);
  SharedChecker history;
  EXPECT_GT(stop_and_check(history, engine_), live_at_silent);
}

}  // namespace
}  // namespace oee::test
