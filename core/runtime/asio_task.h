// use_task: an Asio completion token whose operations are awaited from a Task.
//   auto [ec, size] = co_await socket.async_read_some(buffer, use_task);
//   auto ec = co_await timer.async_wait(use_task);
// The coroutine resumes inside the completion handler, on the I/O object's loop. Errors are values;
// no operation throws. To cancel an operation, close or cancel its I/O object.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <coroutine>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace oee {

struct UseTask {};
inline constexpr UseTask use_task;

template <class... Args>
struct IoResult;
template <class T>
struct IoResult<T> {
  boost::system::error_code ec;
  T value;
};

namespace detail {

template <class... Args>
struct IoSlot {
  using R = std::conditional_t<sizeof...(Args) == 0, boost::system::error_code, IoResult<Args...>>;
  std::optional<R> result;
  std::coroutine_handle<> waiter;
};
template <>
struct IoSlot<> {
  using R = boost::system::error_code;
  std::optional<R> result;
  std::coroutine_handle<> waiter;
};

template <class... Args>
struct IoHandler {
  IoSlot<Args...>* slot;
  void operator()(boost::system::error_code ec, Args... args) {
    slot->result.emplace(typename IoSlot<Args...>::R{ec, std::move(args)...});
    slot->waiter.resume();
  }
};

// Part of the awaiting frame, from the co_await to the resumption.
template <class Initiation, class InitArgs, class... Args>
class IoOp {
 public:
  template <class I, class... A>
  explicit IoOp(I&& initiation, A&&... args)
      : initiation_(std::forward<I>(initiation)), args_(std::forward<A>(args)...) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    slot_.waiter = waiter;
    std::apply(
        [this](auto&&... args) {
          std::move(initiation_)(IoHandler<Args...>{&slot_}, std::move(args)...);
        },
        std::move(args_));
  }
  auto await_resume() { return std::move(*slot_.result); }

 private:
  Initiation initiation_;
  InitArgs args_;
  IoSlot<Args...> slot_;
};

}  // namespace detail
}  // namespace oee

template <class... Args>
class boost::asio::async_result<oee::UseTask, void(boost::system::error_code, Args...)> {
 public:
  template <class Initiation, class... InitArgs>
  static auto initiate(Initiation&& initiation, oee::UseTask, InitArgs&&... args) {
    using Op = oee::detail::IoOp<std::decay_t<Initiation>, std::tuple<std::decay_t<InitArgs>...>,
                                 std::decay_t<Args>...>;
    return Op(std::forward<Initiation>(initiation), std::forward<InitArgs>(args)...);
  }
};
