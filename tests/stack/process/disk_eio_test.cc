// The kernel returns EIO for an fdatasync of the engine. The engine stops at once and logs the
// reason. After a restart every acknowledged order is there, and the same keys return the same
// orders. strace injects the error into the running process. Skipped without strace or the right to
// trace.
#include <cstdio>
#include <map>

#include "tests/support/process/engine_process.h"
#include "tests/support/process/faulty_disk.h"
#include "tests/support/process/strace.h"

namespace oee::test {
namespace {

// Attaches strace to the running engine: its n-th fdatasync from now on, and every later one,
// fails.
ChildProcess inject(EngineProcess& engine, const std::filesystem::path& output, int nth) {
  ChildProcess strace(
      {"/usr/bin/strace", "-f", "-p", std::to_string(engine.child().pid()), "-e", "trace=fdatasync",
       "-e", "inject=fdatasync:error=EIO:when=" + std::to_string(nth) + "+"},
      output);
  EngineProcess::eventually(10, [&] {
    std::ifstream file(output);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.find("attached") != std::string::npos;
  });
  return strace;
}

TEST(DiskEio, AFailedFdatasyncEndsTheEngineAndLosesNothingAcknowledged) {
  if (!strace_works()) GTEST_SKIP() << "strace cannot trace here";
  TemporaryDirectory dir;
  // Orders are accepted and not executed, so that all syncs are the log's.
  EngineProcess engine(dir.path() / "data",
                       {"--execution-concurrency", "0", "--log-level", "warn"});
  std::map<std::string, std::string> acknowledged;  // client order id → order id
  int unanswered = 0;
  int next = 0;
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    engine.start();
    const ChildProcess strace =
        inject(engine, dir.path() / ("strace" + std::to_string(round)), 3 + 5 * round);
    HttpClient client(engine.port(), std::chrono::seconds(5));
    std::string lost;
    while (lost.empty() && next < 1'000) {
      const std::string key = "order-" + std::to_string(next++);
      const HttpReply reply = client.post("/v1/orders", order_body(key));
      if (reply.status == 202) {
        acknowledged[key] = text_at(parse_json(reply.body), "orderId");
      } else {
        EXPECT_TRUE(reply.status == 0 || reply.status == 503) << reply.status << reply.body;
        lost = key;
        ++unanswered;
      }
    }
    const int code = engine.child().wait(15);
    EXPECT_GT(code, 0) << "it did not end, or exited with 0";
    EXPECT_LT(code, 128) << "it was killed";
    EXPECT_NE(engine.log_text().find("Input/output error"), std::string::npos) << engine.log_text();
    engine.start();
    EXPECT_EQ(engine.resume_trading(), 1U) << "after a fail-stop trading is halted";
    HttpClient again(engine.port(), std::chrono::seconds(5));
    for (const auto& [key, id] : acknowledged) {
      const HttpReply found = again.get("/v1/orders/" + id);
      ASSERT_EQ(found.status, 200) << key << " was acknowledged and is lost";
      EXPECT_EQ(text_at(parse_json(found.body), "clientOrderId"), key);
    }
    const HttpReply first = again.post("/v1/orders", order_body(lost));
    const HttpReply second = again.post("/v1/orders", order_body(lost));
    ASSERT_EQ(first.status, 202) << first.body;
    EXPECT_EQ(text_at(parse_json(first.body), "orderId"),
              text_at(parse_json(second.body), "orderId"));
    EXPECT_EQ(second.headers.count("idempotent-replayed"), 1U);
    acknowledged[lost] = text_at(parse_json(first.body), "orderId");
    EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  }
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  const std::size_t events = acknowledged.size() + 2 * rounds;  // a halt and its end each
  EXPECT_NE(verified.out.find("events=" + std::to_string(events)), std::string::npos)
      << verified.out;
  std::printf(
      "[ counts   ] EIO on fdatasync of the engine: %d stops, %zu orders acknowledged, all "
      "there, %d resolved by their key, verified\n",
      rounds, acknowledged.size(), unanswered);
}

// Orders wait for their quotes when the engine begins to stop. Their routes cannot be appended.
TEST(DiskEio, AnEngineWhoseLogFailsDuringAnOrderlyStopExitsWithCode1) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
  TemporaryDirectory dir;
  FaultyDisk disk(dir.path() / "fault");
  EngineProcess engine(dir.path() / "data",
                       {"--venue-delay", "0ms", "--quote-delay", "2s", "--log-level", "warn"});
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port(), std::chrono::seconds(5));
  for (int i = 0; i < 5; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  ASSERT_TRUE(EngineProcess::eventually(5, [&] { return engine.health_number("executing") == 5; }));
  engine.child().signal(SIGTERM);
  EngineProcess::eventually(1, [&] { return client.get("/readyz").status == 503; });
  disk.fail();
  EXPECT_EQ(engine.child().wait(12), 1) << engine.log_text();
  EXPECT_NE(engine.log_text().find("fail-stop"), std::string::npos) << engine.log_text();
  disk.work();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  engine.resume_trading();
  EXPECT_TRUE(
      EngineProcess::eventually(20, [&] { return engine.health_number("openOrders") == 0; }));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
