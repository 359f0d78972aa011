// Expected failures as values. Result<T> is either a T or an Error; ignoring one is a compile
// error. Programmer errors are check() (check.h); exceptions stop at the adapter that met them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace oee {

// The closed list of what can go wrong, each with the policy that follows.
enum class Errc : std::uint8_t {
  invalid,        // the caller's input is wrong: refuse, naming what is wrong
  not_found,      // no such order, key or file: refuse
  conflict,       // another writer of the same order won: fold its event, then decide again
  key_mismatch,   // an idempotency key was used before with another command: refuse (422)
  full,           // a named maximum is reached: refuse now, the caller may retry later
  unavailable,    // a dependency is down or not ready: retry with back-off
  timeout,        // no answer in time: the fate is unknown, never "failed"
  indeterminate,  // a write failed and may still be present after a restart: retry with the same
                  // key
  closed,         // the component is stopping: give up quietly
  in_use,         // another process holds the data directory: exit 5
  corrupt,        // stored bytes are damaged, missing or out of order: halt, exit 4
  unsupported,    // stored bytes are of a newer format than this program knows: halt
  io,             // the operating system refused a read or write: halt when it is the log
};

std::string_view to_string(Errc code);

struct Error {
  Errc code;
  std::string detail;  // one sentence that names what is wrong; no secrets
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  const Error& error() const {
    check(!ok(), "Result::error() of a success");
    return *std::get_if<1>(&state_);
  }

 private:
  T& value() {
    check(ok(), "Result value of a failure");
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    check(ok(), "Result value of a failure");
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    check(!ok(), "Result::error() of a success");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

// Returns the error of `expr` from the enclosing function (OEE_TRY), or binds its value
// (OEE_TRY_ASSIGN). In a coroutine use OEE_CO_TRY*.
#define OEE_CONCAT_(a, b) a##b
#define OEE_CONCAT(a, b) OEE_CONCAT_(a, b)
#define OEE_TRY_IMPL_(ret, tmp, expr) \
  if (auto tmp = (expr); !tmp.ok()) ret tmp.error()
#define OEE_TRY_ASSIGN_IMPL_(ret, tmp, decl, expr) \
  auto tmp = (expr);                               \
  if (!tmp.ok()) ret tmp.error();                  \
  decl = *std::move(tmp)
#define OEE_TRY(expr) OEE_TRY_IMPL_(return, OEE_CONCAT(oee_try_, __LINE__), expr)
#define OEE_TRY_ASSIGN(decl, expr) \
  OEE_TRY_ASSIGN_IMPL_(return, OEE_CONCAT(oee_try_, __LINE__), decl, expr)
#define OEE_CO_TRY_ASSIGN(decl, expr) \
  OEE_TRY_ASSIGN_IMPL_(co_return, OEE_CONCAT(oee_try_, __LINE__), decl, expr)

}  // namespace oee
