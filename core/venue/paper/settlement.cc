#include "core/venue/paper/settlement.h"

#include <algorithm>
#include <unordered_map>

namespace oee::paper {
namespace {

std::string pair_text(const VenueOrder& order) {
  return std::string(order.input.symbol.view()) + "/" + std::string(order.output.symbol.view());
}

Refusal refusal(const VenueOrder& order, ErrorClass error, std::string detail) {
  Refusal refused;
  refused.id = order.id;
  refused.error = error;
  refused.detail = std::move(detail);
  return refused;
}

Refusal above_most(const VenueOrder& order, Units least) {
  const std::uint8_t decimals = order.input.decimals;
  return refusal(order, ErrorClass::slippage_exceeded,
                 "would take " + to_text(Decimal{least, decimals}) + ", above the most input " +
                     to_text(Decimal{order.amount_in, decimals}));
}

// No value: it gives enough.
std::optional<Refusal> below_min_out(const VenueOrder& order, Units amount_out) {
  if (amount_out >= order.min_out) return std::nullopt;
  const std::uint8_t decimals = order.output.decimals;
  return refusal(order, ErrorClass::slippage_exceeded,
                 "would give " + to_text(Decimal{amount_out, decimals}) + ", below min out " +
                     to_text(Decimal{order.min_out, decimals}));
}

// Another path, or one pool, may take the order.
Refusal gives_nothing(const VenueOrder& order, const Error& error) {
  return refusal(order, ErrorClass::slippage_exceeded,
                 "the path would give nothing: " + error.detail);
}

class Batch {
 public:
  Batch(const Market& market, LedgerState& state, VenueTimePoint now, std::size_t requests)
      : market_(market), state_(state), now_(now), references_(state.pools.size()) {
    batch_.entries.reserve(requests + 4);
    batch_.reports.reserve(requests);
    ended_here_.reserve(requests);
  }

  void take(const VenueRequest& request, const std::optional<JournalEntry>& known) {
    const VenueOrder& order = request.order;
    if (known) return answer(report_of(*known));
    if (const auto ended = ended_here_.find(order.id); ended != ended_here_.end()) {
      return answer(report_of(batch_.entries[ended->second]));
    }
    if (now_.height > order.valid_until_height) {
      Expiry expiry;
      expiry.id = order.id;
      expiry.valid_until_height = order.valid_until_height;
      return end(expiry);
    }
    switch (request.kind) {
      case VenueRequest::Kind::submit:
        return end(trade(request));
      case VenueRequest::Kind::cancel:
        return end(Tombstone{order.id});
      case VenueRequest::Kind::find:
        return answer(VenueReport{});
    }
  }

  // The arbitrage account brings the pool's price to its reference, if it is outside the fee band.
  void rebalance_pool(PoolId pool) {
    const std::uint32_t fee = market_.fee_per_million(pool);
    record_arbitrage(pool, shape(pool) ? rebalance(shape_now(pool), fee, reference(pool))
                                       : rebalance(reserves(pool), fee, reference(pool)));
  }

  // The swap that moves the pool to a price, from either side.
  Result<ArbitrageSwap> swap_to(Market::Leg leg, Units out, Units in) const {
    if (shape(leg.pool)) {
      const oee::PoolState now = shape_now(leg.pool);
      const Direction direction = leg.direction();
      auto swap = swap_down_to(now, direction, SpotPrice{out, in});
      if (swap && swap->amount_in == 0)
        swap = swap_down_to(now, reverse(direction), SpotPrice{in, out});
      if (swap && !fits(leg.pool, swap->sells_a, swap->amount_in)) return too_much();
      return swap;
    }
    const PoolReserves pool = reserves(leg.pool);
    const Units reserve_in = leg.sells_a ? pool.a : pool.b;
    const Units reserve_out = leg.sells_a ? pool.b : pool.a;
    const bool falls = U128(reserve_out) * in > U128(reserve_in) * out;
    const std::uint32_t fee = market_.fee_per_million(leg.pool);
    return falls ? swap_down_to(pool, fee, leg.sells_a, out, in)
                 : swap_down_to(pool, fee, !leg.sells_a, in, out);
  }

