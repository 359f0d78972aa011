// spawn(): the only place where a coroutine starts without an awaiter. Its owner waits for it with
// a Gate. It runs on the caller's thread until its first real suspension. One loop's thread.
#pragma once

#include <memory>
#include <optional>

#include "core/base/task.h"
#include "core/runtime/gate.h"

namespace oee {

namespace detail {
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
inline Detached run_in_gate(Gate& gate, Task<void> task) {
  co_await std::move(task);
  gate.leave();
}
}  // namespace detail

// Starts `task` inside `gate`. False: the gate is closed, and the task is destroyed without a
// start. `name` describes the task to the reader and in a debugger.
inline bool spawn(Gate& gate, [[maybe_unused]] const char* name, Task<void> task) {
  if (!gate.enter()) return false;
  detail::run_in_gate(gate, std::move(task));
  return true;
}

// Started<T>: a Task that runs already and is awaited later, so that two tasks run at once.
//   auto a = start(gate, venue_a.quote(request)); auto b = start(gate, venue_b.quote(request));
//   auto first = co_await a; auto second = co_await b;
// REQUIRES: the gate is open. It may be destroyed without being awaited: the task then continues
// inside the gate.
template <class T>
class Started {
 public:
  bool done() const { return state_->value.has_value(); }
  bool await_ready() const noexcept { return done(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { state_->waiter = waiter; }
  T await_resume() { return std::move(*state_->value); }

 private:
  struct State {
    std::optional<T> value;
    std::coroutine_handle<> waiter;
  };
  explicit Started(std::shared_ptr<State> state) : state_(std::move(state)) {}
  template <class Done>
  static Task<void> run(Task<T> task, std::shared_ptr<State> state, Done done) {
    T value = co_await std::move(task);
    done(value);
    state->value.emplace(std::move(value));
    if (state->waiter) std::exchange(state->waiter, {}).resume();
  }
  template <class U, class Done>
  friend Started<U> start(Gate& gate, Task<U> task, Done done);
  std::shared_ptr<State> state_;
};

// Calls `done(value)` as soon as the task returns its value, awaited or not.
template <class T, class Done>
Started<T> start(Gate& gate, Task<T> task, Done done) {
  auto state = std::make_shared<typename Started<T>::State>();
  check(spawn(gate, "started", Started<T>::run(std::move(task), state, std::move(done))),
        "start() in a closed gate");
  return Started<T>(state);
}
template <class T>
Started<T> start(Gate& gate, Task<T> task) {
  return start(gate, std::move(task), [](const T&) {});
}

}  // namespace oee
