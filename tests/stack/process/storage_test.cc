// The files of the log's directory. The directory calls of a first start are traced by strace: an
// engine that loses power right after its first answers must find its stores again. That test is
// skipped without strace.
#include <gtest/gtest.h>

#include "tests/stack/fault_fixture.h"
#include "tests/support/process/strace.h"

namespace oee::test {
namespace {

// Expects that a directory was made and its entry synced in the parent before `until`.
void expect_entry_synced(const std::vector<std::string>& calls, const std::filesystem::path& dir,
                         const std::string& until) {
  SCOPED_TRACE(dir);
  std::size_t made = calls.size();
  bool synced = false;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].find("mkdir(\"" + dir.string() + "\"") != std::string::npos &&
        calls[i].find(") = 0") != std::string::npos)
      made = i;
    if (i > made && calls[i].find("sync(") != std::string::npos &&
        calls[i].find("<" + dir.parent_path().string() + ">") != std::string::npos)
      synced = true;
    if (calls[i].find(until) != std::string::npos && i > made) break;
  }
  EXPECT_LT(made, calls.size()) << "it was not made";
  EXPECT_TRUE(synced) << "its entry in " << dir.parent_path() << " was not synced before " << until;
}

TEST(Storage, AFirstStartSyncsThePathToItsStoresBeforeItWritesToThem) {
  if (!strace_works()) GTEST_SKIP() << "strace cannot trace here";
  TemporaryDirectory dir;
  const std::filesystem::path data = dir.path() / "made" / "data";
  const std::filesystem::path trace = dir.path() / "trace";
  EngineProcess engine(data, no_delays);
  std::filesystem::create_directory(dir.path() / "made");
  // A sanitizer's leak check cannot run under strace.
  engine.child() = ChildProcess(
      {"/usr/bin/env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-f", "-y", "-o",
       trace.string(), "-e", "trace=mkdir,fsync,fdatasync,rename", program("order-engine"),
       "--listen", "127.0.0.1:" + std::to_string(engine.port()), "--data-dir", data.string(),
       "--log-level", "warn"},
      engine.output());
  ASSERT_TRUE(gets_ready(engine, 40)) << engine.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();  // -D: the child is the engine, not strace
  std::vector<std::string> calls;
  std::ifstream file(trace);
  for (std::string line; std::getline(file, line);) calls.push_back(line);
  // RocksDB's CURRENT comes last when a store is created.
  expect_entry_synced(calls, data / "log", (data / "log" / "CURRENT").string());
  expect_entry_synced(calls, data / "venue", (data / "venue" / "CURRENT").string());
  expect_entry_synced(calls, data, (data / "log" / "CURRENT").string());
  std::cout << "first start: directories made and synced into their parents 3, in " << calls.size()
            << " calls" << std::endl;
}

TEST(Storage, ADamagedHintOfTheOpenOrdersMeansReadingMoreAndNeverARefusedStart) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       {"--execution-concurrency", "0", "--log-level", "info"});
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  ASSERT_EQ(engine.stop(), 0) << engine.log_text();
  const std::filesystem::path hint = dir.path() / "data" / "log" / "OPEN_ORDERS";
  ASSERT_EQ(std::filesystem::file_size(hint), 52U + 20 * 16);
  const auto verify = [&] { return run({program("log-dump"), "verify", dir.path() / "data"}); };
  EXPECT_EQ(verify().exit_code, 0) << verify().out;
  const auto all_open = [&] {
    return EngineProcess::eventually(5, [&] { return engine.health_number("openOrders") == 20; });
  };
  const std::string warning = "the open-order hint cannot be used";
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_TRUE(all_open());
  EXPECT_EQ(engine.log_text().find(warning), std::string::npos) << engine.log_text();
  engine.kill_hard();
  std::filesystem::resize_file(hint, 100);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_TRUE(all_open());
  EXPECT_NE(engine.log_text().find(warning), std::string::npos) << engine.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  EXPECT_EQ(verify().exit_code, 0) << verify().out;
}

}  // namespace
}  // namespace oee::test
