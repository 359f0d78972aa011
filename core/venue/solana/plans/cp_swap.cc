#include "core/venue/solana/plans/cp_swap.h"

#include "core/base/sha256.h"

namespace oee::solana {
namespace {

constexpr std::uint64_t rate_unit = 1'000'000;
constexpr std::uint8_t swap_off = 1 << 2;  // of the status
constexpr std::string_view authority_seed = "vault_and_lp_mint_auth_seed";

// The first 8 bytes of SHA-256("global:swap_base_input").
std::string swap_discriminator() {
  return std::string(as_bytes(sha256({"global:swap_base_input"})).substr(0, 8));
}
std::string account_discriminator(std::string_view name) {
  return std::string(as_bytes(sha256({"account:", name})).substr(0, 8));
}

const Key& authority() {
  static const Key key = [] {
    const std::string_view seeds[] = {authority_seed};
    return find_program_address(seeds, cp_swap_program)->key;
  }();
  return key;
}

bool creator_fee_is_of_input(const CpSwapPool& pool, Side sold) {
  switch (pool.creator_fee_on) {
    case CpSwapPool::CreatorFeeOn::input:
      return true;
    case CpSwapPool::CreatorFeeOn::first_token:
      return sold == Side::first;
    case CpSwapPool::CreatorFeeOn::second_token:
      return sold == Side::second;
  }
  return true;
}

}  // namespace

const Key cp_swap_program = key_of("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");

Result<CpSwapConfig> decode_cp_swap_config(std::string_view bytes) {
  OEE_TRY_ASSIGN(const Account account, Account::of(bytes, 236, account_discriminator("AmmConfig"),
                                                    "a CP-Swap AmmConfig"));
  const CpSwapConfig config{account.u64(12), account.u64(108)};
  if (config.trade_fee_rate >= rate_unit || config.creator_fee_rate >= rate_unit ||
      config.trade_fee_rate + config.creator_fee_rate >= rate_unit)
    return Error{Errc::invalid, "a CP-Swap AmmConfig: its fees take the whole amount"};
  return config;
}

Result<CpSwapPool> decode_cp_swap_pool(std::string_view bytes) {
  OEE_TRY_ASSIGN(const Account account, Account::of(bytes, 637, account_discriminator("PoolState"),
                                                    "a CP-Swap PoolState"));
  CpSwapPool pool;
  pool.config = account.key(8);
  pool.observation = account.key(296);
  pool.swaps_allowed = (account.u8(329) & swap_off) == 0;
  pool.open_time = account.u64(373);
  for (std::size_t i = 0; i < 2; ++i) {
    pool.vaults[i] = account.key(72 + 32 * i);
    pool.mints[i] = account.key(168 + 32 * i);
    pool.token_programs[i] = account.key(232 + 32 * i);
    // The protocol's, the fund's and the creator's.
    pool.fees_in_vault[i] =
        U128{account.u64(341 + 8 * i)} + account.u64(357 + 8 * i) + account.u64(397 + 8 * i);
  }
  const std::uint8_t on = account.u8(389);
  if (on > static_cast<std::uint8_t>(CpSwapPool::CreatorFeeOn::second_token))
    return Error{Errc::invalid, "a CP-Swap PoolState: its creator_fee_on is " + std::to_string(on)};
  pool.creator_fee_on = static_cast<CpSwapPool::CreatorFeeOn>(on);
  pool.has_creator_fee = account.u8(390) != 0;
  return pool;
}

Result<PlanQuote> quote(const CpSwapPool& pool, const CpSwapConfig& config,
                        const std::array<Units, 2>& vaults, Side sold, Units amount_in,
                        std::uint64_t now) {
  if (!pool.swaps_allowed) return Error{Errc::invalid, "the pool's swaps are off"};
  if (now < pool.open_time)
    return Error{Errc::invalid, "the pool opens at " + std::to_string(pool.open_time)};
  for (std::size_t i = 0; i < 2; ++i)
    if (pool.fees_in_vault[i] > vaults[i])
      return Error{Errc::invalid, "the pool's fees exceed its vault"};
  const U128 reserve_in = vaults[at(sold)] - pool.fees_in_vault[at(sold)];
  const U128 reserve_out = vaults[at(other(sold))] - pool.fees_in_vault[at(other(sold))];
  const std::uint64_t creator_rate = pool.has_creator_fee ? config.creator_fee_rate : 0;
  const bool of_input = creator_fee_is_of_input(pool, sold);
  // A creator's fee of the input is rounded together with the trade fee.
  const std::uint64_t rate = config.trade_fee_rate + (of_input ? creator_rate : 0);
  const Units fee = part_of(amount_in, rate, rate_unit).value();  // rate < rate_unit
  const Units traded = amount_in - fee;
  if (traded == 0 || reserve_in == 0)
    return Error{Errc::invalid, "the pool yields nothing for " + std::to_string(amount_in)};
  // At most reserve_out, which has 64 bits.
  auto out = static_cast<Units>(U128{traded} * reserve_out / (reserve_in + traded));
  if (!of_input) out -= part_of(out, creator_rate, rate_unit).value();
  if (out == 0)
    return Error{Errc::invalid, "the pool yields nothing for " + std::to_string(amount_in)};
  if (U128{vaults[at(sold)]} + amount_in > ~Units{0})
    return Error{Errc::full, "the pool's vault would exceed 64 bits"};
  return PlanQuote{out, fee, false};
}

Instruction cp_swap_instruction(const Key& pool_key, const CpSwapPool& pool, const Key& payer,
                                const Key& input_account, const Key& output_account, Side sold,
                                Units amount_in, Units min_out) {
  const std::size_t in = at(sold);
  const std::size_t out = at(other(sold));
  Instruction instruction;
  instruction.program = cp_swap_program;
  instruction.accounts = {{payer, true, false},
                          {authority(), false, false},
                          {pool.config, false, false},
                          {pool_key, false, true},
                          {input_account, false, true},
                          {output_account, false, true},
                          {pool.vaults[in], false, true},
                          {pool.vaults[out], false, true},
                          {pool.token_programs[in], false, false},
                          {pool.token_programs[out], false, false},
                          {pool.mints[in], false, false},
                          {pool.mints[out], false, false},
                          {pool.observation, false, true}};
  instruction.data = swap_discriminator();
  append_le<std::uint64_t>(instruction.data, amount_in);
  append_le<std::uint64_t>(instruction.data, min_out);
  return instruction;
}

Result<SwapAmounts> decode_cp_swap_data(std::string_view data) {
  if (data.size() != 24 || !data.starts_with(swap_discriminator()))
    return Error{Errc::invalid, "not CP-Swap's swap_base_input"};
  return SwapAmounts{load_le<std::uint64_t>(data.substr(8)),
                     load_le<std::uint64_t>(data.substr(16))};
}

}  // namespace oee::solana
