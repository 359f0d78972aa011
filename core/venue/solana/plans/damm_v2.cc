#include "core/venue/solana/plans/damm_v2.h"

#include <algorithm>

#include "core/base/sha256.h"

namespace oee::solana {
namespace {

constexpr std::uint64_t fee_unit = 1'000'000'000;
constexpr std::uint64_t bps_unit = 10'000;
// (volatility * bin_step)^2 * control is of 10^20; a fee is of 10^9.
constexpr std::uint64_t variable_fee_scale = 100'000'000'000;
constexpr U128 one_q64 = U128{1} << 64;
constexpr std::uint8_t exact_in_mode = 0;  // of swap2

std::string discriminator(std::string_view of) {
  return std::string(as_bytes(sha256({of})).substr(0, 8));
}

Key derived(std::string_view seed) {
  const std::string_view seeds[] = {seed};
  return find_program_address(seeds, damm_v2_program)->key;
}

// base^exponent in Q64.64, each product cut below its last bit. REQUIRES: base <= 1.
U128 power(U128 base, std::uint32_t exponent) {
  U128 result = one_q64;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = result * base >> 64;
    base = base * base >> 64;
  }
  return result;
}

Result<std::uint64_t> base_fee(const DammV2Pool& pool, std::uint64_t point) {
  if (pool.fee_schedule > static_cast<std::uint8_t>(DammV2Pool::FeeSchedule::exponential))
    return Error{Errc::unsupported,
                 "the pool's base fee follows schedule " + std::to_string(pool.fee_schedule)};
  if (pool.fee_period == 0) return pool.cliff_fee;
  const std::uint64_t periods =
      std::min<std::uint64_t>((point - pool.activation_point) / pool.fee_period, pool.fee_periods);
  if (pool.fee_schedule == static_cast<std::uint8_t>(DammV2Pool::FeeSchedule::linear)) {
    const U128 less = U128{pool.fee_reduction} * periods;
    if (less > pool.cliff_fee) return Error{Errc::invalid, "the pool's base fee is below 0"};
    return pool.cliff_fee - static_cast<std::uint64_t>(less);
  }
  if (pool.fee_reduction == 0) return pool.cliff_fee;
  if (pool.fee_reduction > bps_unit)
    return Error{Errc::invalid, "the pool's base fee falls by more than all of it"};
  const U128 base = one_q64 - (U128{pool.fee_reduction} << 64) / bps_unit;
  const U128 share = power(base, static_cast<std::uint32_t>(periods));
  return static_cast<std::uint64_t>(share * pool.cliff_fee >> 64);
}

// The fee's numerator of fee_unit.
Result<std::uint64_t> total_fee(const DammV2Pool& pool, std::uint64_t point) {
  OEE_TRY_ASSIGN(const std::uint64_t base, base_fee(pool, point));
  Wide variable;
  if (pool.has_dynamic_fee) {
    const auto step = (Wide(pool.volatility) * Wide(pool.bin_step)).narrow();
    const auto square = step ? (Wide(*step) * Wide(*step)).narrow() : std::nullopt;
    if (!square) return Error{Errc::full, "the pool's volatility exceeds 128 bits"};
    variable = Wide(*square) * Wide(pool.variable_fee_control);
  }
  const auto scaled = divide(variable, Wide(variable_fee_scale), Rounding::up);
  const std::uint64_t most = pool.version == 0 ? fee_unit / 2 : fee_unit / 100 * 99;
  if (!scaled || *scaled > most) return most;
  return static_cast<std::uint64_t>(std::min<U128>(*scaled + base, most));
}

// The fee is of the input: only when it is always of the second token, and that is sold.
bool is_fee_of_input(const DammV2Pool& pool, Side sold) {
  return pool.collect_fee_mode ==
             static_cast<std::uint8_t>(DammV2Pool::CollectFeeMode::second_token) &&
         sold == Side::second;
}

// The output of an input without its fee. No value: it leaves the range.
std::optional<Units> swap(const DammV2Pool& pool, Side sold, Units in) {
  const U128 price = pool.sqrt_price;
  const Wide liquidity(pool.liquidity);
  if (sold == Side::first) {
    // The price falls to L P / (L + in P), rounded up; the output is L (P - P') / 2^128.
    const auto next =
        divide(liquidity * Wide(price), liquidity + Wide(in) * Wide(price), Rounding::up);
    if (!next || *next < pool.sqrt_price_min) return std::nullopt;
    const Wide out = liquidity * Wide(price - *next);
    const auto whole = divide(out, Wide(1).shifted_by_64().shifted_by_64(), Rounding::down);
    return whole ? as_units(*whole) : std::nullopt;
  }
  // The price rises by in 2^128 / L, rounded down; the output is L (P' - P) / (P P').
  const auto rise = divide(Wide(in).shifted_by_64().shifted_by_64(), liquidity, Rounding::down);
  if (!rise || *rise > pool.sqrt_price_max || price > pool.sqrt_price_max - *rise)
    return std::nullopt;
  const U128 next = price + *rise;
  const auto out = divide(liquidity * Wide(*rise), Wide(price) * Wide(next), Rounding::down);
  return out ? as_units(*out) : std::nullopt;
}

}  // namespace

