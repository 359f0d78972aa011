// The real engine's messages to systemd. A datagram socket, named by NOTIFY_SOCKET, stands in for
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/process/engine_process.h"
#include "tests/support/process/faulty_disk.h"

namespace oee::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Supervisor {
 public:
  explicit Supervisor(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot bind " + path.string());
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    address_ = address;
  }
  // Sends to itself until there is no room for another message.
  void fill() const {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    while (::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) ==
           1) {
    }
    ::close(fd);
  }
  ~Supervisor() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(fd_);
  }
  // The next message. Empty: none arrived in this time.
  std::string next(std::chrono::milliseconds wait) {
    pollfd readable{fd_, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(wait.count())) <= 0) return {};
    char text[4096];
    const ssize_t size = ::recv(fd_, text, sizeof text, 0);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
  }
  // All messages up to the one with this text, that one included.
  std::string until(const std::string& text) {
    std::string all;
    while (all.find(text) == std::string::npos) {
      const std::string message = next(std::chrono::seconds(20));
      if (message.empty()) {
        ADD_FAILURE() << "no message with " << text << ", only: " << all;
        return all;
      }
      all += message + "\n";
    }
    return all;
  }

 private:
  int fd_;
  sockaddr_un address_{};
};

TEST(SupervisorTest, ReadyIsSentOnceReadyzIs200AndStoppingOnSigterm) {
  TemporaryDirectory dir;
  Supervisor supervisor(dir.path() / "notify");
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.launch();
  const std::string messages = supervisor.until("READY=1");
  EXPECT_EQ(HttpClient(engine.port()).get("/readyz").status, 200) << messages;
  EXPECT_THAT(messages,
              HasSubstr("STATUS=serving on 127.0.0.1 port " + std::to_string(engine.port())));
  EXPECT_EQ(supervisor.next(std::chrono::milliseconds(2'500)), "");  // nothing has changed
  engine.child().signal(SIGTERM);
  EXPECT_THAT(supervisor.until("STOPPING=1"), Not(HasSubstr("READY=1")));
  EXPECT_EQ(engine.child().wait(12), 0) << engine.log_text();
}

TEST(SupervisorTest, ASupervisorThatDoesNotReadGetsReadyLaterAndDelaysNothing) {
  TemporaryDirectory dir;
  Supervisor supervisor(dir.path() / "notify");
  supervisor.fill();
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));  // READY=1 was due twice
  const std::string messages = supervisor.until("READY=1");
  EXPECT_THAT(messages,
              HasSubstr("STATUS=serving on 127.0.0.1 port " + std::to_string(engine.port())));
  supervisor.fill();
  engine.child().signal(SIGTERM);
  EXPECT_EQ(engine.child().wait(10), 0) << engine.log_text();
}

TEST(SupervisorTest, TheWatchdogIsFedWhileTheEngineMakesProgress) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
  TemporaryDirectory dir;
  Supervisor supervisor(dir.path() / "notify");
  FaultyDisk disk(dir.path() / "fault");
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.launch();
  ::unsetenv("WATCHDOG_USEC");
  supervisor.until("READY=1");
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(supervisor.next(std::chrono::seconds(3)), HasSubstr("WATCHDOG=1"));
  disk.hang();
  std::thread trader([&engine] {
    HttpClient client(engine.port(), std::chrono::seconds(30));
    EXPECT_EQ(client.post("/v1/orders", order_body()).status, 202);
  });
  supervisor.until("STATUS=not ready: the log has not finished a sync for ");
  const std::string stalled =
      supervisor.next(std::chrono::seconds(2)) + supervisor.next(std::chrono::seconds(2));
  EXPECT_THAT(stalled, HasSubstr("STATUS=not ready: the log has not finished a sync for"));
  EXPECT_THAT(stalled, Not(HasSubstr("WATCHDOG=1")));
  disk.work();
  trader.join();
  EXPECT_THAT(supervisor.until("STATUS=serving"), HasSubstr("WATCHDOG=1"));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

TEST(SupervisorTest, AnEngineThatWaitsForPostgresReportsItAndIsNotReadyBefore) {
  TemporaryDirectory dir;
  PostgresServer postgres;
  const std::string url = postgres.url("orders");
  postgres.stop();
  Supervisor supervisor(dir.path() / "notify");
  EngineProcess engine(dir.path() / "data", {"--postgres-url", url, "--log-level", "error"});
  engine.launch();
  const std::string waiting = supervisor.until("STATUS=not ready: ");
  EXPECT_THAT(waiting, Not(HasSubstr("READY=1")));
  EXPECT_THAT(waiting, HasSubstr("ostgre"));
  EXPECT_EQ(HttpClient(engine.port()).get("/readyz").status, 503);
  EXPECT_THAT(supervisor.next(std::chrono::milliseconds(1'500)), Not(HasSubstr("READY=1")));
  postgres.start();
  supervisor.until("READY=1");
  EXPECT_EQ(HttpClient(engine.port()).get("/readyz").status, 200);
  postgres.stop();  // READY is sent once. systemd receives the reason and leaves the engine running
  EXPECT_THAT(supervisor.until("STATUS=not ready: "), Not(HasSubstr("READY=")));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

// Connections are established and get no answer, as from a PostgreSQL that hangs.
TEST(SupervisorTest, BeforePostgresHasAnsweredTheEngineIsNotReady) {
  TemporaryDirectory dir;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(free_port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 16), 0);
  Supervisor supervisor(dir.path() / "notify");
  EngineProcess engine(
      dir.path() / "data",
      {"--postgres-url", "postgresql://u@127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
       "--log-level", "error"});
  engine.start(false);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < until) {
    const HttpReply reply = HttpClient(engine.port()).get("/readyz");
    ASSERT_EQ(reply.status, 503);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(supervisor.until("STATUS=not ready: "), Not(HasSubstr("READY=1")));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  ::close(listener);
}

TEST(SupervisorTest, ADamagedLogEndsTheStartWithoutReady) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", no_delays);
  engine.start();
  ASSERT_EQ(HttpClient(engine.port()).post("/v1/orders", order_body()).status, 202);
  engine.kill_hard();
  engine.damages_log();
  std::filesystem::resize_file(dir.path() / "data" / "log" / "WATERMARK", 10);
  Supervisor supervisor(dir.path() / "notify");
  engine.launch();
  EXPECT_EQ(engine.child().wait(20), 4) << engine.log_text();
  EXPECT_EQ(supervisor.next(std::chrono::milliseconds(0)), "");
}

}  // namespace
}  // namespace oee::test
