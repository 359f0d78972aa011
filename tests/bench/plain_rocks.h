// RocksDB without the log around it, with the log's own options and column families
// (eventlog/rocks/options.h, so that they cannot differ): the ceilings of appending and reading,
// and work on a log's files between two runs. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/seams/event_log.h"

namespace rocksdb {
class FileSystem;
}

namespace oee::bench {

struct PlainPut {
  std::size_t family;  // index into "default" and layout::all_cfs
  std::string key;
  std::string value;
};
using PlainBatch = std::vector<PlainPut>;

// The puts that the log makes of these appends, with `requests_per_batch` of them in a batch.
std::vector<PlainBatch> puts_of(const std::vector<AppendRequest>& requests,
                                std::size_t requests_per_batch);

// Writes the batches, each synced, into a new database. Returns the seconds of the writes alone.
double write_plain(const std::filesystem::path& dir, const std::vector<PlainBatch>& batches);

// Reads records 1..last of a log with RocksDB's iterator, opened like a reader outside the engine.
// `ready` is called when the database is open; the seconds count from then on.
struct Iterated {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the records
  double seconds = 0;
};
Iterated iterate_events(
    const std::filesystem::path& log_dir, Seq last,
    const std::function<void(std::string_view)>& each, const std::function<void()>& ready = [] {});

// Compacts every column family of a closed log.
void compact(const std::filesystem::path& log_dir);

// The system's file system, which syncs only the watermark.
std::shared_ptr<rocksdb::FileSystem> unsynced_files();

}  // namespace oee::bench
