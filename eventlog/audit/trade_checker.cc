#include "eventlog/audit/trade_checker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/order/lifecycle.h"

namespace oee {
namespace {

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

// The input plus the slippage, without its part below one unit; 64 bits at most. 10,000 bps: no
// bound.
Units tolerated_in(Units quote, std::uint32_t slippage_bps) {
  if (slippage_bps >= 10'000) return ~Units{0};
  const U128 exact = U128{quote} * (10'000 + slippage_bps);
  return static_cast<Units>(std::min<U128>(exact / 10'000, ~Units{0}));
}

// The greatest input of which the output at the price is no more than `out`; 64 bits at most.
Units input_at(Decimal price, Units out, std::uint8_t output_decimals,
               std::uint8_t input_decimals) {
  if (price.units == 0) return ~Units{0};
  U128 whole = out / price.units;
  U128 rest = out % price.units;
  const int shift = int{price.scale} + int{input_decimals} - int{output_decimals};
  for (int digit = 0; digit < shift && whole <= ~Units{0}; ++digit) {
    rest *= 10;
    whole = whole * 10 + rest / price.units;
    rest %= price.units;
  }
  for (int digit = shift; digit < 0; ++digit) whole /= 10;
  return static_cast<Units>(std::min<U128>(whole, ~Units{0}));
}

// The share of `whole` that `part` has of `all`, rounded up; 64 bits at most.
Units share_of(Units whole, Units part, Units all) {
  if (all == 0) return 0;
  const U128 exact = U128{whole} * part;
  return static_cast<Units>(std::min<U128>(exact / all + (exact % all != 0 ? 1 : 0), ~Units{0}));
}

// The output of an amount at a price, rounded up. No value: above 64 bits.
std::optional<Units> output_at(Decimal price, Decimal amount, std::uint8_t decimals) {
  U128 units = U128{price.units} * amount.units;
  int shift = int{decimals} - int{price.scale} - int{amount.scale};
  for (; shift > 0; --shift) {
    if (units > ~Units{0}) return std::nullopt;
    units *= 10;
  }
  bool rest = false;
  for (; shift < 0; ++shift) {
    rest |= units % 10 != 0;
    units /= 10;
  }
  units += rest ? 1 : 0;
  if (units > ~Units{0}) return std::nullopt;
  return static_cast<Units>(units);
}

// The time by which this slice of the order is late: a share of the interval by the hash of the
// order's id and the slice's number.
std::int64_t delay_us(const OrderId& order, std::uint32_t slice, const SliceTerms& terms) {
  const std::int64_t most = terms.interval.count() * terms.randomize_percent / 100;
  if (most == 0) return 0;
  std::string number;
  for (int shift = 24; shift >= 0; shift -= 8) number += static_cast<char>((slice >> shift) & 0xFF);
  const Hash256 hash = sha256({"oee/twap-slice/1", order.view(), number});
  std::uint64_t random = 0;
  for (std::size_t i = 0; i < 8; ++i) random = random << 8 | hash[i];
  return static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(most) + 1));
}

U128 at_scale_18(Decimal price) {
  U128 units = price.units;
  for (int scale = price.scale; scale < decimal_scale_max; ++scale) units *= 10;
  return units;
}

// The end that follows an operator's statement, of the attempt or of the leg that it names.
std::optional<Finding> wrong_end(const RecordView& record, const TradeChecker::Resolved& stated) {
  const bool equal = record.tx_hash == stated.tx_hash && record.amount_out == stated.amount_out &&
                     record.fee == stated.fee &&
                     (stated.amount_in.units == 0 || record.amount_in == stated.amount_in) &&
                     record.leg == stated.leg;
  const bool fails = stated.leg ? record.type == EventType::leg_ended && record.leg == stated.leg
                                : record.type == EventType::attempt_failed ||
                                      record.type == EventType::order_failed;
  const bool fills = stated.leg ? record.type == EventType::leg_filled
                                : record.type == EventType::order_confirmed ||
                                      record.type == EventType::order_partially_filled;
  if (stated.settled ? fills && equal : fails) return std::nullopt;
  return Finding{Invariant::order_transition, "it is not the end that the operator stated"};
}

}  // namespace

// Whether a failed attempt counts. Without a quote nothing was attempted. A market that leaves the
// order's limit does not end the order.
bool TradeChecker::counts(ErrorClass error, const Trade& trade) {
  if (error == ErrorClass::no_quote) return false;
  if (error != ErrorClass::slippage_exceeded || !trade.limit_price) return true;
  if (trade.built_in == 0 || trade.built_in > trade.amount_in.units - trade.filled) return false;
  if (trade.exact_out) return trade.built_in < most_in(trade);
  const auto least_of = [&](Units amount) {
    const Units floor = share_of(trade.floor, amount, trade.amount_in.units);
    const auto least =
        output_at(*trade.limit_price, {amount, trade.amount_in.scale}, trade.output_decimals);
    return std::max(least.value_or(~Units{0}), floor);
  };
  if (!trade.split || !trade.split->built()) return trade.min_out > least_of(trade.built_in);
  U128 least = 0;
  for (LegIndex leg = 0; leg < trade.split->size(); ++leg)
    least += least_of(trade.split->amount_of(leg));
  return trade.min_out > least;
}

// The most input of an exact output in every attempt: the order's own, and that of its limit price
// or of its first quote plus the slippage.
Units TradeChecker::most_in(const Trade& trade) {
  const Units by_price = trade.limit_price
                             ? input_at(*trade.limit_price, *trade.exact_out, trade.output_decimals,
                                        trade.amount_in.scale)
                             : tolerated_in(trade.first_quoted_in, trade.slippage_bps);
  return std::min(trade.amount_in.units, by_price);
}

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
      trade.input = record.input_token;
      trade.output = record.output_token;
      trade.slippage_bps = record.slippage_bps;
      trade.floor = record.min_out_floor;
      trade.expires_at_us = record.expires_at_us;
      trade.limit_price = record.limit_price;
      trade.exact_out = record.exact_out;
      trade.type = record.order_type;
      trade.type_terms = record.type_terms;
      trade.waits_for_trigger = trade.type == OrderType::stop || trade.type == OrderType::sniper;
      trade.immediate =
          record.time_in_force == TimeInForce::ioc || record.time_in_force == TimeInForce::fok;
      trade.allow_partial = record.allow_partial && record.time_in_force != TimeInForce::fok;
      trade.may_be_split = trade.allow_partial && !record.exact_out;
      trade.slices = record.type_terms.slices;
      trade.accepted_us = record.time_us;
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
    case EventType::order_partially_filled:
      return fill(record, trade);
    case EventType::attempt_failed: {
      ++(counts(record.error, trade) ? trade.ended : trade.uncounted);
      const auto split = std::exchange(trade.split, std::nullopt);
      return split ? split->check_failure() : std::nullopt;
    }
    case EventType::leg_built:
      return build_leg(record, trade);
    case EventType::leg_submitted:
      return trade.split->submit(record);
    case EventType::leg_filled:
      return trade.split->fill(record, tokens_of(trade));
    case EventType::leg_outcome_unknown:
    case EventType::leg_ended:
      return std::nullopt;
    case EventType::order_failed:
      return fail(record, trade);
    case EventType::order_triggered:
      return trigger(record, trade);
    case EventType::order_rested:
    case EventType::dead_letter_requeued:
      trade.started = trade.ended = trade.uncounted = 0;
      return std::nullopt;
    case EventType::cancel_requested:
      trade.cancel_requested = true;
      return std::nullopt;
    case EventType::order_amended:
      return amend(record.amended, trade);
    case EventType::outcome_unknown:
    case EventType::order_cancelled:
    case EventType::order_expired:
    case EventType::dead_letter_discarded:
    case EventType::trading_halted:
    case EventType::trading_resumed:
    case EventType::risk_limits_changed:
      return std::nullopt;
    case EventType::outcome_resolved:
      trade.resolved = Resolved{record.settled, record.tx_hash,   record.amount_out,
                                record.fee,     record.amount_in, record.leg};
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Finding> TradeChecker::start_attempt(const RecordView& record, Trade& trade) const {
  if (trade.waits_for_trigger)
    return Finding{Invariant::order_trigger, "it starts before the order is triggered"};
  // An interrupted attempt is started again with its own number.
  if (record.attempt == trade.attempt) return std::nullopt;
  trade.attempt = record.attempt;
  ++trade.started;
  const std::uint32_t counted = trade.started - trade.uncounted;
  if (attempts_max_ == 0 || counted <= attempts_max_) return std::nullopt;
  return Finding{Invariant::order_budget, "it starts attempt " + std::to_string(counted) + " of " +
                                              std::to_string(attempts_max_)};
}

std::optional<Finding> TradeChecker::select_route(const RecordView& record, Trade& trade) {
  trade.venue = record.venue;
  trade.path = record.path;
  trade.quote = record.expected_out.units;
  const Units remaining = trade.amount_in.units - trade.filled;
  trade.amount = record.chosen_in ? record.chosen_in->units : remaining;
  trade.split.reset();
  if (record.legs > 1) {
    trade.split.emplace(record);
    if (!trade.may_be_split)
      return Finding{Invariant::order_amounts, "it splits an order that is sold whole"};
    if (auto wrong = trade.split->check_route(record, tokens_of(trade))) return wrong;
  }
  const Units best = trade.amount == remaining ? std::max(record.best_out, record.best_out_of_rest)
                                               : record.best_out;
  if (!trade.first_quote) {
    // Instead of a split, the best quote of as much by one transaction.
    trade.first_quote = trade.split && best > 0 ? best : trade.quote;
    trade.first_quoted_in = trade.amount;
  }
  const bool whole_only = !trade.allow_partial && !trade.exact_out;
  if (trade.amount == 0 || trade.amount > remaining || (trade.amount < remaining && whole_only))
    return Finding{Invariant::order_amounts, "it chooses a quote of " +
                                                 std::to_string(trade.amount) + " units, and " +
                                                 std::to_string(remaining) + " remain"};
  if (record.chosen_in)
    if (auto wrong = wrong_scale(*record.chosen_in, trade.amount_in.scale, "the amount sold"))
      return wrong;
  if (auto wrong = wrong_scale(record.expected_out, trade.output_decimals, "the chosen quote"))
    return wrong;
  if (trade.exact_out) {
    if (trade.quote < *trade.exact_out)
      return Finding{Invariant::order_amounts,
                     "it chooses a quote of " + to_text(record.expected_out) +
                         ", and the exact output is " +
                         out_text(*trade.exact_out, trade.output_decimals)};
    if (record.chosen_in && trade.amount <= record.least_in) return std::nullopt;
    return Finding{Invariant::order_route,
                   "it chooses a quote of an input of " + std::to_string(trade.amount) +
                       " units, and another one is of " + std::to_string(record.least_in)};
  }
  if (trade.quote >= best) return std::nullopt;
  return Finding{Invariant::order_route, "it chooses a quote of " + to_text(record.expected_out) +
                                             ", and another one is " +
                                             out_text(best, trade.output_decimals)};
}

std::optional<Finding> TradeChecker::build(const RecordView& record, Trade& trade) const {
  trade.tx_hash.reset();
  if (trade.cancel_requested)
    return Finding{Invariant::order_cancel, "it is built after a cancel was requested"};
  if (std::exchange(trade.built, true) && trade.immediate)
    return Finding{Invariant::order_immediate,
                   "it is the second transaction of an order that trades once"};
  if (trade.expires_at_us && record.time_us >= *trade.expires_at_us)
    return Finding{Invariant::order_expiry,
                   "it is built " + std::to_string(record.time_us - *trade.expires_at_us) +
                       " us after the order's expiry"};
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  if (auto wrong =
          wrong_path(record.path, trade.path, trade.input, trade.output, trade.split ? 1 : 2))
    return wrong;
  if (trade.exact_out && !record.path.empty())
    return Finding{Invariant::order_route, "an exact output trades along a path"};
  if (!trade.exact_out)
    if (auto wrong = wrong_amount(record, {trade.amount, trade.amount_in.scale})) return wrong;
  if (auto wrong = slices(record, trade)) return wrong;
  if (auto wrong = wrong_scale(record.min_out, trade.output_decimals, "min_out")) return wrong;
  if (auto wrong = wrong_expected_out(record, {trade.quote, trade.output_decimals})) return wrong;
  if (trade.exact_out) return exact_limit(record, trade);
  if (!trade.split) return limit_price(record, trade);
  // Its legs, which follow, have the limits.
  trade.split->take_sums(record);
  trade.min_out = record.min_out.units;
  trade.built_in = trade.amount;
  return std::nullopt;
}

std::optional<Finding> TradeChecker::build_leg(const RecordView& record, Trade& trade) {
  const auto amount = trade.split->amount_of(*record.leg);
  const Units quote = trade.split->quote_of(*record.leg);
  const auto limit = limit_of(trade, amount, quote);
  if (!limit)
    return Finding{Invariant::order_price_limit, "its limit exceeds 2^64 units of the output"};
  return trade.split->build(record, tokens_of(trade), {limit->promised, limit->most});
}

SplitChecker::Tokens TradeChecker::tokens_of(const Trade& trade) {
  return {trade.input, trade.output, trade.amount_in.scale, trade.output_decimals};
}

// The transaction of an exact output takes its quote, and no more than the limit of every attempt
// and the quote plus the slippage.
std::optional<Finding> TradeChecker::exact_limit(const RecordView& record, Trade& trade) {
  trade.min_out = record.min_out.units;
  trade.built_in = record.amount_in.units;
  if (auto wrong = wrong_scale(record.amount_in, trade.amount_in.scale, "the most input"))
    return wrong;
  if (trade.min_out != *trade.exact_out)
    return Finding{Invariant::order_price_limit,
                   "its min_out " + to_text(record.min_out) + " is not the exact output " +
                       out_text(*trade.exact_out, trade.output_decimals)};
  const Units most = std::min(most_in(trade), tolerated_in(trade.amount, trade.slippage_bps));
  if (trade.built_in >= trade.amount && trade.built_in <= most) return std::nullopt;
  const bool above = trade.built_in > most;
  return Finding{
      Invariant::order_price_limit,
      "its most input " + to_text(record.amount_in) + (above ? " is above " : " is below ") +
          out_text(above ? most : trade.amount, trade.amount_in.scale) +
          (above ? ", the limit by maxInput, price, quotes and slippage" : ", the quoted input")};
}

// Slices become due in their order, so they are counted on from the last transaction.
std::optional<Finding> TradeChecker::slices(const RecordView& record, Trade& trade) {
  if (!trade.slices) return std::nullopt;
  const SliceTerms& terms = *trade.slices;
  std::uint32_t& due = trade.slices_due;
  while (due < terms.count &&
         record.time_us - trade.accepted_us >=
             due * terms.interval.count() + delay_us(record.order_id, due, terms))
    ++due;
  const U128 sold = U128{trade.filled} + trade.amount;
  if (sold * terms.count <= U128{trade.amount_in.units} * due) return std::nullopt;
  return Finding{Invariant::order_slices, "with it " + std::to_string(static_cast<Units>(sold)) +
                                              " units are sold, and " + std::to_string(due) +
                                              " of the " + std::to_string(terms.count) +
                                              " slices are due"};
}

// The limits of a transaction that sells this amount for this quote. No value: above 64 bits.
std::optional<TradeChecker::Limit> TradeChecker::limit_of(const Trade& trade, Units amount,
                                                          Units quote) {
  Tolerated first;
  if (trade.limit_price) {
    const auto least =
        output_at(*trade.limit_price, {amount, trade.amount_in.scale}, trade.output_decimals);
    if (!least) return std::nullopt;
    first = {*least, *least};
  } else if (trade.slices) {
    first = tolerated(quote, trade.slippage_bps);  // each slice has its own quote
  } else {
    first = tolerated(share_of(trade.first_quote.value_or(0), amount, trade.first_quoted_in),
                      trade.slippage_bps);
  }
  const Units floor = share_of(trade.floor, amount, trade.amount_in.units);
  const Units promised = std::max(first.rounded_up, floor);
  // A better quote than the first may tighten the limit.
  const Units most = std::max(promised, tolerated(quote, trade.slippage_bps).rounded_up);
  return Limit{promised, std::max(first.cut, floor), most};
}

std::optional<Finding> TradeChecker::limit_price(const RecordView& record, Trade& trade) const {
  const auto limit = limit_of(trade, trade.amount, trade.quote);
  if (!limit)
    return Finding{Invariant::order_price_limit, "its limit exceeds 2^64 units of the output"};
  const bool bound = trade.limit_of == trade.amount && !trade.slices;  // by earlier attempts
  const Units earlier = bound ? trade.limit : 0;
  const Units least = std::max(earlier_programs_ ? limit->cut : limit->promised, earlier);
  trade.min_out = record.min_out.units;
  trade.built_in = trade.amount;
  trade.limit = std::max(earlier, std::min(trade.min_out, limit->promised));
  trade.limit_of = trade.amount;
  return wrong_min_out(record.min_out, {least, limit->most});
}

std::optional<Finding> TradeChecker::trigger(const RecordView& record, Trade& trade) {
  trade.started = trade.ended = trade.uncounted = 0;
  if (!std::exchange(trade.waits_for_trigger, false))
    return Finding{Invariant::order_trigger, "the order waits for no trigger"};
  if (trade.type == OrderType::sniper) {
    const Units least = trade.type_terms.min_liquidity.value_or(Decimal{}).units;
    if (record.liquidity && record.liquidity->scale == trade.output_decimals &&
        record.liquidity->units >= least && record.trigger_price.units > 0)
      return std::nullopt;
    return Finding{Invariant::order_trigger,
                   "its liquidity is below " + out_text(least, trade.output_decimals)};
  }
  const auto& terms = trade.type_terms.trigger;
  if (!terms) return Finding{Invariant::order_trigger, "the stop order has no trigger price"};
  const U128 price = at_scale_18(record.trigger_price);
  const U128 limit = at_scale_18(terms->price);
  if (terms->when == TriggerWhen::at_or_above ? price >= limit : price <= limit)
    return std::nullopt;
  return Finding{Invariant::order_trigger, "its price " + to_text(record.trigger_price) +
                                               " is not " + std::string(to_string(terms->when)) +
                                               " " + to_text(terms->price)};
}

std::optional<Finding> TradeChecker::amend(const Amendment& terms, Trade& trade) {
  if (terms.amount_in) {
    if (auto wrong = wrong_scale(*terms.amount_in, trade.amount_in.scale, "the amount"))
      return wrong;
    if (terms.amount_in->units <= trade.filled)
      return Finding{Invariant::order_amounts, "its new amount is " + to_text(*terms.amount_in) +
                                                   ", and " + std::to_string(trade.filled) +
                                                   " units are filled"};
  }
  if (terms.min_out_floor && trade.exact_out)
    return Finding{Invariant::order_amounts, "it gives an exact output a floor"};
  if (terms.min_out_floor)
    if (auto wrong = wrong_scale(*terms.min_out_floor, trade.output_decimals, "the floor"))
      return wrong;
  if (terms.amount_in) trade.amount_in = *terms.amount_in;
  if (terms.limit_price) trade.limit_price = terms.limit_price;
  if (terms.slippage_bps) trade.slippage_bps = *terms.slippage_bps;
  if (terms.min_out_floor) trade.floor = terms.min_out_floor->units;
  if (terms.expires_at) trade.expires_at_us = terms.expires_at->time_since_epoch().count();
  if (terms.expires_never) trade.expires_at_us.reset();
  if (terms.trigger_price) {
    if (!trade.waits_for_trigger || !trade.type_terms.trigger)
      return Finding{Invariant::order_trigger, "the order waits for no trigger price"};
    trade.type_terms.trigger->price = *terms.trigger_price;
  }
  trade.limit = trade.limit_of = 0;
  trade.started = trade.ended = trade.uncounted = 0;
  return std::nullopt;
}

std::optional<Finding> TradeChecker::submit(const RecordView& record, Trade& trade) {
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  return submit_as(record, trade.tx_hash);
}

std::optional<Finding> TradeChecker::fill(const RecordView& record, Trade& trade) {
  if (trade.split) {
    trade.started = trade.ended = trade.uncounted = 0;
    const auto split = std::exchange(trade.split, std::nullopt);
    if (auto wrong = split->check_fill(record, tokens_of(trade))) return wrong;
    return add_fill(record, trade);
  }
  if (auto wrong = wrong_venue(record, trade.venue)) return wrong;
  if (auto wrong = wrong_tx_hash(record, trade.tx_hash)) return wrong;
  if (auto wrong = filled_amount(record, trade)) return wrong;
  trade.started = trade.ended = trade.uncounted = 0;
  if (auto wrong = wrong_scale(record.amount_out, trade.output_decimals, "the fill")) return wrong;
  if (auto wrong = wrong_scale(record.fee, trade.amount_in.scale, "the fee")) return wrong;
  if (record.amount_out.units < trade.min_out)
    return Finding{Invariant::order_price_limit,
                   "its fill of " + to_text(record.amount_out) + " is below the min_out " +
                       out_text(trade.min_out, trade.output_decimals)};
  return wrong_price(record);
}

std::optional<Finding> TradeChecker::filled_amount(const RecordView& record, Trade& trade) {
  if (trade.exact_out) {
    if (record.type == EventType::order_confirmed && record.amount_in.units > 0 &&
        record.amount_in.scale == trade.amount_in.scale && record.amount_in.units <= trade.built_in)
      return std::nullopt;
    return Finding{Invariant::order_amounts,
                   "it takes " + to_text(record.amount_in) + " of at most " +
                       out_text(trade.built_in, trade.amount_in.scale) + " for an exact output"};
  }
  if (auto wrong = wrong_amount(record, {trade.amount, trade.amount_in.scale})) return wrong;
  return add_fill(record, trade);
}

std::optional<Finding> TradeChecker::add_fill(const RecordView& record, Trade& trade) {
  trade.filled += record.amount_in.units;
  const bool whole = trade.filled == trade.amount_in.units;
  if (whole == (record.type == EventType::order_confirmed)) return std::nullopt;
  return Finding{Invariant::order_amounts, "its fills sell " + std::to_string(trade.filled) +
                                               " of the order's " +
                                               std::to_string(trade.amount_in.units) + " units"};
}

std::optional<Finding> TradeChecker::fail(const RecordView& record, Trade& trade) {
  // An interruption does not count as an attempt.
  if (record.error != ErrorClass::interrupted && counts(record.error, trade)) ++trade.ended;
  const auto split = std::exchange(trade.split, std::nullopt);
  if (auto wrong = split ? split->check_failure() : std::nullopt) return wrong;
  if (record.attempts_made == trade.ended) return std::nullopt;
  return Finding{Invariant::order_budget, "it states " + std::to_string(record.attempts_made) +
                                              " attempts, and the log holds " +
                                              std::to_string(trade.ended)};
}

}  // namespace oee
