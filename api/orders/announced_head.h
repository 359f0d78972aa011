// AnnouncedHead: the log and the head that the bus announces, on a gateway, which has no log. Any
// thread.
#pragma once

#include <algorithm>
#include <mutex>

#include "core/seams/bus.h"
#include "core/seams/read_model.h"

namespace oee {

class AnnouncedHead final : public UpdateSink {
 public:
  void on_updates(UpdateBatch batch) override {
    if (batch->empty()) return;
    const std::lock_guard lock(mutex_);
    head_.last_seq = std::max(head_.last_seq, batch->back().seq);
  }
  void on_head(const LogIdentity& log_id, Seq head) override {
    const std::lock_guard lock(mutex_);
    head_ = {log_id, head};
  }
  bool wants_updates() const override { return false; }

  // The log is zero before the first head.
  ProjectionCursor get() const {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  // unavailable: tables at `cursor` are of another log or epoch than the bus announces, so an
  // answer could mix two logs.
  Result<void> check(const ProjectionCursor& cursor) const {
    const LogIdentity announced = get().log_id;
    if (announced.is_zero() || cursor.log_id.is_zero() || cursor.log_id == announced) return {};
    return Error{Errc::unavailable, "PostgreSQL's tables are of log " + to_text(cursor.log_id) +
                                        ", Redis announces log " + to_text(announced)};
  }

 private:
  mutable std::mutex mutex_;
  ProjectionCursor head_;
};

}  // namespace oee
