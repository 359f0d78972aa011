// LoopPulse: whether the loops of all shards run, for systemd's watchdog. One thread (the main
// thread).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "api/engine/engine_options.h"

namespace oee {

class LoopPulse {
 public:
  // The loops outlive this.
  explicit LoopPulse(const std::vector<std::unique_ptr<ShardLoop>>& loops) : loops_(loops) {}

  // Posts to every loop. false: a loop has not yet run what an earlier call posted; then nothing is
  // posted.
  bool beat() {
    if (*unanswered_ > 0) return false;
    *unanswered_ = loops_.size();
    for (const auto& own : loops_) post(own->loop, [left = unanswered_] { --*left; });
    return true;
  }

 private:
  const std::vector<std::unique_ptr<ShardLoop>>& loops_;
  const std::shared_ptr<std::atomic<std::size_t>> unanswered_ =
      std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace oee
