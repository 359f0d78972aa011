#include "core/exec/circuit_breaker.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace oee {

void CircuitBreaker::begin(SteadyTime now) {
  check(allows(now), "CircuitBreaker: a call that is not allowed");
  if (state_ == State::closed) return;
  state_ = State::half_open;
  wait_ = std::min(2 * wait_, options_.open_max);
  probed_at_ = now;
  next_probe_ = now + std::max(wait_, options_.probe_max);
}

void CircuitBreaker::unsent(SteadyTime began) {
  if (state_ == State::half_open && probed_at_ == began) next_probe_ = began;
}

bool CircuitBreaker::succeeded(SteadyTime began) {
  if (began < opened_at_) return false;
  failures_ = 0;
  return std::exchange(state_, State::closed) != State::closed;
}

bool CircuitBreaker::failed(SteadyTime began, SteadyTime now) {
  if (began < opened_at_ || state_ == State::open) return false;
  const bool was_closed = state_ == State::closed;
  if (was_closed) {
    if (options_.failures_max == 0 || ++failures_ < options_.failures_max) return false;
    wait_ = options_.open_min;
    left_closed_at_ = now;
  }
  failures_ = 0;
  state_ = State::open;
  opened_at_ = now;
  next_probe_ = now + wait_;
  return was_closed;
}

std::string_view to_string(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::closed:
      return "closed";
    case CircuitBreaker::State::half_open:
      return "half-open";
    case CircuitBreaker::State::open:
      break;
  }
  return "open";
}

}  // namespace oee