  // Trades, and makes the price that is reached the reference at this time: of a pool with a shape
  // the price that was asked for, which is between those of the two directions.
  SpotPrice move_pool(Market::Leg leg, const ArbitrageSwap& swap, Units out, Units in) {
    if (swap.amount_in > 0) record_arbitrage(leg.pool, swap);
    refer_to(leg.pool, leg.sells_a ? SpotPrice{out, in} : SpotPrice{in, out});
    if (shape(leg.pool)) return spot_price(*shape(leg.pool), leg.direction());
    const PoolReserves reached = reserves(leg.pool);
    return leg.sells_a ? SpotPrice{reached.b, reached.a} : SpotPrice{reached.a, reached.b};
  }

  // The price walk of the pool goes on from its present price: of a pool with a shape from `price`,
  // b for a.
  void refer_to(PoolId pool, SpotPrice price) {
    if (!shape(pool)) return set_reference(pool, reserves(pool).a, reserves(pool).b);
    // Small numbers are enlarged, so that their quotient keeps its digits.
    while (std::max(price.in, price.out) < Units{1} << 62) price.in *= 2, price.out *= 2;
    set_reference(pool, price.in, price.out);
  }

  void set_reference(PoolId pool, Units a, Units b) {
    const std::int64_t factor_ppm = reference(pool).factor_ppm;
    ReferenceSet set;
    set.pool = pool;
    set.a = a;
    // A reserve near 2^64 is halved with the other until the quotient fits.
    Units worth = b;
    auto scaled = mul_div(worth, ppm_unit, static_cast<Units>(factor_ppm));
    for (; !scaled; scaled = mul_div(worth, ppm_unit, static_cast<Units>(factor_ppm))) {
      worth /= 2;
      set.a /= 2;
    }
    set.b = *scaled;
    record(set);
  }

  SettledBatch finish() { return std::move(batch_); }

 private:
  void answer(VenueReport report) { batch_.reports.push_back(std::move(report)); }

  void record(EntryBody body) {
    JournalEntry entry;
    entry.height = now_.height;
    entry.body = std::move(body);
    check(state_.apply(entry).ok(), "the exchange made an entry that its own state refuses");
    batch_.entries.push_back(std::move(entry));
  }

  // Records the end of an id and answers it.
  void end(EntryBody body) {
    record(std::move(body));
    const JournalEntry& entry = batch_.entries.back();
    ended_here_.emplace(*ended_id(entry), batch_.entries.size() - 1);
    answer(report_of(entry));
  }

  PoolReserves reserves(PoolId pool) const {
    return PoolReserves{state_.pools[pool].reserve_a, state_.pools[pool].reserve_b};
  }

  const PoolShape& shape(PoolId pool) const { return state_.pools[pool].shape; }
  // REQUIRES: the pool has a shape.
  oee::PoolState shape_now(PoolId pool) const { return at_height(*shape(pool), now_.height); }

  // The same for the whole batch, which has one time.
  const ReferencePrice& reference(PoolId pool) {
    const EqualWorth set{state_.pools[pool].reference_a, state_.pools[pool].reference_b};
    if (!references_[pool]) references_[pool] = market_.reference(pool, now_.time, set);
    return *references_[pool];
  }

  // Whether the pool's reserve holds so much more: that of a pool with ticks grows beyond what it
  // began with, and is of 64 bits.
  bool fits(PoolId pool, bool sells_a, Units amount_in) const {
    const PoolReserves now = reserves(pool);
    return amount_in <= ~Units{0} - (sells_a ? now.a : now.b);
  }
  static Error too_much() {
    return Error{Errc::full, "the pool would hold more than 2^64 base units of the input"};
  }

