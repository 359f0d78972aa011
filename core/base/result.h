// Expected failures as values. Result<T> is either a T or an Error; the compiler rejects an ignored
// one. Programmer errors are check() (core/base/check.h). Adapters catch the exceptions of their
// libraries. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace oee {

// The closed list of error codes, each with the policy that follows.
enum class Errc : std::uint8_t {
  invalid,        // the caller's input is wrong: refuse; the detail names the fault
  not_found,      // no such order, key or file: refuse
  conflict,       // another writer of the order came first: fold its event, then decide again
  stale,          // the order is not at the version that the caller saw: refuse (412)
  key_mismatch,   // an idempotency key was used before with another command: refuse (422)
  full,           // a named maximum is reached: refuse now, the caller may retry later
  unavailable,    // a dependency is down or not ready: retry with back-off
  timeout,        // no answer in time: the outcome is unknown; it is not a failure
  indeterminate,  // a failed write that may be there after a restart: retry with the same key
  closed,         // the component is stopping: end without a log line
  in_use,         // another process holds the data directory: exit 5
  corrupt,        // stored bytes are damaged, missing or out of order: halt, exit 4
  unsupported,    // stored bytes have a newer format than this program reads: halt, exit 4
  io,             // the operating system failed a read or write: halt when it concerns the log
  halted,         // trading is halted: refuse (503); the detail has who and why
  risk_limit,     // a limit refuses the order: refuse (422); see core/base/limit_breach.h
};

std::string_view to_string(Errc code);  // "not_found"

struct Error {
  Errc code;
  std::string detail;  // one sentence that names the fault; no secrets
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
