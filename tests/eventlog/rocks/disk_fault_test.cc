// For every n: the n-th file operation of a run fails, is torn, or is the last one before a power
// cut. RocksDB and the log are the real ones; the disk is a MemoryDisk.
#include <cstdio>

#include "core/base/log.h"
#include "tests/eventlog/rocks/disk_run.h"

namespace oee {
namespace {

using test::DiskFault;
using test::DiskLog;
using test::DiskOp;
using test::DiskRun;
using test::MemoryDisk;
using test::Survival;

struct Counts {
  std::uint64_t operations = 0;  // of the run without a fault
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
    const DiskRun run = test::run_order_steps(disk);
    ASSERT_EQ(run.answered_ok, test::run_events().size()) << run.refusal.detail;
    chain_ = read_watermark(test::disk_log_dir / "WATERMARK", LogFiles(disk))->chain;
  }
  void TearDown() override { oee::log::configure(oee::log::Format::text, oee::log::Level::info); }

  // The files of a run that was killed after `steps` appends.
  std::shared_ptr<MemoryDisk> begun(Version steps) {
    auto disk = std::make_shared<MemoryDisk>();
    DiskLog log(disk);
    for (Version step = 0; step < steps; ++step) EXPECT_TRUE(log.append(test::run_step(step)).ok());
    return disk->survivor(Survival::everything);
  }

  // Continues from a copy of `start`, which holds `done` steps, once for every n, until n is past
  // the last operation.
  void every_operation(DiskFault fault, bool reads, const MemoryDisk& start, Version done) {
    for (std::uint64_t n = 1;; ++n) {
      auto disk = start.survivor(Survival::everything);
      disk->plan(fault, n, reads);
      const DiskRun run = test::run_order_steps(disk, done);
      if (disk->hit().empty()) {
        counts_.operations = std::max(counts_.operations, n - 1);
        break;
      }
      SCOPED_TRACE(text_of(fault) + " " + std::to_string(n) + ": " + disk->hit());
      ++counts_.faults;
      counts_.fail_stops += run.fail_stops;
      counts_.refused_openings += run.opened ? 0 : 1;
      expect_stopped(fault, *disk, run);
      for (const Survival survival :
           {Survival::everything, Survival::synced_only, Survival::some, Survival::pages}) {
        SCOPED_TRACE(static_cast<int>(survival));
        ASSERT_NO_FATAL_FAILURE(test::expect_resumable(disk->survivor(survival, n), run, chain_));
        ++counts_.recoveries;
      }
    }
  }
  // A failed write of the WAL or the watermark stops the log at once.
  static void expect_stopped(DiskFault fault, const MemoryDisk& disk, const DiskRun& run) {
    if (!run.opened) {
      EXPECT_EQ(run.refusal.code, Errc::io) << run.refusal.detail;
      return;
    }
    const std::string hit = disk.hit();
    const bool wal = hit.find(".log") != std::string::npos &&
                     (hit.starts_with("append") || hit.starts_with("sync"));
    const bool mark = hit == "write WATERMARK";
    if (fault != DiskFault::power && !wal && !mark) return;
    EXPECT_TRUE(run.failed || run.answered_ok == test::run_events().size()) << hit;
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

TEST_F(DiskFaultTest, APowerCutAtAnyOperationOfARunLosesNothingAnswered) {
  every_operation(DiskFault::power, false, MemoryDisk(), 0);
  print("power cut");
}

TEST_F(DiskFaultTest, AFailureOfAnyOperationOfARunLosesNothingAnswered) {
  every_operation(DiskFault::fail, false, MemoryDisk(), 0);
  print("write error");
}

TEST_F(DiskFaultTest, ATearOfAnyOperationOfARunLosesNothingAnswered) {
  every_operation(DiskFault::tear, false, MemoryDisk(), 0);
  print("torn operation");
}

TEST_F(DiskFaultTest, AReadErrorAnywhereInARunLosesNothingAnswered) {
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
