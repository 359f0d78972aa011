// Faults of a disk under load: many orders at once, memtables so small that flushes and compactions
// run beside the commits. RocksDB and the log are the real ones; the disk is a MemoryDisk.
#include <cstdio>
#include <map>
#include <thread>

#include "core/base/log.h"
#include "tests/eventlog/rocks/disk_run.h"

namespace oee {
namespace {

using test::Call;
using test::DiskFault;
using test::DiskLog;
using test::DiskOp;
using test::MemoryDisk;
using test::Survival;

constexpr std::size_t tiny = 64 << 10;
constexpr std::uint64_t orders_total = 600;
constexpr std::uint64_t orders_at_once = 40;

AppendRequest order(std::uint64_t n) {
  return test::order_request(n, "key" + std::to_string(n));
}

class DiskLoadTest : public testing::Test {
 protected:
  void SetUp() override { oee::log::configure(oee::log::Format::text, oee::log::Level::off); }
  void TearDown() override { oee::log::configure(oee::log::Format::text, oee::log::Level::info); }

  struct Outcome {
    std::map<std::uint64_t, Seq> answered;  // order number → seq
    int indeterminate = 0;
    int closed = 0;
    int fail_stops = 0;
    bool failed = false;
  };

  // Orders 1..orders_total, `orders_at_once` in flight, until the end or the first refusal.
  static Outcome load(DiskLog& log) {
    Outcome outcome;
    for (std::uint64_t n = 1; n <= orders_total && outcome.failed == false;) {
      std::map<std::uint64_t, Call*> calls;
      for (std::uint64_t i = 0; i < orders_at_once; ++i, ++n) calls[n] = &log.send(order(n));
      EXPECT_TRUE(log.probe().wait_for_all());
      for (const auto& [number, call] : calls) {
        if (call->answer->ok()) {
          outcome.answered[number] = (*call->answer)->first_seq;
        } else if (call->answer->error().code == Errc::indeterminate) {
          ++outcome.indeterminate;
        } else {
          EXPECT_EQ(call->answer->error().code, Errc::closed) << call->answer->error().detail;
          ++outcome.closed;
        }
      }
      outcome.failed = log.log().metrics().failed.load();
    }
    log.log().stop();
    outcome.fail_stops = log.fail_stops();
    // After the last answer it may fail in the background, or in stop(), which reports no error.
    outcome.failed = log.log().metrics().failed.load();
    EXPECT_LE(outcome.fail_stops, outcome.failed ? 1 : 0);
    return outcome;
  }

