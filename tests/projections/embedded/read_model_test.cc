// Behaviour of the embedded read model alone: damage of its files, crashes, and pages of bounded
// work.
#include <gtest/gtest.h>

#include <rocksdb/db.h>

#include <fstream>
#include <map>

#include "projections/embedded/read_model.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"

namespace oee {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::fold_of;
using test::log_id;
using test::orders_at;
using test::RandomOrders;
using test::RecordLog;

class EmbeddedTest : public ::testing::Test {
 protected:
  std::unique_ptr<EmbeddedReadModel> open() {
    auto opened = EmbeddedReadModel::open(path());
    EXPECT_TRUE(opened.ok()) << opened.error().detail;
    return *std::move(opened);
  }
  fs::path path() const { return dir_.path() / "read_model"; }
  static void project(RecordLog& log, ReadModel& model) {
    Projector projector(log, log_id(1), model, {});
    Result<std::size_t> step = std::size_t{1};
    for (int errors = 0; errors < 10 && (!step || *step > 0);) {
      step = projector.step();
      errors += !step.ok();
    }
    ASSERT_TRUE(step.ok()) << step.error().detail;
  }
  test::TemporaryDirectory dir_;
};

TEST_F(EmbeddedTest, ADamagedStoreIsDeletedAndFilledAgain) {
  RecordLog log(RandomOrders(1).take(800));
  for (const std::string kind : {"CURRENT", "MANIFEST", "rows", "metadata of the rows"}) {
    { project(log, *open()); }
    for (const auto& entry : fs::directory_iterator(path())) {
      const std::string name = entry.path().filename().string();
      const bool hit = kind.ends_with("rows") ? name.ends_with(".sst") : name.starts_with(kind);
      if (!hit || entry.file_size() < 16) continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      // The metadata of an SST ends with a footer of 53 bytes.
      file.seekp(kind.starts_with("metadata") ? static_cast<std::streamoff>(entry.file_size()) - 100
                                              : 8);
      file.write("\xDE\xAD\xBE\xEF\xDE\xAD\xBE\xEF", 8);
    }
    const auto model = open();
    project(log, *model);
    EXPECT_EQ(contents(*model), fold_of(log, 800)) << kind;
  }
}

TEST_F(EmbeddedTest, ACleanStopKeepsEveryBatch) {
  RecordLog log(RandomOrders(5).take(500));
  { project(log, *open()); }
  const auto model = open();
  EXPECT_EQ(model->cursor()->last_seq, 500U);
  EXPECT_EQ(contents(*model), fold_of(log, 500));
}

// A store as earlier releases wrote it: format 1, without counters of accounts.
TEST_F(EmbeddedTest, AnEarlierStoreIsKeptAndItsAccountsAreCounted) {
  RandomOrders random_orders(7, 200);
  RecordLog log(random_orders.take(2'000));
  { project(log, *open()); }
  {
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, path().string(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    std::string state;
    ASSERT_TRUE(db->Get({}, "m", &state).ok());
    EXPECT_EQ(state[0], 2);
    state[0] = 1;
    ASSERT_TRUE(db->Put({}, "m", state).ok());
    ASSERT_TRUE(db->DeleteRange({}, db->DefaultColumnFamily(), "c", "d").ok());
  }
  const auto expect_counts = [&](EmbeddedReadModel& model) {
    std::map<std::string, DeadLetterCounts> expected;
    for (const Order& order : orders_at(log, log.durable_head())) {
      DeadLetterCounts& counts = expected[order.account];
      counts.confirmed += order.phase == Phase::confirmed ? 1 : 0;
      counts.discarded += order.phase == Phase::discarded ? 1 : 0;
      counts.dead += order.phase == Phase::failed ? 1 : 0;
    }
    EXPECT_GT(expected.size(), 2U);
    for (const auto& [account, counts] : expected) {
      const auto found = model.dead_letter_counts(account);
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(found->confirmed, counts.confirmed) << account;
      EXPECT_EQ(found->discarded, counts.discarded) << account;
      EXPECT_EQ(found->dead, counts.dead) << account;
    }
  };
  {
    const auto model = open();
    EXPECT_EQ(model->cursor()->last_seq, 2'000U);
    expect_counts(*model);
  }
  {  // the same again: nothing was written meanwhile
    const auto model = open();
    expect_counts(*model);
    log.add(random_orders.take(200));
    project(log, *model);
    expect_counts(*model);
  }
  expect_counts(*open());
}

TEST_F(EmbeddedTest, BatchesLostInACrashAreProjectedAgain) {
  RandomOrders random_orders(6);
  RecordLog log(random_orders.take(500));
  { project(log, *open()); }  // flushed
  log.add(random_orders.take(300));
  const fs::path crashed = dir_.path() / "crashed";
  {
    const auto model = open();
    project(log, *model);
    fs::copy(path(), crashed, fs::copy_options::recursive);  // as kill -9 leaves it
  }
  auto left = EmbeddedReadModel::open(crashed);
  ASSERT_TRUE(left.ok()) << left.error().detail;
  EXPECT_EQ((*left)->cursor()->last_seq, 500U);
  EXPECT_EQ(contents(**left), fold_of(log, 500));
  project(log, **left);
  EXPECT_EQ(contents(**left), fold_of(log, 800));
}

TEST_F(EmbeddedTest, DamageFoundWhileReadingIsRepairedByTheNextBatch) {
  RandomOrders random_orders(2);
  RecordLog log(random_orders.take(3'000));
  { project(log, *open()); }
  for (const auto& entry : fs::directory_iterator(path())) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff at = 512; at < 4'096; at += 64) {
      file.seekp(at);
      file.put('\x7F');
    }
  }
  const auto model = open();
  OrderFilter filter;
  filter.limit = 500;
  bool found = false;
  for (bool more = true; more;) {
    const auto page = model->orders(filter);
    found = found || !page.ok();
    more = page.ok() && !page->next_cursor.empty();
    if (more) filter.cursor = page->next_cursor;
  }
  ASSERT_TRUE(found || model->cursor()->last_seq == 0) << "the damage was not found";
  log.add(random_orders.take(10));
  project(log, *model);
  EXPECT_EQ(contents(*model), fold_of(log, 3'010));
}

TEST_F(EmbeddedTest, ASecondOpenIsRefusedAndLeavesTheFirstAlone) {
  RecordLog log(RandomOrders(3).take(100));
  const auto model = open();
  project(log, *model);
  const auto second = EmbeddedReadModel::open(path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::io);
  EXPECT_EQ(contents(*model), fold_of(log, 100));
}

TEST_F(EmbeddedTest, TheRowsOfAnotherLogAreDeletedWhenTheLogIsKnown) {
  RecordLog log(RandomOrders(4).take(100));
  { project(log, *open()); }
  {
    auto same = EmbeddedReadModel::open(path(), log_id(1));
    ASSERT_TRUE(same.ok());
    EXPECT_EQ((*same)->cursor()->last_seq, 100U);
  }
  auto other = EmbeddedReadModel::open(path(), log_id(2));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->cursor()->last_seq, 0U);
  EXPECT_TRUE(contents(**other).empty());
}

TEST_F(EmbeddedTest, TheRowsOfAnotherEpochAreDeletedAndTheEpochIsStored) {
  const LogIdentity restored(log_id(1), LogEpoch{{1, 2, 3, 4, 5, 6, 7, 8}});
  RecordLog log(RandomOrders(4).take(100));
  { project(log, *open()); }
  {
    auto other = EmbeddedReadModel::open(path(), restored);
    ASSERT_TRUE(other.ok());
    EXPECT_EQ((*other)->cursor()->last_seq, 0U);
    Projector projector(log, restored, **other, {});
    while ((*other)->cursor()->last_seq < 100) ASSERT_TRUE(projector.step().ok());
  }
  auto same = EmbeddedReadModel::open(path(), restored);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ((*same)->cursor()->last_seq, 100U);
  EXPECT_EQ((*same)->cursor()->log_id, restored);
}

TEST_F(EmbeddedTest, AFilterThatMatchesLittleEndsItsPageEarlyAndContinues) {
  std::vector<Record> records;
  OrderIdSource ids;
  constexpr Seq orders = 25'000;
  for (Seq seq = 1; seq <= orders; ++seq) {
    OrderAccepted accepted;
    accepted.account = "default";
    accepted.input = {"SOL", 9};
    accepted.output = seq == 5 ? Token{"RARE", 6} : Token{"USDC", 6};
    accepted.amount_in = {1, 9};
    Record record;
    record.seq = seq;
    record.order_id = ids.next(1'770'000'000'000'000, seq * 7'919);
    record.version = 1;
    record.event = accepted;
    records.push_back(record);
  }
  RecordLog log(records, 5'000);
  const auto model = open();
  project(log, *model);
  OrderFilter filter;
  filter.output_token = "RARE";
  int pages = 0;
  std::size_t found = 0;
  do {
    const auto page = model->orders(filter);
    ASSERT_TRUE(page.ok());
    found += page->items.size();
    filter.cursor = page->next_cursor;
    ++pages;
  } while (!filter.cursor.empty() && pages < 100);
  EXPECT_EQ(found, 1U);
  EXPECT_EQ(pages, 3);
}

}  // namespace
}  // namespace oee
