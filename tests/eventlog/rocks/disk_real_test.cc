// Real file systems of a test's own: a tmpfs that fills up, an ext4 with a power cut. They need
// root, mount and loop devices; without these the tests are skipped with the reason.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "core/base/log.h"
#include "eventlog/audit/verify.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/rocks/rocks_fixture.h"
#include "tests/support/log/log_file.h"
#include "tests/support/process/child.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

// A mounted file system; the destructor unmounts it.
class Mounted {
 public:
  explicit Mounted(fs::path at) : at_(std::move(at)) { fs::create_directories(at_); }
  ~Mounted() { unmount(); }
  // Returns "" or the reason of the failure.
  std::string tmpfs(const std::string& options) {
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    return mounted_ ? "" : std::string("tmpfs cannot be mounted: ") + std::strerror(errno);
  }
  std::string ext4(const fs::path& image) {
    const auto done = test::run({"mount", "-o", "loop", image.string(), at_.string()});
    mounted_ = done.exit_code == 0;
    return mounted_ ? "" : "ext4 cannot be mounted: " + done.err;
  }
  // A process that is ending may still use it.
  void unmount() {
    for (int i = 0; mounted_ && i < 200; ++i) {
      if (::umount2(at_.c_str(), 0) == 0) {
        mounted_ = false;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }
  const fs::path& path() const { return at_; }

 private:
  const fs::path at_;
  bool mounted_ = false;
};

AppendRequest order(std::uint64_t n) {
  return test::order_request(n, "key" + std::to_string(n));
}

class DiskRealTest : public test::RocksFixture {
 protected:
  DiskRealTest() : mount_(data_.path() / "mount") {
    oee::log::configure(oee::log::Format::text, oee::log::Level::off);
    options_.dir = mount_.path() / "data" / "log";
    options_.memtable_bytes = 64 << 10;
  }
  ~DiskRealTest() override {
    log_.reset();
    oee::log::configure(oee::log::Format::text, oee::log::Level::info);
  }
  // Every record, contiguous, each order once: order id → seq.
  std::map<OrderId, Seq> all_orders() {
    std::map<OrderId, Seq> found;
    const Seq end = log_->metrics().durable_head.load();
    for (Seq next = 1; next <= end;) {
      const auto block = log_->read(next, 10'000);
      EXPECT_TRUE(block.ok()) << block.error().detail;
      if (!block.ok()) break;
      for (const Record& record : (*block)->records)
        if (record.version == 1 && !found.emplace(record.order_id, record.seq).second)
          ADD_FAILURE() << "an order came twice";
      next = (*block)->end();
    }
    return found;
  }
  void expect_verified() {
    const auto reader = LogReader::open(options_.dir);
    ASSERT_TRUE(reader.ok()) << reader.error().detail;
    const auto report = verify(**reader, {});
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_TRUE(report->ok) << report->problem;
  }
  void await_space(bool low) {
    for (int i = 0; i < 500 && log_->metrics().disk_low != low; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(log_->metrics().disk_low, low);
  }
  int torn_files() const {
    int torn = 0;
    for (const auto& entry : fs::directory_iterator(options_.dir)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with("MANIFEST-") && !name.ends_with(".log")) continue;
      torn += test::end_of_log_file(entry.path()).kind == LogEnd::Kind::torn ? 1 : 0;
    }
    return torn;
  }
  // Takes all space but `left` bytes.
  void fill(std::uint64_t left) const {
    const auto space = fs::space(mount_.path());
    if (space.available <= left) return;
    std::ofstream(mount_.path() / "ballast", std::ios::binary)
        << std::string(space.available - left, 'x');
  }

  Mounted mount_;
};

TEST_F(DiskRealTest, BelowTheLowWaterMarkNewOrdersAreShedAndResumeWithoutAGap) {
  const std::string why = mount_.tmpfs("size=16m");
  if (!why.empty()) GTEST_SKIP() << why;
  options_.free_bytes_min = 6 << 20;
  open_and_start();
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (refused < 100 && std::chrono::steady_clock::now() < until) {
    const AppendAnswer answer = append(order(accepted + 1));
    if (answer.ok()) {
      ++accepted;
    } else {
      ASSERT_EQ(answer.error().code, Errc::full) << answer.error().detail;
      ++refused;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  ASSERT_EQ(refused, 100U);
  for (std::uint64_t n = 1; n <= 500; ++n)
    ASSERT_TRUE(append(test::event_request(n, 1, RoutingStarted{1})).ok()) << "an admitted order";
  EXPECT_EQ(all_orders().size(), accepted) << "reads work";
  EXPECT_EQ(append(order(accepted + 1)).error().code, Errc::full);
  // More space for the file system, as an operator would give it.
  ASSERT_EQ(::mount("tmpfs", mount_.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  await_space(false);
  const auto resumed = append(order(accepted + 1));
  ASSERT_TRUE(resumed.ok()) << resumed.error().detail;
  EXPECT_EQ(resumed->first_seq, accepted + 500 + 1) << "a gap";
  EXPECT_EQ(fail_stops_, 0);
  log_.reset();
  expect_verified();
  std::printf(
      "[ counts   ] tmpfs at the low-water mark: %llu orders taken, 100 refused, 500 events "
      "of admitted orders taken, resumed, verified\n",
      static_cast<unsigned long long>(accepted));
}

TEST_F(DiskRealTest, AReallyFullDiskStopsTheLogAndEveryKeyGivesOneOrderAfterwards) {
  const std::string why = mount_.tmpfs("size=24m");
  if (!why.empty()) GTEST_SKIP() << why;
  std::uint64_t next = 1;
  int stops = 0, indeterminate = 0, refused_starts = 0;
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(round);
    fs::remove(mount_.path() / "ballast");
    open_and_start();
    fill(static_cast<std::uint64_t>(20'000 + 13'000 * round));
    const int stops_before = fail_stops_;
    std::map<std::uint64_t, test::Call*> calls;
    while (!log_->metrics().failed && calls.size() < 20'000) {
      for (int i = 0; i < 20; ++i, ++next) calls[next] = &send(order(next));
      ASSERT_TRUE(probe_->wait_for_all());
    }
    log_->stop();
    ASSERT_EQ(fail_stops_, stops_before + 1);
    EXPECT_NE(why_.detail.find("No space left"), std::string::npos) << why_.detail;
    ++stops;
    const auto answers = calls;
    const auto keep = std::move(probe_);     // holds the answers
    if (!try_open().ok()) ++refused_starts;  // still full
    fs::remove(mount_.path() / "ballast");
    open_and_start();
    const auto found = all_orders();
    for (const auto& [n, call] : answers) {
      const auto there = found.find(test::order_id(n));
      if (call->answer->ok()) {
        ASSERT_NE(there, found.end()) << "order " << n << " was answered and is lost";
        ASSERT_EQ(there->second, (*call->answer)->first_seq);
        continue;
      }
      const bool unknown = call->answer->error().code == Errc::indeterminate;
      indeterminate += unknown ? 1 : 0;
      ASSERT_TRUE(unknown || there == found.end()) << "closed, and there";
      const AppendAnswer again = append(order(n));
      ASSERT_TRUE(again.ok()) << again.error().detail;
      EXPECT_EQ(again->replayed, there != found.end());
    }
    EXPECT_EQ(all_orders().size(), next - 1) << "one order for each key";
    log_.reset();
  }
  expect_verified();
  std::printf(
      "[ counts   ] full tmpfs: %d fail-stops, %d appends indeterminate, %d starts refused, "
      "%llu orders, verified\n",
      stops, indeterminate, refused_starts, static_cast<unsigned long long>(next - 1));
}

// --- Power cuts ----------------------------------------------------------------------------------

// EXT4_IOC_SHUTDOWN: nothing more reaches the device, not even the journal.
bool cut_power(const fs::path& file_system) {
  constexpr unsigned long shutdown = _IOR('X', 125, std::uint32_t);
  constexpr std::uint32_t without_flush = 2;
  const int fd = ::open(file_system.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t flags = without_flush;
  const bool cut = fd >= 0 && ::ioctl(fd, shutdown, &flags) == 0;
  if (fd >= 0) ::close(fd);
  return cut;
}

// The victim process of rocks/crash_test.cc: appends new orders without end and records every
// answer.
pid_t start_victim(const fs::path& dir, std::uint64_t first, const fs::path& answers) {
  ::setenv("OEE_CRASH_VICTIM", dir.c_str(), 1);
  ::setenv("OEE_CRASH_FIRST", std::to_string(first).c_str(), 1);
  ::setenv("OEE_CRASH_ANSWERS", answers.c_str(), 1);
  test::Launch what;
  what.argv = {"/proc/self/exe", "--gtest_filter=DiskRealTest.*"};
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  what.output_fd = null;
  const pid_t pid = test::launch(what);
  ::close(null);
  ::unsetenv("OEE_CRASH_VICTIM");
  return pid;
}

std::vector<std::array<std::uint64_t, 2>> read_answers(const fs::path& file) {
  std::vector<std::array<std::uint64_t, 2>> all;
  std::ifstream in(file, std::ios::binary);
  std::array<std::uint64_t, 2> line{};
  while (in.read(reinterpret_cast<char*>(line.data()), sizeof line)) all.push_back(line);
  return all;
}

TEST_F(DiskRealTest, EveryAnsweredAppendSurvivesAPowerCutOfExt4) {
  const fs::path image = data_.path() / "image";
  const fs::path answers = data_.path() / "answers";
  std::ofstream(image).close();
  fs::resize_file(image, 128 << 20);
  const auto made = test::run({"mkfs.ext4", "-q", "-F", image.string()});
  if (made.exit_code != 0) GTEST_SKIP() << "no ext4 can be made: " << made.err;
  if (const std::string why = mount_.ext4(image); !why.empty()) GTEST_SKIP() << why;
  std::mt19937_64 random(11);
  std::uint64_t first = 1;
  std::size_t answered_total = 0;
  int cuts = 0;
  int torn = 0;
  std::uint64_t beyond = 0;
  Seq end = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (; std::chrono::steady_clock::now() < until; ++cuts) {
    SCOPED_TRACE("cut " + std::to_string(cuts));
    fs::remove(answers);
    const pid_t victim = start_victim(options_.dir, first, answers);
    // The first cuts come early: in the creation of the log and its directories.
    const std::size_t wanted = cuts < 4 ? 1 : 1 + random() % 1'500;
    std::error_code missing;
    while (fs::file_size(answers, missing) < 16 * wanted || missing) {
      const auto died = test::wait_exit(victim, 0);
      ASSERT_FALSE(died) << "the victim ended by itself: " << *died;
    }
    ASSERT_EQ(::kill(victim, SIGSTOP), 0);
    const bool cut = cut_power(mount_.path());
    ASSERT_EQ(::kill(victim, SIGKILL), 0);
    // 3: one of its appends failed on the shut-down disk before the process was stopped.
    const auto ended = test::wait_exit(victim, 20);
    ASSERT_TRUE(ended == 128 + SIGKILL || ended == 3) << ended.value_or(-1);
    if (!cut) GTEST_SKIP() << "the file system does not know EXT4_IOC_SHUTDOWN";
    mount_.unmount();
    ASSERT_EQ(mount_.ext4(image), "");

    torn += torn_files();
    const auto answered = read_answers(answers);
    const auto mark = read_watermark(watermark());
    open();
    ASSERT_NE(log_, nullptr);
    const auto found = all_orders();
    end = log_->metrics().durable_head.load();
    ASSERT_EQ(found.size(), end);
    for (const auto& [n, seq] : answered) {
      const auto there = found.find(test::order_id(n));
      ASSERT_NE(there, found.end()) << "order " << n << " was answered and is lost";
      ASSERT_EQ(there->second, seq);
    }
    ASSERT_TRUE(mark.ok()) << mark.error().detail;
    ASSERT_LE(mark->seq, end);
    beyond += end - mark->seq;
    answered_total += answered.size();
    first += 1'000'000;
    log_.reset();
    if (cuts < 3) fs::remove_all(options_.dir.parent_path());
    if (cuts < 3) ::sync();
  }
  expect_verified();
  std::printf(
      "[ counts   ] power cuts of ext4: %d cuts, %zu answered appends, all there; %d files had "
      "a hole in their last append; the watermark was behind by %llu records in all\n",
      cuts, answered_total, torn, static_cast<unsigned long long>(beyond));
}

}  // namespace
}  // namespace oee
