#include "core/venue/solana/plans/dlmm.h"

#include <algorithm>

#include "core/base/sha256.h"

namespace oee::solana {
namespace {

constexpr std::uint64_t fee_unit = 1'000'000'000;
constexpr std::uint64_t fee_max = 100'000'000;
constexpr std::uint64_t bps_unit = 10'000;
constexpr std::uint64_t variable_fee_scale = 100'000'000'000;
constexpr U128 one_q64 = U128{1} << 64;
constexpr std::uint32_t exponent_end = 0x80000;

std::string discriminator(std::string_view of) {
  return std::string(as_bytes(sha256({of})).substr(0, 8));
}

std::int64_t array_of(std::int32_t bin) {
  const std::int64_t quotient = bin / DlmmBinArray::size;
  return bin % DlmmBinArray::size < 0 ? quotient - 1 : quotient;
}

// a * b / 2^64 and a * 2^64 / b, rounded. No value: above 64 bits.
std::optional<Units> times_price(Units amount, U128 price, Rounding rounding) {
  return (Wide(amount) * Wide(price)).over_2_64(rounding);
}
std::optional<Units> over_price(Units amount, U128 price, Rounding rounding) {
  const auto quotient = divide(Wide(amount).shifted_by_64(), Wide(price), rounding);
  return quotient ? as_units(*quotient) : std::nullopt;
}

// One swap on its way through the bins.
class Walk {
 public:
  Walk(const DlmmPool& pool, Side sold, std::int64_t time) : pool_(pool), sold_(sold) {
    bin_ = pool.active_bin;
    reference_bin_ = pool.reference_bin;
    volatility_reference_ = pool.volatility_reference;
    const I128 elapsed = I128{time} - pool.last_update;
    if (elapsed < pool.filter_period) return;
    reference_bin_ = pool.active_bin;
    volatility_reference_ = elapsed < pool.decay_period
                                ? static_cast<std::uint32_t>(std::uint64_t{pool.volatility} *
                                                             pool.reduction_factor / bps_unit)
                                : 0;
  }

  // Trades the present bin up to `left`, which falls by the input with its fee.
  Result<void> trade(const DlmmBin& bin, Units& left, PlanQuote& total) const {
    const Side bought = other(sold_);
    if (bin.limit_orders > 0 && bin.limit_order_side == bought)
      return Error{Errc::unsupported, "bin " + std::to_string(bin_) + " has limit orders"};
    const Units most_out = bin.amounts[at(bought)];
    if (most_out == 0) return {};
    OEE_TRY_ASSIGN(const U128 price, price_of(bin));
    const Error too_much{Errc::full,
                         "an amount of bin " + std::to_string(bin_) + " exceeds 64 bits"};
    const auto most_in = sold_ == Side::first ? over_price(most_out, price, Rounding::up)
                                              : times_price(most_out, price, Rounding::up);
    if (!most_in) return too_much;
    const std::uint64_t rate = fee_rate();
    const auto fee_of_all = as_units(divide_up(U128{*most_in} * rate, fee_unit - rate));
    if (!fee_of_all || *fee_of_all > ~Units{0} - *most_in) return too_much;
    Units fee = *fee_of_all;
    Units in = *most_in + fee;
    Units out = most_out;
    if (left <= in) {
      in = left;
      fee = part_of(left, rate, fee_unit).value();  // rate < fee_unit
      const auto paid = sold_ == Side::first ? times_price(in - fee, price, Rounding::down)
                                             : over_price(in - fee, price, Rounding::down);
      if (!paid) return too_much;
      out = std::min(*paid, most_out);
    }
    if (out > ~Units{0} - total.amount_out) return too_much;
    left -= in;
    total.amount_out += out;
    total.fee += fee;
    return {};
  }

  std::int32_t bin() const { return bin_; }
  void go_on() { bin_ += sold_ == Side::first ? -1 : 1; }
  void jump_to(std::int32_t bin) { bin_ = bin; }

 private:
  Result<U128> price_of(const DlmmBin& bin) const {
    if (bin.price != 0) return bin.price;
    return dlmm_price(bin_, pool_.bin_step);
  }
  // The numerator of fee_unit in the present bin.
  std::uint64_t fee_rate() const {
    U128 rate = U128{pool_.base_factor} * pool_.bin_step * 10;
    for (int i = 0; i < pool_.base_fee_power && rate <= fee_max; ++i) rate *= 10;
    const std::int64_t crossed = std::int64_t{reference_bin_} - bin_;
    const std::uint64_t volatility = std::min<std::uint64_t>(
        volatility_reference_ +
            static_cast<std::uint64_t>(crossed < 0 ? -crossed : crossed) * bps_unit,
        pool_.volatility_max);
    // Below 2^32 * 2^16; its square and the control are below 2^128.
    const U128 step = U128{volatility} * pool_.bin_step;
    rate += divide_up(step * step * pool_.variable_fee_control, variable_fee_scale);
    return static_cast<std::uint64_t>(std::min<U128>(rate, fee_max));
  }

