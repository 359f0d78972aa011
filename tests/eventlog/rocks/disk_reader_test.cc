// A thousand opens of a log that is written, flushed and compacted at the same time.
#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "eventlog/audit/log_reader.h"
#include "eventlog/codec.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/audit/live_writer.h"
#include "tests/eventlog/rocks/disk_temporaries.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

constexpr int opens_total = 1'000;
constexpr int threads = 2;
constexpr Seq records_per_open = 60;   // a memtable of 64 KiB in three opens
constexpr Seq recent_records = 1'000;  // older ones are in SST files that no flush changes

struct Opens {
  std::atomic<int> done{0};
  std::atomic<std::uint64_t> records{0};
};

// One open: all records acknowledged before it, no hole, nothing beyond the durable head.
void open_and_read(const std::filesystem::path& dir, const forge::LiveWriter& writer,
                   Opens& opens) {
  const Seq acknowledged = writer.acknowledged();
  const std::uint32_t last_order = writer.orders();
  const auto reader = LogReader::open(dir);
  ASSERT_TRUE(reader.ok()) << reader.error().detail;
  const Seq head = (*reader)->head();
  ASSERT_GE(head, acknowledged) << "short";
  ASSERT_LE(head, read_watermark(dir / "log" / "WATERMARK")->seq);
  RawRecords raw;
  Seq next = acknowledged > recent_records ? acknowledged - recent_records : 1;
  while (next <= head) {
    const auto read = (*reader)->read_raw(next, 4'096, raw);
    ASSERT_TRUE(read.ok()) << "false alarm: " << read.error().detail;
    ASSERT_GT(raw.size(), 0U);
    for (std::size_t i = 0; i < raw.size(); ++i, ++next)
      ASSERT_EQ(decode_header(raw[i])->seq, next);
    opens.records += raw.size();
  }
  ASSERT_EQ(next, head + 1) << "beyond the durable head";
  ASSERT_TRUE((*reader)->read_raw(head + 1, 10, raw).ok());
  ASSERT_EQ(raw.size(), 0U) << "beyond the durable head";
  const auto records = (*reader)->read_order(test::order_id(last_order));
  ASSERT_TRUE(records.ok()) << "false alarm: " << records.error().detail;
  ASSERT_GE(records->size(), 1U) << "short";
  ASSERT_LE(records->back().seq, head);
  ++opens.done;
}

TEST(DiskReaderTest, AThousandOpensBesideAWriterSeeNoHoleNothingShortAndNothingTooMuch) {
  const test::TemporariesInMemory in_memory;
  test::TemporaryDirectory dir;
  forge::LiveWriter::Options options;
  options.orders_at_once = 4;
  forge::LiveWriter writer(dir.path(), options);
  writer.allow(1'000);
  writer.wait_for(1'000);
  const auto begin = std::chrono::steady_clock::now();
  Opens opens;
  std::vector<std::thread> readers;
  for (int t = 0; t < threads; ++t)
    readers.emplace_back([&] {
      while (opens.done < opens_total && !testing::Test::HasFailure()) {
        writer.allow(writer.acknowledged() + records_per_open);
        open_and_read(dir.path(), writer, opens);
      }
    });
  for (auto& reader : readers) reader.join();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(opens.done, opens_total);
  EXPECT_GT(writer.acknowledged(), 20'000U) << "the writer stood still";
  std::printf(
      "[ counts   ] reads of a log that is written: %d opens in %.1f s by %d threads, %llu records "
      "read, %llu written meanwhile\n",
      opens.done.load(), std::chrono::duration<double>(took).count(), threads,
      static_cast<unsigned long long>(opens.records.load()),
      static_cast<unsigned long long>(writer.acknowledged()));
}

}  // namespace
}  // namespace oee
