#include "api/orders/quotes.h"

#include "core/venue/router.h"

namespace oee {

Units QuoteAnswer::promised_out() const {
  if (legs == 1) return quotes[*chosen].amount_out.units;
  Units single = 0;
  for (std::uint32_t i = 0; i < *chosen; ++i)
    if (quotes[i].error.empty() && !quotes[i].amount_in)
      single = std::max(single, quotes[i].amount_out.units);
  if (single > 0) return single;
  U128 total_in = 0;
  for (std::uint32_t i = 0; i < legs; ++i) total_in += quotes[*chosen + i].amount_in->units;
  U128 lowest = ~Units{0};
  for (std::uint32_t i = 0; i < legs; ++i) {
    const VenueQuote& leg = quotes[*chosen + i];
    lowest = std::min<U128>(lowest, leg.amount_out.units * total_in / leg.amount_in->units);
  }
  return static_cast<Units>(lowest);
}

Task<Result<QuoteAnswer>> Quotes::ask(Token input, Token output, SwapAmount amount) {
  drop_old();
  const Key key{input.symbol, output.symbol, amount.amount.units, amount.of_output,
                amount.in_parts};
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
  QuoteAnswer answer = co_await ask_venues(input, output, amount);
  --asking_;
  entry->answer = std::move(answer);
  keep(key);
  for (const std::coroutine_handle<> waiter : std::exchange(entry->waiters, {})) waiter.resume();
  co_return *entry->answer;
}

Task<QuoteAnswer> Quotes::ask_venues(Token input, Token output, SwapAmount amount) {
  QuoteRequest request;
  request.input = input;
  request.output = output;
  (amount.of_output ? request.exact_out : request.amount_in) = amount.amount.units;
  check(gate_.enter(), "Quotes: a request after the stop");
  QuoteRound round = executor_.ask_quotes(request);
  co_await round;
  const std::vector<Venue*>& venues = executor_.venues();
  QuoteAnswer answer;
  for (std::size_t i = 0; i < venues.size(); ++i) {
    const std::string_view name = venues[i]->name();
    answer.quotes.push_back(
        amount.of_output ? exact_quote_of(input, output, amount.amount.units, name, round.answer(i))
                         : venue_quote_of(input, output, amount.amount, name, round.answer(i)));
  }
  std::optional<RouteRound> routes = executor_.ask_routes(request, amount.in_parts, answer.quotes);
  if (routes && routes->round) co_await *routes->round;
  if (routes) routes->append_paths(answer.quotes, input, output, amount.amount);
  answer.chosen =
      amount.of_output ? choose_least_input(answer.quotes) : choose_route(answer.quotes);
  if (routes && !routes->split.empty()) {
    const auto first = static_cast<std::uint32_t>(answer.quotes.size());
    routes->append_split(answer.quotes, input, output, amount.amount);
    if (choose_split(answer.quotes, answer.chosen, true, first, routes->leg_gain_min_bps)) {
      answer.chosen = first;
      answer.legs = static_cast<std::uint32_t>(routes->split.size());
    }
  }
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
