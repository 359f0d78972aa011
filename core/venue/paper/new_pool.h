// A new pool of any kind at a price: the state with which it is opened. Pure.
#pragma once

#include "core/seams/prices.h"
#include "core/venue/paper/ledger/journal_entry.h"

namespace oee::paper {

struct NewPool {
  VenueName venue;
  PoolKind kind = PoolKind::constant_product;
  Token a;
  Token b;
  SpotPrice price;  // units of b for units of a
  Units amount_b = 0;
  std::uint32_t fee_per_million = 0;
  std::uint64_t height = 0;
};

// The pool holds amount_b and what is worth as much of a (ticks: what their ranges need).
//   constant product  both reserves
//   stable swap       amplification 100; the multipliers make the tokens worth the same
//   bins              equal worth in the active bin and in bins_each_side on each side of it, a
//                     step of about the fee; the price is that of the nearest bin
//   ticks             three nested ranges around the price, the widest to a hundredth and a
//                     hundredfold
// invalid: the price, or the amount of a that it gives, is out of the range of the kind.
// REQUIRES: a positive price; pool_side_min <= amount_b <= pool_side_max (market_control.h);
// fee_per_million <= 100,000.
inline constexpr std::int32_t bins_each_side = 70;
Result<NewPoolState> new_pool(const NewPool& terms);

}  // namespace oee::paper
