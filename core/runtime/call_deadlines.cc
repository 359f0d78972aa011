#include "core/runtime/call_deadlines.h"

#include "core/base/check.h"

namespace oee {

CallDeadlines::~CallDeadlines() {
  check(first_ == nullptr, "CallDeadlines destroyed while a wait is left");
  if (timer_ != 0) clock_.cancel(timer_);
}

void CallDeadlines::add(Wait& wait) {
  wait.until_ = clock_.steady_now() + limit_;
  wait.before_ = last_;
  wait.after_ = nullptr;
  (last_ != nullptr ? last_->after_ : first_) = &wait;
  last_ = &wait;
  if (timer_ == 0) arm();
}

void CallDeadlines::remove(Wait& wait) {
  (wait.before_ != nullptr ? wait.before_->after_ : first_) = wait.after_;
  (wait.after_ != nullptr ? wait.after_->before_ : last_) = wait.before_;
}

void CallDeadlines::arm() {
  timer_ = clock_.call_at(first_->until_, [this] { fire(); });
}

// The timer is not cancelled when its wait ends: it is armed once per limit, not once per call.
void CallDeadlines::fire() {
  timer_ = 0;
  const SteadyTime now = clock_.steady_now();
  while (first_ != nullptr && first_->until_ <= now) {
    Wait& wait = *first_;
    remove(wait);
    wait.expire();
  }
  if (first_ != nullptr && timer_ == 0) arm();
}

}  // namespace oee
