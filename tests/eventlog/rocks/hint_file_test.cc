// The file of the open-order hint: whatever happens to it, the log opens.
#include "eventlog/rocks/hint_file.h"

#include <rocksdb/db.h>

#include <cstdio>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "core/base/log.h"
#include "eventlog/layout.h"
#include "tests/eventlog/rocks/disk_run.h"

namespace oee {
namespace {

using test::DiskFault;
using test::DiskLog;
using test::MemoryDisk;
using test::Survival;

class HintFileTest : public test::RocksFixture {
 protected:
  void SetUp() override { log::configure(log::Format::text, log::Level::off); }
  void TearDown() override { log::configure(log::Format::text, log::Level::info); }

  static OpenOrderHint hint_of(Seq seq, std::uint64_t orders) {
    OpenOrderHint hint{seq, {}};
    for (std::uint64_t n = 1; n <= orders; ++n) hint.open.push_back(test::order_id(n));
    return hint;
  }
  std::filesystem::path file() const { return options_.dir / "OPEN_ORDERS"; }
  std::string bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void set_bytes(const std::string& bytes) const {
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
  }
  // Opens the closed log and returns its hint.
  OpenOrderHint reopened() {
    open();
    OpenOrderHint hint = log_->load_hint();
    log_.reset();
    return hint;
  }
  void expect_no_hint(const std::string& what) {
    const OpenOrderHint hint = reopened();
    EXPECT_EQ(hint.seq, 0U) << what;
    EXPECT_TRUE(hint.open.empty()) << what;
  }
  // A closed log with `orders` records and a hint up to `seq`.
  void make_log_with_hint(std::uint64_t orders, Seq seq) {
    open_and_start();
    append_orders(1, orders);
    log_->store_hint(hint_of(seq, seq));
    log_.reset();
  }
};

TEST_F(HintFileTest, ItsBytesAreThoseOfTheDocument) {
  make_log_with_hint(5, 3);
  const std::string all = bytes();
  ASSERT_EQ(all.size(), 4U + 4 + 32 + 8 + 3 * 16 + 4);
  open();
  const Hash256 chain = (*log_->read(3, 1))->records.front().hash;
  log_.reset();
  std::string expected = "OEEH";
  append_be<std::uint32_t>(expected, 1);
  expected += as_bytes(chain);
  append_be<std::uint64_t>(expected, 3);
  for (std::uint64_t n = 1; n <= 3; ++n) expected += test::order_id(n).view();
  append_be<std::uint32_t>(expected, crc32c(expected));
  EXPECT_EQ(all, expected);
  const OpenOrderHint hint = reopened();
  EXPECT_EQ(hint.seq, 3U);
  EXPECT_EQ(hint.open, hint_of(3, 3).open);
}

TEST_F(HintFileTest, ADamagedOrMissingFileIsNoHintAndNoRefusal) {
  make_log_with_hint(5, 3);
  const std::string whole = bytes();
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    set_bytes(flipped);
    expect_no_hint("byte " + std::to_string(at) + " flipped");
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{51}, whole.size() - 16}) {
    set_bytes(whole.substr(0, size));
    expect_no_hint("cut to " + std::to_string(size));
  }
  set_bytes(whole + std::string(4'096, '\0'));
  expect_no_hint("longer");
  std::filesystem::remove(file());
  expect_no_hint("missing");
  std::filesystem::create_directory(file());
  expect_no_hint("not a file");
  std::filesystem::remove(file());
  set_bytes(whole);
  EXPECT_EQ(reopened().seq, 3U);
}

TEST_F(HintFileTest, AFileOfANewerProgramIsNoHint) {
  make_log_with_hint(5, 3);
  std::string newer = bytes();
  newer.resize(newer.size() - 4);
  newer[7] = 2;
  append_be<std::uint32_t>(newer, crc32c(newer));
  set_bytes(newer);
  expect_no_hint("newer");
}

TEST_F(HintFileTest, AFileAheadOfTheLogOrOfAnotherLogIsNoHint) {
  make_log_with_hint(5, 5);
  const std::string other = bytes();
  options_.dir = data_.path() / "short";
  make_log(3);
  set_bytes(other);
  expect_no_hint("ahead");
  open_and_start();
  // At other times than the first log, so that the chain differs.
  clock_.step_wall(Micros(1'000'000));
  append_orders(4, 9);
  log_.reset();
  expect_no_hint("of another log");
}

TEST_F(HintFileTest, TheHintThatAnOlderProgramStoredInTheLogIsReadUntilThereIsAFile) {
  make_log(5);
  const auto put_older = [this](const std::string& value) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
    for (const char* name : layout::all_cfs)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, options_.dir.string(), families, &handles, &db).ok());
    EXPECT_TRUE(db->Put({}, handles[4], "open", value).ok());
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  };
  std::string older;
  append_be<std::uint64_t>(older, 2);
  for (std::uint64_t n = 1; n <= 2; ++n) older += test::order_id(n).view();
  put_older(older);
  const OpenOrderHint hint = reopened();
  EXPECT_EQ(hint.seq, 2U);
  EXPECT_EQ(hint.open, hint_of(2, 2).open);
  open_and_start();
  log_->store_hint(hint_of(4, 1));
  log_.reset();
  EXPECT_EQ(reopened().seq, 4U);
  flip(file(), 50);
  EXPECT_EQ(reopened().seq, 2U) << "the older one is still there";
  put_older(older.substr(0, 20));
  expect_no_hint("both damaged");
}

// 17.6 MB: longer than the torn append that the log tolerates at its end.
TEST_F(HintFileTest, APowerCutWhileAHintOfAMillionOrdersIsStoredLeavesTheOldOneOrTheNewOne) {
  constexpr std::size_t orders = 1'100'000;
  auto disk = std::make_shared<MemoryDisk>();
  {
    DiskLog log(disk);
    for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(log.append(test::order_request(n)).ok());
    log.log().store_hint(hint_of(1, 1));
    log.log().stop();
  }
  OpenOrderHint large{3, std::vector<OrderId>(orders, test::order_id(2))};
  int cuts = 0, kept = 0, replaced = 0;
  for (std::uint64_t n = 1;; ++n) {
    auto cut = disk->survivor(Survival::everything);
    {
      DiskLog log(cut);
      ASSERT_TRUE(log.opened());
      cut->plan(DiskFault::power, n, false);
      log.log().store_hint(large);
      log.log().stop();
    }
    if (cut->hit().empty()) break;
    ++cuts;
    for (const Survival survival : {Survival::synced_only, Survival::some, Survival::pages}) {
      SCOPED_TRACE("operation " + std::to_string(n) + ": " + cut->hit());
      DiskLog log(cut->survivor(survival, n));
      ASSERT_TRUE(log.opened()) << log.refusal().detail;
      EXPECT_EQ(log.head(), 3U);
      const OpenOrderHint hint = log.log().load_hint();
      ++(hint.seq == 1 ? kept : replaced);
      EXPECT_TRUE(hint.seq == 1 || hint.seq == 3) << hint.seq;
      EXPECT_EQ(hint.open.size(), hint.seq == 1 ? 1 : orders);
    }
  }
  EXPECT_GE(cuts, 5);
  EXPECT_GT(kept, 0);
  std::printf("[ counts   ] power cuts while a hint is stored: %d, old hint %d, new hint %d\n",
              cuts, kept, replaced);
}

}  // namespace
}  // namespace oee
