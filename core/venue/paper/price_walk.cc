#include "core/venue/paper/price_walk.h"

#include <algorithm>

#include "core/base/check.h"

namespace oee::paper {
namespace {

constexpr std::int64_t spread_ppm_min = 23'000;
constexpr std::int64_t spread_ppm_max = 47'000;
constexpr std::int64_t cycle_ms_min = 480'000;
constexpr std::int64_t mid_knot_ms = 60'000;

// SplitMix64 (Steele, Lea, Flood 2014): well-mixed bits from a counter.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

// The n-th number of the stream `salt` of a pair, in [min, max].
std::int64_t pick(std::uint64_t pair_seed, std::uint64_t salt, std::int64_t n, std::int64_t min,
                  std::int64_t max) {
  const std::uint64_t bits = mix(mix(pair_seed ^ salt) ^ static_cast<std::uint64_t>(n));
  return min + static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(max - min + 1));
}

std::int64_t between(std::int64_t from, std::int64_t to, std::int64_t part, std::int64_t whole) {
  return from + (to - from) * part / whole;
}

std::int64_t milliseconds(WallTime at) {
  const auto since = at.time_since_epoch();
  return std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace

// A venue's offset moves half as fast as the spread. Of the allowed drift, 68 % go to that offset
// and 25 % to mid. The rest is needed because the factors multiply:
// 1.009 * 0.68 + 1.025 * 0.25 < 1.
PriceWalk::PriceWalk(std::uint64_t seed, std::uint32_t drift_bps_per_s)
    : seed_(mix(seed)),
      mid_ppm_per_s_(std::int64_t{drift_bps_per_s} * 100 * 25 / 100),
      spread_ppm_per_s_(std::int64_t{drift_bps_per_s} * 100 * 68 / 100 * 2) {
  check(drift_bps_per_s <= 1'000, "PriceWalk: a drift above 10 % a second");
  if (drift_bps_per_s == 0) return;
  // The widest crossing takes a quarter of a cycle at most.
  const std::int64_t crossing_ms_max = 2 * spread_ppm_max * 1'000 / spread_ppm_per_s_;
  cycle_ms_ = std::max(cycle_ms_min, 4 * crossing_ms_max);
}

std::uint64_t PriceWalk::pair_seed(std::string_view symbol_a, std::string_view symbol_b) const {
  std::uint64_t hash = seed_;
  for (const char c : symbol_a) hash = mix(hash ^ static_cast<std::uint8_t>(c));
  hash = mix(hash ^ 0x100);  // no character has this value
  for (const char c : symbol_b) hash = mix(hash ^ static_cast<std::uint8_t>(c));
  return hash;
}

std::int64_t PriceWalk::mid_ppm(std::uint64_t pair_seed, WallTime at) const {
  // Straight lines between knots one minute apart. None is steeper than mid_ppm_per_s_.
  const std::int64_t reach = mid_ppm_per_s_ * mid_knot_ms / 1'000 / 2;
  const std::int64_t now = milliseconds(at);
  const std::int64_t knot = now / mid_knot_ms;
  // At 20 bps/s `reach` is 1.5 % to either side; half a per cent is enough.
  const std::int64_t wander = std::min<std::int64_t>(reach, 5'000);
  return between(pick(pair_seed, 1, knot, -wander, wander),
                 pick(pair_seed, 1, knot + 1, -wander, wander), now % mid_knot_ms, mid_knot_ms);
}

std::int64_t PriceWalk::spread_ppm(std::uint64_t pair_seed, WallTime at) const {
  const std::int64_t first_sign = (pair_seed & 1) != 0 ? 1 : -1;
  auto size = [pair_seed](std::uint64_t salt, std::int64_t cycle) {
    return pick(pair_seed, salt, cycle, spread_ppm_min, spread_ppm_max);
  };
  if (cycle_ms_ == 0) return first_sign * size(2, 0);
  const std::int64_t now = milliseconds(at) + pick(pair_seed, 4, 0, 0, cycle_ms_ - 1);
  const std::int64_t cycle = now / cycle_ms_;
  const std::int64_t into = now % cycle_ms_;
  const std::int64_t sign = cycle % 2 == 0 ? first_sign : -first_sign;
  const std::int64_t before = -sign * size(3, cycle - 1);  // where the last cycle ended
  const std::int64_t begin = sign * size(2, cycle);
  const std::int64_t end = sign * size(3, cycle);
  const std::int64_t way = std::max(begin - before, before - begin);
  const std::int64_t crossing_ms = way * 1'000 / spread_ppm_per_s_ + 1;
  if (into < crossing_ms) return between(before, begin, into, crossing_ms);
  return between(begin, end, into - crossing_ms, cycle_ms_ - crossing_ms);
}

std::int64_t PriceWalk::factor_ppm(std::uint64_t pair_seed, std::size_t venue, std::size_t venues,
                                   std::int32_t venue_offset_bps, WallTime at) const {
  check(venue < venues, "PriceWalk: no such venue");
  std::int64_t offset = std::int64_t{venue_offset_bps} * 100;
  if (venues > 1) {
    // The first venue is half a spread above, the last half a spread below, the others between.
    const auto last = static_cast<std::int64_t>(venues - 1);
    const auto position = last - 2 * static_cast<std::int64_t>(venue);
    offset += spread_ppm(pair_seed, at) * position / (2 * last);
  }
  return (ppm_unit + mid_ppm(pair_seed, at)) * (ppm_unit + offset) / ppm_unit;
}

}  // namespace oee::paper
