// Scrub: reads the whole log once per period and checks every record, so that damage of old records
// is found while a copy still exists. One thread of its own, at the lowest priority and a bounded
// rate.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "eventlog/rocks/block_tail.h"
#include "eventlog/rocks/store.h"

namespace oee {

class Scrub {
 public:
  // `period` 0: off. `scrubbed` is the last seq that this pass has checked.
  Scrub(RocksStore& store, const BlockTail& tail, FailStop& fail_stop, std::chrono::hours period,
        std::atomic<Seq>& scrubbed);
  ~Scrub();  // stop()
  void start();
  void stop();  // idempotent

 private:
  void run();
  void pass();
  // Sleeps. Returns false when the scrub is being stopped.
  bool pause(std::chrono::milliseconds time);

  RocksStore& store_;
  const BlockTail& tail_;
  FailStop& fail_stop_;
  const std::chrono::hours period_;
  std::atomic<Seq>& scrubbed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace oee
