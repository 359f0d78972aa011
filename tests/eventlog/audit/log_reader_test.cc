#include "eventlog/audit/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/sha256.h"
#include "eventlog/audit/verify.h"
#include "eventlog/codec.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/eventlog/audit/live_writer.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using forge::ForgedLog;
using forge::LiveWriter;
using test::order_id;
using testing::HasSubstr;

std::unique_ptr<LogReader> open(const std::filesystem::path& dir) {
  auto reader = LogReader::open(dir);
  EXPECT_TRUE(reader.ok()) << reader.error().detail;
  return reader.ok() ? *std::move(reader) : nullptr;
}

// Every file below `dir` with its bytes' hash.
std::map<std::string, std::string> contents(const std::filesystem::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    std::string& hash = files[entry.path().string()];
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    hash = to_hex(as_bytes(sha256({bytes})));
  }
  return files;
}

// During its lifetime the system's temporary directory is an empty one of the test's own.
class OwnTemporaryDirectory {
 public:
  OwnTemporaryDirectory() {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", dir_.path().c_str(), 1);
  }
  ~OwnTemporaryDirectory() {
    if (before_) {
      ::setenv("TMPDIR", before_->c_str(), 1);
    } else {
      ::unsetenv("TMPDIR");
    }
  }
  bool empty() const { return std::filesystem::is_empty(dir_.path()); }

 private:
  test::TemporaryDirectory dir_;
  std::optional<std::string> before_;
};

class Reader : public testing::Test {
 protected:
  // Two confirmed orders (seq 1-12), closed.
  void write_two_orders() {
    ForgedLog log(dir_.path());
    for (const std::uint32_t n : {1U, 2U})
      log.add_all(order_id(n), forge::confirmed_events(order_id(n)));
    log.mark();
  }
  test::TemporaryDirectory dir_;
};

TEST_F(Reader, NoLogIsNotFound) {
  EXPECT_EQ(LogReader::open(dir_.path()).error().code, Errc::not_found);
  EXPECT_EQ(LogReader::open(dir_.path() / "nowhere").error().code, Errc::not_found);
}

TEST_F(Reader, TakesTheDataDirectoryOrTheLogDirectory) {
  write_two_orders();
  for (const auto& dir : {dir_.path(), dir_.path() / "log"}) {
    const auto reader = open(dir);
    EXPECT_EQ(reader->head(), 12u);
    EXPECT_EQ(reader->id().view(), "0123456789abcdef");
    const auto records = reader->read(1, 100);
    ASSERT_TRUE(records.ok());
    ASSERT_EQ(records->size(), 12u);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ((*records)[i].seq, i + 1);
    EXPECT_EQ(type_of((*records)[11].event), EventType::order_confirmed);
  }
}

TEST_F(Reader, GivesPartsAsAsked) {
  write_two_orders();
  const auto reader = open(dir_.path());
  EXPECT_EQ(reader->read(3, 4)->front().seq, 3u);
  EXPECT_EQ(reader->read(3, 4)->size(), 4u);
  EXPECT_EQ(reader->read(11, 100)->size(), 2u);
  EXPECT_EQ(reader->read(2, 1)->front().seq, 2u);  // backwards
  EXPECT_TRUE(reader->read(13, 100)->empty());
}

TEST_F(Reader, LeavesTheLogAndTheTemporaryDirectoryAsTheyWere) {
  write_two_orders();
  const auto before = contents(dir_.path());
  const OwnTemporaryDirectory temporary;
  {
    const auto reader = open(dir_.path());
    ASSERT_TRUE(reader->read(1, 100).ok());
    ASSERT_TRUE(reader->read_order(order_id(1)).ok());
    ASSERT_TRUE(reader->refresh().ok());
    for (unsigned round = 0; round < 4; ++round) reader->renew_view(round);
    EXPECT_TRUE(temporary.empty());  // even while it reads
  }
  EXPECT_EQ(contents(dir_.path()), before);
}

TEST_F(Reader, NothingBeyondTheWatermark) {
  ForgedLog log(dir_.path());
  log.add_all(order_id(1), forge::confirmed_events(order_id(1)));
  log.mark();
  log.add(order_id(2), 1, forge::accepted());
  const auto reader = open(dir_.path());
  EXPECT_EQ(reader->head(), 6u);
  EXPECT_EQ(reader->read(1, 100)->size(), 6u);
  EXPECT_TRUE(reader->read(7, 100)->empty());
  EXPECT_TRUE(reader->read_order(order_id(2))->empty());
  log.mark();
  EXPECT_EQ(*reader->refresh(), 7u);
  EXPECT_EQ(reader->read(7, 100)->size(), 1u);
  EXPECT_EQ(reader->read_order(order_id(2))->size(), 1u);
}

