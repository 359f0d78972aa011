// The executor's steps of a live attempt: submit it, ask the venue for its outcome, append the
// venue's report.
#include "core/base/log.h"
#include "core/exec/executor.h"
#include "core/exec/venue_text.h"

namespace oee {
namespace {

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

}  // namespace

Task<Executor::Next> Executor::submit(OrderId id) {
  const Order* order = orders_.find(id);
  Venue* venue = venue_of(*order);
  if (venue == nullptr) co_return Next::leave;
  const Attempt attempt = order->attempt;
  VenueOrder request = venue_order_of(*order);
  const SteadyTime began = clock_.steady_now();
  Result<VenueReport> report = co_await venue->submit(request);
  count_call(*venue, VenueMetrics::submit, began, report);
  co_return co_await take_report(id, attempt, std::move(report));
}

// Asks for the outcome of a live attempt until the venue reports an end. An attempt that the venue
// does not find is submitted again under the same id, as long as the venue holds it valid.
Task<Executor::Next> Executor::ask(OrderId id) {
  std::uint32_t unanswered = 0;
  while (running_) {
    const Order* order = orders_.find(id);
    if (order == nullptr || !is_live_attempt(order->phase)) co_return Next::decide;
    Venue* venue = venue_of(*order);
    if (venue == nullptr) {
      log::error("an order's venue is not configured; its outcome stays unknown",
                 log::field("order", id), log::field("seq", order->last_seq),
                 log::field("trace", order->correlation), log::field("venue", order->venue.view()));
      co_return Next::leave;
    }
    const Attempt attempt = order->attempt;
    VenueOrderRef ref;
    ref.id = order->venue_order_id;
    ref.valid_until_height = order->valid_until_height;
    // After the order's expiry the attempt must not trade any more: cancel it, which leaves a
    // tombstone unless it has ended otherwise.
    const bool past_expiry = order->expires_at && clock_.now() >= *order->expires_at;
    Result<VenueReport> report = Error{Errc::unavailable, {}};
    SteadyTime began = clock_.steady_now();
    if (past_expiry) {
      report = co_await venue->cancel(ref);
    } else {
      report = co_await venue->find(ref, options_.ask_wait);
    }
    count_call(*venue, past_expiry ? VenueMetrics::cancel : VenueMetrics::find, began, report);
    if (report.ok() && report->status == VenueStatus::not_found) {
      if (!running_) co_return Next::leave;
      if (unanswered > 0) co_await back_off(unanswered);
      order = orders_.find(id);
      if (order == nullptr) co_return Next::decide;
      VenueOrder request = venue_order_of(*order);
      began = clock_.steady_now();
      report = co_await venue->submit(request);
      count_call(*venue, VenueMetrics::submit, began, report);
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
    co_return Next::decide;
  const WallTime now = clock_.now();
  AppendBuilder builder(*order);
  if (!report.ok() || report->status == VenueStatus::not_found) {
    if (order->outcome_unknown) co_return Next::decide;  // recorded already
    const std::string seen =
        report.ok() ? "the venue does not find it"
                    : std::string(to_string(report.error().code)) + ": " + report.error().detail;
    builder.add(OutcomeUnknown{attempt, bounded_venue_text(seen)}, now);
    co_return co_await append(std::move(builder));
  }
  const bool submitted_recorded = order->tx_hash && !order->outcome_unknown;
  if ((report->status == VenueStatus::accepted || report->status == VenueStatus::settled) &&
      !submitted_recorded)
    builder.add(TransactionSubmitted{attempt, order->venue, report->tx_hash}, now);
  AttemptEnd end;
  end.detail = bounded_venue_text(report->detail);
  end.venue_delay = report->retry_after;
  switch (report->status) {
    case VenueStatus::accepted:
      if (builder.empty()) co_return Next::decide;
      co_return co_await append(std::move(builder));
    case VenueStatus::settled:
      builder.add(confirm(builder.order(), report->tx_hash, report->amount_out, report->fee), now);
      co_return co_await append(std::move(builder));
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
      break;  // handled above
  }
  builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), entropy_.next()), now);
  co_return co_await append(std::move(builder));
}

void Executor::count_call(const Venue& venue, VenueMetrics::Call call, SteadyTime began,
                          const Result<VenueReport>& answer) {
  for (std::size_t i = 0; i < venues_.size(); ++i)
    if (venues_[i] == &venue) metrics_.venues[i]->add(call, answer, clock_.steady_now() - began);
}

Venue* Executor::venue_of(const Order& order) const {
  for (Venue* venue : venues_)
    if (venue->name() == order.venue.view()) return venue;
  return nullptr;
}

}  // namespace oee