const Key damm_v2_program = key_of("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG");

Result<DammV2Pool> decode_damm_v2_pool(std::string_view bytes) {
  OEE_TRY_ASSIGN(const Account account,
                 Account::of(bytes, 1'112, discriminator("account:Pool"), "a DAMM v2 Pool"));
  DammV2Pool pool;
  pool.cliff_fee = account.u64(8);
  pool.fee_schedule = account.u8(16);
  pool.fee_periods = account.u16(22);
  pool.fee_period = account.u64(24);
  pool.fee_reduction = account.u64(32);
  pool.has_dynamic_fee = account.u8(56) != 0;
  pool.variable_fee_control = account.u32(68);
  pool.bin_step = account.u16(72);
  pool.volatility = account.u128(120);
  for (std::size_t i = 0; i < 2; ++i) {
    pool.mints[i] = account.key(168 + 32 * i);
    pool.vaults[i] = account.key(232 + 32 * i);
    pool.of_token_2022[i] = account.u8(482 + i) != 0;
  }
  pool.liquidity = account.u128(360);
  pool.sqrt_price_min = account.u128(424);
  pool.sqrt_price_max = account.u128(440);
  pool.sqrt_price = account.u128(456);
  pool.activation_point = account.u64(472);
  pool.activates_by_time = account.u8(480) != 0;
  pool.swaps_allowed = account.u8(481) == 0;
  pool.collect_fee_mode = account.u8(484);
  pool.version = account.u8(486);
  return pool;
}

Result<PlanQuote> quote(const DammV2Pool& pool, Side sold, Units amount_in, std::uint64_t point) {
  if (!pool.swaps_allowed) return Error{Errc::invalid, "the pool's swaps are off"};
  if (point < pool.activation_point)
    return Error{Errc::invalid, "the pool opens at " + std::to_string(pool.activation_point)};
  if (pool.collect_fee_mode > static_cast<std::uint8_t>(DammV2Pool::CollectFeeMode::second_token))
    return Error{Errc::unsupported,
                 "the pool collects its fees in mode " + std::to_string(pool.collect_fee_mode)};
  const Error nothing{Errc::invalid, "the pool yields nothing for " + std::to_string(amount_in)};
  if (pool.liquidity == 0 || pool.sqrt_price == 0) return nothing;
  OEE_TRY_ASSIGN(const std::uint64_t rate, total_fee(pool, point));
  const bool of_input = is_fee_of_input(pool, sold);
  PlanQuote answer;
  answer.fee_in_output = !of_input;
  if (of_input) answer.fee = part_of(amount_in, rate, fee_unit).value();  // rate < fee_unit
  const auto out = swap(pool, sold, amount_in - answer.fee);
  if (!out) return Error{Errc::full, "the amount leaves the range of the pool"};
  if (!of_input) answer.fee = part_of(*out, rate, fee_unit).value();
  answer.amount_out = *out - (of_input ? 0 : answer.fee);
  if (answer.amount_out == 0) return nothing;
  return answer;
}

Instruction damm_v2_instruction(const Key& pool_key, const DammV2Pool& pool, const Key& payer,
                                const Key& input_account, const Key& output_account,
                                Units amount_in, Units min_out) {
  static const Key authority = derived("pool_authority");
  static const Key event_authority = derived("__event_authority");
  static const std::string swap2 = discriminator("global:swap2");
  const auto program_of = [&](std::size_t i) {
    return pool.of_token_2022[i] ? token_2022_program : token_program;
  };
  Instruction instruction;
  instruction.program = damm_v2_program;
  instruction.accounts = {{authority, false, false},
                          {pool_key, false, true},
                          {input_account, false, true},
                          {output_account, false, true},
                          {pool.vaults[0], false, true},
                          {pool.vaults[1], false, true},
                          {pool.mints[0], false, false},
                          {pool.mints[1], false, false},
                          {payer, true, false},
                          {program_of(0), false, false},
                          {program_of(1), false, false},
                          {damm_v2_program, false, false},
                          {event_authority, false, false},
                          {damm_v2_program, false, false}};
  instruction.data = swap2;
  append_le<std::uint64_t>(instruction.data, amount_in);
  append_le<std::uint64_t>(instruction.data, min_out);
  instruction.data += static_cast<char>(exact_in_mode);
  return instruction;
}

Result<SwapAmounts> decode_damm_v2_data(std::string_view data) {
  static const std::string swap1 = discriminator("global:swap");
  static const std::string swap2 = discriminator("global:swap2");
  const bool is_swap2 = data.size() == 25 && data.starts_with(swap2) &&
                        static_cast<std::uint8_t>(data[24]) == exact_in_mode;
  if (!is_swap2 && !(data.size() == 24 && data.starts_with(swap1)))
    return Error{Errc::invalid, "not a swap of DAMM v2 with an exact input"};
  return SwapAmounts{load_le<std::uint64_t>(data.substr(8)),
                     load_le<std::uint64_t>(data.substr(16))};
}

}  // namespace oee::solana
