// The engine's stderr is a full pipe that nobody reads, at a level that logs every event. Orders go
// on, and a signal ends the engine in order.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/stack/fault_fixture.h"

namespace oee::test {
namespace {

// A pipe with this name that is full from the start.
class FullPipe {
 public:
  explicit FullPipe(const std::filesystem::path& name) {
    if (::mkfifo(name.c_str(), 0600) != 0) throw std::runtime_error("no pipe " + name.string());
    fd_ = ::open(name.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const std::string bytes(4'096, '\n');
    while (::write(fd_, bytes.data(), bytes.size()) > 0) {
    }
    while (::write(fd_, bytes.data(), 1) > 0) {
    }
  }
  ~FullPipe() { ::close(fd_); }
  FullPipe(const FullPipe&) = delete;
  // The bytes that are in the pipe now.
  std::string read() {
    std::string all;
    char bytes[65'536];
    for (ssize_t size; (size = ::read(fd_, bytes, sizeof bytes)) > 0;)
      all.append(bytes, static_cast<std::size_t>(size));
    return all;
  }

 private:
  int fd_ = -1;
};

std::uint64_t dropped_lines(HttpClient& client) {
  const std::string metrics = client.get("/metrics").body;
  const std::string name = "\noee_log_lines_dropped_total ";
  const std::size_t at = metrics.find(name);
  return at == metrics.npos ? 0 : std::strtoull(&metrics[at + name.size()], nullptr, 10);
}

struct StuckStderr : testing::Test {
  // Every attempt fails, with a warning: an order ends as failed after three of them.
  StuckStderr()
      : engine(dir.path() / "data",
               {"--venue-delay", "0ms", "--quote-delay", "0ms", "--backoff", "1ms",
                "--venue-faults", "reject=1", "--breaker-failures", "0", "--log-level", "debug"}),
        pipe(engine.output()) {}
  // Places orders until so many warnings were logged that the queue of lines is full of them.
  void fill_the_queue() {
    HttpClient client(engine.port(), std::chrono::seconds(5));
    constexpr int orders = 1'500;
    for (int i = 0; i < orders; ++i)
      ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202) << "order " << i;
    ASSERT_TRUE(
        EngineProcess::eventually(30, [&] { return engine.health_number("openOrders") == 0; }))
        << engine.health_number("openOrders") << " orders are open";
    EXPECT_GT(dropped_lines(client), 1'000U);
  }
  TemporaryDirectory dir;
  EngineProcess engine;
  FullPipe pipe;
};

TEST_F(StuckStderr, OrdersAreAcceptedAndEndAndSigtermEndsTheEngineInOrder) {
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_NO_FATAL_FAILURE(fill_the_queue());
  const auto begin = Steady::now();
  engine.child().signal(SIGTERM);
  EXPECT_EQ(engine.child().wait(10), 0);
  std::cout << "stuck stderr: SIGTERM ended the engine after " << seconds_since(begin) << " s"
            << std::endl;
}

TEST_F(StuckStderr, WhenTheReaderIsBackALineGivesTheNumberOfDroppedOnes) {
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_NO_FATAL_FAILURE(fill_the_queue());
  std::string text;
  EXPECT_TRUE(EngineProcess::eventually(
      10,
      [&] {
        text += pipe.read();
        return text.find("lines of the log were dropped lines=") != text.npos;
      }))
      << text.size() << " bytes read";
  // The rest of the queue: a stop writes queued lines for a moment only.
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    const std::string more = pipe.read();
    text += more;
    return more.empty();
  }));
  engine.child().signal(SIGTERM);
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    text += pipe.read();
    return engine.child().wait(0) == 0;
  }));
  text += pipe.read();
  EXPECT_NE(text.find(" info  stopped headSeq="), text.npos) << "the log works again";
}

}  // namespace
}  // namespace oee::test
