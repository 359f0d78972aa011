#include "eventlog/rocks/upkeep.h"

#include <chrono>

#include "core/base/log.h"
#include "core/runtime/thread.h"

namespace oee {
namespace {
constexpr std::chrono::milliseconds round_time{100};
constexpr int rounds_per_disk_check = 10;
}  // namespace

Upkeep::Upkeep(WatermarkFile& watermark, BlockTail& tail, FailStop& fail_stop, Disk disk)
    : watermark_(watermark), tail_(tail), fail_stop_(fail_stop), disk_(std::move(disk)) {}

Upkeep::~Upkeep() {
  stop();
}

void Upkeep::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Upkeep::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  sync_watermark();
}

void Upkeep::run() {
  name_this_thread("log-upkeep");
  std::unique_lock lock(mutex_);
  for (int round = 1; !wake_.wait_for(lock, round_time, [this] { return stopping_; }); ++round) {
    lock.unlock();
    sync_watermark();
    tail_.trim();
    if (round % rounds_per_disk_check == 0) check_disk();
    lock.lock();
  }
}

void Upkeep::sync_watermark() {
  if (!moved_.exchange(false, std::memory_order_acq_rel)) return;
  if (auto synced = watermark_.sync(); !synced.ok()) fail_stop_.raise(synced.error());
}

void Upkeep::check_disk() {
  const auto free = disk_.files.free_bytes(disk_.dir);
  if (!free.ok()) return;  // a full disk shows at the next write
  disk_.free_bytes.store(*free, std::memory_order_relaxed);
  const bool was_low = disk_.low.load(std::memory_order_relaxed);
  // New orders are taken again when an eighth more is free, so that the state does not flap.
  const auto enough = disk_.free_bytes_min + (was_low ? disk_.free_bytes_min / 8 : 0);
  const bool low = *free < enough;
  if (low == was_low) return;
  disk_.low.store(low, std::memory_order_relaxed);
  if (low) {
    log::warn("the disk is nearly full: new orders are refused", log::field("free_bytes", *free));
  } else {
    log::info("space is back: new orders are taken", log::field("free_bytes", *free));
  }
}

}  // namespace oee
