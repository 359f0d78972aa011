// The executor's routing steps: get a quote from every venue, choose one, and make the intent to
// trade durable.
#include <algorithm>

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

std::vector<Started<Result<Quote>>> Executor::start_quotes(Gate& gate,
                                                           const QuoteRequest& request) {
  std::vector<Started<Result<Quote>>> pending;
  pending.reserve(venues_.size());
  const SteadyTime began = clock_.steady_now();
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    auto count = [this, i, began](const Result<Quote>& answer) {
      metrics_.venues[i]->add(answer, clock_.steady_now() - began);
    };
    pending.push_back(oee::start(gate, venues_[i]->quote(request), std::move(count)));
  }
  return pending;
}

Task<Executor::Next> Executor::route(OrderId id) {
  const Order* order = orders_.find(id);
  const bool interrupted = order->phase != Phase::pending;
  const bool resumed = work_[id].resumed;
  const Attempt attempt = attempt_to_start(*order);
  QuoteRequest request;
  request.input = order->input;
  request.output = order->output;
  request.amount_in = order->amount_in.units;

  std::vector<Started<Result<Quote>>> pending = start_quotes(gate_, request);
  bool started = false;
  const bool at_once =
      std::all_of(pending.begin(), pending.end(), [](auto& p) { return p.done(); });
  // RoutingStarted gets an append of its own when the quotes take time, and when this order may
  // have crashed the engine before: interruptions must be counted.
  if (!at_once || interrupted || resumed) {
    AppendBuilder builder(*order);
    builder.add(RoutingStarted{attempt}, clock_.now());
    const Next next = co_await append(std::move(builder));
    started = true;
    if (next == Next::leave) {
      // The quotes end inside the gate; they have no effect.
      co_return next;
    }
  }
  std::vector<Result<Quote>> answers;
  for (auto& each : pending) {
    Result<Quote> answer = co_await each;
    answers.push_back(std::move(answer));
  }

  co_return co_await build(id, attempt, started, std::move(answers));
}

// All quotes have returned: appends the chosen route and the transaction, or ends the attempt.
Task<Executor::Next> Executor::build(OrderId id, Attempt attempt, bool started,
                                     std::vector<Result<Quote>> answers) {
  const Order* order = orders_.find(id);
  // The order was cancelled meanwhile, or another writer started the attempt: decide again.
  if (order == nullptr ||
      (started && (order->phase != Phase::routing || order->attempt != attempt)) ||
      (!started && order->phase != Phase::pending))
    co_return Next::decide;

  std::vector<VenueQuote> quotes;
  bool retriable = false;
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    quotes.push_back(venue_quote_of(order->input, order->output, order->amount_in,
                                    venues_[i]->name(), answers[i]));
    retriable |= !answers[i].ok() && answers[i].error().code != Errc::invalid;
  }
  const WallTime now = clock_.now();
  AppendBuilder builder(*order);
  if (order->expires_at && now >= *order->expires_at) {
    builder.add(OrderExpired{"engine", "expiresAt passed before a transaction was built"}, now);
    co_return co_await append(std::move(builder));
  }
  if (!started) builder.add(RoutingStarted{attempt}, now);
  const auto chosen = choose_route(quotes);
  if (!chosen) {
    const AttemptEnd end = no_route(quotes, retriable);
    builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), entropy_.next()), now);
    co_return co_await append(std::move(builder));
  }
  const std::uint64_t valid_until = answers[*chosen]->height + answers[*chosen]->valid_for;
  const VenueQuote best = quotes[*chosen];
  RouteSelected selected;
  selected.attempt = attempt;
  selected.chosen = *chosen;
  selected.quotes = std::move(quotes);
  builder.add(std::move(selected), now);
  builder.add(build_transaction(builder.order(), attempt, best, valid_until), now);
  co_return co_await append(std::move(builder));
}

}  // namespace oee