  const DlmmPool& pool_;
  const Side sold_;
  std::int32_t bin_ = 0;
  std::int32_t reference_bin_ = 0;
  std::uint32_t volatility_reference_ = 0;
};

// Pairs of these types trade from their activation on.
bool has_activation(const DlmmPool& pool) {
  constexpr std::uint8_t permission = 1;
  constexpr std::uint8_t customizable = 2;
  return pool.pair_type == permission || pool.pair_type == customizable;
}

}  // namespace

const Key dlmm_program = key_of("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo");

Result<DlmmPool> decode_dlmm_pool(std::string_view bytes) {
  OEE_TRY_ASSIGN(const Account account,
                 Account::of(bytes, 904, discriminator("account:LbPair"), "a DLMM LbPair"));
  DlmmPool pool;
  pool.base_factor = account.u16(8);
  pool.filter_period = account.u16(10);
  pool.decay_period = account.u16(12);
  pool.reduction_factor = account.u16(14);
  pool.variable_fee_control = account.u32(16);
  pool.volatility_max = account.u32(20);
  pool.base_fee_power = account.u8(34);
  pool.fee_of_output = account.u8(36) != 0;
  pool.volatility = account.u32(40);
  pool.volatility_reference = account.u32(44);
  pool.reference_bin = account.i32(48);
  pool.last_update = account.i64(56);
  pool.pair_type = account.u8(75);
  pool.active_bin = account.i32(76);
  pool.bin_step = account.u16(80);
  pool.swaps_allowed = account.u8(82) == 0;
  pool.activates_by_time = account.u8(86) != 0;
  for (std::size_t i = 0; i < 2; ++i) {
    pool.mints[i] = account.key(88 + 32 * i);
    pool.reserves[i] = account.key(152 + 32 * i);
    pool.of_token_2022[i] = account.u8(880 + i) != 0;
  }
  pool.oracle = account.key(552);
  pool.activation_point = account.u64(816);
  if (pool.bin_step == 0) return Error{Errc::invalid, "a DLMM LbPair: its bin_step is 0"};
  return pool;
}

Result<DlmmBinArray> decode_dlmm_bin_array(std::string_view bytes) {
  constexpr std::size_t first = 56;
  constexpr std::size_t bin_size = 144;
  // Earlier arrays have other members in the place of limit orders.
  constexpr std::uint8_t version_with_limit_orders = 2;
  OEE_TRY_ASSIGN(const Account account,
                 Account::of(bytes, first + bin_size * DlmmBinArray::size,
                             discriminator("account:BinArray"), "a DLMM BinArray"));
  DlmmBinArray array;
  array.index = account.i64(8);
  constexpr std::int64_t index_max = exponent_end / DlmmBinArray::size;
  if (array.index > index_max || array.index < -index_max)
    return Error{Errc::invalid, "a DLMM BinArray: its index is " + std::to_string(array.index)};
  array.pool = account.key(24);
  for (std::size_t i = 0; i < array.bins.size(); ++i) {
    const std::size_t offset = first + bin_size * i;
    DlmmBin& bin = array.bins[i];
    bin.amounts = {account.u64(offset), account.u64(offset + 8)};
    bin.price = account.u128(offset + 16);
    if (account.u8(16) < version_with_limit_orders) continue;
    const bool open = account.u64(offset + 112) > 0 || account.u64(offset + 128) > 0;
    bin.limit_orders = open ? std::max(account.u64(offset + 112), account.u64(offset + 128)) : 0;
    bin.limit_order_side = account.u8(offset + 140) != 0 ? Side::first : Side::second;
  }
  return array;
}

// By squares of the inverse, which are below one: each product is cut below its last bit.
Result<U128> dlmm_price(std::int32_t bin, std::uint16_t bin_step) {
  const Error too_much{Errc::full,
                       "the price of bin " + std::to_string(bin) + " does not fit Q64.64"};
  if (bin == 0) return one_q64;
  const U128 base = one_q64 + (U128{bin_step} << 64) / bps_unit;
  auto exponent = static_cast<std::uint32_t>(bin < 0 ? -std::int64_t{bin} : std::int64_t{bin});
  if (exponent >= exponent_end) return too_much;
  U128 square = ~U128{0} / base;
  U128 result = one_q64;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = result * square >> 64;
    square = square * square >> 64;
  }
  if (result == 0) return too_much;
  return bin < 0 ? result : ~U128{0} / result;
}

