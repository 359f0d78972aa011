// Upkeep: the log's periodic work off the commit path: fdatasync of the watermark (at most every
// 100 ms), the check of the free space (every second), removal of old blocks from memory. One
// thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "eventlog/rocks/block_tail.h"
#include "eventlog/rocks/fail_stop.h"
#include "eventlog/rocks/watermark.h"

namespace oee {

class Upkeep {
 public:
  struct Disk {
    LogFiles files;
    std::filesystem::path dir;
    std::uint64_t free_bytes_min;
    std::atomic<bool>& low;                  // written by Upkeep: new orders are refused
    std::atomic<std::uint64_t>& free_bytes;  // written by Upkeep
  };
  Upkeep(WatermarkFile& watermark, BlockTail& tail, FailStop& fail_stop, Disk disk);
  ~Upkeep();  // stop()

  void start();
  void stop();  // idempotent; syncs the watermark for the last time
  // Any thread. The watermark was written: the next round syncs it.
  void watermark_moved() { moved_.store(true, std::memory_order_release); }
  // Called by the thread every second, and once when the log is opened.
  void check_disk();

 private:
  void run();
  void sync_watermark();

  WatermarkFile& watermark_;
  BlockTail& tail_;
  FailStop& fail_stop_;
  const Disk disk_;
  std::atomic<bool> moved_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace oee
