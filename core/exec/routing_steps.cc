// The executor's routing steps: get a quote from every venue, choose one, and make the intent to
// trade durable.
#include "core/exec/executor.h"
#include "core/exec/venue_text.h"
#include "core/venue/router.h"

namespace oee {
namespace {

// The end of an attempt without a quote: no_liquidity when no venue can ever quote,
// venue_unavailable when one may quote later.
AttemptEnd no_route(const std::vector<VenueQuote>& quotes, bool retriable) {
  AttemptEnd end;
  end.error = retriable ? ErrorClass::venue_unavailable : ErrorClass::no_liquidity;
  for (const VenueQuote& quote : quotes) {
    if (!end.detail.empty()) end.detail += "; ";
    end.detail += std::string(quote.venue.view()) + ": " + quote.error;
  }
  end.detail = bounded_venue_text(std::move(end.detail));
  return end;
}

}  // namespace

QuoteRound Executor::ask_quotes(const QuoteRequest& request) {
  QuoteRound round(quotes_, answers_, desks_.size(), clock_.steady_now());
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    VenueDesk& desk = desks_[i];
    if (desk.quotes_overdue && desk.quotes_asked > 0) {
      round.set(i, Error{Errc::unavailable, "its last quote did not come in time"});
      continue;
    }
    ++desk.quotes_asked;
    round.ask(i, desk.venue.quote(request));
  }
  return round;
}

void Executor::on_quote(std::size_t venue, const Result<Quote>& answer, SteadyTime began) {
  VenueDesk& desk = desks_[venue];
  const Micros took = clock_.steady_now() - began;
  --desk.quotes_asked;
  if (took < options_.quote_max) desk.quotes_overdue = false;
  desk.metrics.add(answer, took);
}

void Executor::on_quote_overdue(std::size_t venue) {
  desks_[venue].quotes_overdue = true;
}

Task<Executor::Next> Executor::decide(OrderId id, Step what) {
  if (what == Step::route) co_return co_await route(id);
  const WallTime now = clock_.now();
  AppendBuilder builder(*orders_.find(id));
  if (what == Step::expire) {
    builder.add(OrderExpired{"engine", "expiresAt has passed"}, now);
  } else {
    check(what == Step::give_up, "decide: another step than expire and give_up");
    AttemptEnd end;
    end.error = ErrorClass::interrupted;
    end.detail = "interrupted " + std::to_string(interruptions_max) + " times while routing";
    builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), 0), now);
  }
  co_return co_await append(std::move(builder));
}

Task<Executor::Next> Executor::route(OrderId id) {
  const Order* order = orders_.find(id);
  const bool interrupted = order->phase != Phase::pending;
  const bool resumed = actors_.find(id)->second.resumed;
  const Attempt attempt = attempt_to_start(*order);
  QuoteRequest request;
  request.input = order->input;
  request.output = order->output;
  request.amount_in = order->amount_in.units;

  QuoteRound round = ask_quotes(request);
  bool started = false;
  // RoutingStarted gets an append of its own when the quotes take time, and when this order may
  // have crashed the engine before: interruptions must be counted.
  if (!round.done() || interrupted || resumed) {
    AppendBuilder builder(*order);
    builder.add(RoutingStarted{attempt}, clock_.now());
    const Next next = co_await append(std::move(builder));
    started = true;
    co_await round;
    if (next == Next::leave) co_return next;
  }
  std::optional<AppendBuilder> builder = build(id, attempt, started, round);
  if (!builder) co_return Next::decide;
  const Next next = co_await append(*std::move(builder));
  order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase)) leave_desk(actors_.find(id)->second);
  co_return next;
}

std::optional<AppendBuilder> Executor::build(OrderId id, Attempt attempt, bool started,
                                             const QuoteRound& round) {
  const Order* order = orders_.find(id);
  // The order was cancelled meanwhile, or another writer started the attempt: decide again.
  if (order == nullptr ||
      (started && (order->phase != Phase::routing || order->attempt != attempt)) ||
      (!started && order->phase != Phase::pending))
    return std::nullopt;

  std::vector<VenueQuote> quotes;
  bool retriable = false;
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    const Result<Quote>& answer = round.answer(i);
    quotes.push_back(venue_quote_of(order->input, order->output, order->amount_in,
                                    desks_[i].venue.name(), answer));
    retriable |= !answer.ok() && answer.error().code != Errc::invalid;
    if (!answer.ok() || desks_[i].live.size() < options_.live_attempts_max) continue;
    retriable = true;
    quotes.back().error = std::to_string(desks_[i].live.size()) +
                          " attempts are live there, the most that the engine allows";
  }
  const WallTime now = clock_.now();
  std::optional<AppendBuilder> builder(*order);
  if (order->expires_at && now >= *order->expires_at) {
    builder->add(OrderExpired{"engine", "expiresAt passed before a transaction was built"}, now);
    return builder;
  }
  if (!started) builder->add(RoutingStarted{attempt}, now);
  const auto chosen = choose_route(quotes);
  if (!chosen) {
    const AttemptEnd end = no_route(quotes, retriable);
    builder->add(end_attempt(builder->order(), end, options_.retry, log_now(), entropy_.next()),
                 now);
    return builder;
  }
  const Result<Quote>& answer = round.answer(*chosen);
  const std::uint64_t valid_until = answer->height + answer->valid_for;
  const VenueQuote best = quotes[*chosen];
  RouteSelected selected;
  selected.attempt = attempt;
  selected.chosen = *chosen;
  selected.quotes = std::move(quotes);
  builder->add(std::move(selected), now);
  TransactionBuilt built = build_transaction(builder->order(), attempt, best, valid_until);
  arrive(actors_.find(id)->second, desks_[*chosen], built.venue_order_id, id);
  builder->add(std::move(built), now);
  return builder;
}

}  // namespace oee
