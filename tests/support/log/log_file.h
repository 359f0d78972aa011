// RocksDB log files, written by the description of the format, which core/rocksdb/log_end.h names.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "core/rocksdb/log_end.h"

namespace oee::test {

inline LogEnd end_of_log_file(const std::filesystem::path& path, std::uint64_t from = 0) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  LogEnd end;
  auto status = rocksdb::FileSystem::Default()->NewRandomAccessFile(path, {}, &file, nullptr);
  if (status.ok()) status = find_log_end(*file, std::filesystem::file_size(path), from, &end);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return end;
}

// Leaves the file as a power cut does when its new length reached the disk and of the last record
// at most the first sector did.
inline void tear_last_record(const std::filesystem::path& path) {
  const LogEnd end = end_of_log_file(path);
  const std::uint64_t sector_end = (end.last_record / 512 + 1) * 512;
  const auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, sector_end < end.at ? sector_end : end.last_record);
  std::filesystem::resize_file(path, size);
}

inline void append_record(std::string& file, std::string_view record) {
  constexpr std::size_t block_bytes = 32'768;
  for (bool begins = true;; begins = false) {
    std::size_t left = block_bytes - file.size() % block_bytes;
    if (left < 7) file.append(left, '\0');
    left = block_bytes - file.size() % block_bytes - 7;
    const std::string_view payload = record.substr(0, left);
    record.remove_prefix(payload.size());
    const bool ends = record.empty();
    const char type = begins ? (ends ? 1 : 2) : (ends ? 4 : 3);
    const std::uint32_t crc = crc32c(payload, crc32c({&type, 1}));
    append_le<std::uint32_t>(file, (crc >> 15 | crc << 17) + 0xA282EAD8U);
    append_le<std::uint16_t>(file, static_cast<std::uint16_t>(payload.size()));
    file += type;
    file += payload;
    if (ends) return;
  }
}

}  // namespace oee::test
