// The ends of log files: whole ones, and ones that a power cut left.
#include "core/rocksdb/log_end.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/log/log_file.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

constexpr std::size_t page_bytes = 4'096;

using test::append_record;

class LogEndTest : public ::testing::Test {
 protected:
  std::string record(std::size_t bytes) {
    std::string record;
    while (record.size() < bytes) record += static_cast<char>(1 + random_() % 255);
    return record;
  }
  LogEnd end_of(const std::string& bytes, std::uint64_t from = 0) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return test::end_of_log_file(path_, from);
  }
  std::optional<std::uint64_t> torn_in(const std::string& bytes) {
    const LogEnd end = end_of(bytes);
    EXPECT_TRUE(end.kind != LogEnd::Kind::file || end.at == bytes.size());
    return end.kind == LogEnd::Kind::torn ? std::optional(end.at) : std::nullopt;
  }

  std::mt19937_64 random_{5};
  test::TemporaryDirectory dir_;
  const std::string path_ = dir_.path() / "000012.log";
};

TEST_F(LogEndTest, WhicheverPagesOfTheLastAppendAreMissingItBeginsWhereItWasAppended) {
  int torn = 0;
  for (const std::size_t last : {100, 4'000, 33'000}) {
    // Behind 4,083 the end of a page lies in the header, before its last byte.
    for (const std::size_t before :
         {0, 50, 4'050, 4'083, 8'100, 30'000, 32'700, 32'757, 32'761, 65'000}) {
      std::string whole;
      if (before > 0) append_record(whole, record(before));
      std::string file = whole;
      append_record(file, record(last));
      EXPECT_EQ(torn_in(file), std::nullopt) << "every page is there";
      const std::size_t first_page = whole.size() / page_bytes;
      const std::size_t pages = (file.size() - 1) / page_bytes - first_page + 1;
      for (std::size_t missing = 1; missing < std::size_t{1} << pages; ++missing) {
        std::string left = file;
        for (std::size_t page = 0; page < pages; ++page) {
          if ((missing >> page & 1) == 0) continue;
          const std::size_t from = std::max(whole.size(), (first_page + page) * page_bytes);
          const std::size_t to = std::min(file.size(), (first_page + page + 1) * page_bytes);
          std::fill(left.begin() + static_cast<std::ptrdiff_t>(from),
                    left.begin() + static_cast<std::ptrdiff_t>(to), '\0');
        }
        if (left == file) continue;  // only padding of the page is missing
        for (const std::size_t zeros : {0, 10'000}) {
          const LogEnd end = end_of(left + std::string(zeros, '\0'));
          ASSERT_NE(end.kind, LogEnd::Kind::file)
              << last << " behind " << before << ", missing " << missing;
          ASSERT_GE(end.at, whole.size());
          ASSERT_LT(end.at, whole.size() + 7);
          torn += end.kind == LogEnd::Kind::torn ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(torn, 1'000);
}

TEST_F(LogEndTest, AFlippedBitIsNoTear) {
  std::string file;
  append_record(file, record(3'000));
  append_record(file, record(9'000));
  for (std::size_t at = 0; at < file.size(); at += 37) {
    std::string flipped = file;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    EXPECT_EQ(torn_in(flipped), std::nullopt) << at;
  }
}

TEST_F(LogEndTest, AHoleBeforeAWholeRecordIsDamage) {
  for (const std::size_t behind : {10, 100, 40'000}) {
    std::string file;
    append_record(file, record(50'000));
    std::fill(file.begin() + 8'192, file.begin() + 12'288, '\0');
    EXPECT_EQ(torn_in(file), 0U);
    append_record(file, record(behind));
    EXPECT_EQ(torn_in(file), std::nullopt);
  }
}

TEST_F(LogEndTest, AFileThatEndsInAnAppendEndsWhereThatBegins) {
  std::string file;
  append_record(file, record(3'000));
  const std::size_t second = file.size();
  append_record(file, record(40'000));
  for (std::size_t end = 1; end < file.size(); end += end < second + 20 ? 1 : 501) {
    const auto begin = end < second ? std::optional<std::uint64_t>(0) : std::optional(second);
    EXPECT_EQ(torn_in(file.substr(0, end)), end == second ? std::nullopt : begin) << end;
  }
  EXPECT_EQ(torn_in(file.substr(0, 32'768)), second) << "the end of a block";
}

TEST_F(LogEndTest, AHoleThatNoAppendCanHaveIsDamage) {
  std::string file;
  append_record(file, record(100));
  file.resize(log_tail_bytes_max - 1, '\0');
  EXPECT_EQ(torn_in(file + "x"), 107U);
  EXPECT_EQ(torn_in(file + "xx"), std::nullopt);
}

TEST_F(LogEndTest, ZerosAreNoPartOfIt) {
  for (const std::size_t last : {0, 10, 1'000, 32'750, 32'755, 32'761, 70'000}) {
    std::string file;
    append_record(file, record(2'000));
    const std::size_t before = file.size();
    if (last > 0) append_record(file, record(last));
    for (const std::size_t zeros : {1, 6, 7, 8, 5'000, 300'000}) {
      const LogEnd end = end_of(file + std::string(zeros, '\0'));
      ASSERT_EQ(end.kind, LogEnd::Kind::zeros) << last << ", " << zeros;
      ASSERT_GE(end.at, file.size());
      ASSERT_LT(end.at, file.size() + 7) << "the padding of a block";
      ASSERT_EQ(end.last_record, last > 0 ? before : 0);
    }
  }
  EXPECT_EQ(end_of(std::string(100'000, '\0')).at, 0U);
}

TEST_F(LogEndTest, AFlippedBitBeforeZerosIsNoTear) {
  std::string file;
  append_record(file, record(3'000));
  const std::size_t last = file.size();
  append_record(file, record(9'000));
  for (std::size_t at = 0; at < file.size(); at += 37) {
    if (at >= last + 4 && at < last + 7) continue;  // its length and type define its end
    std::string flipped = file + std::string(20'000, '\0');
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    const LogEnd end = end_of(flipped);
    EXPECT_NE(end.kind, LogEnd::Kind::torn) << at;
    EXPECT_GE(end.at, file.size()) << at << ": RocksDB does not see it";
  }
}

TEST_F(LogEndTest, AFileThatGrowsIsReadOnFromItsLastRecord) {
  std::string file;
  LogEnd end;
  for (int i = 0; i < 100; ++i) {
    append_record(file, record(1 + random_() % 5'000));
    end = end_of(file + std::string(100'000, '\0'), end.last_record);
    ASSERT_EQ(end.kind, LogEnd::Kind::zeros);
    ASSERT_GE(end.at, file.size());
    ASSERT_LT(end.at, file.size() + 7);
  }
}

}  // namespace
}  // namespace oee
