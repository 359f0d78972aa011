// QuoteRound: the quotes of every venue for one request. co_await round resumes when all have
// answered, or at the deadline: a venue without an answer then has the error `timeout`. A probe is
// waited for only while no venue has quoted; without an answer it has the error `unavailable`. Made
// by Executor::ask_quotes(); loop's thread.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <vector>

#include "core/runtime/call_deadlines.h"
#include "core/runtime/spawn.h"
#include "core/seams/venue.h"

namespace oee {

// Gets the answers of venue calls, also those that come after the caller's wait.
class VenueAnswers {
 public:
  virtual ~VenueAnswers() = default;
  // A quote of the venue at this position of the round.
  virtual void on_quote(std::size_t venue, const Result<Quote>& answer, SteadyTime began) = 0;
  virtual void on_quote_overdue(std::size_t venue, SteadyTime began) = 0;
  virtual void on_late_report(const OrderId& id, Attempt attempt, LegIndex leg,
                              Result<VenueReport> report) = 0;
};
// Null: it is gone. Shared with the calls, which may end after it.
using VenueAnswersHandle = std::shared_ptr<VenueAnswers*>;

class QuoteRound {
 public:
  QuoteRound(CallDeadlines& deadlines, VenueAnswersHandle sink, std::size_t venues,
             SteadyTime began);

  // Asks the venue. Without a call, set() gives its answer. REQUIRES: each venue has one of them
  // before the round is awaited.
  void ask(std::size_t venue, Task<Result<Quote>> quote, bool probe = false);
  void set(std::size_t venue, Error error);
  // The same in a round that has several requests to a venue: the place of the answer is `at`.
  void ask_at(std::size_t at, std::size_t venue, Task<Result<Quote>> quote, bool probe = false);

  bool done() const { return state_->done(); }
  bool await_ready() const noexcept { return done(); }
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const { state_->leave_out_probes(); }
  // The answers, by venue, or by the places of ask_at(). REQUIRES: it was awaited.
  const Result<Quote>& answer(std::size_t venue) const { return *state_->answers[venue]; }

 private:
  // Shared with the calls, which may end after the round.
  struct State final : CallDeadlines::Wait {
    bool done() const { return missing == 0 || (quoted && missing == probes); }
    void take(std::size_t at, Result<Quote> answer, bool probe);
    void leave_out_probes();
    void expire() override;
    CallDeadlines* deadlines = nullptr;
    VenueAnswersHandle sink;
    SteadyTime began{};
    std::vector<std::optional<Result<Quote>>> answers;
    std::vector<std::size_t> venues;  // of the answers
    std::size_t missing = 0;
    std::size_t probes = 0;  // of `missing`
    bool quoted = false;
    std::coroutine_handle<> waiter;
  };
  static detail::Detached run(std::shared_ptr<State> state, std::size_t at,
                              Task<Result<Quote>> quote, bool probe);
  std::shared_ptr<State> state_;
};

}  // namespace oee
