#include "core/venue/paper/market.h"

#include <algorithm>
#include <charconv>

#include "core/venue/paper/new_pool.h"
#include "core/venue/paper/shape_trades.h"
#include "core/venue/pools/constant_product.h"
#include "core/venue/pools/price_limit.h"

namespace oee::paper {

namespace {

// The first pool of a pair at a venue.
Result<EntryBody> first_pool(const VenueInfo& venue, const TokenInfo& a, const TokenInfo& b) {
  Deposit deposit;
  deposit.venue = venue.name;
  deposit.a = a.token;
  deposit.b = b.token;
  OEE_TRY_ASSIGN(deposit.amount_a, units_worth(venue.depth_usd, a));
  OEE_TRY_ASSIGN(deposit.amount_b, units_worth(venue.depth_usd, b));
  if (venue.pool_kind == PoolKind::constant_product) return EntryBody(deposit);
  NewPool terms;
  terms.venue = venue.name;
  terms.kind = venue.pool_kind;
  terms.a = a.token;
  terms.b = b.token;
  terms.price = SpotPrice{deposit.amount_b, deposit.amount_a};
  terms.amount_b = deposit.amount_b;
  terms.fee_per_million = venue.fee_per_million;
  const auto opened = new_pool(terms);
  if (opened) return EntryBody(*opened);
  return Error{Errc::invalid, "the pool " + std::string(a.token.symbol.view()) + "/" +
                                  std::string(b.token.symbol.view()) + " of " +
                                  std::string(venue.name.view()) + ": " + opened.error().detail};
}

}  // namespace

Result<std::vector<EntryBody>> Market::missing_pools(const TokenRegistry& registry,
                                                     const LedgerState& state) {
  for (const TokenBalances& row : state.balances) {
    const TokenInfo* token = registry.find(row.token.symbol);
    if (token && token->token != row.token) {
      return Error{Errc::invalid, "the venue ledger holds " + std::string(row.token.symbol.view()) +
                                      " with " + std::to_string(row.token.decimals) +
                                      " decimals, the token registry has " +
                                      std::to_string(token->token.decimals)};
    }
  }
  auto exists = [&state](const VenueInfo& venue, const TokenInfo& left, const TokenInfo& right) {
    const Symbol one = left.token.symbol;
    const Symbol other = right.token.symbol;
    return std::any_of(state.pools.begin(), state.pools.end(), [&](const PoolState& pool) {
      const bool same = pool.a.symbol == one && pool.b.symbol == other;
      const bool reversed = pool.a.symbol == other && pool.b.symbol == one;
      return pool.venue == venue.name && (same || reversed);
    });
  };
  std::vector<EntryBody> missing;
  const auto& tokens = registry.tokens();
  for (const VenueInfo& venue : registry.venues()) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      for (std::size_t j = i + 1; j < tokens.size(); ++j) {
        if (!tokens[i].pools || !tokens[j].pools) continue;
        if (exists(venue, tokens[i], tokens[j])) continue;
        OEE_TRY_ASSIGN(EntryBody pool, first_pool(venue, tokens[i], tokens[j]));
        missing.push_back(std::move(pool));
      }
    }
  }
  return missing;
}

