#include "core/exec/price_index.h"

#include <algorithm>
#include <functional>

namespace oee {

std::size_t PairHash::operator()(const Pair& pair) const {
  const std::hash<std::string_view> hash;
  return hash(pair.input.view()) * 31 + hash(pair.output.view());
}

IndexPrice index_price(Decimal price) {
  IndexPrice scaled = price.units;
  for (int scale = price.scale; scale < decimal_scale_max; ++scale) scaled *= 10;
  return scaled;
}

IndexPrice act_at(IndexPrice limit, IndexPrice average, IndexPrice spot) {
  IndexPrice at = spot + 1;
  if (average > 0 && average < limit) {
    // spot x limit / average, rounded down, in millionths above spot: a lower price is looked at
    // for nothing, a higher one would miss the order.
    constexpr IndexPrice million = 1'000'000;
    constexpr IndexPrice most = 8 * million;  // the sum below fits 128 bits
    const IndexPrice missing = limit - average;
    const IndexPrice above = missing < (IndexPrice(1) << 107) ? missing * million / average
                                                              : missing / (average / million + 1);
    at += spot / million * std::min(above, most);
  }
  return std::max(at, limit);
}

void PriceIndex::put(const OrderId& id, const Pair& pair, IndexPrice act_at) {
  erase(id);
  Waiting& waiting = pairs_[pair];
  waiting.emplace_hint(waiting.end(), act_at, id);
  places_.emplace(id, Place{&waiting, act_at});
}

bool PriceIndex::erase(const OrderId& id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return false;
  found->second.waiting->erase({found->second.price, id});
  places_.erase(found);
  return true;
}

std::vector<Pair> PriceIndex::pairs() const {
  std::vector<Pair> pairs;
  for (const auto& [pair, waiting] : pairs_) pairs.push_back(pair);
  return pairs;
}

void PriceIndex::take(const Pair& pair, IndexPrice spot, std::vector<OrderId>& orders) {
  const auto found = pairs_.find(pair);
  if (found == pairs_.end()) return;
  Waiting& waiting = found->second;
  while (!waiting.empty() && waiting.begin()->first <= spot) {
    orders.push_back(waiting.begin()->second);
    places_.erase(waiting.begin()->second);
    waiting.erase(waiting.begin());
  }
}

std::optional<PriceIndex::Position> PriceIndex::next(const Pair& pair, const Position& from,
                                                     IndexPrice most, std::size_t count,
                                                     std::vector<OrderId>& orders) const {
  const auto found = pairs_.find(pair);
  if (found == pairs_.end()) return std::nullopt;
  std::optional<Position> last;
  for (auto at = found->second.upper_bound(from);
       count > 0 && at != found->second.end() && at->first <= most; ++at, --count) {
    orders.push_back(at->second);
    last = *at;
  }
  return last;
}

}  // namespace oee
