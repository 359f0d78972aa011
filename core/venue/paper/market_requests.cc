// The requests of MarketControl, where the ledger's requests are served.
#include <algorithm>

#include "core/venue/paper/exchange_worker.h"
#include "core/venue/paper/new_pool.h"

namespace oee::paper {
namespace {

// The price as a ratio of base units. Digits past the 16th or so are cut when they do not fit.
// full: no such ratio of 64-bit amounts.
Result<SpotPrice> ratio_of(Decimal price, const Token& input, const Token& output) {
  // out / in = units * 10^(output decimals - input decimals - scale)
  int exponent = int{output.decimals} - int{input.decimals} - int{price.scale};
  SpotPrice spot;
  spot.out = price.units;
  for (; exponent > 0; --exponent) {
    OEE_TRY_ASSIGN(spot.out, mul_div(spot.out, 10, 1));
  }
  for (; exponent < 0; ++exponent) {
    if (spot.out % 10 == 0 || exponent < -18) {
      spot.out /= 10;
    } else {
      spot.in *= 10;
    }
  }
  if (spot.out == 0) return Error{Errc::full, "the price is too small"};
  return spot;
}

}  // namespace

void ExchangeWorker::move_market(const MarketMove& move, OnMoved done) {
  if (!perform([this, move, done] { done(move_now(move)); }))
    done(Error{Errc::unavailable, "the venue is stopping or its queue is full"});
}

Result<std::vector<VenuePrice>> ExchangeWorker::move_now(const MarketMove& move) {
  if (failed_) return Error{Errc::unavailable, "the venue's ledger has failed"};
  std::vector<Market::Leg> legs;
  std::vector<VenueName> names;  // of the legs' venues
  for (std::size_t venue = 0; venue < venues().size(); ++venue) {
    if (move.venue && *move.venue != venues()[venue].name) continue;
    for (const auto& leg : market_->legs(venue, move.input.symbol, move.output.symbol)) {
      legs.push_back(leg);
      names.push_back(venues()[venue].name);
    }
  }
  if (legs.empty()) return Error{Errc::invalid, "no such venue or pair"};
  OEE_TRY_ASSIGN(const SpotPrice price, ratio_of(move.price, move.input, move.output));
  OEE_TRY_ASSIGN(const MovedMarket moved,
                 paper::move_market(*market_, state_, legs, price.out, price.in, time_.now()));
  if (const auto done = commit(moved.entries); !done) {
    fail_stop(done.error());
    return Error{Errc::unavailable, "the venue's ledger has failed"};
  }
  // One price for each venue: that of its first pool.
  std::vector<VenuePrice> prices;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (i > 0 && names[i] == names[i - 1]) continue;
    prices.push_back(
        VenuePrice{names[i], price_of(Decimal{moved.prices[i].out, move.output.decimals},
                                      Decimal{moved.prices[i].in, move.input.decimals})});
  }
  return prices;
}

void ExchangeWorker::open_pool(const PoolOpening& opening, OnOpened done) {
  if (!perform([this, opening, done] { done(open_now(opening)); }))
    done(Error{Errc::unavailable, "the venue is stopping or its queue is full"});
}

Result<OpenedPool> ExchangeWorker::open_now(const PoolOpening& opening) {
  if (failed_) return Error{Errc::unavailable, "the venue's ledger has failed"};
  const auto venue = std::find_if(venues().begin(), venues().end(), [&opening](const auto& info) {
    return info.name == opening.venue;
  });
  const TokenInfo* input = registry_.find(opening.input.symbol);
  const TokenInfo* output = registry_.find(opening.output.symbol);
  if (venue == venues().end() || !input || !output || input == output) {
    return Error{Errc::not_found, "no such venue or tokens"};
  }
  if (state_.pools.size() >= pools_max_) {
    return Error{Errc::full, "the venues have opened " + std::to_string(opened_pools_max) +
                                 " pools, which is the maximum"};
  }
  const VenueTimePoint now = time_.now();
  NewPool terms;
  terms.venue = opening.venue;
  terms.kind = opening.kind;
  terms.a = input->token;
  terms.b = output->token;
  const auto price = ratio_of(opening.price, terms.a, terms.b);
  if (!price) return Error{Errc::invalid, price.error().detail};
  terms.price = *price;
  terms.amount_b = opening.liquidity;
  terms.fee_per_million = venue->fee_per_million;
  terms.height = now.height;
  std::vector<JournalEntry> entries(1);
  entries[0].height = now.height;
  OEE_TRY_ASSIGN(entries[0].body, new_pool(terms));
  const auto id = static_cast<PoolId>(state_.pools.size());
  if (!state_.apply(entries[0])) return Error{Errc::invalid, "the ledger refuses such a pool"};
  auto grown = make_market();
  entries.push_back(begin_walk(*grown, state_, id, terms.price, now));
  if (const auto done = store_->commit(entries, state_); !done) {
    fail_stop(done.error());
    return Error{Errc::unavailable, "the venue's ledger has failed"};
  }
  publish_pool(id);
  publish_market(std::move(grown));
  publish(entries);
  const PoolState& pool = state_.pools[id];
  const SpotPrice spot = pool.shape ? spot_price(*pool.shape, Direction::a_to_b)
                                    : SpotPrice{pool.reserve_b, pool.reserve_a};
  OpenedPool opened;
  opened.pool = id;
  opened.venue = opening.venue;
  opened.kind = opening.kind;
  opened.price = price_of(Decimal{spot.out, terms.b.decimals}, Decimal{spot.in, terms.a.decimals});
  return opened;
}

}  // namespace oee::paper
