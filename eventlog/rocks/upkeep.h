// Upkeep: what the log needs every now and then, off the commit path: the watermark's fdatasync (at
// most every 100 ms), the free-space check, letting go of old blocks. One thread.
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
    std::atomic<bool>& low;  // set and cleared here
    std::atomic<std::uint64_t>& free_bytes;
  };
  Upkeep(WatermarkFile& watermark, BlockTail& tail, FailStop& fail_stop, Disk disk);
  ~Upkeep();  // stop()

  void start();
  void stop();  // idempotent; syncs the watermark a last time
  // Any thread: the watermark was written and is to be synced.
  void watermark_moved() { moved_.store(true, std::memory_order_release); }
  // Called here every second; also once at the opening.
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
