// The executor's routing steps: get a quote from every venue, choose one, and make the intent to
// trade durable.
#include <algorithm>

#include "core/exec/executor.h"
#include "core/exec/venue_text.h"
#include "core/order/slices.h"
#include "core/venue/router.h"

namespace oee {
namespace {

constexpr std::string_view late_quote = "no quote in time";

// "raydium: down; meteora: no quote in time".
std::string errors_of(const std::vector<VenueQuote>& quotes) {
  std::string text;
  for (const VenueQuote& quote : quotes) {
    if (!text.empty()) text += "; ";
    text += std::string(quote.venue.view()) + ": " + quote.error;
  }
  return bounded_venue_text(std::move(text));
}

std::string below_limit(const Order& order, const VenueQuote& best, Units least) {
  return "the best quote, " + to_text(best.amount_out) + " of " + std::string(best.venue.view()) +
         ", is below the least output, " + to_text(Decimal{least, order.output.decimals});
}

std::string above_most(const Order& order, const VenueQuote& best) {
  return "the best quote, " + to_text(*best.amount_in) + " to " + std::string(best.venue.view()) +
         ", is above the most input, " + to_text(Decimal{most_in(order), order.input.decimals});
}

// The venue's quote for the order, or for the `amount` of it that may be sold now.
VenueQuote quote_for(const Order& order, Decimal amount, std::string_view venue,
                     const Result<Quote>& answer) {
  if (order.exact_out)
    return exact_quote_of(order.input, order.output, *order.exact_out, venue, answer);
  VenueQuote quote = venue_quote_of(order.input, order.output, amount, venue, answer);
  if (!quote.error.empty()) return quote;
  if (!quote.amount_in && amount.units < order.remaining()) quote.amount_in = amount;
  if (amount_of(order, quote) < least_part(order, amount.units))
    quote.error = "the quote is of another amount";
  return quote;
}

// The price of the order's limit; of an exact output, that of the most input if it is higher.
IndexPrice least_price(const Order& order) {
  const IndexPrice limit = index_price(*order.limit_price);
  const Units most = order.exact_out ? most_in(order) : 0;
  if (most == 0) return limit;
  const Decimal price =
      price_of({*order.exact_out, order.output.decimals}, {most, order.input.decimals});
  return std::max(limit, index_price(price));
}

RouteChoice choose(const Order& order, std::vector<VenueQuote>& quotes) {
  RouteChoice choice;
  if (order.exact_out) {
    choice.chosen = choose_least_input(quotes);
    if (choice.chosen && quotes[*choice.chosen].amount_in->units > most_in(order))
      choice.beyond_limit = above_most(order, quotes[*choice.chosen]);
    return choice;
  }
  // A part that a venue pays enough for goes before a larger amount that it does not.
  std::vector<Units> least;
  for (const VenueQuote& quote : quotes) least.push_back(least_out(order, amount_of(order, quote)));
  choice.chosen = choose_route(quotes, least);
  if (!choice.chosen) return choice;
  const VenueQuote& best = quotes[*choice.chosen];
  const Units limit = least[*choice.chosen];
  if (best.amount_out.units < limit && may_be_quoted(order))
    choice.beyond_limit = below_limit(order, best, limit);
  return choice;
}

}  // namespace

AppendBuilder Executor::start_of(const Order& order, Attempt attempt) const {
  AppendBuilder builder(order);
  builder.add(RoutingStarted{attempt}, clock_.now());
  return builder;
}

QuoteRound Executor::ask_quotes(const QuoteRequest& request) {
  const SteadyTime now = clock_.steady_now();
  QuoteRound round(quotes_, answers_, desks_.size(), now);
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    VenueDesk& desk = desks_[i];
    if (const Halt* halt = halts_.find_venue(VenueName(desk.venue.name()))) {
      round.set(i, Error{Errc::unavailable, to_text(*halt)});
      continue;
    }
    std::optional<Error> refusal = desk.refusal(VenueMetrics::submit, now, clock_.now());
    if (!refusal) refusal = desk.refusal(VenueMetrics::quote, now, clock_.now());
    if (refusal) {
      round.set(i, *std::move(refusal));
      continue;
    }
    const bool probe = desk.breaker_state(VenueMetrics::quote) != CircuitBreaker::State::closed;
    desk.begin(VenueMetrics::quote, now);
    round.ask(i, desk.venue.quote(request), probe);
  }
  return round;
}

