// Log files as RocksDB writes them, and what a power cut makes of them.
#include "core/store/torn_tail.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/base/crc32c.h"
#include "core/base/log.h"
#include "tests/support/servers.h"

namespace oee {
namespace {

constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t page_bytes = 4'096;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// By the format's description.
void append_record(std::string& file, std::string_view record) {
  for (bool begins = true;; begins = false) {
    std::size_t left = block_bytes - file.size() % block_bytes;
    if (left < 7) file.append(left, '\0');
    left = block_bytes - file.size() % block_bytes - 7;
    const std::string_view payload = record.substr(0, left);
    record.remove_prefix(payload.size());
    const bool ends = record.empty();
    const char type = begins ? (ends ? 1 : 2) : (ends ? 4 : 3);
    const std::uint32_t crc = crc32c(payload, crc32c({&type, 1}));
    put(file, ((crc >> 15 | crc << 17) + 0xA282EAD8U) & 0xFFFFFFFFU, 4);
    put(file, payload.size(), 2);
    file += type;
    file += payload;
    if (ends) return;
  }
}

class TornTailTest : public ::testing::Test {
 protected:
  TornTailTest() { log::configure(log::Format::text, log::Level::off); }
  ~TornTailTest() override { log::configure(log::Format::text, log::Level::info); }

  std::string record(std::size_t bytes) {
    std::string record;
    while (record.size() < bytes) record += static_cast<char>(1 + random_() % 255);
    return record;
  }
  std::optional<std::uint64_t> torn_in(const std::string& bytes, const char* name = "000012.log") {
    std::ofstream(dir_.path() / name, std::ios::binary) << bytes;
    std::optional<std::uint64_t> begin;
    const auto status =
        find_torn_tail(*rocksdb::FileSystem::Default(), (dir_.path() / name).string(), &begin);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return begin;
  }
  // As much as a reader of the file in sequence is given.
  std::uint64_t readable(const char* name) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    const auto files = without_torn_tails(rocksdb::FileSystem::Default());
    EXPECT_TRUE(files->NewSequentialFile((dir_.path() / name).string(), {}, &file, nullptr).ok());
    std::string scratch(10'000, '\0');
    std::uint64_t bytes = 0;
    for (rocksdb::Slice read;; bytes += read.size()) {
      EXPECT_TRUE(file->Read(scratch.size(), {}, &read, scratch.data(), nullptr).ok());
      if (read.empty()) return bytes;
    }
  }

  std::mt19937_64 random_{5};
  test::TemporaryDirectory dir_;
};

TEST_F(TornTailTest, WhicheverPagesOfTheLastAppendAreMissingItBeginsWhereItWasAppended) {
  int torn = 0;
  for (const std::size_t last : {100, 4'000, 33'000}) {
    for (const std::size_t before : {0, 50, 4'050, 8'100, 30'000, 32'700, 32'757, 32'761, 65'000}) {
      std::string whole;
      if (before > 0) append_record(whole, record(before));
      std::string file = whole;
      append_record(file, record(last));
      EXPECT_EQ(torn_in(file), std::nullopt) << "nothing is missing";
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
        if (left == file) continue;  // of the page only padding is missing
        const auto begin = torn_in(left);
        ASSERT_TRUE(begin) << last << " behind " << before << ", missing " << missing;
        ASSERT_GE(*begin, whole.size());
        ASSERT_LT(*begin, whole.size() + 7);
        ++torn;
      }
    }
  }
  EXPECT_GT(torn, 1'000);
}

TEST_F(TornTailTest, AFlippedBitIsNoTear) {
  std::string file;
  append_record(file, record(3'000));
  append_record(file, record(9'000));
  for (std::size_t at = 0; at < file.size(); at += 37) {
    std::string flipped = file;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at % 8);
    EXPECT_EQ(torn_in(flipped), std::nullopt) << at;
  }
}

TEST_F(TornTailTest, AHoleBeforeAWholeRecordIsDamage) {
  for (const std::size_t behind : {10, 100, 40'000}) {
    std::string file;
    append_record(file, record(50'000));
    std::fill(file.begin() + 8'192, file.begin() + 12'288, '\0');
    EXPECT_EQ(torn_in(file), 0U);
    append_record(file, record(behind));
    EXPECT_EQ(torn_in(file), std::nullopt);
  }
}

TEST_F(TornTailTest, AFileThatEndsTooEarlyIsLeftToRocksDb) {
  std::string file;
  append_record(file, record(3'000));
  append_record(file, record(40'000));
  for (std::size_t end = 0; end < file.size(); end += 501)
    EXPECT_EQ(torn_in(file.substr(0, end)), std::nullopt) << end;
}

TEST_F(TornTailTest, AHoleThatNoAppendCanHaveIsDamage) {
  std::string file;
  append_record(file, record(100));
  file.resize(torn_tail_bytes_max, '\0');
  EXPECT_EQ(torn_in(file), 107U);
  file += '\0';
  EXPECT_EQ(torn_in(file), std::nullopt);
}

TEST_F(TornTailTest, AManifestAndTheNewestWalThatHoldsAnythingEndBeforeIt) {
  std::string file;
  append_record(file, record(1'000));
  const std::uint64_t whole = file.size();
  append_record(file, record(9'000));
  std::fill(file.begin() + 8'192, file.end(), '\0');
  for (const char* name : {"000007.log", "000012.log", "MANIFEST-000005", "000011.sst"})
    EXPECT_EQ(torn_in(file, name), whole);
  std::ofstream(dir_.path() / "000013.log").close();
  EXPECT_EQ(readable("000012.log"), whole);
  EXPECT_EQ(readable("MANIFEST-000005"), whole);
  EXPECT_EQ(readable("000007.log"), file.size()) << "000012.log has later records";
  EXPECT_EQ(readable("000011.sst"), file.size());
}

}  // namespace
}  // namespace oee
