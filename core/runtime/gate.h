// Gate: counts the coroutines that use an object, so that the object can stop: close() refuses new
// ones and waits for the others. Owned by that object; one loop's thread.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include "core/base/check.h"

namespace oee {

class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  ~Gate() { check(inside_ == 0, "Gate destroyed while coroutines are inside"); }

  // False: the gate is closed; do not start.
  bool enter() {
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void leave() {
    check(inside_ > 0, "Gate::leave without enter");
    if (--inside_ == 0 && closer_) std::exchange(closer_, {}).resume();
  }
  bool closed() const { return closed_; }
  std::size_t inside() const { return inside_; }

  // co_await gate.close(): refuses new coroutines and resumes when none is inside. At most one
  // waiter.
  auto close() {
    closed_ = true;
    return Closer(*this);
  }

 private:
  class Closer {
   public:
    explicit Closer(Gate& gate) : gate_(gate) {}
    bool await_ready() const noexcept { return gate_.inside_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { gate_.closer_ = waiter; }
    void await_resume() const noexcept {}

   private:
    Gate& gate_;
  };
  std::size_t inside_ = 0;
  bool closed_ = false;
  std::coroutine_handle<> closer_;
};

}  // namespace oee