  void record_arbitrage(PoolId pool, const std::optional<ArbitrageSwap>& swap) {
    if (!swap || !fits(pool, swap->sells_a, swap->amount_in)) return;
    Arbitrage arbitrage;
    arbitrage.trade =
        PoolTrade{pool, swap->sells_a, swap->amount_in, swap->swap.amount_out, swap->swap.fee};
    record(arbitrage);
  }

  EntryBody trade(const VenueRequest& request) {
    const VenueOrder& order = request.order;
    if (request.reject) {
      return refusal(order, ErrorClass::venue_unavailable, "the venue rejected the transaction");
    }
    if (!order.path.empty()) return trade_path(request);
    const auto legs = market_.legs(request.venue, order.input.symbol, order.output.symbol);
    if (legs.empty())
      return refusal(order, ErrorClass::invalid_order, "no pool for " + pair_text(order));
    // The pool that pays most, or takes the least for an exact output; the first of equals.
    std::optional<PoolTrade> best;
    std::optional<Error> refused;
    for (const Market::Leg& leg : legs) {
      meet_market(leg, request);
      const auto offer = offered(leg, order);
      if (!offer) {
        if (!refused) refused = offer.error();
      } else if (!best || (order.exact_output ? offer->amount_in < best->amount_in
                                              : offer->amount_out > best->amount_out)) {
        best = *offer;
      }
    }
    if (!best) {
      const bool exact = order.exact_output;
      return refusal(order, exact ? ErrorClass::slippage_exceeded : ErrorClass::no_liquidity,
                     refused->detail);
    }
    if (best->amount_in > order.amount_in) return above_most(order, best->amount_in);
    if (auto below = below_min_out(order, best->amount_out)) return *std::move(below);
    Settlement settlement;
    settlement.id = order.id;
    settlement.trade = *best;
    return settlement;
  }

  // The pools of a path are different, so that no trade of it changes what a later one gives.
  EntryBody trade_path(const VenueRequest& request) {
    const VenueOrder& order = request.order;
    if (order.exact_output)
      return refusal(order, ErrorClass::invalid_order, "a path has no exact output");
    const auto legs =
        market_.path_legs(request.venue, order.input.symbol, order.output.symbol, order.path);
    if (!legs) return gives_nothing(order, legs.error());
    PathSettlement settlement;
    settlement.id = order.id;
    Units amount = order.amount_in;
    for (const Market::Leg& leg : *legs) {
      meet_market(leg, request);
      const auto offer = offered(leg, amount);
      if (!offer) return gives_nothing(order, offer.error());
      settlement.trades.push_back(*offer);
      amount = offer->amount_out;
    }
    if (auto below = below_min_out(order, amount)) return *std::move(below);
    if (settlement.trades.size() > 1) return settlement;
    return Settlement{order.id, settlement.trades.front()};
  }

  // Arbitrage comes before a trade, and so does the fault that moves the price.
  void meet_market(const Market::Leg& leg, const VenueRequest& request) {
    rebalance_pool(leg.pool);
    if (request.move_bps > 0) move_pool_against(leg, request.move_bps);
  }

  // The pool's next trade for the order, which is not made. Its output is not 0.
  Result<PoolTrade> offered(Market::Leg leg, const VenueOrder& order) const {
    Units amount_in = order.amount_in;
    if (order.exact_output) {
      OEE_TRY_ASSIGN(amount_in, shape(leg.pool)
                                    ? Market::least_in(leg, shape_now(leg.pool), order.min_out)
                                    : market_.least_in(leg, reserves(leg.pool), order.min_out));
    }
    return offered(leg, amount_in);
  }

  Result<PoolTrade> offered(Market::Leg leg, Units amount_in) const {
    if (shape(leg.pool)) {
      oee::PoolState now = shape_now(leg.pool);
      OEE_TRY_ASSIGN(const PoolSwap swap, trade_exact_in(now, leg.direction(), amount_in));
      if (!fits(leg.pool, leg.sells_a, amount_in)) return too_much();
      return PoolTrade{leg.pool, leg.sells_a, amount_in, swap.amount_out, swap.fee};
    }
    const PoolReserves pool = reserves(leg.pool);
    OEE_TRY_ASSIGN(const SwapResult swap,
                   swap_exact_in(leg.sells_a ? pool.a : pool.b, leg.sells_a ? pool.b : pool.a,
                                 market_.fee_per_million(leg.pool), amount_in));
    return PoolTrade{leg.pool, leg.sells_a, amount_in, swap.amount_out, swap.fee};
  }

