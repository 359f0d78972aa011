#include "core/venue/pools/bins.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/venue/pools/search.h"

namespace oee {
namespace {

constexpr U128 one_q64 = U128(1) << 64;
constexpr U128 u128_max = ~U128(0);
constexpr std::uint32_t per_ten_thousand = 10'000;
constexpr std::uint32_t fee_rate_max = bin_fee_unit / 10;
constexpr std::uint32_t price_exponent_max = 0x80000;
constexpr std::size_t not_traded = ~std::size_t{0};

struct FeeRate {
  std::uint32_t rate;  // per 10^9

  // of an amount that holds its fee: ceil(amount * rate / 10^9)
  Units within(Units amount) const { return part_up<bin_fee_unit>(amount, rate); }
  // on top of an amount without it: ceil(amount * rate / (10^9 - rate)). At most a ninth of the
  // amount.
  U128 on_top(Units amount) const { return divide_up(U128(amount) * rate, bin_fee_unit - rate); }
};

// ceil(out * 2^64 / price) selling a, ceil(out * price / 2^64) selling b. Empty: exceeds 64 bits.
std::optional<Units> input_for(Units out, U128 price, Direction direction) {
  if (direction == Direction::a_to_b) return as_units(divide_up(U128(out) << 64, price));
  return (Wide(out) * Wide(price)).over_2_64(Rounding::up);
}

// floor(in * price / 2^64) selling a, floor(in * 2^64 / price) selling b.
std::optional<Units> output_of(Units in, U128 price, Direction direction) {
  if (direction == Direction::b_to_a) return as_units((U128(in) << 64) / price);
  const U128 high = (price >> 64) * in;
  const U128 low = U128(static_cast<std::uint64_t>(price)) * in >> 64;
  if (high > u128_max - low) return std::nullopt;
  return as_units(high + low);
}

Units& paid_out(Bin& bin, Direction direction) {
  return direction == Direction::a_to_b ? bin.amount_b : bin.amount_a;
}

// The references of the variable fee as they are at the time of the swap.
BinVolatility at_swap(const BinPool& pool) {
  BinVolatility now = pool.volatility;
  const std::int64_t elapsed = pool.time - now.updated_at;
  if (elapsed < pool.fees.filter_period) return now;
  now.index_reference = pool.active_id;
  now.reference = elapsed < pool.fees.decay_period
                      ? static_cast<std::uint32_t>(std::uint64_t{now.accumulator} *
                                                   pool.fees.reduction_factor / per_ten_thousand)
                      : 0;
  return now;
}

std::uint32_t accumulator_in(const BinVolatility& volatility, std::int32_t id,
                             const BinFees& fees) {
  const std::int64_t apart = std::int64_t{volatility.index_reference} - id;
  const std::uint64_t sum =
      volatility.reference +
      static_cast<std::uint64_t>(apart < 0 ? -apart : apart) * per_ten_thousand;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, fees.accumulator_max));
}

FeeRate fee_rate(const BinPool& pool, std::uint32_t accumulator) {
  U128 base = U128(pool.fees.base_factor) * pool.step * 10;
  for (int i = 0; i < pool.fees.base_fee_power && base <= fee_rate_max; ++i) base *= 10;
  // accumulator * step < 2^41, its square times the control < 2^114
  const U128 moved = U128(accumulator) * pool.step;
  const U128 variable = divide_up(moved * moved * pool.fees.variable_fee_control, 100'000'000'000);
  return {static_cast<std::uint32_t>(std::min<U128>(base + variable, fee_rate_max))};
}

void require_terms(const BinPool& pool) {
  check(pool.step >= 1 && pool.step <= 400, "BinPool: the step is out of range");
  check(std::is_sorted(pool.bins.begin(), pool.bins.end(),
                       [](const Bin& a, const Bin& b) { return a.id < b.id; }),
        "BinPool: the bins are not in order");
}

// The bins that a swap in `direction` meets, from the active one on.
std::size_t first_bin(const BinPool& pool, Direction direction) {
  const auto at_or_after =
      std::lower_bound(pool.bins.begin(), pool.bins.end(), pool.active_id,
                       [](const Bin& bin, std::int32_t id) { return bin.id < id; });
  const auto index = static_cast<std::size_t>(at_or_after - pool.bins.begin());
  if (direction == Direction::b_to_a) return index;
  const bool is_active = at_or_after != pool.bins.end() && at_or_after->id == pool.active_id;
  return is_active ? index : index - 1;  // before the first: not_traded
}

// Below zero it wraps to not_traded, which no vector reaches.
std::size_t next_bin(std::size_t index, Direction direction) {
  return direction == Direction::a_to_b ? index - 1 : index + 1;
}
static_assert(std::size_t{0} - 1 == not_traded);

}  // namespace

