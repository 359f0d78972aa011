#include "core/venue/pools/ticks.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/venue/pool.h"
#include "core/venue/pools/search.h"
#include "core/venue/pools/tick_math.h"

namespace oee {
namespace {

constexpr Units units_max = std::numeric_limits<Units>::max();

struct Amounts {
  Units in = 0;
  Units out = 0;
};

std::optional<Units> amount_0(U128 low, U128 high, U128 liquidity, Rounding rounding) {
  const auto amount = divide((Wide(liquidity) * Wide(high - low)).shifted_by_64(),
                             Wide(low) * Wide(high), rounding);
  if (!amount) return std::nullopt;
  return as_units(*amount);
}

std::optional<Units> amount_1(U128 low, U128 high, U128 liquidity, Rounding rounding) {
  return (Wide(liquidity) * Wide(high - low)).over_2_64(rounding);
}

std::optional<Units> input_between(U128 from, U128 to, U128 liquidity, Direction direction) {
  return direction == Direction::a_to_b ? amount_0(to, from, liquidity, Rounding::up)
                                        : amount_1(from, to, liquidity, Rounding::up);
}

std::optional<Units> output_between(U128 from, U128 to, U128 liquidity, Direction direction) {
  return direction == Direction::a_to_b ? amount_1(to, from, liquidity, Rounding::down)
                                        : amount_0(from, to, liquidity, Rounding::down);
}

// The price after an input without its fee, rounded against the trader:
//   selling 0: ceil(L*P / (L + in*P)), selling 1: P + floor(in / L). Empty: exceeds 128 bits.
std::optional<U128> price_after(U128 sqrt_price, U128 liquidity, Units in, Direction direction) {
  if (direction == Direction::a_to_b) {
    const Wide scaled = Wide(liquidity).shifted_by_64();
    return divide(scaled * Wide(sqrt_price), scaled + Wide(in) * Wide(sqrt_price), Rounding::up);
  }
  const U128 rise = (U128(in) << 64) / liquidity;
  if (rise > ~U128(0) - sqrt_price) return std::nullopt;
  return sqrt_price + rise;
}

Units without_fee(Units amount, std::uint32_t rate) {
  return part_down<fee_unit>(amount, fee_unit - rate);
}
U128 fee_on_top(Units amount, std::uint32_t rate) {
  return divide_up(U128(amount) * rate, fee_unit - rate);
}

// A walk over the steps of a swap: the price moves from the current one to each initialized tick in
// turn.
class Walk {
 public:
  Walk(const TickPool& pool, Direction direction)
      : pool_(pool),
        direction_(direction),
        sqrt_price_(pool.sqrt_price),
        liquidity_(pool.liquidity) {
    check(pool.sqrt_price >= sqrt_price_min && pool.sqrt_price < sqrt_price_max &&
              pool.fee_per_million < fee_unit,
          "TickPool: terms out of range");
    const auto above =
        std::upper_bound(pool.ticks.begin(), pool.ticks.end(), pool.tick,
                         [](std::int32_t tick, const Tick& next) { return tick < next.index; });
    next_ = above - pool.ticks.begin();
    if (direction == Direction::a_to_b) --next_;  // the tick of the price itself counts as below it
  }

  U128 sqrt_price() const { return sqrt_price_; }
  U128 liquidity() const { return liquidity_; }
  void stop_at(U128 sqrt_price) { sqrt_price_ = sqrt_price; }

  bool at_end() const {
    return next_ < 0 || next_ >= static_cast<std::ptrdiff_t>(pool_.ticks.size());
  }
  // REQUIRES (both): !at_end().
  const Tick& tick() const { return pool_.ticks[static_cast<std::size_t>(next_)]; }
  U128 target() const { return sqrt_price_at(tick().index); }

  // The whole step to the target. Empty: an amount exceeds 64 bits, so that no input reaches the
  // target.
  std::optional<Amounts> whole_step() const {
    const U128 to = target();
    const auto in = input_between(sqrt_price_, to, liquidity_, direction_);
    const auto out = output_between(sqrt_price_, to, liquidity_, direction_);
    if (!in || !out) return std::nullopt;
    return Amounts{*in, *out};
  }

  // REQUIRES: !at_end(). False: the pool's ticks do not add up (liquidity below zero).
  bool cross() {
    const I128 net = direction_ == Direction::a_to_b ? -tick().liquidity_net : tick().liquidity_net;
    sqrt_price_ = target();
    const U128 size = net < 0 ? -static_cast<U128>(net) : static_cast<U128>(net);
    if (net < 0 ? size > liquidity_ : size > ~U128(0) - liquidity_) return false;
    liquidity_ = net < 0 ? liquidity_ - size : liquidity_ + size;
    next_ += direction_ == Direction::a_to_b ? -1 : 1;
    return true;
  }

