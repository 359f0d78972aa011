// The start on an existing directory: damage is refused and named, a torn tail is dropped, an
// interrupted creation is completed.
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <functional>

#include "core/base/bytes.h"
#include "eventlog/audit/log_reader.h"
#include "eventlog/audit/verify.h"
#include "eventlog/codec.h"
#include "eventlog/layout.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/eventlog/rocks/rocks_fixture.h"
#include "tests/support/log/log_file.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

class RocksStartTest : public test::RocksFixture {
 protected:
  // Changes the log's RocksDB while the log is closed.
  template <class Change>
  void change_store(Change change) {
    rocksdb::Options options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
    for (const char* name : layout::all_cfs) families.emplace_back(name, options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, options_.dir.string(), families, &handles, &db);
    ASSERT_TRUE(status.ok()) << status.ToString();
    change(*db, handles);
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  static constexpr std::size_t events = 1, by_order = 2, keys = 3, meta = 5;

  void expect_intact(std::uint64_t orders) {
    open_and_start();
    ASSERT_EQ(log_->metrics().durable_head.load(), orders);
    auto block = log_->read(1, orders);
    ASSERT_TRUE(block.ok());
    for (std::uint64_t n = 1; n <= orders; ++n)
      EXPECT_EQ((*block)->records[n - 1].order_id, test::order_id(n));
    EXPECT_TRUE(append(test::order_request(999, "key1"))->replayed);
  }
  void expect_refused(Errc code, std::string_view detail) {
    const Error error = refusal();
    EXPECT_EQ(error.code, code) << error.detail;
    EXPECT_NE(error.detail.find(detail), std::string::npos) << error.detail;
  }
};

TEST_F(RocksStartTest, AnEmptyDirectoryBecomesALog) {
  fs::create_directories(options_.dir);
  open();
  EXPECT_EQ(log_->metrics().durable_head.load(), 0U);
  EXPECT_EQ(read_watermark(watermark())->seq, 0U);
  open();
  EXPECT_EQ(log_->metrics().durable_head.load(), 0U);
}

TEST_F(RocksStartTest, TheStoreExplainsItself) {
  make_log(1);
  change_store([](rocksdb::DB& db, auto& handles) {
    std::string schema, id;
    ASSERT_TRUE(db.Get({}, handles[meta], layout::meta_schema, &schema).ok());
    EXPECT_NE(schema.find("table OrderAccepted"), std::string::npos);
    ASSERT_TRUE(db.Get({}, handles[meta], layout::meta_log_id, &id).ok());
    EXPECT_EQ(id.size(), 16U);
  });
}

TEST_F(RocksStartTest, AnyFlippedByteOfTheWalIsRefusedOrHarmless) {
  make_log(60);
  const fs::path original = data_.path() / "original";
  copy_log(options_.dir, original);
  const auto wal = newest_wal();
  const std::uintmax_t size = fs::file_size(wal);
  int refused = 0, tried = 0;
  for (std::uintmax_t at = 3; at < size; at += size / 67 + 1, ++tried) {
    log_.reset();
    copy_log(original, options_.dir);
    flip(wal, at);
    const auto opened = try_open();
    if (opened.ok()) {
      EXPECT_EQ(log_->metrics().durable_head.load(), 60U) << "records lost, byte " << at;
    } else {
      ++refused;
      EXPECT_EQ(opened.error().code, Errc::corrupt) << opened.error().detail;
    }
  }
  EXPECT_GT(refused, tried * 9 / 10);
}

TEST_F(RocksStartTest, ATornTailBeyondTheWatermarkIsDropped) {
  make_log(20);
  const auto wal = newest_wal();
  // The beginning of another write: a copy of the WAL's first half-record.
  std::ifstream in(wal, std::ios::binary);
  std::string head(50, '\0');
  in.read(head.data(), 50);
  std::ofstream(wal, std::ios::binary | std::ios::app) << head;
  testing::internal::CaptureStderr();
  expect_intact(20);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("torn"), log.npos) << log;
  EXPECT_NE(log.find(wal.filename().string()), log.npos) << log;
}

// The WAL's length reached the disk before its last page did: the rest of it reads as zeros.
TEST_F(RocksStartTest, ATornTailWithAHoleIsDroppedToo) {
  make_log(20);
  open_and_start();
  append_orders(21, 60);
  const fs::path mark = data_.path() / "mark";  // the watermark before the last append
  fs::copy_file(watermark(), mark);
  send(test::order_request(61, "key61"));
  ASSERT_TRUE(probe_->wait_for_all());
  log_.reset();
  fs::copy_file(mark, watermark(), fs::copy_options::overwrite_existing);
  test::tear_last_record(newest_wal());
  const auto reader = LogReader::open(options_.dir);
  ASSERT_TRUE(reader.ok()) << "a tool, before the engine's next start: " << reader.error().detail;
  expect_intact(60);
}