TEST_F(Reader, OrderIsReadInVersionOrder) {
  write_two_orders();
  const auto reader = open(dir_.path());
  const auto records = reader->read_order(order_id(2));
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ((*records)[i].version, i + 1);
    EXPECT_EQ((*records)[i].seq, i + 7);
  }
  EXPECT_EQ(reader->read_order(order_id(2), 3)->size(), 3u);
  EXPECT_TRUE(reader->read_order(order_id(9))->empty());
}

TEST_F(Reader, RecordsBeforeAHoleAreGivenAndThenTheHoleIsNamed) {
  {
    ForgedLog log(dir_.path());
    log.add_all(order_id(1), forge::confirmed_events(order_id(1)));
    log.mark();
    log.remove(layout::cf_events, layout::seq_key(4));
  }
  const auto reader = open(dir_.path());
  EXPECT_EQ(reader->read(1, 100)->size(), 3u);
  const auto hole = reader->read(4, 100);
  ASSERT_FALSE(hole.ok());
  EXPECT_EQ(hole.error().code, Errc::corrupt);
  EXPECT_THAT(hole.error().detail, HasSubstr("seq 4"));
}

TEST_F(Reader, HoleThatClosesIsNotCorruption) {
  ForgedLog log(dir_.path());
  log.add_all(order_id(1), forge::confirmed_events(order_id(1)));
  log.mark();
  const std::string bytes = log.get(layout::cf_events, layout::seq_key(4));
  log.remove(layout::cf_events, layout::seq_key(4));
  const auto reader = open(dir_.path());
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    log.put(layout::cf_events, layout::seq_key(4), bytes);
  });
  const auto records = reader->read(4, 100);
  writer.join();
  ASSERT_TRUE(records.ok()) << records.error().detail;
  EXPECT_EQ(records->size(), 3u);
}

TEST_F(Reader, IndexThatLagsBehindIsReadAgain) {
  ForgedLog log(dir_.path());
  log.add(order_id(1), 1, forge::accepted());
  log.add(order_id(1), 2, RoutingStarted{1});
  log.mark();
  const std::string key = layout::by_order_key(order_id(1), 2);
  log.remove(layout::cf_by_order, key);
  const auto reader = open(dir_.path());
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    log.put(layout::cf_by_order, key, layout::seq_key(2));
  });
  const auto records = reader->read_order(order_id(1));
  writer.join();
  ASSERT_TRUE(records.ok()) << records.error().detail;
  EXPECT_EQ(records->size(), 2u);
}

TEST_F(Reader, IndexThatLacksAnOrdersLastRecordIsNotBelieved) {
  {
    ForgedLog log(dir_.path());
    log.add(order_id(1), 1, forge::accepted());
    log.add(order_id(1), 2, RoutingStarted{1});
    log.mark();
    log.remove(layout::cf_by_order, layout::by_order_key(order_id(1), 2));
  }
  const auto records = open(dir_.path())->read_order(order_id(1));
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.error().code, Errc::corrupt);
}

// The largest file of the log with this extension.
std::filesystem::path largest_file(const std::filesystem::path& dir, const std::string& extension) {
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "log")) {
    if (entry.path().extension() != extension) continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest))
      largest = entry.path();
  }
  return largest;
}

void flip_bit_in_the_middle(const std::filesystem::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(std::filesystem::file_size(path) / 2);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
}

TEST_F(Reader, DamagedSstNamesSeqAndFile) {
  {
    ForgedLog log(dir_.path());
    for (std::uint32_t n = 1; n <= 200; ++n)
      log.add_all(order_id(n), forge::confirmed_events(order_id(n)));
    log.mark();
    log.flush();
  }
  const auto table = largest_file(dir_.path(), ".sst");  // of the events
  flip_bit_in_the_middle(table);
  const auto reader = open(dir_.path());
  const auto report = verify(*reader, {});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->ok);
  EXPECT_GT(report->first_bad, 1u);
  EXPECT_EQ(report->first_bad, report->events + 1);
  EXPECT_THAT(report->problem, HasSubstr(table.filename().string()));
}

TEST_F(Reader, DamagedWriteAheadLogIsNotReadAsAShorterLog) {
  {
    ForgedLog log(dir_.path());
    for (std::uint32_t n = 1; n <= 200; ++n)
      log.add_all(order_id(n), forge::confirmed_events(order_id(n)));
    log.mark();
  }
  flip_bit_in_the_middle(largest_file(dir_.path(), ".log"));
  const auto reader = LogReader::open(dir_.path());
  if (!reader.ok()) {
    EXPECT_EQ(reader.error().code, Errc::corrupt);
    return;
  }
  const auto report = verify(**reader, {});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->ok);
  EXPECT_EQ(report->head, 1'200u);
}

