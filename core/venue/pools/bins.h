// Pools of concentrated liquidity in bins: inside a bin the price is constant, and a swap takes bin
// after bin. Token a is X, token b is Y; a bin's price is Y per X as Q64.64, (1 + step/10^4)^id.
// Source: MeteoraAg/dlmm-sdk, commons/src/math/{price_math.rs, u64x64_math.rs} (prices),
// commons/src/extensions/{bin.rs, lb_pair.rs} (amounts, base and variable fee) and
// commons/src/quote.rs (the walk), which the program LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo
// executes.
//
//   base fee      = base_factor * step * 10 * 10^base_fee_power          per 10^9
//   variable fee  = ceil(control * (accumulator * step)^2 / 10^11)       per 10^9
//   accumulator   = min(max, reference + 10^4 * |index_reference - id|)  in each bin that trades
// The sum of the fees is at most 10 %.
//
// Not modelled: limit orders in bins, fees on the output (collect mode "only Y"), transfer fees of
// tokens. Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/venue/pools/swap.h"
#include "core/venue/pools/wide.h"

namespace oee {

inline constexpr std::int32_t bin_id_max = 443'636;  // and -bin_id_max
inline constexpr std::uint32_t bin_fee_unit = 1'000'000'000;

struct Bin {
  std::int32_t id = 0;
  Units amount_a = 0;
  Units amount_b = 0;
  friend bool operator==(const Bin&, const Bin&) = default;
};

struct BinFees {
  std::uint16_t base_factor = 0;
  std::uint8_t base_fee_power = 0;
  std::uint16_t filter_period = 0;     // seconds
  std::uint16_t decay_period = 0;      // seconds
  std::uint16_t reduction_factor = 0;  // per 10^4
  std::uint32_t variable_fee_control = 0;
  std::uint32_t accumulator_max = 0;
  friend bool operator==(const BinFees&, const BinFees&) = default;
};

struct BinVolatility {
  std::uint32_t accumulator = 0;
  std::uint32_t reference = 0;
  std::int32_t index_reference = 0;
  std::int64_t updated_at = 0;  // seconds
  friend bool operator==(const BinVolatility&, const BinVolatility&) = default;
};

struct BinPool {
  std::uint16_t step = 1;  // 1..400, per 10^4
  std::int32_t active_id = 0;
  BinFees fees;
  BinVolatility volatility;
  std::int64_t time = 0;  // seconds: the time of the next swap, on which the variable fee depends
  std::vector<Bin> bins;  // ascending ids; bins without liquidity may be left out
  friend bool operator==(const BinPool&, const BinPool&) = default;
};

// Empty: the price leaves Q64.64. REQUIRES: 1 <= step <= 400.
std::optional<U128> bin_price(std::int32_t id, std::uint16_t step);

// Errors: swap.h. Bins hold no fees: a traded bin gains the input without its fee. After an error
// `pool` is as before.
Result<PoolSwap> trade_exact_in(BinPool& pool, Direction direction, Units amount_in);

// One direction of a pool, for many evaluations. Making it costs one step for each bin; an
// evaluation costs a binary search and the arithmetic of one bin. No allocation after the
// constructor.
class BinCurve {
 public:
  BinCurve(const BinPool& pool, Direction direction);

  Units capacity() const { return capacity_; }
  Units out(Units amount_in) const;
  std::optional<Units> least_in(Units amount_out) const;

 private:
  struct Step {
    Units in_before = 0;   // input of the bins before this one, with fees
    Units out_before = 0;  // and their output
    Units in_max = 0;      // of this bin alone, without its fee
    Units out_max = 0;
    U128 price = 0;
    std::uint32_t fee_rate = 0;
  };
  Direction direction_;
  std::vector<Step> steps_;
  Units capacity_ = 0;
  Units out_total_ = 0;
};

}  // namespace oee