  void move_pool_against(Market::Leg leg, std::uint32_t bps) {
    const std::uint32_t fee = market_.fee_per_million(leg.pool);
    record_arbitrage(leg.pool, shape(leg.pool)
                                   ? move_against(shape_now(leg.pool), leg.direction(), bps)
                                   : move_against(reserves(leg.pool), fee, leg.sells_a, bps));
  }

  const Market& market_;
  LedgerState& state_;
  const VenueTimePoint now_;
  std::vector<std::optional<ReferencePrice>> references_;  // by PoolId
  SettledBatch batch_;
  std::unordered_map<VenueOrderId, std::size_t, IdHash> ended_here_;  // index into entries
};

}  // namespace

VenueReport report_of(const JournalEntry& entry) {
  VenueReport report;
  if (const auto trades = trades_of(entry); !trades.empty() && ended_id(entry) != nullptr) {
    report.status = VenueStatus::settled;
    report.tx_hash = tx_hash_of(*ended_id(entry));
    report.amount_in = trades.front().amount_in;
    report.amount_out = trades.back().amount_out;
    report.fee = fee_of(trades);
  } else if (const auto* refused = std::get_if<Refusal>(&entry.body)) {
    report.status = VenueStatus::rejected;
    report.refusal = refused->error;
    report.detail = refused->detail;
    report.retry_after = refused->retry_after;
  } else if (std::holds_alternative<Tombstone>(entry.body)) {
    report.status = VenueStatus::cancelled;
    report.detail = "cancelled at height " + std::to_string(entry.height);
  } else if (const auto* expiry = std::get_if<Expiry>(&entry.body)) {
    report.status = VenueStatus::expired;
    report.detail = "valid until height " + std::to_string(expiry->valid_until_height) +
                    ", expired at height " + std::to_string(entry.height);
  } else {
    check(false, "report_of: an entry that ends no id");
  }
  return report;
}

SettledBatch settle(const Market& market, LedgerState& state,
                    const std::vector<VenueRequest>& requests,
                    const std::vector<std::optional<JournalEntry>>& known, VenueTimePoint now) {
  check(requests.size() == known.size(), "settle: one look-up for each request");
  Batch batch(market, state, now, requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) batch.take(requests[i], known[i]);
  return batch.finish();
}

std::vector<JournalEntry> follow_reference(const Market& market, LedgerState& state,
                                           std::size_t venue, VenueTimePoint now) {
  Batch batch(market, state, now, 0);
  for (const Market::Pool& pool : market.pools(venue)) batch.rebalance_pool(pool.id);
  return batch.finish().entries;
}

Result<MovedMarket> move_market(const Market& market, LedgerState& state,
                                const std::vector<Market::Leg>& legs, Units out, Units in,
                                VenueTimePoint now) {
  Batch batch(market, state, now, 0);
  std::vector<ArbitrageSwap> swaps;
  for (const Market::Leg& leg : legs) {
    OEE_TRY_ASSIGN(const ArbitrageSwap swap, batch.swap_to(leg, out, in));
    swaps.push_back(swap);
  }
  MovedMarket moved;
  for (std::size_t i = 0; i < legs.size(); ++i)
    moved.prices.push_back(batch.move_pool(legs[i], swaps[i], out, in));
  moved.entries = batch.finish().entries;
  return moved;
}

JournalEntry begin_walk(const Market& market, LedgerState& state, PoolId pool,
                        const SpotPrice& price, VenueTimePoint now) {
  Batch batch(market, state, now, 0);
  batch.refer_to(pool, price);
  return batch.finish().entries.front();
}

}  // namespace oee::paper
