// The publisher: it publishes every record after the durable head of its start, in order and once,
// and the head.
#include "projections/publisher.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "projections/in_process_bus.h"
#include "tests/support/bus_sinks.h"
#include "tests/support/log/sample_log.h"

namespace oee {
namespace {

using namespace std::chrono_literals;

// An EventLog over a SampleLog: records up to the durable head can be read. As with RocksLog, a
// block may begin before `from`.
class SampleEventLog final : public EventLog {
 public:
  explicit SampleEventLog(const test::SampleLog& sample) : sample_(sample) {}
  void make_durable(Seq head) {
    std::lock_guard lock(mutex_);
    durable_ = head;
    changed_.notify_all();
  }
  void fail_reads(bool fail) {
    std::lock_guard lock(mutex_);
    failing_ = fail;
  }

  void append(AppendRequest, BlockSink&, void*) override { FAIL() << "the publisher only reads"; }
  Result<BlockPtr> read(Seq from, std::size_t limit) override {
    std::lock_guard lock(mutex_);
    if (failing_) return Error{Errc::io, "the disk is gone"};
    auto block = std::make_shared<Block>();
    block->first = from > 3 ? from - 3 : 1;
    for (Seq seq = block->first; seq <= durable_ && block->records.size() < limit + 3; ++seq)
      block->records.push_back(sample_.records()[seq - 1]);
    return BlockPtr(std::move(block));
  }
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    std::vector<Record> records;
    for (const Record& record : sample_.records())
      if (record.order_id == id) records.push_back(record);
    return records;
  }
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return durable_ > seq; });
    return durable_;
  }
  OpenOrderHint load_hint() override { return {}; }
  void store_hint(OpenOrderHint) override {}

 private:
  const test::SampleLog& sample_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seq durable_ = 0;
  bool failing_ = false;
};

void expect_seqs(const std::vector<Update>& updates, Seq first, Seq end) {
  ASSERT_EQ(updates.size(), end - first);
  for (std::size_t i = 0; i < updates.size(); ++i) ASSERT_EQ(updates[i].seq, first + i);
}