// RocksDB keeps such a WAL beside the next one: recovery found nothing in it to flush.
TEST_F(RocksStartTest, AWalThatHoldsNothingButATornAppendDoesNotDisturbTheToolsAfterwards) {
  make_log(20);
  const fs::path mark = data_.path() / "mark";
  fs::copy_file(watermark(), mark);
  open_and_start();
  AppendRequest request;
  request.order_id = test::order_id(61);
  request.events = forge::confirmed_events(request.order_id, "key61");
  ASSERT_TRUE(append(std::move(request)).ok());
  log_.reset();
  fs::copy_file(mark, watermark(), fs::copy_options::overwrite_existing);
  test::tear_last_record(newest_wal());
  ASSERT_EQ(test::end_of_log_file(newest_wal()).kind, LogEnd::Kind::torn);

  open_and_start();
  append_orders(21, 30);
  for (const bool running : {true, false}) {
    SCOPED_TRACE(running ? "beside the engine" : "after its end");
    if (!running) log_.reset();
    const auto reader = LogReader::open(options_.dir);
    ASSERT_TRUE(reader.ok()) << reader.error().detail;
    const auto report = verify(**reader, {});
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_TRUE(report->ok) << report->problem;
    EXPECT_EQ(report->head, 30U);
  }
  expect_intact(30);
}

TEST_F(RocksStartTest, AHoleBelowTheWatermarkIsRefusedNamingWhatIsMissing) {
  make_log(20);
  const auto wal = newest_wal();
  const auto size = fs::file_size(wal);
  fs::resize_file(wal, size - size % 512);
  fs::resize_file(wal, size);
  expect_refused(Errc::corrupt, "were durable and are missing");
}

TEST_F(RocksStartTest, AWalCutBelowTheWatermarkIsRefusedNamingWhatIsMissing) {
  make_log(20);
  fs::resize_file(newest_wal(), fs::file_size(newest_wal()) - 5);
  expect_refused(Errc::corrupt, "20 were durable and are missing");
}

TEST_F(RocksStartTest, ALostWalIsRefused) {
  make_log(20);
  fs::remove(newest_wal());
  EXPECT_EQ(refusal().code, Errc::corrupt);
}

TEST_F(RocksStartTest, ALostNewestWalIsRefusedThoughOlderRecordsAreSafe) {
  make_log(20);
  open_and_start();  // the first 20 are in SST files now
  append_orders(21, 30);
  log_.reset();
  fs::remove(newest_wal());
  expect_refused(Errc::corrupt, "records 21 to 30 were durable and are missing");
}

TEST_F(RocksStartTest, AnOlderCopyOfTheStoreIsRefused) {
  make_log(20);
  const fs::path old = data_.path() / "old";
  copy_log(options_.dir, old);
  open_and_start();
  append_orders(21, 30);
  log_.reset();
  fs::copy_file(watermark(), old / "WATERMARK", fs::copy_options::overwrite_existing);
  options_.dir = old;
  expect_refused(Errc::corrupt, "records 21 to 30");
}

TEST_F(RocksStartTest, AWatermarkBehindTheHeadIsNormal) {
  make_log(5);
  fs::copy_file(watermark(), data_.path() / "earlier");
  open_and_start();
  append_orders(6, 20);
  log_.reset();
  fs::copy_file(data_.path() / "earlier", watermark(), fs::copy_options::overwrite_existing);
  expect_intact(20);
  EXPECT_EQ(read_watermark(watermark())->seq, 20U);
}

TEST_F(RocksStartTest, ANonEmptyLogWithoutAValidWatermarkIsRefused) {
  make_log(5);
  const fs::path aside = data_.path() / "aside";
  fs::copy_file(watermark(), aside);
  for (const std::uintmax_t size : {0U, 40U, 63U}) {
    fs::resize_file(watermark(), size);
    expect_refused(Errc::corrupt, "no valid slot");
  }
  fs::remove(watermark());
  expect_refused(Errc::corrupt, "no watermark");
  fs::copy_file(aside, watermark());
  expect_intact(5);
}

TEST_F(RocksStartTest, TheWatermarkOfAnotherLogIsRefused) {
  make_log(5);
  const fs::path first = options_.dir;
  options_.dir = data_.path() / "another";
  open_and_start();
  append(test::order_request(77)).ok();
  append_orders(1, 4);
  log_.reset();
  fs::copy_file(first / "WATERMARK", watermark(), fs::copy_options::overwrite_existing);
  expect_refused(Errc::corrupt, "record 5 is not the one that the watermark states");
}

TEST_F(RocksStartTest, MissingStoreFilesAreNotTakenForANewLog) {
  make_log(5);
  fs::remove(options_.dir / "CURRENT");
  expect_refused(Errc::corrupt, "CURRENT");
  fs::remove(watermark());
  expect_refused(Errc::corrupt, "CURRENT");
  for (const auto& file : files(".log")) fs::remove(file);
}

