// Quotes: the venues' quotes for callers that only look at them (GET /v1/quote). Equal requests
// share one call of each venue and its answer, and few different requests are under way at once.
// Orders get quotes of their own. Owned by its shard; loop's thread.
#pragma once

#include <coroutine>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "api/orders/order_service.h"
#include "core/exec/executor.h"
#include "core/runtime/gate.h"

namespace oee {

class Quotes {
 public:
  // Different requests at once. With 300 ms a call: about 100 a second.
  static constexpr std::size_t asking_max = 32;
  static constexpr Micros kept_for{1'000'000};       // an answer, after it was complete
  static constexpr std::size_t answers_max = 1'000;  // 1,000 answers x 1 KB = 1 MB

  // The executor's venues quote. Both outlive the Quotes.
  Quotes(Clock& clock, Executor& executor) : clock_(clock), executor_(executor) {}

  // Every venue's quote and the route, without min_out and max_in. full: asking_max is reached.
  Task<Result<QuoteAnswer>> ask(Token input, Token output, SwapAmount amount);

  // Waits for the calls under way. Afterwards none runs. Idempotent.
  Task<void> stop();

 private:
  // input, output, amount, of the output, in parts
  using Key = std::tuple<Symbol, Symbol, Units, bool, bool>;
  struct Entry {
    std::optional<QuoteAnswer> answer;  // nullopt: the venues are being asked
    std::vector<std::coroutine_handle<>> waiters;
  };
  // co_await resumes when the entry has its answer.
  struct Answered {
    Entry& entry;
    bool await_ready() const noexcept { return entry.answer.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) { entry.waiters.push_back(waiter); }
    void await_resume() const noexcept {}
  };
  Task<QuoteAnswer> ask_venues(Token input, Token output, SwapAmount amount);
  void keep(const Key& key);
  void drop_old();

  Clock& clock_;
  Executor& executor_;
  Gate gate_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  std::deque<std::pair<SteadyTime, Key>> kept_;  // the answered entries with their ends, in order
  std::size_t asking_ = 0;                       // the other entries
};

}  // namespace oee
