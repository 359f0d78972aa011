// For every n: the n-th file operation of a log's life fails, is torn, or is the last one before
// the power goes. RocksDB and the log are the real ones; the disk is a MemoryDisk.
#include <cstdio>

#include "core/base/log.h"
#include "tests/eventlog/rocks/disk_life.h"

namespace oee {
namespace {

using test::DiskFault;
using test::DiskLog;
using test::DiskOp;
using test::Lived;
using test::MemoryDisk;
using test::Survival;

struct Counts {
  std::uint64_t operations = 0;  // of the undisturbed life
  int faults = 0;
  int fail_stops = 0;
  int refused_openings = 0;
  int recoveries = 0;
};

std::string text_of(DiskFault fault) {
  return fault == DiskFault::fail ? "fail" : fault == DiskFault::tear ? "tear" : "power";
}

class DiskFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    oee::log::configure(oee::log::Format::text, oee::log::Level::off);
    auto disk = std::make_shared<MemoryDisk>();
    const Lived lived = test::live(disk);
    ASSERT_EQ(lived.answered_ok, test::life_events().size()) << lived.refusal.detail;
    chain_ = read_watermark(test::disk_log_dir / "WATERMARK", LogFiles(disk))->chain;
  }
  void TearDown() override { oee::log::configure(oee::log::Format::text, oee::log::Level::info); }

  // The files of a life that was killed after `steps` appends.
  std::shared_ptr<MemoryDisk> begun(Version steps) {
    auto disk = std::make_shared<MemoryDisk>();
    DiskLog log(disk);
    for (Version step = 0; step < steps; ++step)
      EXPECT_TRUE(log.append(test::life_step(step)).ok());
    return disk->survivor(Survival::everything);
  }

  // Lives on from a copy of `start` (of which `done` steps are there), once for every n, until an n
  // is past the last operation.
  void every_operation(DiskFault fault, bool reads, const MemoryDisk& start, Version done) {
    for (std::uint64_t n = 1;; ++n) {
      auto disk = start.survivor(Survival::everything);
      disk->plan(fault, n, reads);
      const Lived lived = test::live(disk, done);
      if (disk->hit().empty()) {
        counts_.operations = std::max(counts_.operations, n - 1);
        break;
      }
      SCOPED_TRACE(text_of(fault) + " " + std::to_string(n) + ": " + disk->hit());
      ++counts_.faults;
      counts_.fail_stops += lived.fail_stops;
      counts_.refused_openings += lived.opened ? 0 : 1;
      expect_stopped(fault, *disk, lived);
      for (const Survival survival :
           {Survival::everything, Survival::synced_only, Survival::some, Survival::pages}) {
        SCOPED_TRACE(static_cast<int>(survival));
        ASSERT_NO_FATAL_FAILURE(test::expect_goes_on(disk->survivor(survival, n), lived, chain_));
        ++counts_.recoveries;
      }
    }
  }
  // A write that fails while appends are answered ends the log at once.
  static void expect_stopped(DiskFault fault, const MemoryDisk& disk, const Lived& lived) {
    if (!lived.opened) {
      EXPECT_EQ(lived.refusal.code, Errc::io) << lived.refusal.detail;
      return;
    }
    const std::string hit = disk.hit();
    const bool wal = hit.find(".log") != std::string::npos &&
                     (hit.starts_with("append") || hit.starts_with("sync"));
    const bool mark = hit == "write WATERMARK";
    if (fault != DiskFault::power && !wal && !mark) return;
    EXPECT_TRUE(lived.failed || lived.answered_ok == test::life_events().size()) << hit;
  }
  void print(const char* what) const {
    std::printf(
        "[ counts   ] %s: %llu file operations, %d faults, %d fail-stops, %d openings "
        "refused, %d recoveries\n",
        what, static_cast<unsigned long long>(counts_.operations), counts_.faults,
        counts_.fail_stops, counts_.refused_openings, counts_.recoveries);
  }

  Hash256 chain_{};
  Counts counts_;
};

TEST_F(DiskFaultTest, APowerCutAtAnyOperationOfALifeLosesNothingAnswered) {
  every_operation(DiskFault::power, false, MemoryDisk(), 0);
  print("power cut");
}

TEST_F(DiskFaultTest, AFailureOfAnyOperationOfALifeLosesNothingAnswered) {
  every_operation(DiskFault::fail, false, MemoryDisk(), 0);
  print("write error");
}

TEST_F(DiskFaultTest, ATearOfAnyOperationOfALifeLosesNothingAnswered) {
  every_operation(DiskFault::tear, false, MemoryDisk(), 0);
  print("torn operation");
}

TEST_F(DiskFaultTest, AReadErrorAnywhereInALifeLosesNothingAnswered) {
  every_operation(DiskFault::fail, true, MemoryDisk(), 0);
  print("read or write error");
}

TEST_F(DiskFaultTest, RecoveryCanFailAnywhereAndIsRepeated) {
  const auto start = begun(4);
  for (const DiskFault fault : {DiskFault::power, DiskFault::fail, DiskFault::tear})
    every_operation(fault, fault == DiskFault::fail, *start, 4);
  print("faults in recovery");
}

}  // namespace
}  // namespace oee