Market::Market(const TokenRegistry& registry, const LedgerState& state, PriceWalk walk)
    : walk_(walk), venues_(registry.venues().size()), terms_(state.pools.size()) {
  for (const TokenInfo& token : registry.tokens()) tokens_.push_back(token.token.symbol);
  for (const VenueInfo& venue : registry.venues()) venue_names_.push_back(venue.name);
  legs_.resize(venues_ * tokens_.size() * tokens_.size());
  pools_.resize(venues_);
  for (std::size_t id = 0; id < state.pools.size(); ++id) {
    const PoolState& pool = state.pools[id];
    const auto a = token_number(pool.a.symbol);
    const auto b = token_number(pool.b.symbol);
    const auto& venues = registry.venues();
    const auto venue = std::find_if(venues.begin(), venues.end(), [&pool](const VenueInfo& info) {
      return info.name == pool.venue;
    });
    if (!a || !b || venue == venues.end()) continue;
    Terms& terms = terms_[id];
    terms.venue = static_cast<std::size_t>(venue - venues.begin());
    terms.fee_per_million = venue->fee_per_million;
    terms.price_offset_bps = venue->price_offset_bps;
    const auto worth_a = units_worth(venue->depth_usd, registry.tokens()[*a]);
    const auto worth_b = units_worth(venue->depth_usd, registry.tokens()[*b]);
    check(worth_a.ok() && worth_b.ok(), "Market: the registry's depths were checked when parsed");
    terms.reference_a = *worth_a;
    terms.reference_b = *worth_b;
    terms.pair_seed = walk_.pair_seed(pool.a.symbol, pool.b.symbol);
    const auto pool_id = static_cast<PoolId>(id);
    pools_[terms.venue].push_back(Pool{pool_id, pool.a, pool.b});
    const std::size_t row = terms.venue * tokens_.size();
    legs_[(row + *a) * tokens_.size() + *b].push_back(Leg{pool_id, true});
    legs_[(row + *b) * tokens_.size() + *a].push_back(Leg{pool_id, false});
  }
}

std::optional<std::size_t> Market::token_number(Symbol symbol) const {
  const auto found = std::find(tokens_.begin(), tokens_.end(), symbol);
  if (found == tokens_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tokens_.begin());
}

std::span<const Market::Leg> Market::legs(std::size_t venue, Symbol input, Symbol output) const {
  const auto in = token_number(input);
  const auto out = token_number(output);
  if (venue >= venues_ || !in || !out) return {};
  return legs_[(venue * tokens_.size() + *in) * tokens_.size() + *out];
}

std::optional<Market::Leg> Market::leg(std::size_t venue, Symbol input, Symbol output) const {
  const auto found = legs(venue, input, output);
  if (found.empty()) return std::nullopt;
  return found.front();
}

PoolName pool_name(VenueName venue, PoolId pool) {
  return PoolName(std::string(venue.view()) + "-" + std::to_string(pool));
}

const Market::Pool* Market::pool_named(std::size_t venue, PoolName name) const {
  const std::string_view text = name.view();
  const std::string_view digits = text.substr(text.rfind('-') + 1);
  PoolId id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  const std::vector<Pool>& pools = pools_[venue];
  const auto found =
      std::lower_bound(pools.begin(), pools.end(), id,
                       [](const Pool& pool, PoolId wanted) { return pool.id < wanted; });
  const bool named = found != pools.end() && pool_name(venue_names_[venue], found->id) == name;
  return named ? &*found : nullptr;
}

Result<std::vector<Market::Leg>> Market::path_legs(std::size_t venue, Symbol input, Symbol output,
                                                   const HopPath& path) const {
  std::vector<Leg> legs;
  std::vector<Symbol> visited{input};
  for (const Hop& hop : path) {
    const Pool* pool = pool_named(venue, hop.pool);
    if (pool == nullptr)
      return Error{Errc::invalid, "there is no pool " + std::string(hop.pool.view())};
    const bool sells_a = pool->a.symbol == visited.back() && pool->b.symbol == hop.output;
    const bool sells_b = pool->b.symbol == visited.back() && pool->a.symbol == hop.output;
    const bool again = std::find(visited.begin(), visited.end(), hop.output) != visited.end();
    if (again || !(sells_a || sells_b))
      return Error{Errc::invalid, "the pool " + std::string(hop.pool.view()) +
                                      " does not lead on to " + std::string(hop.output.view())};
    legs.push_back(Leg{pool->id, sells_a});
    visited.push_back(hop.output);
  }
  if (legs.empty() || legs.size() > hops_max || visited.back() != output)
    return Error{Errc::invalid, "the path of " + std::to_string(legs.size()) +
                                    " pools does not end at " + std::string(output.view())};
  return legs;
}

ReferencePrice Market::reference(PoolId pool, WallTime at, EqualWorth set) const {
  const Terms& terms = terms_[pool];
  ReferencePrice price;
  price.a = set.a != 0 ? set.a : terms.reference_a;
  price.b = set.a != 0 ? set.b : terms.reference_b;
  price.factor_ppm =
      walk_.factor_ppm(terms.pair_seed, terms.venue, venues_, terms.price_offset_bps, at);
  return price;
}

