#include "tools/order_load/schedule.h"

#include <algorithm>

namespace oee::load {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

void Schedule::start(Clock::time_point now) {
  started_ = true;
  start_ = now;
  if (options_.rate) return;
  const std::uint64_t first = options_.open.value_or(options_.connections);
  for (std::uint64_t i = 0; i < first; ++i) add_due(now);
}

void Schedule::advance(Clock::time_point now) {
  generate(now);
  while (!retries_.empty() && retries_.top().at <= now) {
    due_.push_front(retries_.top().submission);
    retries_.pop();
  }
}

void Schedule::generate(Clock::time_point now) {
  if (!started_ || !generating_) return;
  while (options_.rate && generating_) {
    const auto due = due_at_rate(generated_);
    if (due > now || due - start_ >= options_.duration) break;
    add_due(due);
  }
  if (now - start_ >= options_.duration) generating_ = false;
  if (!generating_) generation_ended_ = now;
}

Clock::time_point Schedule::due_at_rate(std::uint64_t index) const {
  const auto offset = std::chrono::duration<double>(static_cast<double>(index) / *options_.rate);
  return start_ + duration_cast<nanoseconds>(offset);
}

void Schedule::add_due(Clock::time_point due) {
  if (!generating_) return;
  due_.push_back({generated_++, due, 0});
  if (generated_ >= options_.orders) {
    generating_ = false;
    generation_ended_ = Clock::now();
  }
}

void Schedule::replace() {
  if (options_.rate || !generating_) return;
  const auto now = Clock::now();
  generate(now);  // ends generating when the duration is over
  add_due(now);
}

bool Schedule::retry(Submission submission, std::optional<seconds> after, Clock::time_point now) {
  if (submission.sent > options_.retries) return false;
  if (options_.retry_at_once) {
    due_.push_front(submission);
    return true;
  }
  // A random extra of up to a quarter, so that refused orders do not all return at the same time.
  jitter_ ^= jitter_ << 13, jitter_ ^= jitter_ >> 7, jitter_ ^= jitter_ << 17;
  const nanoseconds wait = after.value_or(seconds(1));
  const nanoseconds spread = wait / 4 + milliseconds(50);
  retries_.push(
      {now + wait + nanoseconds(jitter_ % static_cast<std::uint64_t>(spread.count())), submission});
  return true;
}

Submission Schedule::take_due() {
  const Submission next = due_.front();
  due_.pop_front();
  return next;
}

Clock::time_point Schedule::next_due() const {
  auto next = Clock::time_point::max();
  if (options_.rate && generating_) next = due_at_rate(generated_);
  if (!retries_.empty()) next = std::min(next, retries_.top().at);
  return next;
}

}  // namespace oee::load