void Executor::on_quote(std::size_t venue, const Result<Quote>& answer, SteadyTime began) {
  VenueDesk& desk = desks_[venue];
  const SteadyTime now = clock_.steady_now();
  const Micros took = now - began;
  desk.metrics.add(answer, took);
  if (took >= options_.quote_max) {
    // It was overdue, unless it was a probe that nobody waited for.
    if (desk.breaker_state(VenueMetrics::quote) == CircuitBreaker::State::half_open)
      desk.failed(VenueMetrics::quote, began, now, late_quote);
  } else if (!answer.ok() && is_venue_failure(answer.error())) {
    desk.failed(VenueMetrics::quote, began, now, answer.error().detail);
  } else if (desk.succeeded(VenueMetrics::quote, began)) {
    on_prices(desk, std::vector<PoolPrice>(desk.pools));  // they count again
  }
  arm_probe(venue);
}

void Executor::on_quote_overdue(std::size_t venue, SteadyTime began) {
  desks_[venue].failed(VenueMetrics::quote, began, clock_.steady_now(), late_quote);
  arm_probe(venue);
}

void Executor::arm_probe(std::size_t venue) {
  VenueDesk& desk = desks_[venue];
  const CircuitBreaker& circuit = desk.breakers[VenueMetrics::quote].circuit;
  if (!running_ || desk.probe_timer != 0 || circuit.state() == CircuitBreaker::State::closed)
    return;
  desk.probe_timer = clock_.call_at(circuit.next_probe(), [this, venue] {
    desks_[venue].probe_timer = 0;
    spawn(gate_, "probe a venue", probe(venue));
  });
}

QuoteRound Executor::ask_one(std::size_t venue, const QuoteRequest& request) {
  const SteadyTime now = clock_.steady_now();
  QuoteRound round(quotes_, answers_, desks_.size(), now);
  for (std::size_t i = 0; i < desks_.size(); ++i)
    if (i != venue) round.set(i, Error{Errc::unavailable, "it is not asked"});
  desks_[venue].begin(VenueMetrics::quote, now);
  round.ask(venue, desks_[venue].venue.quote(request));
  return round;
}

Task<void> Executor::probe(std::size_t venue) {
  VenueDesk& desk = desks_[venue];
  const SteadyTime now = clock_.steady_now();
  const auto pool = std::find_if(desk.pools.begin(), desk.pools.end(),
                                 [](const PoolPrice& each) { return each.amount_a > 0; });
  if (desk.breaker_state(VenueMetrics::quote) == CircuitBreaker::State::closed ||
      pool == desk.pools.end())
    co_return;
  if (!desk.refusal(VenueMetrics::quote, now, clock_.now())) {
    QuoteRequest request;
    request.input = pool->a;
    request.output = pool->b;
    request.amount_in = std::max<Units>(pool->amount_a / 1'000, 1);
    QuoteRound round = ask_one(venue, request);
    co_await round;
  }
  arm_probe(venue);
}

std::string Executor::without_room(const VenueDesk& desk, std::size_t legs_before) const {
  if (desk.live.size() + legs_before >= options_.live_attempts_max)
    return std::to_string(desk.live.size()) +
           " attempts are live there, the most that the engine allows";
  // Another order may be the probe since the quote was asked for.
  const auto refusal = desk.refusal(VenueMetrics::submit, clock_.steady_now(), clock_.now());
  return refusal ? refusal->detail : std::string();
}

Task<Executor::Next> Executor::decide(OrderId id, Step what) {
  if (what == Step::route) co_return co_await route(id);
  if (what == Step::trigger) co_return co_await trigger(id);
  const WallTime now = clock_.now();
  AppendBuilder builder(*orders_.find(id));
  if (what == Step::expire) {
    builder.add(OrderExpired{"engine", "expiresAt has passed"}, now);
  } else if (what == Step::rest) {
    const WallTime due = due_at(builder.order(), 1);
    builder.add(OrderRested{"the next slice is due at " + format_rfc3339(due)}, now);
  } else {
    check(what == Step::give_up, "decide: another step than expire, rest and give_up");
    AttemptEnd end;
    end.error = ErrorClass::interrupted;
    end.detail = "interrupted " + std::to_string(interruptions_max) + " times while routing";
    add_end(builder, end);
  }
  co_return co_await append(std::move(builder));
}

Task<Executor::Next> Executor::route(OrderId id) {
  const Order* order = orders_.find(id);
  const bool under_way = order->phase == Phase::routing || order->phase == Phase::routed;
  const bool first_step = resumed(*order);
  const Attempt attempt = attempt_to_start(*order);
  QuoteRequest request;
  request.input = order->input;
  request.output = order->output;
  request.amount_in = amount_due(*order, log_now());
  request.exact_out = order->exact_out.value_or(0);
  if (request.amount_in == 0) {  // the clock was stepped back
    if (order->phase == Phase::resting) co_return Next::wait;
    co_return co_await decide(id, Step::rest);
  }
  if (const Units part_min = least_part(*order, request.amount_in); part_min < request.amount_in) {
    request.least_out = least_out(*order, request.amount_in);
    request.part_min = part_min;
  }

  // This order may have crashed the engine before: it is counted before anything starts. An attempt
  // that this process has started itself, before a halt, goes on.
  bool started = under_way || first_step;
  if (first_step || order->phase == Phase::routed) {
    const Next next = co_await append(start_of(*order, attempt));
    if (next == Next::leave) co_return next;
    order = orders_.find(id);
    if (order == nullptr || order->phase != Phase::routing || order->attempt != attempt)
      co_return Next::decide;
  }
  std::vector<std::optional<IndexPrice>> spots;
  for (const VenueDesk& desk : desks_) spots.push_back(spot_of(desk, pair_of(*order)));
  QuoteRound round = ask_quotes(request);
  // RoutingStarted gets an append of its own when the quotes take time. An order that waits for a
  // quote has an append when one comes.
  const bool waits =
      !started && (order->error == ErrorClass::no_quote || order->phase == Phase::resting);
  if (!round.done() && !started && !waits) {
    const Next next = co_await append(start_of(*order, attempt));
    started = true;
    order = orders_.find(id);
    if (next == Next::leave || order == nullptr || order->phase != Phase::routing ||
        order->attempt != attempt) {
      co_await round;
      co_return next;
    }
  }
  Asking asking{attempt,          started,
                order->version,   Decimal{request.amount_in, request.input.decimals},
                std::move(spots), std::move(round)};
  co_await asking.round;
  asking.routes = ask_routes(id, request, asking);
  if (asking.routes && asking.routes->round) co_await *asking.routes->round;
  Decision decision = build(id, asking);
  if (!decision.append) co_return decision.next;
  const Next next = co_await append(*std::move(decision.append));
  order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase)) {
    Actor& actor = actors_.find(id)->second;
    for (AtVenue& leg : actor.legs)
      if (leg.desk != nullptr) leg.desk->unsent(VenueMetrics::submit, *leg.arrived);
    leave_desks(actor);
  }
  co_return next;
}

