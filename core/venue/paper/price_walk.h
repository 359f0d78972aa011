// PriceWalk: where the simulated world's prices are at a moment, a pure function of (seed, pair,
// venue, time), so that it needs no state, goes on over restarts and repeats for one seed.
//
// A pair's price = its reference * (1 + mid) * (1 + offset of the venue). `mid` wanders a few
// tenths of a per cent for all venues alike. The venues stand apart by a spread of 2.3 to 4.7 % (2
// to 5 % after their fees); which one is better differs between pairs and changes every eight
// minutes or more, in a crossing of about half a minute. No price ever moves by more than
// `drift_bps_per_s`; 0 freezes them all.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/base/time.h"

namespace oee {

inline constexpr std::int64_t ppm_unit = 1'000'000;

class PriceWalk {
 public:
  PriceWalk(std::uint64_t seed, std::uint32_t drift_bps_per_s);

  // Tells one pair from another for ever, whatever else is configured.
  std::uint64_t pair_seed(std::string_view symbol_a, std::string_view symbol_b) const;

  // Price of the pair at venue number `venue` of `venues`, per million of its reference.
  // `venue_offset_bps` is that venue's configured constant offset.
  std::int64_t factor_ppm(std::uint64_t pair_seed, std::size_t venue, std::size_t venues,
                          std::int32_t venue_offset_bps, WallTime at) const;

  // The pair's wander and spread (of the first venue over the last), in ppm.
  std::int64_t mid_ppm(std::uint64_t pair_seed, WallTime at) const;
  std::int64_t spread_ppm(std::uint64_t pair_seed, WallTime at) const;

 private:
  const std::uint64_t seed_;
  const std::int64_t mid_ppm_per_s_;     // how fast mid may move
  const std::int64_t spread_ppm_per_s_;  // how fast the spread may move
  std::int64_t cycle_ms_ = 0;            // between two changes of sign
};

}  // namespace oee