Result<PlanQuote> quote(const DlmmPool& pool, std::span<const DlmmBinArray> arrays, Side sold,
                        Units amount_in, std::int64_t time, std::uint64_t point) {
  if (!pool.swaps_allowed) return Error{Errc::invalid, "the pool's swaps are off"};
  if (has_activation(pool) && point < pool.activation_point)
    return Error{Errc::invalid, "the pool opens at " + std::to_string(pool.activation_point)};
  if (pool.fee_of_output) return Error{Errc::unsupported, "the pool takes its fee of one token"};
  Walk walk(pool, sold, time);
  PlanQuote total;
  Units left = amount_in;
  for (const DlmmBinArray& array : arrays) {
    if (left == 0) break;
    const std::int64_t first = array.index * DlmmBinArray::size;
    const std::int64_t last = first + DlmmBinArray::size - 1;
    const bool ahead = sold == Side::first ? last < walk.bin() : first > walk.bin();
    if (ahead) walk.jump_to(static_cast<std::int32_t>(sold == Side::first ? last : first));
    for (; left > 0 && array_of(walk.bin()) == array.index; walk.go_on())
      OEE_TRY(walk.trade(array.bins[static_cast<std::size_t>(walk.bin() - first)], left, total));
  }
  if (left > 0) return Error{Errc::full, "the known bins of the pool have too little"};
  if (total.amount_out == 0)
    return Error{Errc::invalid, "the pool yields nothing for " + std::to_string(amount_in)};
  return total;
}

Key dlmm_bin_array_key(const Key& pool, std::int64_t index) {
  std::string number;
  append_le<std::uint64_t>(number, static_cast<std::uint64_t>(index));
  const std::string_view seeds[] = {"bin_array", pool.view(), number};
  const auto found = find_program_address(seeds, dlmm_program);
  check(found.ok(), "dlmm_bin_array_key: none");  // probability 2^-255
  return found->key;
}

Instruction dlmm_instruction(const Key& pool_key, const DlmmPool& pool, std::span<const Key> arrays,
                             const Key& user, const Key& input_account, const Key& output_account,
                             Units amount_in, Units min_out) {
  static const Key memo_program = key_of("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
  static const Key event_authority = [] {
    const std::string_view seeds[] = {"__event_authority"};
    return find_program_address(seeds, dlmm_program)->key;
  }();
  static const std::string swap2 = discriminator("global:swap2");
  const auto program_of = [&](std::size_t i) {
    return pool.of_token_2022[i] ? token_2022_program : token_program;
  };
  Instruction instruction;
  instruction.program = dlmm_program;
  // The program stands for an account that is left out: an extension of the bitmap, a host's fee.
  instruction.accounts = {{pool_key, false, true},
                          {dlmm_program, false, false},
                          {pool.reserves[0], false, true},
                          {pool.reserves[1], false, true},
                          {input_account, false, true},
                          {output_account, false, true},
                          {pool.mints[0], false, false},
                          {pool.mints[1], false, false},
                          {pool.oracle, false, true},
                          {dlmm_program, false, false},
                          {user, true, false},
                          {program_of(0), false, false},
                          {program_of(1), false, false},
                          {memo_program, false, false},
                          {event_authority, false, false},
                          {dlmm_program, false, false}};
  for (const Key& array : arrays) instruction.accounts.push_back({array, false, true});
  instruction.data = swap2;
  append_le<std::uint64_t>(instruction.data, amount_in);
  append_le<std::uint64_t>(instruction.data, min_out);
  // Further accounts: two kinds, those of the transfer hooks of both mints, none of each.
  append_le<std::uint32_t>(instruction.data, 2);
  instruction.data += std::string("\0\0\1\0", 4);
  return instruction;
}

Result<SwapAmounts> decode_dlmm_data(std::string_view data) {
  static const std::string swap1 = discriminator("global:swap");
  static const std::string swap2 = discriminator("global:swap2");
  // Behind the amounts of swap2 is the list of its further accounts.
  const bool known = (data.size() == 24 && data.starts_with(swap1)) ||
                     (data.size() >= 28 && data.starts_with(swap2));
  if (!known) return Error{Errc::invalid, "not a swap of DLMM with an exact input"};
  return SwapAmounts{load_le<std::uint64_t>(data.substr(8)),
                     load_le<std::uint64_t>(data.substr(16))};
}

}  // namespace oee::solana
