// The engine at the limits of its environment: another process on its directory or its port, no
// more memory, no more descriptors.
#include <gtest/gtest.h>

#include "tests/api/http/raw_client.h"
#include "tests/stack/fault_fixture.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

TEST(Process, OthersOnItsDirectoryOrItsPortAreRefusedAndDoNotHarmIt) {
  TemporaryDirectory dir;
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(faulty_venue, {"--postgres-url", postgres_url}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TimedTrader trader(history, engine.port(), "order");
  ASSERT_TRUE(EngineProcess::eventually(20, [&] { return trader.answered() >= 50; }));
  const std::string data = engine.data_dir().string();
  int refused = 0;
  int beside = 0;
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(round);
    const auto on_directory = run({program("order-engine"), "--listen", "127.0.0.1:0", "--data-dir",
                                   data, "--log-level", "error"});
    EXPECT_EQ(on_directory.exit_code, 5) << on_directory.err;
    EXPECT_NE(on_directory.err.find(data), std::string::npos) << on_directory.err;
    EXPECT_NE(on_directory.err.find("another process"), std::string::npos) << on_directory.err;
    const std::string port = std::to_string(engine.port());
    const auto on_port = run({program("order-engine"), "--listen", "127.0.0.1:" + port,
                              "--data-dir", (dir.path() / "other").string()});
    EXPECT_EQ(on_port.exit_code, 1) << on_port.err;
    EXPECT_NE(on_port.err.find(port), std::string::npos) << on_port.err;
    refused += 2;
    const auto verified = run({program("log-dump"), "verify", data});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    std::vector<std::string> rebuild = {program("rebuild-projections"), "--data-dir", data,
                                        "--postgres-url", postgres_url};
    if (round % 2 == 1) rebuild.push_back("--check");
    const auto rebuilt = run(rebuild);
    EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
    beside += 2;
  }
  trader.stop();
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  const auto checked = run({program("rebuild-projections"), "--data-dir", data, "--postgres-url",
                            postgres_url, "--check"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  std::cout << "two processes: engines refused " << refused << ", tools beside it " << beside
            << ", orders " << trader.trader().acknowledged() << ", unanswered "
            << trader.unanswered() << ", settled " << settled << ", gaps "
            << broken_stream_count(history) << std::endl;
  EXPECT_EQ(trader.unanswered(), 0);
}

// Every allocation that needs more memory from the kernel fails. The engine may end at any of them.
TEST(Process, OutOfMemoryEndsItAndLosesNothing) {
  if (!memory_is_measurable) GTEST_SKIP() << "sanitizers take memory of their own";
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  std::vector<std::unique_ptr<TimedTrader>> traders;
  for (const char* name : {"first", "second", "third", "fourth"})
    traders.push_back(
        std::make_unique<TimedTrader>(history, engine.port(), name, std::chrono::milliseconds(1)));
  const auto answered = [&] {
    int sum = 0;
    for (const auto& trader : traders) sum += trader->answered();
    return sum;
  };
  int ended = 0;
  int survived = 0;
  std::string exit_codes;
  // KiB that it may still get from the kernel.
  for (const std::uint64_t headroom_kib : {0, 256, 1'024, 4'096, 0, 8'192}) {
    SCOPED_TRACE(headroom_kib);
    const int before = answered();
    ASSERT_TRUE(EngineProcess::eventually(20, [&] { return answered() >= before + 200; }));
    const pid_t pid = engine.child().pid();
    ASSERT_TRUE(limit_resource(pid, RLIMIT_DATA, (memory_kib(pid, "VmData") + headroom_kib) << 10));
    // New clients and pages of the history take memory at once.
    std::vector<std::unique_ptr<WsClient>> clients;
    int code = -1;
    for (int i = 0; i < 40 && code == -1; ++i) {
      clients.push_back(std::make_unique<WsClient>(engine.port()));
      clients.back()->send(R"({"type":"subscribe","channel":"orders","after":0})");
      code = engine.child().wait(0.1);
    }
    exit_codes += " " + std::to_string(code);
    ++(code == -1 ? survived : ended);
    if (code != -1) {
      EXPECT_EQ(code, 1) << engine.log_text();
      EXPECT_NE(whole_log(engine).find("out of memory"), std::string::npos) << engine.log_text();
    } else {
      engine.kill_hard();
    }
    check_log(history, engine);
    ASSERT_EQ(history.report(), "");
    ASSERT_NO_FATAL_FAILURE(engine.start());
  }
  for (const auto& trader : traders) trader->stop();
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  std::cout << "out of memory: ended " << ended << " (exit codes" << exit_codes
            << "), continued and was killed " << survived << ", orders acknowledged "
            << orders_in_log(history) << ", settled " << settled << ", lost or doubled "
            << history.report().size() << ", gaps " << broken_stream_count(history) << std::endl;
  EXPECT_GT(ended, 0) << "memory never ran out";
}

// Silent connections end after 10 s; these are all opened before.
TEST(Process, OneAddressCannotTakeEveryConnectionBeyondLoopback) {
  constexpr int served = 1'000;
  constexpr int further = 50;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--insecure-open-access"}));
  engine.set_listen_host("0.0.0.0");
  ASSERT_NO_FATAL_FAILURE(engine.start());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < served + further; ++i)
    clients.push_back(std::make_unique<RawClient>(engine.port()));
  int refused = 0;
  for (int i = served; i < served + further; ++i) {
    const auto response = clients[static_cast<std::size_t>(i)]->response(1);
    if (!response) continue;
    EXPECT_EQ(response->status, 503);
    EXPECT_NE(response->body.find("address_connections_full"), std::string::npos) << response->body;
    ++refused;
  }
  EXPECT_GE(refused, further - 1);  // the client that waited for the start may still be counted
  RawClient& first = *clients.front();
  ASSERT_TRUE(first.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const auto answer = first.response();
  EXPECT_TRUE(answer && answer->status == 200);
  clients.clear();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

// Connections take every descriptor that the kernel still gives.
TEST(Process, OutOfDescriptorsItServesItsConnectionsAndAcceptsAgain) {
  constexpr rlim_t spare = 24;
  constexpr int clients = 80;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TimedTrader trader(history, engine.port(), "order");
  ASSERT_TRUE(EngineProcess::eventually(20, [&] { return trader.answered() >= 100; }));
  const pid_t pid = engine.child().pid();
  const std::size_t in_use = open_descriptors(pid);
  ASSERT_TRUE(limit_resource(pid, RLIMIT_NOFILE, in_use + spare));
  std::vector<std::unique_ptr<LeanSocket>> held;
  for (int i = 0; i < clients; ++i) held.push_back(std::make_unique<LeanSocket>(engine.port()));
  pause(500);
  const double cpu_before = processor_seconds(pid);
  const int answered_before = trader.answered();
  const auto begin = Steady::now();
  pause(5'000);
  const double cpu_share = (processor_seconds(pid) - cpu_before) / seconds_since(begin);
  const int answered_meanwhile = trader.answered() - answered_before;
  EXPECT_GT(answered_meanwhile, 100) << "submits on the open connection do not continue";
  EXPECT_EQ(trader.unanswered(), 0);
  EXPECT_LT(cpu_share, 0.8) << "it uses the processor without need";
  EXPECT_NE(whole_log(engine).find("cannot accept connections"), std::string::npos)
      << engine.log_text();
  held.clear();
  HttpClient fresh(engine.port(), std::chrono::seconds(2));
  EXPECT_TRUE(EngineProcess::eventually(10, [&] { return fresh.get("/healthz").status == 200; }))
      << "it does not accept again";
  trader.stop();
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  std::cout << "out of descriptors: " << clients << " clients for " << spare
            << " descriptors, answers meanwhile " << answered_meanwhile << ", processor "
            << static_cast<int>(cpu_share * 100) << " % of one, settled " << settled << ", gaps "
            << broken_stream_count(history) << std::endl;
}

// With a low limit from the start, connections leave enough descriptors for the stores' files.
TEST(Process, ALowLimitOfDescriptorsLowersTheConnectionsNotTheStores) {
  constexpr int descriptors = 256;
  constexpr int clients = 400;
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", faulty_venue);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const auto start_with_few_descriptors = [&] {
    engine.kill_hard();
    std::vector<std::string> argv{"/usr/bin/prlimit",
                                  "--nofile=" + std::to_string(descriptors),
                                  program("order-engine"),
                                  "--listen",
                                  "127.0.0.1:" + std::to_string(engine.port()),
                                  "--data-dir",
                                  engine.data_dir().string()};
    engine.child() = ChildProcess(joined(argv, faulty_venue), engine.output());
    EXPECT_TRUE(gets_ready(engine)) << engine.log_text();
  };
  start_with_few_descriptors();
  EXPECT_NE(whole_log(engine).find("connectionsMax"), std::string::npos) << engine.log_text();
  SharedChecker history;
  WatcherThread watcher(history, engine.port());
  TimedTrader trader(history, engine.port(), "order");
  ASSERT_TRUE(EngineProcess::eventually(20, [&] { return trader.answered() >= 50; }));
  std::size_t most_open = 0;
  for (int wave = 0; wave < 3; ++wave) {
    std::vector<std::unique_ptr<LeanSocket>> held;
    for (int i = 0; i < clients; ++i) held.push_back(std::make_unique<LeanSocket>(engine.port()));
    const int until = trader.answered() + 100;
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return trader.answered() >= until; }));
    most_open = std::max(most_open, open_descriptors(engine.child().pid()));
  }
  EXPECT_LT(most_open, descriptors * 9 / 10);
  EXPECT_EQ(whole_log(engine).find("cannot accept connections"), std::string::npos);
  EXPECT_EQ(trader.unanswered(), 0);
  trader.stop();
  const std::uint64_t settled = drain_and_check(history, engine, {&watcher});
  std::cout << "a low limit of descriptors: " << descriptors << " for " << clients
            << " clients, three times; most in use " << most_open << ", orders "
            << trader.trader().acknowledged() << ", unanswered " << trader.unanswered()
            << ", settled " << settled << ", gaps " << broken_stream_count(history) << std::endl;
}

}  // namespace
}  // namespace oee::test
