#include "core/exec/quote_round.h"

#include <utility>

namespace oee {

QuoteRound::QuoteRound(CallDeadlines& deadlines, VenueAnswersHandle sink, std::size_t venues,
                       SteadyTime began)
    : state_(std::make_shared<State>()) {
  state_->deadlines = &deadlines;
  state_->sink = std::move(sink);
  state_->began = began;
  state_->answers.resize(venues);
  state_->venues.resize(venues);
  state_->missing = venues;
}

void QuoteRound::ask(std::size_t venue, Task<Result<Quote>> quote, bool probe) {
  ask_at(venue, venue, std::move(quote), probe);
}

void QuoteRound::ask_at(std::size_t at, std::size_t venue, Task<Result<Quote>> quote, bool probe) {
  if (probe) ++state_->probes;
  state_->venues[at] = venue;
  run(state_, at, std::move(quote), probe);
}

void QuoteRound::set(std::size_t venue, Error error) {
  state_->answers[venue].emplace(std::move(error));
  --state_->missing;
}

// In no gate: a call that never ends must not hold a stop.
detail::Detached QuoteRound::run(std::shared_ptr<State> state, std::size_t at,
                                 Task<Result<Quote>> quote, bool probe) {
  Result<Quote> answer = co_await std::move(quote);
  if (VenueAnswers* sink = *state->sink) sink->on_quote(state->venues[at], answer, state->began);
  state->take(at, std::move(answer), probe);
}

void QuoteRound::await_suspend(std::coroutine_handle<> waiter) {
  state_->waiter = waiter;
  state_->deadlines->add(*state_);
}

void QuoteRound::State::take(std::size_t at, Result<Quote> answer, bool probe) {
  if (answers[at]) return;  // too late
  quoted |= answer.ok();
  answers[at].emplace(std::move(answer));
  --missing;
  if (probe) --probes;
  if (!done() || !waiter) return;
  deadlines->remove(*this);
  std::exchange(waiter, {}).resume();
}

void QuoteRound::State::leave_out_probes() {
  for (auto& answer : answers)
    if (!answer)
      answer.emplace(
          Error{Errc::unavailable, "circuit breaker (quote) is half-open: no answer yet"});
}

void QuoteRound::State::expire() {
  missing = 0;
  for (std::size_t at = 0; at < answers.size(); ++at) {
    if (answers[at]) continue;
    answers[at].emplace(Error{Errc::timeout, "no quote in time"});
    if (*sink != nullptr) (*sink)->on_quote_overdue(venues[at], began);
  }
  std::exchange(waiter, {}).resume();
}

}  // namespace oee