TEST_F(Reader, NewerStoreFormatIsUnsupported) {
  {
    ForgedLog log(dir_.path());
    std::string format;
    append_be<std::uint32_t>(format, layout::store_format_version + 1);
    log.put(layout::cf_meta, layout::meta_format, format);
  }
  EXPECT_EQ(LogReader::open(dir_.path()).error().code, Errc::unsupported);
}

TEST_F(Reader, MissingWatermarkBesideRecordsIsCorruption) {
  write_two_orders();
  std::filesystem::remove(dir_.path() / "log" / "WATERMARK");
  EXPECT_EQ(LogReader::open(dir_.path()).error().code, Errc::corrupt);
}

TEST_F(Reader, LogThatWentBackIsCorruption) {
  ForgedLog log(dir_.path());
  log.add(order_id(1), 1, forge::accepted());
  log.mark();
  const auto watermark = dir_.path() / "log" / "WATERMARK";
  std::filesystem::copy(watermark, dir_.path() / "older");
  log.add(order_id(1), 2, RoutingStarted{1});
  log.mark();
  const auto reader = open(dir_.path());
  std::filesystem::copy(dir_.path() / "older", watermark,
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(reader->refresh().error().code, Errc::corrupt);
}

// --- A log that is being written -----------------------------------------------------------------

// Expects contiguous records up to the reader's head, and at least the records acknowledged before
// the reading began.
void expect_whole(LogReader& reader, Seq at_least, Seq from = 1) {
  EXPECT_GE(reader.head(), at_least);
  RawRecords raw;
  Seq next = from;
  while (next <= reader.head()) {
    const auto read = reader.read_raw(next, 4096, raw);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    ASSERT_GT(raw.size(), 0u);
    for (std::size_t i = 0; i < raw.size(); ++i, ++next) {
      ASSERT_EQ(decode_header(raw[i])->seq, next);
    }
  }
  EXPECT_EQ(next, reader.head() + 1);
}

TEST_F(Reader, TwoHundredOpensBesideAWriterSeeNoHoleAndNothingShort) {
  // About 200 records, which fill a memtable, are written during each reading.
  LiveWriter::Options options;
  options.orders_at_once = 4;
  LiveWriter writer(dir_.path(), options);
  writer.allow(1'000);
  writer.wait_for(1'000);
  for (int i = 0; i < 200; ++i) {
    writer.allow(writer.acknowledged() + 200);
    const Seq acknowledged = writer.acknowledged();
    const std::uint32_t last_order = writer.orders();
    const auto reader = open(dir_.path());
    ASSERT_NE(reader, nullptr);
    // Older records are in SST files that no flush changes; verify() below reads them all.
    const Seq recent = acknowledged > 3'000 ? acknowledged - 3'000 : 1;
    ASSERT_NO_FATAL_FAILURE(expect_whole(*reader, acknowledged, recent));
    const auto records = reader->read_order(order_id(last_order));
    ASSERT_TRUE(records.ok()) << records.error().detail;
    EXPECT_GE(records->size(), 1u);
    if (i % 20 != 19) continue;
    const auto report = verify(*reader, {});
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_TRUE(report->ok) << "seq " << report->first_bad << ": " << report->problem;
  }
}

TEST_F(Reader, FollowsAWriterWithoutAGap) {
  LiveWriter writer(dir_.path(), {});
  writer.allow(20'000);
  writer.wait_for(1);
  const auto reader = open(dir_.path());
  ASSERT_NE(reader, nullptr);
  Seq next = 1;
  RawRecords raw;
  while (next <= 20'000) {
    const Seq acknowledged = writer.acknowledged();
    const auto head = reader->refresh();
    ASSERT_TRUE(head.ok()) << head.error().detail;
    EXPECT_GE(*head, acknowledged);
    while (next <= *head) {
      const auto read = reader->read_raw(next, 4096, raw);
      ASSERT_TRUE(read.ok()) << read.error().detail;
      for (std::size_t i = 0; i < raw.size(); ++i, ++next)
        ASSERT_EQ(decode_header(raw[i])->seq, next);
    }
  }
}

TEST_F(Reader, FollowsAcrossARestartOfTheWriter) {
  LiveWriter::Options options;
  std::unique_ptr<LogReader> reader;
  Seq acknowledged = 0;
  for (int start = 0; start < 3; ++start) {
    options.first_order = 1'000'000U * static_cast<std::uint32_t>(start) + 1;
    LiveWriter writer(dir_.path(), options);
    writer.allow(acknowledged + 4'000);
    writer.wait_for(acknowledged + 2'000);
    if (reader == nullptr) reader = open(dir_.path());
    acknowledged = writer.acknowledged();
    ASSERT_TRUE(reader->refresh().ok());
    ASSERT_NO_FATAL_FAILURE(expect_whole(*reader, acknowledged));
    const auto report = verify(*reader, {});
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->ok) << report->problem;
  }
}

}  // namespace
}  // namespace oee