 private:
  const TickPool& pool_;
  const Direction direction_;
  std::ptrdiff_t next_ = 0;
  U128 sqrt_price_;
  U128 liquidity_;
};

}  // namespace

Result<PoolSwap> trade_exact_in(TickPool& pool, Direction direction, Units amount_in) {
  if (amount_in == 0) return swap_of_zero();
  Walk walk(pool, direction);
  std::int32_t tick = pool.tick;
  PoolSwap swap{amount_in, 0, 0};
  Units left = amount_in;
  while (left > 0) {
    if (walk.at_end()) return too_little_liquidity("input", amount_in - left, amount_in);
    const Units traded = without_fee(left, pool.fee_per_million);
    const auto whole = walk.whole_step();
    const bool reached = whole && traded >= whole->in;
    Amounts step;
    if (reached) {
      step = *whole;
      swap.fee += static_cast<Units>(fee_on_top(step.in, pool.fee_per_million));
      left -= step.in + static_cast<Units>(fee_on_top(step.in, pool.fee_per_million));
      tick = direction == Direction::a_to_b ? walk.tick().index - 1 : walk.tick().index;
      if (!walk.cross()) return swap_overflow();
    } else {
      const auto to = price_after(walk.sqrt_price(), walk.liquidity(), traded, direction);
      if (!to) return swap_overflow();
      const auto in = input_between(walk.sqrt_price(), *to, walk.liquidity(), direction);
      const auto out = output_between(walk.sqrt_price(), *to, walk.liquidity(), direction);
      if (!in || !out) return swap_overflow();
      step = {*in, *out};
      swap.fee += left - step.in;
      left = 0;
      if (*to != walk.sqrt_price()) tick = tick_at(*to);
      walk.stop_at(*to);
    }
    if (__builtin_add_overflow(swap.amount_out, step.out, &swap.amount_out)) return swap_overflow();
  }
  if (swap.amount_out == 0) return swap_rounds_to_zero();
  pool.sqrt_price = walk.sqrt_price();
  pool.liquidity = walk.liquidity();
  pool.tick = tick;
  return swap;
}

TickCurve::TickCurve(const TickPool& pool, Direction direction)
    : direction_(direction), fee_per_million_(pool.fee_per_million) {
  for (Walk walk(pool, direction); !walk.at_end();) {
    Step step{capacity_, out_total_, 0, 0, walk.sqrt_price(), walk.liquidity()};
    const auto whole = walk.whole_step();
    const U128 in_after =
        whole ? U128(capacity_) + whole->in + fee_on_top(whole->in, fee_per_million_)
              : U128(1) << 64;
    if (in_after >> 64 != 0 || whole->out > units_max - out_total_) {
      // No input of 64 bits gets through this step, but one may end in it.
      step.in_max = step.out_max = units_max;
      steps_.push_back(step);
      capacity_ = units_max;
      out_total_ = step.out_before + out_in(step, capacity_ - step.in_before);
      return;
    }
    step.in_max = whole->in;
    step.out_max = whole->out;
    capacity_ = static_cast<Units>(in_after);
    out_total_ += whole->out;
    if (whole->in > 0) steps_.push_back(step);
    if (!walk.cross()) return;
  }
}

Units TickCurve::out_in(const Step& step, Units amount_in) const {
  const Units traded = without_fee(amount_in, fee_per_million_);
  if (traded >= step.in_max) return step.out_max;
  const auto to = price_after(step.sqrt_price, step.liquidity, traded, direction_);
  if (!to) return 0;
  return output_between(step.sqrt_price, *to, step.liquidity, direction_).value_or(0);
}

Units TickCurve::out(Units amount_in) const {
  if (amount_in >= capacity_) return out_total_;
  if (amount_in == 0) return 0;
  const Step& step = step_of_input(steps_, amount_in);
  return step.out_before + out_in(step, amount_in - step.in_before);
}

std::optional<Units> TickCurve::least_in(Units amount_out) const {
  if (amount_out == 0) return 0;
  if (amount_out > out_total_) return std::nullopt;
  const Step& step = step_of_output(steps_, amount_out);
  const Units here = amount_out - step.out_before;
  const Units most = static_cast<Units>(std::min<U128>(
      U128(step.in_max) + fee_on_top(step.in_max, fee_per_million_), capacity_ - step.in_before));
  // The price that pays `here`, and the input that moves the price there; rounding makes it a
  // guess.
  U128 to = step.sqrt_price;
  if (direction_ == Direction::a_to_b) {
    const U128 fall = divide_up(U128(here) << 64, step.liquidity);
    to = fall < to - sqrt_price_min ? to - fall : sqrt_price_min;
  } else {
    const Wide scaled = Wide(step.liquidity).shifted_by_64();
    const Wide less = Wide(here) * Wide(to);
    if (less < scaled) to = divide(scaled * Wide(to), scaled - less, Rounding::up).value_or(to);
  }
  const Units traded =
      input_between(step.sqrt_price, to, step.liquidity, direction_).value_or(step.in_max);
  const U128 guess = U128(traded) + fee_on_top(traded, fee_per_million_);
  const auto in = least_where([&](Units amount) { return out_in(step, amount) >= here; },
                              static_cast<Units>(std::min<U128>(guess, most)), most);
  if (!in) return std::nullopt;
  return step.in_before + *in;
}

}  // namespace oee
