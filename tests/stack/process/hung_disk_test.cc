// Every sync of the engine hangs. The engine reports it, sees its signals, and goes on when the
// disk works again. Skipped under ThreadSanitizer, whose runtime must be loaded first.
#include <future>

#include "tests/stack/fault_fixture.h"
#include "tests/support/process/faulty_disk.h"

namespace oee::test {
namespace {

struct HungDisk : testing::Test {
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
    ASSERT_NO_FATAL_FAILURE(engine.start());
    started = Steady::now();
  }
  // Sends an order on a thread of its own; its answer may take long.
  std::future<HttpReply> send_order(const std::string& key) {
    return std::async(std::launch::async, [this, key] {
      return HttpClient(engine.port(), std::chrono::seconds(30))
          .post("/v1/orders", order_body(key));
    });
  }
  // Waits until the engine was due to store a hint of its open orders, which it does every 10 s.
  void wait_for_hint() {
    while (seconds_since(started) < 12) pause(100);
  }
  bool confirmed(const HttpReply& placed) {
    HttpClient client(engine.port());
    const std::string id = text_at(parse_json(placed.body), "orderId");
    return EngineProcess::eventually(20, [&] {
      return text_at(parse_json(client.get("/v1/orders/" + id).body), "status") == "confirmed";
    });
  }

  TemporaryDirectory dir;
  FaultyDisk disk{dir.path() / "fault"};
  EngineProcess engine{dir.path() / "data", no_delays};
  Steady::time_point started;
};

TEST_F(HungDisk, ReadyzReportsItAndOrdersGoOnWhenItWorksAgain) {
  disk.hang();
  auto answer = send_order("first");
  EXPECT_TRUE(reports_unready(engine, "the log has not finished a sync for "));
  wait_for_hint();
  HttpClient client(engine.port());
  EXPECT_NE(client.get("/readyz").body.find("the log has not finished a sync for 1"),
            std::string::npos)
      << client.get("/readyz").body;
  const std::string metrics = client.get("/metrics").body;
  EXPECT_NE(metrics.find("\noee_log_append_age_seconds 1"), std::string::npos) << metrics;
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  disk.work();
  const HttpReply placed = answer.get();
  ASSERT_EQ(placed.status, 202) << placed.body;
  EXPECT_TRUE(gets_ready(engine, 5));
  EXPECT_TRUE(confirmed(placed));
  EXPECT_TRUE(confirmed(client.post("/v1/orders", order_body("second"))));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST_F(HungDisk, SigtermEndsTheEngineWithin10SecondsAndTheNextStartGoesOn) {
  disk.hang();
  auto answer = send_order("first");
  wait_for_hint();
  const auto begin = Steady::now();
  engine.child().signal(SIGTERM);
  EXPECT_EQ(engine.child().wait(10.5), 1) << engine.log_text();
  const double took = seconds_since(begin);
  EXPECT_LT(took, 10);
  EXPECT_NE(answer.get().status, 202) << "it was not synced";
  disk.work();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  EXPECT_TRUE(confirmed(client.post("/v1/orders", order_body("first"))));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  std::cout << "hung disk: SIGTERM ended the engine after " << took << " s" << std::endl;
}

// Whether the process has a handler for the signal.
bool handles(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:"))
      return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1) != 0;
  return false;
}

TEST_F(HungDisk, SigtermEndsAStartThatHangsWithin10SecondsAndTheNextStartGoesOn) {
  HttpClient client(engine.port());
  const HttpReply placed = client.post("/v1/orders", order_body("first"));
  ASSERT_EQ(placed.status, 202) << placed.body;
  engine.kill_hard();
  disk.hang();
  engine.launch();
  ASSERT_TRUE(
      EngineProcess::eventually(10, [&] { return handles(engine.child().pid(), SIGTERM); }));
  pause(1'000);
  const auto begin = Steady::now();
  engine.child().signal(SIGTERM);
  EXPECT_EQ(engine.child().wait(10.5), 1) << engine.log_text();
  const double took = seconds_since(begin);
  EXPECT_LT(took, 10);
  EXPECT_EQ(engine.log_text().find("listening"), std::string::npos) << "the start did not hang";
  disk.work();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_TRUE(confirmed(placed));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  std::cout << "hung start: SIGTERM ended the engine after " << took << " s" << std::endl;
}

}  // namespace
}  // namespace oee::test
