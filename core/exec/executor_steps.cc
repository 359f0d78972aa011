// The steps of an attempt: route, submit, ask, and what a venue's report leads to.
#include <algorithm>

#include "core/base/log.h"
#include "core/exec/executor.h"
#include "core/runtime/sleep.h"
#include "core/venue/router.h"

namespace oee {
namespace {

// The log takes texts of bounded length; what a venue says is cut to a readable part of that.
constexpr std::size_t venue_text_max = 1'000;
std::string bounded(std::string text) {
  if (text.size() > venue_text_max) text.resize(venue_text_max);
  return text;
}

VenueOrder venue_order_of(const Order& order) {
  VenueOrder request;
  request.id = order.venue_order_id;
  request.input = order.input;
  request.output = order.output;
  request.amount_in = order.amount_in.units;
  request.min_out = order.min_out.units;
  request.valid_until_height = order.valid_until_height;
  return request;
}

// Why no venue could quote: no liquidity when all say that they cannot, unavailable when one may
// later.
AttemptEnd no_route(const std::vector<VenueQuote>& quotes, bool retriable) {
  AttemptEnd end;
  end.error = retriable ? ErrorClass::venue_unavailable : ErrorClass::no_liquidity;
  for (const VenueQuote& quote : quotes) {
    if (!end.detail.empty()) end.detail += "; ";
    end.detail += std::string(quote.venue.view()) + ": " + quote.error;
  }
  end.detail = bounded(std::move(end.detail));
  return end;
}

}  // namespace

std::vector<Started<Result<Quote>>> Executor::start_quotes(Gate& gate,
                                                           const QuoteRequest& request) {
  std::vector<Started<Result<Quote>>> pending;
  pending.reserve(venues_.size());
  const SteadyTime asked = clock_.steady_now();
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    auto count = [this, i, asked](const Result<Quote>& answer) {
      meters_.venues[i]->add(answer, clock_.steady_now() - asked);
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
  // The start of an attempt is durable by itself when the quotes take time, and when the engine may
  // have died of this very order before: interruptions must be counted.
  if (!at_once || interrupted || resumed) {
    AppendBuilder draft(*order);
    draft.add(RoutingStarted{attempt}, clock_.now());
    const Next next = co_await append(std::move(draft));
    started = true;
    if (next == Next::leave) {
      // The quotes finish inside the gate; they have no effects.
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

// The quotes are in: choose, and make the transaction's intent durable, or end the attempt.
Task<Executor::Next> Executor::build(OrderId id, Attempt attempt, bool started,
                                     std::vector<Result<Quote>> answers) {
  const Order* order = orders_.find(id);
  // Cancelled meanwhile, or another writer won the start: look again.
  if (order == nullptr ||
      (started && (order->phase != Phase::routing || order->attempt != attempt)) ||
      (!started && order->phase != Phase::pending))
    co_return Next::go_on;

  std::vector<VenueQuote> quotes;
  bool retriable = false;
  for (std::size_t i = 0; i < venues_.size(); ++i) {
    quotes.push_back(venue_quote_of(order->input, order->output, order->amount_in,
                                    venues_[i]->name(), answers[i]));
    retriable |= !answers[i].ok() && answers[i].error().code != Errc::invalid;
  }
  const WallTime now = clock_.now();
  AppendBuilder draft(*order);
  if (order->expires_at && now >= *order->expires_at) {
    draft.add(OrderExpired{"engine", "expiresAt passed before a transaction was built"}, now);
    co_return co_await append(std::move(draft));
  }
  if (!started) draft.add(RoutingStarted{attempt}, now);
  const auto chosen = choose_route(quotes);
  if (!chosen) {
    const AttemptEnd end = no_route(quotes, retriable);
    draft.add(end_attempt(draft.order(), end, options_.retry, log_now(), entropy_.next()), now);
    co_return co_await append(std::move(draft));
  }
  const std::uint64_t valid_until = answers[*chosen]->height + answers[*chosen]->valid_for;
  const VenueQuote best = quotes[*chosen];
  RouteSelected selected;
  selected.attempt = attempt;
  selected.chosen = *chosen;
  selected.quotes = std::move(quotes);
  draft.add(std::move(selected), now);
  draft.add(build_transaction(draft.order(), attempt, best, valid_until), now);
  co_return co_await append(std::move(draft));
}

Task<Executor::Next> Executor::submit(OrderId id) {
  const Order* order = orders_.find(id);
  Venue* venue = venue_of(*order);
  if (venue == nullptr) co_return Next::leave;
  const Attempt attempt = order->attempt;
  VenueOrder request = venue_order_of(*order);
  const SteadyTime asked = clock_.steady_now();
  Result<VenueReport> report = co_await venue->submit(request);
  count_call(*venue, VenueMeters::submit, asked, report);
  co_return co_await take_report(id, attempt, std::move(report));
}

// An attempt is live. Ask for its fate until the venue names an end; what it has not seen is
// submitted again under the same id, for as long as the venue holds it valid.
Task<Executor::Next> Executor::ask(OrderId id) {
  std::uint32_t unanswered = 0;
  while (running_) {
    const Order* order = orders_.find(id);
    if (order == nullptr || !is_live_attempt(order->phase)) co_return Next::go_on;
    Venue* venue = venue_of(*order);
    if (venue == nullptr) {
      log::error("an order's venue is not configured; its fate cannot be asked",
                 log::field("order", id), log::field("seq", order->last_seq),
                 log::field("trace", order->correlation), log::field("venue", order->venue.view()));
      co_return Next::leave;
    }
    const Attempt attempt = order->attempt;
    VenueOrderRef ref;
    ref.id = order->venue_order_id;
    ref.valid_until_height = order->valid_until_height;
    // Past the client's deadline nothing new may happen: a tombstone, unless it has ended
    // otherwise.
    const bool past_expiry = order->expires_at && clock_.now() >= *order->expires_at;
    Result<VenueReport> report = Error{Errc::unavailable, {}};
    SteadyTime asked = clock_.steady_now();
    if (past_expiry) {
      report = co_await venue->cancel(ref);
    } else {
      report = co_await venue->find(ref, options_.ask_wait);
    }
    count_call(*venue, past_expiry ? VenueMeters::cancel : VenueMeters::find, asked, report);
    if (report.ok() && report->status == VenueStatus::not_found) {
      if (!running_) co_return Next::leave;
      if (unanswered > 0) co_await back_off(unanswered);
      order = orders_.find(id);
      if (order == nullptr) co_return Next::go_on;
      VenueOrder request = venue_order_of(*order);
      asked = clock_.steady_now();
      report = co_await venue->submit(request);
      count_call(*venue, VenueMeters::submit, asked, report);
    }
    const bool answered = report.ok() && report->status != VenueStatus::not_found;
    const bool in_flight = answered && report->status == VenueStatus::accepted;
    const Next next = co_await take_report(id, attempt, std::move(report));
    if (next == Next::leave || (answered && !in_flight)) co_return next;
    unanswered = answered ? 0 : unanswered + 1;
    if (unanswered > 1) co_await back_off(unanswered);
  }
  co_return Next::leave;
}

Task<Executor::Next> Executor::take_report(OrderId id, Attempt attempt,
                                           Result<VenueReport> report) {
  const Order* order = orders_.find(id);
  if (order == nullptr || !is_live_attempt(order->phase) || order->attempt != attempt)
    co_return Next::go_on;
  const WallTime now = clock_.now();
  AppendBuilder draft(*order);
  if (!report.ok() || report->status == VenueStatus::not_found) {
    if (order->outcome_unknown) co_return Next::go_on;  // said already, its age is visible
    const std::string seen =
        report.ok() ? "the venue has not seen it"
                    : std::string(to_string(report.error().code)) + ": " + report.error().detail;
    draft.add(OutcomeUnknown{attempt, bounded(seen)}, now);
    co_return co_await append(std::move(draft));
  }
  const bool submitted_recorded = order->tx_hash && !order->outcome_unknown;
  if ((report->status == VenueStatus::accepted || report->status == VenueStatus::settled) &&
      !submitted_recorded)
    draft.add(TransactionSubmitted{attempt, order->venue, report->tx_hash}, now);
  AttemptEnd end;
  end.detail = bounded(report->detail);
  end.venue_delay = report->retry_after;
  switch (report->status) {
    case VenueStatus::accepted:
      if (draft.empty()) co_return Next::go_on;
      co_return co_await append(std::move(draft));
    case VenueStatus::settled:
      draft.add(confirm(draft.order(), report->tx_hash, report->amount_out, report->fee), now);
      co_return co_await append(std::move(draft));
    case VenueStatus::rejected:
      end.error = report->refusal;
      break;
    case VenueStatus::expired:
      end.error = ErrorClass::attempt_expired;
      break;
    case VenueStatus::cancelled:
      end.error = ErrorClass::attempt_cancelled;
      break;
    case VenueStatus::not_found:
      break;  // above
  }
  draft.add(end_attempt(draft.order(), end, options_.retry, log_now(), entropy_.next()), now);
  co_return co_await append(std::move(draft));
}

}  // namespace oee
