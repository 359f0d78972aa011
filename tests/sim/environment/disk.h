// SimDisk: the disk below the environment's log, and the log's one writer thread: it writes, then
// syncs. The disk can be slow to sync, or hang in a sync, for a time or for ever. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "eventlog/memory_log.h"
#include "tests/sim/environment/clock.h"

namespace oee::sim {

class SimDisk {
 public:
  SimDisk(MemoryLog& log, const Time& time) : log_(log), time_(time) {}

  // Syncs end no earlier; writes go on.
  void stall_until(SteadyTime at) { stalled_until_ = at; }
  // The sync under way, or the next one, ends no earlier. Meanwhile the writer writes nothing.
  void hang_until(SteadyTime at) { hung_until_ = at; }
  void hang_for_ever() { hung_until_ = SteadyTime::max(); }
  void work() { stalled_until_ = hung_until_ = {}; }
  bool hung() const { return time_.steady < hung_until_; }
  // A sync is under way and hangs.
  bool blocks() const { return hung() && log_.unsynced() > 0; }

  // Each returns false when the writer cannot do it now.
  bool write() {
    if (log_.queued() == 0 || blocks() || log_.write() == 0) return false;
    if (!begun_ && log_.unsynced() > 0) begun_ = time_.steady;
    return true;
  }
  bool sync() {
    if (log_.unsynced() == 0 || hung() || time_.steady < stalled_until_) return false;
    log_.sync();
    begun_.reset();
    ++commits_;
    return true;
  }
  // The process that wrote has ended.
  void forget_writer() {
    begun_.reset();
    ++commits_;
  }

  std::uint64_t commits() const { return commits_; }
  // As LogMetrics::commit_age().
  std::chrono::seconds commit_age() const {
    if (!begun_) return std::chrono::seconds(0);
    return std::chrono::floor<std::chrono::seconds>(time_.steady - *begun_);
  }
  // The next time at which the disk changes by itself.
  std::optional<SteadyTime> next_deadline() const {
    std::optional<SteadyTime> next;
    for (const SteadyTime at : {stalled_until_, hung_until_})
      if (at > time_.steady && at != SteadyTime::max() && (!next || at < *next)) next = at;
    return next;
  }

 private:
  MemoryLog& log_;
  const Time& time_;
  SteadyTime stalled_until_{};
  SteadyTime hung_until_{};
  std::optional<SteadyTime> begun_;  // of the commit under way
  std::uint64_t commits_ = 0;
};

}  // namespace oee::sim