struct PublisherTest : testing::Test {
  PublisherTest() {
    sample.add_usual_orders(1, 1'000);
    bus.subscribe(sink);
    bus.start();
  }
  test::SampleLog sample;
  SampleEventLog log{sample};
  InProcessBus bus;
  test::CollectingSink sink;
  const LogId log_id = test::log_id(3);
};

TEST_F(PublisherTest, StartsAtTheDurableHeadAndPublishesEverythingAfterItOnceAndInOrder) {
  log.make_durable(100);
  Publisher publisher(log, log_id, bus);
  publisher.start();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(sink.updates().size(), 0U);
  log.make_durable(103);
  ASSERT_TRUE(sink.wait_updates(3));
  log.make_durable(6'000);
  ASSERT_TRUE(sink.wait_updates(5'900));
  publisher.stop();
  expect_seqs(sink.updates(), 101, 6'001);
  EXPECT_TRUE(sink.contiguous_batches());
  EXPECT_EQ(publisher.published(), 6'000U);
  EXPECT_EQ(sink.updates().front().json, update_of(sample.records()[100]).json);
}

TEST_F(PublisherTest, EveryUpdateHasItsOrdersTokensAndAccountAlsoOfOrdersAcceptedBeforeItsStart) {
  log.make_durable(2'500);  // in the middle of every order's events
  Publisher publisher(log, log_id, bus);
  EXPECT_FALSE(publisher.step());
  log.make_durable(6'000);
  while (publisher.step()) {
  }
  ASSERT_TRUE(sink.wait_updates(3'500));
  for (const Update& update : sink.updates()) {
    const Update expected = sample.update_at(update.seq);
    ASSERT_EQ(update.input, expected.input) << update.seq;
    ASSERT_EQ(update.output, expected.output) << update.seq;
    ASSERT_EQ(update.account, expected.account) << update.seq;
    ASSERT_EQ(update.venue, expected.venue) << update.seq;
  }
}

TEST_F(PublisherTest, WhileNoSinkWantsUpdatesItPublishesTheHeadAlone) {
  test::CollectingSink other;
  bus.subscribe(other);
  sink.want_updates(false);
  other.want_updates(false);
  Publisher publisher(log, log_id, bus);
  EXPECT_FALSE(publisher.step());
  log.make_durable(2'500);
  log.fail_reads(true);  // nothing is read
  EXPECT_TRUE(publisher.step());
  EXPECT_FALSE(publisher.step());
  EXPECT_EQ(publisher.published(), 2'500U);
  EXPECT_EQ(sink.heads(), (std::vector<std::pair<LogIdentity, Seq>>{{log_id, 2'500}}));
  EXPECT_TRUE(sink.updates().empty());
  log.fail_reads(false);
  log.make_durable(2'600);
  other.want_updates(true);  // one of two: both get all
  EXPECT_TRUE(publisher.step());
  expect_seqs(sink.updates(), 2'501, 2'601);
  expect_seqs(other.updates(), 2'501, 2'601);
  for (const Update& update : sink.updates())
    ASSERT_EQ(update.input, sample.update_at(update.seq).input)
        << "accepted while no sink wanted updates";
}

TEST_F(PublisherTest, TheThreadNoticesWithinMillisecondsThatUpdatesAreWanted) {
  sink.want_updates(false);
  Publisher publisher(log, log_id, bus);
  publisher.start();
  log.make_durable(100);
  ASSERT_TRUE(sink.wait_head(log_id, 100));
  EXPECT_TRUE(sink.updates().empty());
  sink.want_updates(true);
  std::this_thread::sleep_for(100ms);
  log.make_durable(110);
  ASSERT_TRUE(sink.wait_updates(10));
  expect_seqs(sink.updates(), 101, 111);
}

TEST_F(PublisherTest, AStepPublishesAtMostOneBatchAndReturnsFalseWhenNothingIsNew) {
  Publisher publisher(log, log_id, bus);
  EXPECT_FALSE(publisher.step());
  log.make_durable(6'000);
  int steps = 0;
  std::size_t before = 0;
  while (publisher.step()) {
    ++steps;
    const std::size_t now = sink.updates().size();
    EXPECT_LE(now - before, 1'100U);
    before = now;
  }
  EXPECT_GT(steps, 5);
  expect_seqs(sink.updates(), 1, 6'001);
}

TEST_F(PublisherTest, TheHeadIsAnnouncedFourTimesASecondAndNeverBeforeItsUpdates) {
  Publisher publisher(log, log_id, bus);
  publisher.start();
  log.make_durable(500);
  ASSERT_TRUE(sink.wait_head(log_id, 500));
  EXPECT_EQ(sink.updates().size(), 500U);
  const std::size_t before = sink.heads().size();
  std::this_thread::sleep_for(1'100ms);
  publisher.stop();
  const std::size_t announced = sink.heads().size() - before;
  EXPECT_GE(announced, 3U);
  EXPECT_LE(announced, 6U);
}

TEST_F(PublisherTest, ContinuesWhenTheLogCanBeReadAgain) {
  Publisher publisher(log, log_id, bus);
  publisher.start();
  log.fail_reads(true);
  log.make_durable(10);
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(sink.updates().size(), 0U);
  log.fail_reads(false);
  ASSERT_TRUE(sink.wait_updates(10));
  expect_seqs(sink.updates(), 1, 11);
}

TEST_F(PublisherTest, StopsWithinASecondAndStopIsIdempotent) {
  Publisher publisher(log, log_id, bus);
  publisher.start();
  const auto before = std::chrono::steady_clock::now();
  publisher.stop();
  publisher.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  const std::size_t calls = sink.calls();
  log.make_durable(10);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(sink.calls(), calls);
}

}  // namespace
}  // namespace oee
