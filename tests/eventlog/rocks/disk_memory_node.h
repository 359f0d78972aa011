// The stored files of a MemoryDisk and the functions on its file names. Private to its two source
// files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

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

struct DiskNode {
  struct Write {
    std::uint64_t at;
    std::string bytes;
  };
  static void apply(std::string& content, const Write& write, std::size_t bytes) {
    if (bytes == 0) return;
    if (content.size() < write.at + bytes) content.resize(write.at + bytes, '\0');
    std::memcpy(content.data() + write.at, write.bytes.data(), bytes);
  }
  // The number of bytes that a torn write of `bytes` bytes stores: overwritten bytes change by
  // whole sectors.
  static std::size_t torn(const std::string& content, const Write& write, std::size_t bytes) {
    constexpr std::size_t sector_bytes = 512;
    const std::uint64_t end = write.at + bytes;
    if (bytes == write.bytes.size() || end >= content.size()) return bytes;
    return std::max(end - end % sector_bytes, write.at) - write.at;
  }
  // Stores the new length, which ext4 may record before the data, and a random part of the pages.
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

struct DiskChange {
  std::string from;  // of a rename: the old name
  std::string name;
  std::shared_ptr<DiskNode> node;  // null: removed
  void apply(std::map<std::string, std::shared_ptr<DiskNode>>& names) const {
    if (!from.empty()) names.erase(from);
    if (node) {
      names[name] = node;
    } else {
      names.erase(name);
    }
  }
};

}  // namespace oee::test
