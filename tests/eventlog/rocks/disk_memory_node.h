// What a MemoryDisk stores, and how its names are cut: for its own two source files.
#pragma once

#include <algorithm>
#include <cstring>

#include "tests/eventlog/rocks/disk_memory.h"

namespace oee::test {

inline std::string parent_of(const std::string& name) {
  const auto slash = name.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : name.substr(0, slash);
}
inline std::string last_of(const std::string& name) {
  return name.substr(name.find_last_of('/') + 1);
}
// Without doubled or trailing slashes: "/data/log//MANIFEST" is one file.
inline std::string clean(const std::string& name) {
  std::string out;
  for (const char c : name)
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

inline rocksdb::IOStatus io_failed(DiskOp op, const std::string& name) {
  return rocksdb::IOStatus::IOError(std::string("injected: ") + to_string(op), name);
}

struct MemoryDisk::Node {
  struct Write {
    std::uint64_t at;
    std::string bytes;
  };
  static void apply(std::string& content, const Write& write, std::size_t bytes) {
    if (bytes == 0) return;
    if (content.size() < write.at + bytes) content.resize(write.at + bytes, '\0');
    std::memcpy(content.data() + write.at, write.bytes.data(), bytes);
  }
  // So much of a write is done in place of `bytes` of it: what it overwrites, it does by sectors.
  static std::size_t torn(const std::string& content, const Write& write, std::size_t bytes) {
    constexpr std::size_t sector_bytes = 512;
    const std::uint64_t end = write.at + bytes;
    if (bytes == write.bytes.size() || end >= content.size()) return bytes;
    return std::max(end - end % sector_bytes, write.at) - write.at;
  }
  // The new length, as ext4 may record it before the data, and each page as it is or as it was.
  void write_back_some(std::string& content, std::mt19937_64& random) const {
    constexpr std::size_t page_bytes = 4'096;
    if (pending.empty()) return;
    content.resize(live.size(), '\0');
    for (std::size_t at = 0; at < live.size(); at += page_bytes)
      if (random() % 2 == 0)
        std::memcpy(content.data() + at, live.data() + at, std::min(page_bytes, live.size() - at));
  }
  std::string name;  // for fault reports
  bool directory = false;
  std::string live;
  std::string durable;
  std::vector<Write> pending;  // since the last sync
};

struct MemoryDisk::Change {
  std::string from;  // a rename's
  std::string name;
  NodePtr node;  // null: removed
  void apply(std::map<std::string, NodePtr>& names) const {
    if (!from.empty()) names.erase(from);
    if (node) {
      names[name] = node;
    } else {
      names.erase(name);
    }
  }
};

}  // namespace oee::test
