// The files of a RocksDB: zeros ahead when they are written, the end of the appends when they are
// read.
#include "core/rocksdb/store_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/log.h"
#include "core/rocksdb/log_end.h"
#include "core/rocksdb/zeroed_ahead.h"
#include "tests/support/log/log_file.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

class StoreFilesTest : public ::testing::Test {
 protected:
  StoreFilesTest() { log::configure(log::Format::text, log::Level::off); }
  ~StoreFilesTest() override { log::configure(log::Format::text, log::Level::info); }

  void put(const char* name, const std::string& bytes) {
    std::ofstream(dir_.path() / name, std::ios::binary) << bytes;
  }
  std::unique_ptr<rocksdb::FSWritableFile> create(const char* name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(files_->NewWritableFile(dir_.path() / name, {}, &file, nullptr).ok());
    return file;
  }
  std::unique_ptr<rocksdb::FSSequentialFile> open(const char* name) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    EXPECT_TRUE(files_->NewSequentialFile(dir_.path() / name, {}, &file, nullptr).ok());
    return file;
  }
  // Everything that it returns now.
  static std::string read(rocksdb::FSSequentialFile& file) {
    std::string scratch(10'000, '\0');
    std::string bytes;
    for (rocksdb::Slice part;; bytes += part.ToString()) {
      EXPECT_TRUE(file.Read(scratch.size(), {}, &part, scratch.data(), nullptr).ok());
      if (part.empty()) return bytes;
    }
  }
  std::string read(const char* name) { return read(*open(name)); }

  test::TemporaryDirectory dir_;
  const std::shared_ptr<rocksdb::FileSystem> files_ = store_files(rocksdb::FileSystem::Default());
};

TEST_F(StoreFilesTest, AManifestAndTheNewestWalThatHoldsAnythingEndBeforeATornAppend) {
  std::string file;
  test::append_record(file, std::string(1'000, 'a'));
  const std::string whole = file;
  test::append_record(file, std::string(9'000, 'b'));
  std::fill(file.begin() + 8'192, file.end(), '\0');
  for (const char* name : {"000007.log", "000012.log", "MANIFEST-000005", "000011.sst"})
    put(name, file);
  put("000013.log", "");
  EXPECT_EQ(read("000012.log"), whole);
  EXPECT_EQ(read("MANIFEST-000005"), whole);
  EXPECT_EQ(read("000007.log"), file) << "000012.log has later records";
  std::unique_ptr<rocksdb::FSSequentialFile> older;
  const fs::path path = dir_.path() / "000007.log";
  const auto secondary = secondary_env()->GetFileSystem();
  ASSERT_TRUE(secondary->NewSequentialFile(path, {}, &older, nullptr).ok());
  EXPECT_EQ(read(*older), whole);
  EXPECT_EQ(read("000011.sst"), file);
}

TEST_F(StoreFilesTest, AnAppendKeepsTheFilesLengthUntilItsZerosAreUsedUp) {
  const auto length = [this] { return fs::file_size(dir_.path() / "000012.log"); };
  const auto wal = create("000012.log");
  EXPECT_EQ(length(), 0U);
  std::string appended;
  std::set<std::uint64_t> lengths;
  for (int i = 0; i < 1'000; ++i) {
    const std::size_t before = appended.size();
    test::append_record(appended, std::string(700, 'a'));
    ASSERT_TRUE(wal->Append(appended.substr(before), {}, nullptr).ok());
    ASSERT_GE(length(), appended.size());
    ASSERT_EQ(wal->GetFileSize({}, nullptr), appended.size());
    lengths.insert(length());
  }
  EXPECT_LT(lengths.size(), 12U) << "the length doubles up to 256 KiB, then grows by 256 KiB";
  EXPECT_LE(length(), appended.size() + zeros_ahead_bytes_max);
  EXPECT_EQ(read("000012.log"), appended);
  ASSERT_TRUE(wal->Close({}, nullptr).ok());
  EXPECT_EQ(length(), appended.size());
  EXPECT_EQ(read("000012.log"), appended);
}

TEST_F(StoreFilesTest, OnlyWalsHaveZerosAhead) {
  for (const char* name : {"MANIFEST-000005", "000011.sst", "CURRENT", "x.log"}) {
    const auto file = create(name);
    ASSERT_TRUE(file->Append("abc", {}, nullptr).ok());
    EXPECT_EQ(fs::file_size(dir_.path() / name), 3U) << name;
  }
}

TEST_F(StoreFilesTest, AReaderThatFollowsAWalReadsEachAppendOnce) {
  const auto wal = create("000012.log");
  const auto reader = open("000012.log");
  std::string appended;
  std::string seen;
  for (int i = 0; i < 2'000; ++i) {
    const std::size_t before = appended.size();
    test::append_record(appended, std::string(static_cast<std::size_t>(1 + i * 37 % 3'000), 'a'));
    ASSERT_TRUE(wal->Append(appended.substr(before), {}, nullptr).ok());
    seen += read(*reader);
    // The padding that ends a block may come with the record before it.
    ASSERT_GE(seen.size(), appended.size());
    ASSERT_LT(seen.size(), appended.size() + 7);
    ASSERT_EQ(seen.compare(0, appended.size(), appended), 0) << i;
  }
  fs::remove(dir_.path() / "000012.log");
  read(*reader);
}

// Like a full disk: zeros that cannot be written ahead are no failure of the append.
TEST_F(StoreFilesTest, WithoutRoomForZerosAppendsContinue) {
  class Full final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
    rocksdb::IOStatus PositionedAppend(const rocksdb::Slice&, std::uint64_t,
                                       const rocksdb::IOOptions&,
                                       rocksdb::IODebugContext*) override {
      ++refused;
      return rocksdb::IOStatus::NoSpace();
    }
    int refused = 0;
  };
  const fs::path path = dir_.path() / "000012.log";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(rocksdb::FileSystem::Default()->NewWritableFile(path, {}, &file, nullptr).ok());
  auto full = std::make_unique<Full>(std::move(file));
  const Full& seen = *full;
  ZeroedAhead wal(std::move(full));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(static_cast<rocksdb::FSWritableFile&>(wal).Append("abc", {}, nullptr).ok());
  EXPECT_EQ(seen.refused, 1) << "the zeros are tried again with every append";
  EXPECT_TRUE(wal.Close({}, nullptr).ok());
  EXPECT_EQ(fs::file_size(path), 9U);
}

}  // namespace
}  // namespace oee
