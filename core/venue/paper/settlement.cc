#include "core/venue/paper/settlement.h"

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
    record_arbitrage(pool,
                     rebalance(reserves(pool), market_.fee_per_million(pool), reference(pool)));
  }

  // The swap that moves the pool to a price, from either side.
  Result<ArbitrageSwap> swap_to(Market::Leg leg, Units out, Units in) const {
    const PoolReserves pool = reserves(leg.pool);
    const Units reserve_in = leg.sells_a ? pool.a : pool.b;
    const Units reserve_out = leg.sells_a ? pool.b : pool.a;
    const bool falls = U128(reserve_out) * in > U128(reserve_in) * out;
    const std::uint32_t fee = market_.fee_per_million(leg.pool);
    return falls ? swap_down_to(pool, fee, leg.sells_a, out, in)
                 : swap_down_to(pool, fee, !leg.sells_a, in, out);
  }

  // Trades, and makes the price that is reached the reference at this time.
  PoolReserves move_pool(PoolId pool, const ArbitrageSwap& swap) {
    if (swap.amount_in > 0) record_arbitrage(pool, swap);
    const PoolReserves reached = reserves(pool);
    const std::int64_t factor_ppm = reference(pool).factor_ppm;
    ReferenceSet set;
    set.pool = pool;
    set.a = reached.a;
    // A reserve near 2^64 is halved with the other until the quotient fits.
    Units worth = reached.b;
    auto scaled = mul_div(worth, ppm_unit, static_cast<Units>(factor_ppm));
    for (; !scaled; scaled = mul_div(worth, ppm_unit, static_cast<Units>(factor_ppm))) {
      worth /= 2;
      set.a /= 2;
    }
    set.b = *scaled;
    record(set);
    return reached;
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

  // The same for the whole batch, which has one time.
  const ReferencePrice& reference(PoolId pool) {
    const EqualWorth set{state_.pools[pool].reference_a, state_.pools[pool].reference_b};
    if (!references_[pool]) references_[pool] = market_.reference(pool, now_.time, set);
    return *references_[pool];
  }

  void record_arbitrage(PoolId pool, const std::optional<ArbitrageSwap>& swap) {
    if (!swap) return;
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
    const auto leg = market_.leg(request.venue, order.input.symbol, order.output.symbol);
    if (!leg) return refusal(order, ErrorClass::invalid_order, "no pool for " + pair_text(order));
    const std::uint32_t fee = market_.fee_per_million(leg->pool);
    rebalance_pool(leg->pool);
    if (request.move_bps > 0) {
      record_arbitrage(leg->pool,
                       move_against(reserves(leg->pool), fee, leg->sells_a, request.move_bps));
    }
    const PoolReserves pool = reserves(leg->pool);
    Units amount_in = order.amount_in;
    if (order.exact_output) {
      const auto least = market_.least_in(*leg, pool, order.min_out);
      if (!least) return refusal(order, ErrorClass::slippage_exceeded, least.error().detail);
      if (*least > order.amount_in) return above_most(order, *least);
      amount_in = *least;
    }
    const auto swap = swap_exact_in(leg->sells_a ? pool.a : pool.b, leg->sells_a ? pool.b : pool.a,
                                    fee, amount_in);
    if (!swap) return refusal(order, ErrorClass::no_liquidity, swap.error().detail);
    if (swap->amount_out < order.min_out) {
      const std::uint8_t decimals = order.output.decimals;
      const Decimal would_give{swap->amount_out, decimals};
      const Decimal min_out{order.min_out, decimals};
      return refusal(order, ErrorClass::slippage_exceeded,
                     "would give " + to_text(would_give) + ", below min out " + to_text(min_out));
    }
    Settlement settlement;
    settlement.id = order.id;
    settlement.trade = PoolTrade{leg->pool, leg->sells_a, amount_in, swap->amount_out, swap->fee};
    return settlement;
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
  if (const auto* settlement = std::get_if<Settlement>(&entry.body)) {
    report.status = VenueStatus::settled;
    report.tx_hash = tx_hash_of(settlement->id);
    report.amount_in = settlement->trade.amount_in;
    report.amount_out = settlement->trade.amount_out;
    report.fee = settlement->trade.fee;
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
    moved.reserves.push_back(batch.move_pool(legs[i].pool, swaps[i]));
  moved.entries = batch.finish().entries;
  return moved;
}

}  // namespace oee::paper