std::optional<U128> bin_price(std::int32_t id, std::uint16_t step) {
  check(step >= 1 && step <= 400, "bin_price: the step is out of range");
  if (id == 0) return one_q64;
  std::uint32_t exponent =
      id < 0 ? -static_cast<std::uint32_t>(id) : static_cast<std::uint32_t>(id);
  if (exponent >= price_exponent_max) return std::nullopt;
  // Powers of the inverse stay below 1, so products fit 128 bits; a positive power is inverted
  // again.
  U128 base = u128_max / (one_q64 + (U128(step) << 64) / per_ten_thousand);
  U128 power = one_q64;
  while (true) {
    if ((exponent & 1) != 0) power = power * base >> 64;
    exponent >>= 1;
    if (exponent == 0) break;
    base = base * base >> 64;
  }
  if (power == 0) return std::nullopt;
  return id > 0 ? u128_max / power : power;
}

Result<PoolSwap> trade_exact_in(BinPool& pool, Direction direction, Units amount_in) {
  require_terms(pool);
  if (amount_in == 0) return swap_of_zero();
  BinPool after = pool;
  after.volatility = at_swap(pool);
  PoolSwap swap{amount_in, 0, 0};
  Units left = amount_in;
  std::size_t at = first_bin(pool, direction);
  for (; left > 0 && at < after.bins.size(); at = next_bin(at, direction)) {
    Bin& bin = after.bins[at];
    Units& out_max = paid_out(bin, direction);
    if (out_max == 0) continue;
    after.active_id = bin.id;
    after.volatility.accumulator = accumulator_in(after.volatility, bin.id, pool.fees);
    const FeeRate rate = fee_rate(pool, after.volatility.accumulator);
    const auto price = bin_price(bin.id, pool.step);
    const auto in_max = price ? input_for(out_max, *price, direction) : std::nullopt;
    if (!in_max) return swap_overflow();
    Units fee = rate.within(left);
    Units traded = left - fee;
    Units out = out_max;
    if (traded > *in_max) {
      traded = *in_max;
      fee = static_cast<Units>(rate.on_top(traded));
    } else if (traded < *in_max) {
      out = output_of(traded, *price, direction).value_or(0);
    }
    left -= traded + fee;
    swap.fee += fee;
    if (__builtin_add_overflow(swap.amount_out, out, &swap.amount_out)) return swap_overflow();
    out_max -= out;
    Units& gained = paid_out(bin, reverse(direction));
    if (traded > std::numeric_limits<Units>::max() - gained) return swap_overflow();
    gained += traded;
  }
  if (left > 0) return too_little_liquidity("input", amount_in - left, amount_in);
  if (swap.amount_out == 0) return swap_rounds_to_zero();
  // Recorded accounts keep the time of the last swap that changed the active bin.
  if (after.active_id != pool.active_id) after.volatility.updated_at = pool.time;
  pool = std::move(after);
  return swap;
}

BinCurve::BinCurve(const BinPool& pool, Direction direction) : direction_(direction) {
  require_terms(pool);
  const BinVolatility volatility = at_swap(pool);
  for (std::size_t at = first_bin(pool, direction); at < pool.bins.size();
       at = next_bin(at, direction)) {
    Bin bin = pool.bins[at];
    Step step;
    step.out_max = paid_out(bin, direction);
    if (step.out_max == 0) continue;
    const auto price = bin_price(bin.id, pool.step);
    const auto in_max = price ? input_for(step.out_max, *price, direction) : std::nullopt;
    if (!in_max) break;  // the program fails in this bin
    const FeeRate rate = fee_rate(pool, accumulator_in(volatility, bin.id, pool.fees));
    step.in_before = capacity_;
    step.out_before = out_total_;
    step.in_max = *in_max;
    step.price = *price;
    step.fee_rate = rate.rate;
    const U128 in_after = U128(capacity_) + *in_max + rate.on_top(*in_max);
    if (in_after >> 64 != 0 || out_total_ > std::numeric_limits<Units>::max() - step.out_max) break;
    capacity_ = static_cast<Units>(in_after);
    out_total_ += step.out_max;
    steps_.push_back(step);
  }
}

Units BinCurve::out(Units amount_in) const {
  if (amount_in >= capacity_) return out_total_;
  if (amount_in == 0) return 0;
  const Step& step = step_of_input(steps_, amount_in);
  const Units here = amount_in - step.in_before;
  const Units traded = here - FeeRate{step.fee_rate}.within(here);
  if (traded >= step.in_max) return step.out_before + step.out_max;
  return step.out_before + output_of(traded, step.price, direction_).value_or(0);
}

std::optional<Units> BinCurve::least_in(Units amount_out) const {
  if (amount_out == 0) return 0;
  if (amount_out > out_total_) return std::nullopt;
  const Step& step = step_of_output(steps_, amount_out);
  const Units here = amount_out - step.out_before;
  const auto traded = here == step.out_max ? step.in_max : *input_for(here, step.price, direction_);
  const U128 in = U128(step.in_before) + traded + FeeRate{step.fee_rate}.on_top(traded);
  return static_cast<Units>(in);
}

}  // namespace oee
