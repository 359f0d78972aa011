// Random pools of every kind for property tests, the same for the same seed. Pure.
#pragma once

#include <random>

#include "core/venue/pools/pool_state.h"

namespace oee {

class SamplePools {
 public:
  static constexpr int kinds = 4;

  explicit SamplePools(std::uint64_t seed) : random_(seed) {}

  // Reserves of about `size` units on each side and a price near `price` (b per a, in hundredths).
  // REQUIRES: 10 <= size <= 2^60.
  PoolState pool(int kind, Units size, std::uint32_t price_percent = 100);
  PoolState any(Units size) { return pool(static_cast<int>(below(kinds)), size, 20 + below(400)); }

  // 0..end-1. REQUIRES: end > 0.
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  // 1..most, all magnitudes equally likely.
  Units amount(Units most);

 private:
  std::mt19937_64 random_;
};

}  // namespace oee
