// RocksLog beyond the contract: queueing, group commit, readers beside the writer, fail-stop,
// scrub.
#include "eventlog/rocks/log.h"

#include <sys/resource.h>

#include <thread>

#include "core/base/log.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/rocks/rocks_fixture.h"
#include "tests/support/log/break_wal.h"

namespace oee {
namespace {

using std::chrono::milliseconds;
using test::Call;
using test::event_request;
using test::LogProbe;
using test::order_request;

class RocksLogTest : public test::RocksFixture {
 protected:
  // Waits up to 10 s for a condition that another thread makes true.
  template <class Condition>
  ::testing::AssertionResult soon(Condition condition) {
    for (int i = 0; i < 2'000; ++i) {
      if (condition()) return ::testing::AssertionSuccess();
      std::this_thread::sleep_for(milliseconds(5));
    }
    return ::testing::AssertionFailure() << "not within 10 s";
  }
};

TEST_F(RocksLogTest, WhatIsQueuedIsCommittedTogether) {
  open();
  probe_ = std::make_unique<LogProbe>();
  for (std::uint64_t n = 1; n <= 500; ++n) send(order_request(n));
  EXPECT_EQ(log_->metrics().queue_depth.load(), 500U);
  BlockSink* sinks[] = {probe_.get()};
  log_->start(sinks);
  ASSERT_TRUE(probe_->wait_for_all());
  EXPECT_EQ(log_->metrics().commits.load(), 1U);
  EXPECT_EQ(log_->metrics().appends.load(), 500U);
  EXPECT_EQ(log_->metrics().queue_depth.load(), 0U);
  EXPECT_GT(log_->metrics().sync_us_max.load(), 0U);
}

TEST_F(RocksLogTest, BatchesAreBoundedInCountAndBytes) {
  options_.batch_requests_max = 100;
  options_.batch_bytes_max = 10'000;  // about 25 records
  open();
  probe_ = std::make_unique<LogProbe>();
  for (std::uint64_t n = 1; n <= 300; ++n) send(order_request(n));
  BlockSink* sinks[] = {probe_.get()};
  log_->start(sinks);
  ASSERT_TRUE(probe_->wait_for_all());
  EXPECT_GE(log_->metrics().commits.load(), 8U);
  for (const auto& block : probe_->blocks()) EXPECT_LE(block->records.size(), 50U);
  log_.reset();
  options_.batch_bytes_max = 1;  // less than one record: one at a time, not none
  open_and_start();
  append_orders(400, 410);
}

TEST_F(RocksLogTest, TheHeadIsTheNewestDurableRecordWithItsHashAcrossARestart) {
  open_and_start();
  EXPECT_EQ(log_->head().seq, 0U);
  EXPECT_EQ(log_->head().hash, Hash256{});
  append_orders(1, 20);
  for (int round = 0; round < 2; ++round) {
    const LogHead head = log_->head();
    EXPECT_EQ(head.seq, 20U);
    EXPECT_EQ(head.hash, read_watermark(watermark())->chain);
    open_and_start();
  }
}

TEST_F(RocksLogTest, TheWatermarkIsExactAfterEveryAnswer) {
  open_and_start();
  for (std::uint64_t n = 1; n <= 20; ++n) {
    ASSERT_TRUE(append(order_request(n)).ok());
    EXPECT_EQ(read_watermark(watermark())->seq, n);
  }
}

TEST_F(RocksLogTest, StopAnswersWhatIsQueuedAndRefusesWhatComesLater) {
  open_and_start();
  std::vector<Call*> calls;
  for (std::uint64_t n = 1; n <= 3'000; ++n) calls.push_back(&send(order_request(n)));
  log_->stop();
  for (const Call* call : calls) {
    ASSERT_TRUE(call->answer);
    EXPECT_TRUE(call->answer->ok());
  }
  EXPECT_EQ(append(order_request(9'999)).error().code, Errc::closed);
  EXPECT_EQ(log_->wait_past(5'000, milliseconds(60'000)), 3'000U)
      << "a stopped log waits for nothing";
  log_->stop();
}

TEST_F(RocksLogTest, StopWithoutStartAnswersClosed) {
  open();
  probe_ = std::make_unique<LogProbe>();
  Call& call = send(order_request(1));
  log_->stop();
  ASSERT_TRUE(call.answer);
  EXPECT_EQ(call.answer->error().code, Errc::closed);
  log_.reset();
  open();
  EXPECT_EQ(log_->metrics().durable_head.load(), 0U);
}

TEST_F(RocksLogTest, AWaiterIsWokenByTheCommit) {
  open_and_start();
  std::thread waiter([&] { EXPECT_EQ(log_->wait_past(0, milliseconds(30'000)), 1U); });
  ASSERT_TRUE(append(order_request(1)).ok());
  waiter.join();
}

TEST_F(RocksLogTest, ReadersGetTheSameWhetherFromMemoryOrFromDisk) {
  options_.tail_records_max = 1;
  open_and_start();
  for (std::uint64_t n = 1; n <= 100; ++n) {
    append(order_request(n)).ok();
    append(event_request(n, 1, RoutingStarted{1})).ok();
  }
  // Only the newest blocks are in memory: at most two of them.
  auto old = log_->read(1, 150);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ((*old)->records.size(), 150U) << "the limit holds";
  auto newest = log_->read(200, 150);
  EXPECT_EQ((*newest)->records.back().seq, 200U);
  const auto delivered = probe_->records();
  for (std::size_t i = 0; i < 150; ++i) {
    EXPECT_EQ((*old)->records[i].order_id, delivered[i].order_id);
    EXPECT_EQ((*old)->records[i].event.index(), delivered[i].event.index());
  }
  EXPECT_EQ(log_->read_order(test::order_id(3))->size(), 2U);
  EXPECT_EQ(log_->read(0, 1).ok(), true) << "0 is before the first";
}

TEST_F(RocksLogTest, AFullDiskRefusesNewOrdersOnly) {
  open_and_start();
  append_orders(1, 1);
  options_.free_bytes_min = std::uint64_t{1} << 62;
  open_and_start();
  EXPECT_TRUE(log_->metrics().disk_low.load());
  EXPECT_EQ(append(order_request(2)).error().code, Errc::full);
  EXPECT_TRUE(append(event_request(1, 1, RoutingStarted{1})).ok());
  EXPECT_EQ(log_->read(1, 1).ok(), true);
}

TEST_F(RocksLogTest, ASecondOpeningIsRefused) {
  open();
  RocksLogOptions same = options_;
  EXPECT_EQ(RocksLog::open(same, clock_).error().code, Errc::in_use);
  open_and_start();
  EXPECT_TRUE(append(order_request(1)).ok()) << "the first is not disturbed";
}

TEST_F(RocksLogTest, TheLogIdStaysAndDiffersBetweenLogs) {
  open();
  const LogId id = log_->id();
  EXPECT_FALSE(id.is_zero());
  open();
  EXPECT_EQ(log_->id(), id);
  log_.reset();
  options_.dir = data_.path() / "another";
  open();
  EXPECT_NE(log_->id(), id);
}

TEST_F(RocksLogTest, TinyMemtablesLoseNothing) {
  options_.memtable_bytes = 64 << 10;
  options_.tail_records_max = 10;
  open_and_start();
  append_orders(1, 5'000);
  for (std::uint64_t n = 1; n <= 5'000; n += 7) send(event_request(n, 1, RoutingStarted{1}));
  ASSERT_TRUE(probe_->wait_for_all());
  const Seq end = log_->metrics().durable_head.load();
  EXPECT_EQ(end, 5'000U + 715);
  EXPECT_GT(files(".sst").size(), 3U);
  for (int round = 0; round < 2; ++round) {
    Seq next = 1;
    while (next <= end) {
      auto block = log_->read(next, 1'000);
      ASSERT_TRUE(block.ok()) << block.error().detail;
      next = (*block)->end();
    }
    EXPECT_TRUE(append(order_request(99'999, "key77"))->replayed);
    EXPECT_EQ(append(order_request(78)).error().code, Errc::conflict);
    open_and_start();
  }
}

TEST_F(RocksLogTest, ShardsThatRaceForOrdersGetOneWinnerEach) {
  constexpr int shards = 4;
  constexpr std::uint64_t orders = 300;
  open();
  std::vector<std::unique_ptr<LogProbe>> probes;
  std::vector<BlockSink*> sinks;
  for (int i = 0; i < shards; ++i) {
    probes.push_back(std::make_unique<LogProbe>());
    sinks.push_back(probes.back().get());
  }
  log_->start(sinks);
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < shards; ++i) {
    threads.emplace_back([&, i] {
      LogProbe& mine = *probes[static_cast<std::size_t>(i)];
      std::vector<Call*> calls;
      for (std::uint64_t n = 1; n <= orders; ++n) {
        Call& call = mine.new_call();
        log_->append(order_request(n), mine, &call);
        calls.push_back(&call);
      }
      EXPECT_TRUE(mine.wait_for_all());
      for (const Call* call : calls) ++(call->answer->ok() ? won : lost);
    });
  }
  std::thread reader([&] {
    Seq next = 1;
    while (next <= orders) {
      log_->wait_past(next - 1, milliseconds(1'000));
      auto block = log_->read(next, 64);
      ASSERT_TRUE(block.ok());
      for (const auto& record : (*block)->records) {
        if (record.seq < next) continue;
        ASSERT_EQ(record.seq, next);
        ++next;
        ASSERT_EQ(log_->read_order(record.order_id)->size(), 1U);
      }
    }
  });
  for (auto& thread : threads) thread.join();
  reader.join();
  EXPECT_EQ(won.load(), static_cast<int>(orders));
  EXPECT_EQ(lost.load(), static_cast<int>(orders * (shards - 1)));
  log_->stop();
  for (auto& probe : probes) EXPECT_EQ(probe->records().size(), orders);
}

TEST_F(RocksLogTest, AFailedWriteStopsTheLogOnceAndSaysWhy) {
  open_and_start();
  append_orders(1, 10);
  test::break_wal(options_.dir);
  EXPECT_EQ(append(order_request(11)).error().code, Errc::indeterminate);
  ASSERT_TRUE(soon([&] { return fail_stops_.load() == 1; }));
  EXPECT_EQ(why_.code, Errc::io);
  EXPECT_NE(why_.detail.find("No space left"), std::string::npos) << why_.detail;
  EXPECT_TRUE(log_->metrics().failed.load());
  EXPECT_EQ(append(order_request(12)).error().code, Errc::closed);
  EXPECT_EQ(read_watermark(watermark())->seq, 10U);
  EXPECT_EQ(log_->read(1, 100).ok(), true) << "durable records stay readable";
  log_->stop();
  EXPECT_EQ(fail_stops_.load(), 1);
  open_and_start();
  EXPECT_EQ(log_->metrics().durable_head.load(), 10U);
}

// Creates directories with the names of RocksDB's next SST files: flushes cannot create these
// files.
void block_next_ssts(const std::filesystem::path& dir) {
  std::uint64_t last = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir))
    last = std::max<std::uint64_t>(last, std::strtoull(entry.path().stem().c_str(), nullptr, 10));
  for (std::uint64_t n = last + 1; n < last + 60; ++n) {
    std::string name = std::to_string(n);
    name.insert(0, 6 - name.size(), '0');
    std::filesystem::create_directory(dir / (name + ".sst"));
  }
}

TEST_F(RocksLogTest, AFlushThatFailsInTheBackgroundStopsTheLogThoughItIsIdle) {
  options_.memtable_bytes = 64 << 10;
  open_and_start();
  append_orders(1, 1);
  block_next_ssts(options_.dir);
  bool refused = false;
  for (std::uint64_t n = 2; n <= 2'000 && !refused; n += 50) {
    for (std::uint64_t i = n; i < n + 50; ++i) send(order_request(i, "key" + std::to_string(i)));
    ASSERT_TRUE(probe_->wait_for_all());
    refused = log_->metrics().failed.load();
  }
  ASSERT_TRUE(soon([&] { return fail_stops_.load() == 1; })) << "a failed flush is not noticed";
  EXPECT_EQ(append(order_request(30'000)).error().code, Errc::closed);
  const auto acknowledged = probe_->records().size();
  log_.reset();
  for (const auto& file : files(".sst"))
    if (std::filesystem::is_directory(file)) std::filesystem::remove(file);
  open();
  EXPECT_GE(log_->metrics().durable_head.load(), acknowledged);
}

TEST_F(RocksLogTest, WhenNoFileCanBeOpenedTheLogStopsAndLosesNothing) {
  options_.memtable_bytes = 64 << 10;
  open_and_start();
  append_orders(1, 10);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::optional<Errc> refused;
  for (std::uint64_t n = 100; n < 20'000 && !refused; ++n)
    if (const auto answer = append(order_request(n)); !answer.ok()) refused = answer.error().code;
  const bool stopped = soon([&] { return fail_stops_.load() == 1; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(refused == Errc::indeterminate || refused == Errc::closed);
  const auto acknowledged = probe_->records().size();
  open();
  EXPECT_GE(log_->metrics().durable_head.load(), acknowledged);
}

TEST_F(RocksLogTest, DamageOfAnOldRecordIsFoundAtTheFirstReadAndStopsTheLog) {
  make_log(2'000);
  flush_by_reopening();
  const auto ssts = files(".sst");
  ASSERT_FALSE(ssts.empty());
  // The largest SST holds the events; its middle holds data.
  const auto events = *std::max_element(ssts.begin(), ssts.end(), [](const auto& a, const auto& b) {
    return std::filesystem::file_size(a) < std::filesystem::file_size(b);
  });
  flip(events, std::filesystem::file_size(events) / 2);
  open_and_start();
  Result<BlockPtr> block = log_->read(1, 2'000);
  ASSERT_FALSE(block.ok());
  EXPECT_EQ(block.error().code, Errc::corrupt);
  EXPECT_NE(block.error().detail.find("record "), std::string::npos) << block.error().detail;
  EXPECT_NE(block.error().detail.find(events.filename().string()), std::string::npos)
      << block.error().detail;
  ASSERT_TRUE(soon([&] { return fail_stops_.load() == 1; }));
  EXPECT_EQ(append(order_request(9'999)).error().code, Errc::closed);
}

TEST_F(RocksLogTest, TheScrubFindsDamageThatNobodyReads) {
  make_log(2'000);
  flush_by_reopening();
  const auto ssts = files(".sst");
  const auto events = *std::max_element(ssts.begin(), ssts.end(), [](const auto& a, const auto& b) {
    return std::filesystem::file_size(a) < std::filesystem::file_size(b);
  });
  options_.scrub_period = std::chrono::hours(24);
  open_and_start();
  ASSERT_TRUE(soon([&] { return log_->metrics().scrubbed.load() == 2'000; })) << "without damage";
  log_.reset();
  flip(events, std::filesystem::file_size(events) / 4);
  open_and_start();
  ASSERT_TRUE(soon([&] { return fail_stops_.load() == 1; }));
  EXPECT_EQ(why_.code, Errc::corrupt);
}

}  // namespace
}  // namespace oee