// Runs something before the first rename.
class BeforeRename final : public rocksdb::FileSystemWrapper {
 public:
  explicit BeforeRename(std::function<void()> run)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), run_(std::move(run)) {}
  const char* Name() const override { return "BeforeRename"; }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (run_) std::exchange(run_, nullptr)();
    return target()->RenameFile(from, to, options, debug);
  }

 private:
  std::function<void()> run_;
};

TEST_F(RocksStartTest, OfTwoFirstStartsAtOnceOneIsRefusedAndTheOtherKeepsItsWatermark) {
  // The second start runs while the first one creates the watermark.
  std::unique_ptr<RocksLog> second;
  Error second_refusal{Errc::invalid, "it opened"};
  RocksLogOptions options = options_;
  options_.file_system = std::make_shared<BeforeRename>([&] {
    auto opened = RocksLog::open(options, clock_);
    if (opened.ok()) second = *std::move(opened);
    if (!opened.ok()) second_refusal = opened.error();
  });
  const auto opened = try_open();
  if (opened.ok()) {
    EXPECT_EQ(second_refusal.code, Errc::in_use) << second_refusal.detail;
  } else {
    EXPECT_EQ(opened.error().code, Errc::in_use) << opened.error().detail;
    ASSERT_NE(second, nullptr);
    log_ = std::move(second);
  }
  probe_ = std::make_unique<test::LogProbe>();
  BlockSink* sinks[] = {probe_.get()};
  log_->start(sinks);
  append_orders(1, 3);
  EXPECT_EQ(read_watermark(watermark())->seq, 3U);
  log_.reset();
  expect_intact(3);
}

TEST_F(RocksStartTest, ACreationThatWasCutShortIsFinished) {
  fs::create_directories(options_.dir);
  ASSERT_TRUE(WatermarkFile::open(watermark(), Watermark{}).ok());
  open();
  log_.reset();
  // The store exists without its column families.
  fs::remove_all(options_.dir);
  fs::create_directories(options_.dir);
  ASSERT_TRUE(WatermarkFile::open(watermark(), Watermark{}).ok());
  rocksdb::Options create;
  create.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(create, options_.dir.string(), &db).ok());
  delete db;
  open_and_start();
  append_orders(1, 3);
}

TEST_F(RocksStartTest, AMissingRecordOrIndexEntryBeyondTheWatermarkIsRefused) {
  make_log(5);
  fs::copy_file(watermark(), data_.path() / "five");
  open_and_start();
  append_orders(6, 9);
  log_.reset();
  const fs::path good = data_.path() / "good";
  fs::copy_file(data_.path() / "five", watermark(), fs::copy_options::overwrite_existing);
  copy_log(options_.dir, good);

  change_store([](rocksdb::DB& db, auto& h) { db.Delete({}, h[events], layout::seq_key(7)); });
  expect_refused(Errc::corrupt, "record 7 is missing");
  copy_log(good, options_.dir);
  change_store([](rocksdb::DB& db, auto& h) {
    db.Delete({}, h[by_order], layout::by_order_key(test::order_id(8), 1));
  });
  expect_refused(Errc::corrupt, "record 8: the index by order");
  copy_log(good, options_.dir);
  change_store([](rocksdb::DB& db, auto& h) {
    db.Delete({}, h[keys], layout::key_of(layout::KeyKind::idempotency_key, "default", "key6"));
  });
  expect_refused(Errc::corrupt, "record 6: the index of idempotency keys");
  copy_log(good, options_.dir);
  change_store([](rocksdb::DB& db, auto& h) {  // a valid record, but not of this chain
    std::string seven;
    ASSERT_TRUE(db.Get({}, h[events], layout::seq_key(7), &seven).ok());
    auto header = *decode_header(seven);
    header.time += Micros(1);
    std::string changed;
    append_record(changed, header, std::string_view(seven).substr(record_header_bytes));
    db.Put({}, h[events], layout::seq_key(7), changed);
  });
  expect_refused(Errc::corrupt, "record 8: the hash chain is broken before it");
  copy_log(good, options_.dir);
  expect_intact(9);
}

TEST_F(RocksStartTest, ANewerFormatIsUnsupported) {
  make_log(3);
  change_store([](rocksdb::DB& db, auto& h) {
    std::string newer;
    append_be<std::uint32_t>(newer, layout::store_format_version + 1);
    db.Put({}, h[meta], layout::meta_format, newer);
  });
  expect_refused(Errc::unsupported, "newer program");
}

TEST_F(RocksStartTest, ANewerRecordIsUnsupported) {
  make_log(3);
  change_store([](rocksdb::DB& db, auto& h) {
    std::string record;
    ASSERT_TRUE(db.Get({}, h[events], layout::seq_key(3), &record).ok());
    record[4] = static_cast<char>(record_format_version + 1);
    db.Put({}, h[events], layout::seq_key(3), record);
  });
  expect_refused(Errc::unsupported, "record 3");
}

}  // namespace
}  // namespace oee