  // Every answered order has its seq, no seq is missing, and a retry of every key gives one order:
  // the old one when the log holds it.
  static void expect_whole(const std::shared_ptr<MemoryDisk>& disk, const Outcome& outcome) {
    disk->heal();
    DiskLog log(disk, tiny);
    ASSERT_TRUE(log.opened()) << log.refusal().detail;
    const Seq head = log.head();
    ASSERT_GE(head, outcome.answered.size());
    ASSERT_LE(head, outcome.answered.size() + static_cast<std::size_t>(outcome.indeterminate));
    std::map<OrderId, Seq> found;
    for (Seq next = 1; next <= head;) {
      const auto block = log.log().read(next, 10'000);
      ASSERT_TRUE(block.ok()) << block.error().detail;
      for (const Record& record : (*block)->records)
        ASSERT_TRUE(found.emplace(record.order_id, record.seq).second) << "an order came twice";
      next = (*block)->end();
    }
    ASSERT_EQ(found.size(), head);
    for (const auto& [number, seq] : outcome.answered)
      ASSERT_EQ(found[test::order_id(number)], seq);
    std::map<std::uint64_t, Call*> calls;
    for (std::uint64_t n = 1; n <= orders_total; ++n) calls[n] = &log.send(order(n));
    ASSERT_TRUE(log.probe().wait_for_all());
    for (const auto& [number, call] : calls) {
      ASSERT_TRUE(call->answer->ok()) << call->answer->error().detail;
      const auto there = found.find(test::order_id(number));
      EXPECT_EQ((*call->answer)->replayed, there != found.end());
      if (there == found.end()) continue;
      EXPECT_EQ((*call->answer)->first_seq, there->second);
    }
    EXPECT_EQ(log.head(), orders_total);
  }
};

TEST_F(DiskLoadTest, FaultsInFlushesAndCompactionsLoseNothingAnswered) {
  auto quiet = std::make_shared<MemoryDisk>();
  quiet->plan(DiskFault::none, 0, false);
  {
    DiskLog log(quiet, tiny);
    ASSERT_EQ(load(log).answered.size(), orders_total);
  }
  // Varies with the threads: a busy machine makes fewer and larger commits.
  std::uint64_t operations = quiet->operations();
  int faults = 0, fail_stops = 0, recoveries = 0, indeterminate = 0;
  std::map<std::string, int> hit_kinds;
  constexpr DiskFault all[] = {DiskFault::power, DiskFault::fail, DiskFault::tear};
  constexpr Survival ends[] = {Survival::everything, Survival::synced_only, Survival::some,
                               Survival::pages};
  constexpr std::uint64_t rounds = 36;
  const std::uint64_t creation = 120;  // disk_fault_test.cc tests each of these operations
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t n = creation + round * (operations - creation) / rounds;
    auto disk = std::make_shared<MemoryDisk>();
    disk->plan(all[round % 3], n, false);
    DiskLog log(disk, tiny);
    ASSERT_TRUE(log.opened()) << log.refusal().detail;
    const Outcome outcome = load(log);
    SCOPED_TRACE("round " + std::to_string(round) + ", operation " + std::to_string(n) + ": " +
                 disk->hit());
    if (disk->hit().empty()) {
      operations = std::max(creation, std::min(operations, disk->operations()));
    } else {
      ++faults;
      const std::string& hit = disk->hit();
      ++hit_kinds[hit.substr(0, hit.find(' ')) + " " +
                  (hit.find('.') != std::string::npos          ? hit.substr(hit.find('.'))
                   : hit.find("MANIFEST") != std::string::npos ? "MANIFEST"
                                                               : "other")];
    }
    fail_stops += outcome.fail_stops;
    indeterminate += outcome.indeterminate;
    for (const Survival end : ends) {
      ASSERT_NO_FATAL_FAILURE(expect_whole(disk->survivor(end, round), outcome));
      ++recoveries;
    }
  }
  EXPECT_GE(fail_stops, faults / 2);
  EXPECT_GT(faults, 18);
  for (const auto& [kind, times] : hit_kinds)
    std::printf("[ counts   ]   %s: %d\n", kind.c_str(), times);
  std::printf(
      "[ counts   ] faults under load: %llu file operations, %d faults, %d fail-stops, %d "
      "appends indeterminate, %d recoveries\n",
      static_cast<unsigned long long>(operations), faults, fail_stops, indeterminate, recoveries);
}

TEST_F(DiskLoadTest, AFailedFdatasyncStopsAtOnceAndRetriesGiveOneOrderEach) {
  int indeterminate = 0, closed = 0, recoveries = 0;
  for (std::uint64_t nth = 1; nth <= 10; ++nth) {
    for (const char* file : {".log", "WATERMARK"}) {
      SCOPED_TRACE(std::string(file) + " " + std::to_string(nth));
      auto disk = std::make_shared<MemoryDisk>();
      DiskLog log(disk, 1 << 20);
      // The watermark is synced every 100 ms only.
      const bool mark = std::string(file) == "WATERMARK";
      disk->plan_at(DiskFault::fail, DiskOp::sync, file, mark ? 1 : nth);
      Outcome outcome;
      if (mark) {
        EXPECT_TRUE(log.append(order(1)).ok());
        while (disk->hit().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        while (!log.log().metrics().failed) std::this_thread::yield();
      }
      outcome = load(log);
      ASSERT_FALSE(disk->hit().empty());
      EXPECT_TRUE(outcome.failed);
      EXPECT_EQ(outcome.fail_stops, 1);
      if (mark) {
        EXPECT_EQ(outcome.closed, static_cast<int>(orders_at_once));
        outcome.answered[1] = 1;
      } else {
        EXPECT_GT(outcome.indeterminate, 0);
        EXPECT_EQ(disk->operations(), nth) << "the WAL was synced again after a failure";
      }
      indeterminate += outcome.indeterminate;
      closed += outcome.closed;
      for (const Survival end : {Survival::everything, Survival::synced_only}) {
        ASSERT_NO_FATAL_FAILURE(expect_whole(disk->survivor(end), outcome));
        ++recoveries;
      }
    }
  }
  std::printf(
      "[ counts   ] failed fdatasync: 20 faults, %d appends indeterminate, %d closed, %d "
      "recoveries\n",
      indeterminate, closed, recoveries);
}

TEST_F(DiskLoadTest, AFullDiskShedsNewOrdersThenResumesWithoutAGap) {
  auto disk = std::make_shared<MemoryDisk>();
  // About 3 MB/s are written, and the free space is checked once a second.
  DiskLog log(disk, tiny, 8 << 20);
  disk->set_capacity(disk->used() + (11 << 20));
  // Until the low-water mark refuses.
  std::uint64_t next = 1;
  std::uint64_t refused = 0;
  while (refused == 0) {
    const AppendAnswer answer = log.append(order(next));
    if (answer.ok()) {
      ++next;
    } else {
      ASSERT_EQ(answer.error().code, Errc::full) << answer.error().detail;
      refused = next;
    }
    ASSERT_LT(next, 40'000U);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_TRUE(log.log().metrics().disk_low.load());
  // Events of admitted orders are taken, and reads work.
  for (std::uint64_t n = 1; n < 200; ++n)
    ASSERT_TRUE(log.append(test::event_request(n, 1, RoutingStarted{1})).ok());
  EXPECT_EQ(log.append(order(refused)).error().code, Errc::full);
  ASSERT_TRUE(log.log().read(1, 10'000).ok());
  disk->set_capacity(~0ULL);
  while (log.log().metrics().disk_low) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto resumed = log.append(order(refused));
  ASSERT_TRUE(resumed.ok()) << resumed.error().detail;
  EXPECT_EQ(resumed->first_seq, refused - 1 + 199 + 1) << "a gap";
  EXPECT_FALSE(log.log().metrics().failed);
  std::printf("[ counts   ] low-water mark: refused at order %llu, resumed\n",
              static_cast<unsigned long long>(refused));
}

TEST_F(DiskLoadTest, AnExhaustedDiskStopsTheLogAndALaterStartResolvesEveryKey) {
  int stops = 0, indeterminate = 0, starts_on_full = 0;
  for (std::uint64_t space = 40'000; space < 240'000; space += 20'011) {
    SCOPED_TRACE(space);
    auto disk = std::make_shared<MemoryDisk>();
    DiskLog log(disk, tiny);
    disk->set_capacity(disk->used() + space);
    const Outcome outcome = load(log);
    EXPECT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.fail_stops, 1);
    ++stops;
    indeterminate += outcome.indeterminate;
    for (const Survival end :
         {Survival::everything, Survival::synced_only, Survival::some, Survival::pages}) {
      auto after = disk->survivor(end, space);
      after->set_capacity(after->used() + 100);  // still full: the start fails and harms nothing
      {
        DiskLog again(after, tiny);
        if (!again.opened()) {
          EXPECT_EQ(again.refusal().code, Errc::io) << again.refusal().detail;
          ++starts_on_full;
        }
      }
      after->set_capacity(~0ULL);
      ASSERT_NO_FATAL_FAILURE(expect_whole(after->survivor(end, space), outcome));
    }
  }
  std::printf(
      "[ counts   ] exhausted disk: %d fail-stops, %d appends indeterminate, %d starts "
      "refused for space, %d recoveries\n",
      stops, indeterminate, starts_on_full, stops * 4);
}

}  // namespace
}  // namespace oee