namespace {

// The whole amount, or the part of it that QuoteRequest asks for. `out`: the output of an amount;
// `most`: the largest that the pool trades.
template <class Out>
Units quoted_amount(const QuoteRequest& request, const Out& out, Units most = ~Units{0}) {
  if (request.part_min == 0 || request.part_min >= request.amount_in ||
      (request.amount_in <= most && out(request.amount_in) >= request.least_out))
    return request.amount_in;
  const PriceLimit limit{request.least_out, request.amount_in};
  const Units part = largest_in(out, limit, std::min(most, request.amount_in - request.part_min));
  return part >= request.part_min ? part : request.amount_in;
}

template <class Curve>
Result<Units> least_of(const Curve& curve, Units amount_out) {
  const auto least = curve.least_in(amount_out);
  if (!least) return Error{Errc::full, "the pool cannot give so much of the output"};
  return *least;
}

}  // namespace

Result<Units> Market::least_in(Leg leg, PoolReserves pool, Units amount_out) const {
  const ConstantProductPool state{pool.a, pool.b, fee_per_million(leg.pool)};
  return least_of(ConstantProductCurve(state, leg.direction()), amount_out);
}

Result<Units> Market::least_in(Leg leg, const oee::PoolState& pool, Units amount_out) {
  return least_of(PoolCurve(pool, leg.direction()), amount_out);
}

Result<Quote> Market::quote(Leg leg, PoolReserves pool, const QuoteRequest& request, WallTime at,
                            EqualWorth set) const {
  const std::uint32_t fee = fee_per_million(leg.pool);
  if (const auto trade = rebalance(pool, fee, reference(leg.pool, at, set))) {
    pool = after_swap(pool, trade->sells_a, trade->amount_in, trade->swap.amount_out);
  }
  const Units in = leg.sells_a ? pool.a : pool.b;
  const Units out = leg.sells_a ? pool.b : pool.a;
  Quote quote;
  if (request.exact_out > 0) {
    OEE_TRY_ASSIGN(quote.amount_in, least_in(leg, pool, request.exact_out));
  } else {
    quote.amount_in = quoted_amount(request, [&](Units amount) {
      const auto part = swap_exact_in(in, out, fee, amount);
      return part.ok() ? part->amount_out : Units{0};
    });
  }
  OEE_TRY_ASSIGN(const SwapResult swap, swap_exact_in(in, out, fee, quote.amount_in));
  quote.amount_out = swap.amount_out;
  quote.fee = swap.fee;
  quote.price_impact_bps = swap.price_impact_bps;
  return quote;
}

Result<Quote> Market::quote(Leg leg, const oee::PoolState& pool, std::uint64_t height,
                            const QuoteRequest& request, WallTime at, EqualWorth set) const {
  const Direction direction = leg.direction();
  oee::PoolState now = at_height(pool, height);
  if (const auto trade = rebalance(now, fee_per_million(leg.pool), reference(leg.pool, at, set))) {
    const Direction back = trade->sells_a ? Direction::a_to_b : Direction::b_to_a;
    OEE_TRY(trade_exact_in(now, back, trade->amount_in));
  }
  Quote quote;
  quote.amount_in = request.amount_in;
  if (request.exact_out > 0) {
    OEE_TRY_ASSIGN(quote.amount_in, least_in(leg, now, request.exact_out));
  } else if (request.part_min != 0) {
    const PoolCurve curve(now, direction);
    quote.amount_in = quoted_amount(
        request, [&](Units amount) { return curve.out(amount); }, curve.capacity());
  }
  const SpotPrice before = spot_price(now, direction);
  OEE_TRY_ASSIGN(const PoolSwap swap, trade_exact_in(now, direction, quote.amount_in));
  quote.amount_out = swap.amount_out;
  quote.fee = swap.fee;
  quote.price_impact_bps = price_impact_bps(before, swap);
  return quote;
}

}  // namespace oee::paper
