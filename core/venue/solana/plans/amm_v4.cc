#include "core/venue/solana/plans/amm_v4.h"

namespace oee::solana {
namespace {

constexpr std::uint8_t swap_base_in_v2 = 16;

enum Status : std::uint64_t { initialized = 1, swap_only = 6, waiting_trade = 7 };

}  // namespace

const Key amm_v4_program = key_of("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");

Result<AmmV4Pool> decode_amm_v4_pool(std::string_view bytes) {
  OEE_TRY_ASSIGN(const Account account, Account::of(bytes, 752, {}, "an AMM v4 AmmInfo"));
  AmmV4Pool pool;
  const std::uint64_t status = account.u64(0);
  pool.swaps_allowed = status == initialized || status == swap_only || status == waiting_trade;
  pool.waits_for_open_time = status == waiting_trade;
  pool.nonce = account.u64(8);
  pool.fee_numerator = account.u64(176);
  pool.fee_denominator = account.u64(184);
  pool.open_time = account.u64(224);
  for (std::size_t i = 0; i < 2; ++i) {
    pool.fees_in_vault[i] = account.u64(192 + 8 * i);
    pool.vaults[i] = account.key(336 + 32 * i);
    pool.mints[i] = account.key(400 + 32 * i);
  }
  if (pool.fee_denominator == 0 || pool.fee_numerator >= pool.fee_denominator)
    return Error{Errc::invalid, "an AMM v4 AmmInfo: its fee takes the whole amount"};
  return pool;
}

Result<PlanQuote> quote(const AmmV4Pool& pool, const std::array<Units, 2>& vaults, Side sold,
                        Units amount_in, std::uint64_t now) {
  if (!pool.swaps_allowed) return Error{Errc::invalid, "the pool's swaps are off"};
  if (pool.waits_for_open_time && now < pool.open_time)
    return Error{Errc::invalid, "the pool opens at " + std::to_string(pool.open_time)};
  for (std::size_t i = 0; i < 2; ++i)
    if (pool.fees_in_vault[i] > vaults[i])
      return Error{Errc::invalid, "the pool's fees exceed its vault"};
  const U128 reserve_in = vaults[at(sold)] - pool.fees_in_vault[at(sold)];
  const U128 reserve_out = vaults[at(other(sold))] - pool.fees_in_vault[at(other(sold))];
  const Units fee = part_of(amount_in, pool.fee_numerator, pool.fee_denominator).value();
  const Units traded = amount_in - fee;
  const Error nothing{Errc::invalid, "the pool yields nothing for " + std::to_string(amount_in)};
  if (traded == 0 || reserve_in == 0) return nothing;
  const auto out = static_cast<Units>(U128{traded} * reserve_out / (reserve_in + traded));
  if (out == 0) return nothing;
  if (U128{vaults[at(sold)]} + amount_in > ~Units{0})
    return Error{Errc::full, "the pool's vault would exceed 64 bits"};
  return PlanQuote{out, fee, false};
}

Result<Instruction> amm_v4_instruction(const Key& pool_key, const AmmV4Pool& pool, const Key& owner,
                                       const Key& input_account, const Key& output_account,
                                       Units amount_in, Units min_out) {
  const char nonce = static_cast<char>(pool.nonce);
  const std::string_view seeds[] = {"amm authority", std::string_view(&nonce, 1)};
  const auto authority = create_program_address(seeds, amm_v4_program);
  if (pool.nonce > 255 || !authority)
    return Error{Errc::invalid, "an AMM v4 AmmInfo: its nonce gives no authority"};
  Instruction instruction;
  instruction.program = amm_v4_program;
  instruction.accounts = {{token_program, false, false}, {pool_key, false, true},
                          {*authority, false, false},    {pool.vaults[0], false, true},
                          {pool.vaults[1], false, true}, {input_account, false, true},
                          {output_account, false, true}, {owner, true, false}};
  instruction.data += static_cast<char>(swap_base_in_v2);
  append_le<std::uint64_t>(instruction.data, amount_in);
  append_le<std::uint64_t>(instruction.data, min_out);
  return instruction;
}

Result<SwapAmounts> decode_amm_v4_data(std::string_view data) {
  if (data.size() != 17 || static_cast<std::uint8_t>(data[0]) != swap_base_in_v2)
    return Error{Errc::invalid, "not AMM v4's SwapBaseInV2"};
  return SwapAmounts{load_le<std::uint64_t>(data.substr(1)),
                     load_le<std::uint64_t>(data.substr(9))};
}

}  // namespace oee::solana
