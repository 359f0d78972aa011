// PriceWalk: the simulated reference prices. A pure function of (seed, pair, venue, time): it has
// no state, continues over restarts and repeats for equal seeds. Any thread.
//
// A pair's price = its reference * (1 + mid) * (1 + offset of the venue). `mid` moves by a few
// tenths of a per cent, equally for all venues. The venues' prices differ by a spread of 2.3 to
// 4.7 % (2 to 5 % after their fees). The better venue differs between pairs. It changes every eight
// minutes or more, in a crossing of about half a minute. No price moves by more than
// `drift_bps_per_s`; with 0 no price moves.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/base/time.h"

namespace oee::paper {

inline constexpr std::int64_t ppm_unit = 1'000'000;

class PriceWalk {
 public:
  PriceWalk(std::uint64_t seed, std::uint32_t drift_bps_per_s);

  // The seed of one pair. It depends on the walk's seed and the two symbols only.
  std::uint64_t pair_seed(std::string_view symbol_a, std::string_view symbol_b) const;

  // The pair's price at venue number `venue` of `venues`, in millionths of its reference.
  // `venue_offset_bps`: the constant offset that is configured for the venue.
  std::int64_t factor_ppm(std::uint64_t pair_seed, std::size_t venue, std::size_t venues,
                          std::int32_t venue_offset_bps, WallTime at) const;

  // The pair's mid, and its spread (first venue over last venue), in ppm.
  std::int64_t mid_ppm(std::uint64_t pair_seed, WallTime at) const;
  std::int64_t spread_ppm(std::uint64_t pair_seed, WallTime at) const;

 private:
  const std::uint64_t seed_;
  const std::int64_t mid_ppm_per_s_;     // the fastest that mid moves
  const std::int64_t spread_ppm_per_s_;  // the fastest that the spread moves
  std::int64_t cycle_ms_ = 0;            // between two changes of the spread's sign
};

}  // namespace oee::paper