std::vector<VenueQuote> Executor::quotes_of(const Order& order, const Asking& asking) const {
  std::vector<VenueQuote> quotes;
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    quotes.push_back(
        quote_for(order, asking.amount, desks_[i].venue.name(), asking.round.answer(i)));
    if (quotes.back().error.empty()) quotes.back().error = without_room(desks_[i]);
  }
  return quotes;
}

Executor::Decision Executor::build(OrderId id, const Asking& asking) {
  const Order* order = orders_.find(id);
  // The order was cancelled or amended meanwhile: decide again.
  if (order == nullptr || order->version != asking.version) return {};

  std::vector<VenueQuote> quotes = quotes_of(*order, asking);
  // One may quote later, or for more than is due now.
  bool later = more_due_at(*order, log_now()).has_value() || asking.routes;
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    const Result<Quote>& answer = asking.round.answer(i);
    later |= answer.ok() || answer.error().code != Errc::invalid;
  }
  if (asking.routes) add_paths(*order, asking, quotes);
  Actor& actor = actors_.find(id)->second;
  RouteChoice choice = choose(*order, quotes);
  const bool split = asking.routes && choose_split(*order, asking, quotes, choice);
  if (!split && !choice.beyond_limit.empty())
    return without_quote(*order, actor, asking, std::move(choice.beyond_limit));
  if (!choice.chosen && later) return without_quote(*order, actor, asking, errors_of(quotes));

  const WallTime now = clock_.now();
  Decision decision{std::optional<AppendBuilder>(*order)};
  AppendBuilder& builder = *decision.append;
  if (past_expiry(*order)) {
    builder.add(OrderExpired{"engine", "expiresAt passed before a transaction was built"}, now);
    return decision;
  }
  if (!asking.started) builder.add(RoutingStarted{asking.attempt}, now);
  if (!choice.chosen) {
    AttemptEnd end;
    end.error = ErrorClass::no_liquidity;
    end.detail = errors_of(quotes);
    add_end(builder, end);
    return decision;
  }
  actor.quote_tries = {};
  if (split) {
    add_split(builder, asking, *choice.chosen, std::move(quotes));
  } else {
    add_transaction(builder, asking, *choice.chosen, std::move(quotes));
  }
  arrive(actor, builder.order());
  for (AtVenue& leg : actor.legs) leg.desk->begin(VenueMetrics::submit, *leg.arrived);
  return decision;
}

