// BoundedCall<T>: a call that its caller awaits for a limited time only.
//   BoundedCall call(deadlines, venue.submit(order), on_late);
//   Result<VenueReport> report = co_await call;   // timeout: no answer within the limit
// The call begins in the constructor. An answer that comes after the limit goes to `on_late`, on
// the loop's thread. The coroutine of the call is in no gate: a call that never ends must not hold
// a stop. It uses nothing of the caller after the wait, except `on_late`, which must be safe to
// call for ever. One loop's thread.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "core/base/result.h"
#include "core/runtime/call_deadlines.h"
#include "core/runtime/spawn.h"

namespace oee {

template <class T>
class BoundedCall final : CallDeadlines::Wait {
 public:
  template <class OnLate>
  BoundedCall(CallDeadlines& deadlines, Task<Result<T>> task, OnLate on_late)
      : deadlines_(deadlines) {
    run(this, std::move(task), std::move(on_late));
  }
  // REQUIRES: awaited to its end.

  bool await_ready() const noexcept { return answer_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    deadlines_.add(*this);
  }
  Result<T> await_resume() { return *std::move(answer_); }

 private:
  template <class OnLate>
  static detail::Detached run(BoundedCall* call, Task<Result<T>> task, OnLate on_late) {
    BoundedCall* caller = call;  // null: it waits no longer
    call->in_frame_ = &caller;
    Result<T> answer = co_await std::move(task);
    if (caller != nullptr) {
      caller->finish(std::move(answer));
    } else {
      on_late(std::move(answer));
    }
  }
  void finish(Result<T> answer) {
    answer_.emplace(std::move(answer));
    if (!waiter_) return;  // the call ended inside the constructor
    deadlines_.remove(*this);
    waiter_.resume();
  }
  void expire() override {
    *in_frame_ = nullptr;
    answer_.emplace(Error{Errc::timeout, "no answer in time"});
    waiter_.resume();
  }

  CallDeadlines& deadlines_;
  BoundedCall** in_frame_ = nullptr;
  std::coroutine_handle<> waiter_;
  std::optional<Result<T>> answer_;
};
template <class T, class OnLate>
BoundedCall(CallDeadlines&, Task<Result<T>>, OnLate) -> BoundedCall<T>;

}  // namespace oee
