#include "api/orders/quotes.h"

#include "core/venue/router.h"

namespace oee {

Task<Result<QuoteAnswer>> Quotes::ask(Token input, Token output, Decimal amount_in) {
  drop_old();
  const Key key{input.symbol, output.symbol, amount_in.units};
  if (const auto found = entries_.find(key); found != entries_.end()) {
    const std::shared_ptr<Entry> entry = found->second;
    Answered answered{*entry};
    co_await answered;
    co_return *entry->answer;
  }
  if (asking_ >= asking_max) co_return Error{Errc::full, "too many quotes are being asked for"};
  const auto entry = std::make_shared<Entry>();
  entries_.emplace(key, entry);
  ++asking_;
  QuoteAnswer answer = co_await ask_venues(input, output, amount_in);
  --asking_;
  entry->answer = std::move(answer);
  keep(key);
  for (const std::coroutine_handle<> waiter : std::exchange(entry->waiters, {})) waiter.resume();
  co_return *entry->answer;
}

Task<QuoteAnswer> Quotes::ask_venues(Token input, Token output, Decimal amount_in) {
  QuoteRequest request;
  request.input = input;
  request.output = output;
  request.amount_in = amount_in.units;
  check(gate_.enter(), "Quotes: a request after the stop");
  QuoteRound round = executor_.ask_quotes(request);
  co_await round;
  const std::vector<Venue*>& venues = executor_.venues();
  QuoteAnswer answer;
  for (std::size_t i = 0; i < venues.size(); ++i)
    answer.quotes.push_back(
        venue_quote_of(input, output, amount_in, venues[i]->name(), round.answer(i)));
  answer.chosen = choose_route(answer.quotes);
  gate_.leave();
  co_return answer;
}

void Quotes::keep(const Key& key) {
  kept_.emplace_back(clock_.steady_now() + kept_for, key);
  if (kept_.size() <= answers_max) return;
  entries_.erase(kept_.front().second);
  kept_.pop_front();
}

void Quotes::drop_old() {
  const SteadyTime now = clock_.steady_now();
  for (; !kept_.empty() && kept_.front().first <= now; kept_.pop_front())
    entries_.erase(kept_.front().second);
}

Task<void> Quotes::stop() {
  if (!gate_.closed()) co_await gate_.close();
}

}  // namespace oee
