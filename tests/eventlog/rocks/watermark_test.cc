#include "eventlog/rocks/watermark.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/log/sample_records.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

Watermark mark(Seq seq) {
  return {seq, test::counting_bytes<32>(static_cast<std::uint8_t>(seq))};
}

class WatermarkTest : public ::testing::Test {
 protected:
  fs::path file() const { return dir_.path() / "WATERMARK"; }
  void flip(std::streamoff at) const {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    const auto byte = static_cast<char>(stream.get());
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 0x10));
  }
  test::TemporaryDirectory dir_;
};

TEST_F(WatermarkTest, StartsWithTheGivenValue) {
  EXPECT_EQ(read_watermark(file()).error().code, Errc::not_found);
  auto created = WatermarkFile::open(file(), Watermark{});
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->last().seq, 0U);
  EXPECT_EQ(read_watermark(file())->seq, 0U);
  EXPECT_EQ(fs::file_size(file()), 128U);
  EXPECT_FALSE(fs::exists(dir_.path() / "WATERMARK.new"));
}

TEST_F(WatermarkTest, TheLastWriteCountsAndSurvivesReopening) {
  {
    auto written = WatermarkFile::open(file(), Watermark{});
    for (Seq seq = 1; seq <= 9; ++seq) {
      ASSERT_TRUE(written->write(mark(seq)).ok());
      const auto seen = read_watermark(file());
      EXPECT_EQ(seen->seq, seq);
      EXPECT_EQ(seen->chain, mark(seq).chain);
    }
    EXPECT_TRUE(written->sync().ok());
  }
  auto reopened = WatermarkFile::open(file(), mark(77));
  EXPECT_EQ(reopened->last().seq, 9U) << "the initial value is for a new file only";
  ASSERT_TRUE(reopened->write(mark(10)).ok());
  EXPECT_EQ(read_watermark(file())->seq, 10U);
}

TEST_F(WatermarkTest, AnyDamagedByteOfTheNewestSlotLeavesTheOneBefore) {
  auto written = WatermarkFile::open(file(), Watermark{});
  ASSERT_TRUE(written->write(mark(1)).ok());  // into slot 1, the next into slot 0
  ASSERT_TRUE(written->write(mark(2)).ok());
  for (std::streamoff at = 0; at < 64; ++at) {
    flip(at);
    EXPECT_EQ(read_watermark(file())->seq, 1U) << at;
    flip(at);
  }
  EXPECT_EQ(read_watermark(file())->seq, 2U);
}

TEST_F(WatermarkTest, TheOlderSlotIsTheOneThatIsOverwritten) {
  {
    auto written = WatermarkFile::open(file(), Watermark{});
    ASSERT_TRUE(written->write(mark(1)).ok());
    ASSERT_TRUE(written->write(mark(2)).ok());
  }
  auto reopened = WatermarkFile::open(file(), Watermark{});
  ASSERT_TRUE(reopened->write(mark(3)).ok());
  flip(64 + 10);  // damages the last write
  EXPECT_EQ(read_watermark(file())->seq, 2U);
}

TEST_F(WatermarkTest, WithoutAValidSlotItIsCorrupt) {
  { ASSERT_TRUE(WatermarkFile::open(file(), mark(5)).ok()); }
  flip(3);
  flip(64 + 63);
  EXPECT_EQ(read_watermark(file()).error().code, Errc::corrupt);
  EXPECT_EQ(WatermarkFile::open(file(), Watermark{}).error().code, Errc::corrupt);
  for (const std::uintmax_t size : {0U, 10U, 63U}) {
    fs::resize_file(file(), size);
    EXPECT_EQ(read_watermark(file()).error().code, Errc::corrupt) << size;
  }
}

TEST_F(WatermarkTest, AReaderBesideTheWriterNeverSeesItGoBack) {
  auto written = WatermarkFile::open(file(), mark(0));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    Seq last = 0;
    while (!done.load()) {
      const auto seen = read_watermark(file());
      ASSERT_TRUE(seen.ok()) << seen.error().detail;
      // While the newest slot is torn, the slot before counts: at most one seq lower.
      ASSERT_GE(seen->seq + 1, last);
      ASSERT_EQ(seen->chain, mark(seen->seq).chain);
      last = std::max(last, seen->seq);
    }
  });
  for (Seq seq = 1; seq <= 20'000; ++seq) ASSERT_TRUE(written->write(mark(seq)).ok());
  done = true;
  reader.join();
}

}  // namespace
}  // namespace oee
