// kill -9 in the middle of commits: every answered append is in the log afterwards. The victim is
// this program itself, started again with OEE_CRASH_VICTIM set to a directory.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/rocks/rocks_fixture.h"
#include "tests/support/process/child.h"

namespace oee {
namespace {

// Appends "order n has seq s" to a file as soon as an append is answered. Bytes that write()
// accepted survive kill -9.
class Reporter final : public BlockSink {
 public:
  explicit Reporter(const char* file)
      : fd_(::open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) {}
  void deliver(BlockPtr, std::vector<Answer> answers) override {
    for (const auto& answer : answers) {
      if (!answer.result.ok()) std::_Exit(3);
      const std::uint64_t line[2] = {reinterpret_cast<std::uintptr_t>(answer.ticket),
                                     answer.result->first_seq};
      if (::write(fd_, line, sizeof line) != sizeof line) std::_Exit(4);
      ++answered_;
    }
  }
  std::uint64_t answered() const { return answered_.load(); }

 private:
  const int fd_;
  std::atomic<std::uint64_t> answered_{0};
};

// Appends new orders without end, up to 200 at a time.
[[noreturn]] void be_the_victim(const char* dir, std::uint64_t first) {
  test::VirtualClock clock;
  RocksLogOptions options;
  options.dir = dir;
  options.free_bytes_min = 0;
  options.memtable_bytes = 64 << 10;
  auto log = RocksLog::open(options, clock);
  if (!log.ok()) {
    std::fprintf(stderr, "victim: %s\n", log.error().detail.c_str());
    std::_Exit(2);
  }
  Reporter reporter(std::getenv("OEE_CRASH_ANSWERS"));
  BlockSink* sinks[] = {&reporter};
  (*log)->start(sinks);
  for (std::uint64_t n = first;; ++n) {
    (*log)->append(test::order_request(n, "key" + std::to_string(n)), reporter,
                   reinterpret_cast<void*>(n));
    while (n - first > reporter.answered() + 200) std::this_thread::yield();
  }
}

// Before any test, in the victim only: this program becomes the victim and never returns.
class VictimEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* dir = std::getenv("OEE_CRASH_VICTIM");
    if (dir != nullptr)
      be_the_victim(dir, std::strtoull(std::getenv("OEE_CRASH_FIRST"), nullptr, 10));
  }
};
const auto* const victim_environment = ::testing::AddGlobalTestEnvironment(new VictimEnvironment);

class RocksCrashTest : public test::RocksFixture {
 protected:
  std::filesystem::path answers_file() const { return data_.path() / "answers"; }
  pid_t start_victim(std::uint64_t first) const {
    ::setenv("OEE_CRASH_VICTIM", options_.dir.c_str(), 1);
    ::setenv("OEE_CRASH_FIRST", std::to_string(first).c_str(), 1);
    ::setenv("OEE_CRASH_ANSWERS", answers_file().c_str(), 1);
    test::Launch what;
    what.argv = {"/proc/self/exe", "--gtest_filter=RocksCrashTest.*"};
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    what.output_fd = null;
    what.error_fd = STDERR_FILENO;
    const pid_t pid = test::launch(what);
    ::close(null);
    ::unsetenv("OEE_CRASH_VICTIM");
    return pid;
  }
  // (order, seq) of every answer so far.
  std::vector<std::array<std::uint64_t, 2>> answers() const {
    std::vector<std::array<std::uint64_t, 2>> all;
    std::ifstream in(answers_file(), std::ios::binary);
    std::array<std::uint64_t, 2> line{};
    while (in.read(reinterpret_cast<char*>(line.data()), sizeof line)) all.push_back(line);
    return all;
  }
  // Waits for that many answers, kills the victim and returns all its answers.
  std::vector<std::array<std::uint64_t, 2>> kill_after(pid_t victim, std::size_t wanted) const {
    std::error_code missing;
    while (std::filesystem::file_size(answers_file(), missing) < 16 * wanted || missing) {
      if (const auto died = test::wait_exit(victim, 0)) {
        ADD_FAILURE() << "the victim ended by itself: " << *died;
        return answers();
      }
    }
    EXPECT_EQ(::kill(victim, SIGKILL), 0);
    EXPECT_EQ(test::wait_exit(victim, 20), 128 + SIGKILL);
    return answers();
  }
};

TEST_F(RocksCrashTest, EveryAnsweredAppendSurvivesKill) {
  std::mt19937_64 random(7);
  std::uint64_t next_order = 1;
  Seq answered_before = 0;
  for (int round = 0; round < 8; ++round) {
    std::filesystem::remove(answers_file());
    const pid_t victim = start_victim(next_order);
    if (round == 0) {
      while (!std::filesystem::exists(answers_file())) std::this_thread::yield();
      EXPECT_EQ(refusal().code, Errc::in_use) << "while the victim runs";
    }
    const auto answered = kill_after(victim, 1 + random() % 3'000);
    ASSERT_FALSE(answered.empty());

    const Seq stated = read_watermark(watermark())->seq;
    open();
    const Seq end = log_->metrics().durable_head.load();
    EXPECT_GE(stated, answered.back()[1]) << "answered before the watermark";
    ASSERT_GE(end, stated);
    EXPECT_GT(end, answered_before);
    for (const auto& [order, seq] : answered) {
      auto records = log_->read_order(test::order_id(order));
      ASSERT_TRUE(records.ok()) << records.error().detail;
      ASSERT_EQ(records->size(), 1U) << "order " << order << " was answered and is lost";
      EXPECT_EQ(records->front().seq, seq);
    }
    Seq next = 1;
    while (next <= end) {
      auto block = log_->read(next, 10'000);
      ASSERT_TRUE(block.ok()) << block.error().detail;
      next = (*block)->end();
    }
    answered_before = end;
    next_order += 1'000'000;
    log_.reset();
  }
}

}  // namespace
}  // namespace oee
