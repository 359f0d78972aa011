// RocksLogOptions: what a RocksLog is opened with. A value: read at the opening, constant after it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/base/result.h"

namespace rocksdb {
class FileSystem;
}

namespace oee {

class RiskControl;

struct RocksLogOptions {
  std::filesystem::path dir;                 // DATA/log; created when missing
  std::size_t queue_requests_max = 65'536;   // new orders are refused at half of it
  std::size_t batch_requests_max = 1'024;    // appends per group commit
  std::size_t batch_bytes_max = 512 * 1024;  // record bytes per group commit
  // The newest blocks that are kept in memory for readers: about 400 B a record, 200,000 = 80 MB.
  std::size_t tail_records_max = 200'000;
  std::size_t tail_bytes_max = 256ULL << 20;  // the same blocks, as record bytes
  // With less free space than this, new orders are refused until an eighth more is free.
  std::uint64_t free_bytes_min = 512ULL << 20;
  std::size_t memtable_bytes = 64ULL << 20;  // tests use tiny ones
  std::chrono::hours scrub_period{24};       // one pass of the background scrub; 0: off
  // The file system of all files of the log, of the watermark and of the free-space check; null:
  // the system's.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  // The limits of new orders; null: there are none. It outlives the log, and has the use of the
  // log's head before start().
  RiskControl* risk = nullptr;
  // Called once, on the log's thread, when the log has stopped for good and everything queued was
  // answered. The process then ends. It must not call stop(), which waits for that thread.
  std::function<void(const Error& why)> on_fail_stop;
};

}  // namespace oee