void Executor::add_transaction(AppendBuilder& builder, const Asking& asking, std::uint32_t chosen,
                               std::vector<VenueQuote> quotes) {
  // Behind the venues' own quotes is that of the path.
  const bool by_path = chosen >= desks_.size();
  const Result<Quote>& answer =
      by_path ? asking.routes->answer(asking.routes->path.front()) : asking.round.answer(chosen);
  const VenueQuote best = quotes[chosen];
  RouteSelected selected;
  selected.attempt = asking.attempt;
  selected.chosen = chosen;
  selected.quotes = std::move(quotes);
  const WallTime now = clock_.now();
  builder.add(std::move(selected), now);
  builder.add(
      build_transaction(builder.order(), asking.attempt, best, answer->height + answer->valid_for),
      now);
}

// Each venue's spot price at which the order could act there. Empty: one of them may pay at its
// present price, so the order asks again after a while.
std::vector<IndexPrice> Executor::act_at_each(const Order& order, const Asking& asking) const {
  const IndexPrice limit = least_price(order);
  const auto priced = [&](const VenueDesk& desk) {
    return spot_of(desk, pair_of(order)).has_value();
  };
  // Without a pool of the pair there is no price to wait for: the order asks again after a while.
  if (asking.routes && std::none_of(desks_.begin(), desks_.end(), priced)) return {};
  std::vector<IndexPrice> at;
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    const Result<Quote>& quote = asking.round.answer(i);
    const auto spot = spot_of(desks_[i], pair_of(order));
    // A pool that has too little (full) never quotes at its present state.
    const bool never =
        !quote.ok() && (quote.error().code == Errc::invalid || quote.error().code == Errc::full);
    const bool later = quote.ok() ? !without_room(desks_[i]).empty() : !never;
    const bool halted = desks_[i].halted;
    if (halted || later || !spot || !asking.spots[i]) {
      // Something comes first: the end of the venue's halt, or the price of a pool that opens or of
      // one that does not reach the limit.
      const bool may_pay_now = later ? !spot || *spot >= limit : quote.ok();
      if (!halted && may_pay_now) return {};
      at.push_back(limit);
      continue;
    }
    // A rise since the quote must not raise the price that suffices.
    const IndexPrice then = std::min(*spot, *asking.spots[i]);
    // The impact of an exact output takes a smaller part of a higher price, so that the average of
    // the present one would come too late.
    const bool whole =
        quote.ok() && !order.allow_partial && !order.exact_out && quote->amount_in > 0;
    const IndexPrice average =
        whole ? index_price(price_of(Decimal{quote->amount_out, order.output.decimals},
                                     Decimal{quote->amount_in, order.input.decimals}))
              : limit;
    at.push_back(act_at(limit, average, then));
  }
  return at;
}

// The order waits, rests or ends. The reason is recorded the first time.
Executor::Decision Executor::without_quote(const Order& order, Actor& actor, const Asking& asking,
                                           std::string why) {
  const WallTime now = clock_.now();
  const WithoutQuote next = oee::without_quote(order);
  Decision decision{std::optional<AppendBuilder>(order)};
  AppendBuilder& builder = *decision.append;
  if (actor.quote_tries.count == 0) actor.quote_tries.since = clock_.steady_now();
  actor.quote_wait = quote_backoff(actor.quote_tries.count++, options_.retry, entropy_.next());
  if (next == WithoutQuote::cancel) {
    builder.add(OrderCancelled{"engine", std::string(to_string(order.time_in_force)) + ": " + why},
                now);
    return decision;
  }
  if (next == WithoutQuote::rest) {
    if (order.limit_price) actor.act_at = act_at_each(order, asking);
    // However many rest without a price to wait for, about 1,000 of them ask in a second.
    actor.quote_wait = std::max(actor.quote_wait, Micros{1'000} * waiting_);
    if (order.phase == Phase::resting) return {std::nullopt, Next::wait};
    builder.add(OrderRested{std::move(why)}, now);
    return decision;
  }
  const WallTime deadline = quote_deadline(order);
  // The log's time stands still after the wall clock was stepped back; the steady clock goes on.
  const bool waited =
      !order.expires_at && clock_.steady_now() - actor.quote_tries.since >= quote_wait;
  if (waited || log_now() >= deadline) {
    builder.add(OrderExpired{"engine", "no quote until the deadline: " + why}, now);
    return decision;
  }
  actor.quote_wait = std::min(actor.quote_wait, deadline - log_now());
  if (!asking.started && order.error == ErrorClass::no_quote) return {std::nullopt, Next::wait};
  if (!asking.started) builder.add(RoutingStarted{asking.attempt}, now);
  builder.add(AttemptFailed{asking.attempt, ErrorClass::no_quote, std::move(why),
                            log_now() + actor.quote_wait},
              now);
  return decision;
}

}  // namespace oee
