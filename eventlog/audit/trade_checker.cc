#include "eventlog/audit/trade_checker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/order/lifecycle.h"

namespace oee {
namespace {

using Finding = TradeChecker::Finding;

// By event type: nothing follows it.
constexpr std::array<bool, event_type_count> is_last = [] {
  std::array<bool, event_type_count> last{};
  for (std::size_t i = 0; i < event_type_count; ++i) last[i] = is_final(lifecycle[i].after);
  return last;
}();

// A quote less the slippage is not a whole number of units. Its part below one unit counts for the
// user; records of earlier programs have it cut off.
struct Tolerated {
  Units rounded_up = 0;
  Units cut = 0;
};
Tolerated tolerated(Units quote, std::uint32_t slippage_bps) {
  const U128 exact = U128{quote} * (10'000 - slippage_bps);
  const auto whole = static_cast<Units>(exact / 10'000);
  return {whole + (exact % 10'000 != 0 ? 1 : 0), whole};
}

std::string out_text(Units units, std::uint8_t decimals) {
  return to_text(Decimal{units, decimals});
}

std::optional<Finding> wrong_venue(const RecordView& record, const VenueName& venue) {
  if (record.venue == venue.view()) return std::nullopt;
  return Finding{Invariant::order_route, "its venue is " + std::string(record.venue) + ", not " +
                                             std::string(venue.view())};
}

// The amount sold, of a transaction or a fill.
std::optional<Finding> wrong_amount(const RecordView& record, Decimal amount_in) {
  if (record.amount_in == amount_in) return std::nullopt;
  return Finding{Invariant::order_amounts,
                 "it sells " + to_text(record.amount_in) + ", not " + to_text(amount_in)};
}

// The end that follows an operator's statement.
std::optional<Finding> wrong_end(const RecordView& record, const TradeChecker::Resolved& stated) {
  const bool equal = record.tx_hash == stated.tx_hash && record.amount_out == stated.amount_out &&
                     record.fee == stated.fee;
  const bool fails =
      record.type == EventType::attempt_failed || record.type == EventType::order_failed;
  if (stated.settled ? record.type == EventType::order_confirmed && equal : fails)
    return std::nullopt;
  return Finding{Invariant::order_transition, "it is not the end that the operator stated"};
}

std::optional<Finding> wrong_scale(Decimal amount, std::uint8_t decimals, const char* what) {
  if (amount.scale == decimals) return std::nullopt;
  return Finding{Invariant::order_amounts, std::string(what) + " has " +
                                               std::to_string(amount.scale) +
                                               " decimals, its token " + std::to_string(decimals)};
}

}  // namespace

std::optional<Finding> TradeChecker::take(const RecordView& record) {
  std::optional<Finding> finding = check(record, trades_[record.order_id]);
  if (is_last[static_cast<std::size_t>(record.type)]) trades_.erase(record.order_id);
  return finding;
}

std::optional<Finding> TradeChecker::check(const RecordView& record, Trade& trade) const {
  if (const auto stated = std::exchange(trade.resolved, std::nullopt)) {
    if (auto wrong = wrong_end(record, *stated)) return wrong;
  }
  switch (record.type) {
    case EventType::order_accepted:
      trade.amount_in = record.amount_in;
      trade.output_decimals = record.output_decimals;
      trade.slippage_bps = record.slippage_bps;
      trade.floor = record.min_out_floor;
      trade.expires_at_us = record.expires_at_us;
      return std::nullopt;
    case EventType::routing_started:
      return start_attempt(record, trade);
    case EventType::route_selected:
      return select_route(record, trade);
    case EventType::transaction_built:
      return build(record, trade);
    case EventType::transaction_submitted:
      return submit(record, trade);
    case EventType::order_confirmed:
      return confirm(record, trade);
    case EventType::attempt_failed:
      // Without a quote nothing was attempted.
      ++(record.error == ErrorClass::no_quote ? trade.unquoted : trade.ended);
      return std::nullopt;
    case EventType::order_failed:
      return fail(record, trade);
    case EventType::dead_letter_requeued:
      trade.started = 0;
      trade.ended = 0;
      trade.unquoted = 0;
      return std::nullopt;
    case EventType::outcome_unknown:
    case EventType::order_cancelled:
    case EventType::order_expired:
    case EventType::dead_letter_discarded:
      return std::nullopt;
    case EventType::outcome_resolved:
      trade.resolved = Resolved{record.settled, record.tx_hash, record.amount_out, record.fee};
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Finding> TradeChecker::start_attempt(const RecordView& record, Trade& trade) const {
  // An interrupted attempt is started again with its own number.
  if (record.attempt == trade.attempt) return std::nullopt;
  trade.attempt = record.attempt;
  ++trade.started;
  const std::uint32_t counted = trade.started - trade.unquoted;
  if (attempts_max_ == 0 || counted <= attempts_max_) return std::nullopt;
  return Finding{Invariant::order_budget, "it starts attempt " + std::to_string(counted) + " of " +
                                              std::to_string(attempts_max_)};
}

std::optional<Finding> TradeChecker::select_route(const RecordView& record, Trade& trade) {
  trade.venue = record.venue;
  trade.quote = record.expected_out.units;
  if (!trade.first_quote) trade.first_quote = trade.quote;
  if (auto wrong = wrong_scale(record.expected_out, trade.output_decimals, "the chosen quote"))
    return wrong;
  if (trade.quote >= record.best_out) return std::nullopt;
  return Finding{Invariant::order_route, "it chooses a quote of " + to_text(record.expected_out) +
                                             ", and another one is " +
                                             out_text(record.best_out, trade.output_decimals)};
}

std::optional<Finding> TradeChecker::build(const RecordView& record, Trade& trade) const {
  trade.tx_hash.reset();
  if (trade.expires_at_us && record.time_us >= *trade.expires_at_us)
    return Finding{Invariant::order_expiry,
                   "it is built " + std::to_string(record.time_us - *trade.expires_at_us) +
                       " us after the order's expiry"};
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  if (auto wrong = wrong_amount(record, trade.amount_in)) return wrong;
  if (auto wrong = wrong_scale(record.min_out, trade.output_decimals, "min_out")) return wrong;
  if (record.expected_out != Decimal{trade.quote, trade.output_decimals})
    return Finding{Invariant::order_route, "it expects " + to_text(record.expected_out) +
                                               ", and the chosen quote is " +
                                               out_text(trade.quote, trade.output_decimals)};
  return limit_price(record, trade);
}

std::optional<Finding> TradeChecker::limit_price(const RecordView& record, Trade& trade) const {
  const Tolerated first = tolerated(trade.first_quote.value_or(0), trade.slippage_bps);
  const Units promised = std::max(first.rounded_up, trade.floor);
  const Units rounded = earlier_programs_ ? first.cut : first.rounded_up;
  const Units least = std::max({rounded, trade.floor, trade.limit});
  // A better quote than the first may tighten the limit.
  const Units most = std::max(promised, tolerated(trade.quote, trade.slippage_bps).rounded_up);
  trade.min_out = record.min_out.units;
  trade.limit = std::max(trade.limit, std::min(trade.min_out, promised));
  if (trade.min_out >= least && trade.min_out <= most) return std::nullopt;
  const bool below = trade.min_out < least;
  return Finding{Invariant::order_price_limit,
                 "its min_out " + to_text(record.min_out) + (below ? " is below " : " is above ") +
                     out_text(below ? least : most, trade.output_decimals) +
                     ", the limit by quotes, slippage, floor and earlier attempts"};
}

// The venue holds one transaction for a venue order id, however often the attempt is submitted.
std::optional<Finding> TradeChecker::submit(const RecordView& record, Trade& trade) {
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  if (trade.tx_hash && *trade.tx_hash != record.tx_hash)
    return Finding{Invariant::order_tx_hash, "it submits " + to_text(record.tx_hash) + ", and " +
                                                 to_text(*trade.tx_hash) +
                                                 " was submitted before in the same attempt"};
  trade.tx_hash = record.tx_hash;
  return std::nullopt;
}

std::optional<Finding> TradeChecker::confirm(const RecordView& record, const Trade& trade) {
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  if (trade.tx_hash && *trade.tx_hash != record.tx_hash)
    return Finding{Invariant::order_tx_hash, "it confirms " + to_text(record.tx_hash) + ", not " +
                                                 to_text(*trade.tx_hash) + ", which was submitted"};
  if (auto wrong = wrong_amount(record, trade.amount_in)) return wrong;
  if (auto wrong = wrong_scale(record.amount_out, trade.output_decimals, "the fill")) return wrong;
  if (auto wrong = wrong_scale(record.fee, trade.amount_in.scale, "the fee")) return wrong;
  if (record.amount_out.units < trade.min_out)
    return Finding{Invariant::order_price_limit,
                   "its fill of " + to_text(record.amount_out) + " is below the min_out " +
                       out_text(trade.min_out, trade.output_decimals)};
  const Decimal price = price_of(record.amount_out, record.amount_in);
  if (record.executed_price == price) return std::nullopt;
  return Finding{Invariant::order_amounts, "it states the price " + to_text(record.executed_price) +
                                               ", and its amounts give " + to_text(price)};
}

std::optional<Finding> TradeChecker::fail(const RecordView& record, Trade& trade) {
  // An interruption does not count as an attempt.
  if (record.error != ErrorClass::interrupted) ++trade.ended;
  if (record.attempts_made == trade.ended) return std::nullopt;
  return Finding{Invariant::order_budget, "it states " + std::to_string(record.attempts_made) +
                                              " attempts, and the log holds " +
                                              std::to_string(trade.ended)};
}

}  // namespace oee
