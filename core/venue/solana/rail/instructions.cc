#include "core/venue/solana/rail/instructions.h"

#include <algorithm>

#include "core/base/decimal.h"
#include "core/base/sha256.h"

namespace oee::solana {
namespace {

// Of SystemInstruction.
constexpr std::uint32_t create_account_with_seed = 3;
constexpr std::uint32_t transfer_with_seed = 11;
// Of ComputeBudgetInstruction.
constexpr std::uint8_t set_limit = 2;
constexpr std::uint8_t set_price = 3;
// Of the associated token account program.
constexpr std::uint8_t create_idempotent = 1;

std::string seed_of(const VenueOrderId& id) {
  return to_hex(id.view());
}

void append_text(std::string& out, std::string_view text) {
  append_le<std::uint64_t>(out, text.size());
  out += text;
}

}  // namespace

Instruction set_compute_unit_limit(std::uint32_t units) {
  Instruction instruction{compute_budget_program, {}, std::string(1, static_cast<char>(set_limit))};
  append_le<std::uint32_t>(instruction.data, units);
  return instruction;
}

Instruction set_compute_unit_price(std::uint64_t micro_lamports) {
  Instruction instruction{compute_budget_program, {}, std::string(1, static_cast<char>(set_price))};
  append_le<std::uint64_t>(instruction.data, micro_lamports);
  return instruction;
}

std::uint64_t priority_fee(std::uint32_t units, std::uint64_t micro_lamports) {
  const U128 exact = U128{units} * micro_lamports;
  return static_cast<std::uint64_t>(
      std::min<U128>(exact / 1'000'000 + (exact % 1'000'000 != 0 ? 1 : 0), ~std::uint64_t{0}));
}

Key marker_of(const Key& wallet, const VenueOrderId& id) {
  return address_with_seed(wallet, seed_of(id), system_program);
}

Instruction create_marker(const Key& wallet, const VenueOrderId& id) {
  Instruction instruction{
      system_program, {{wallet, true, true}, {marker_of(wallet, id), false, true}}, {}};
  append_le<std::uint32_t>(instruction.data, create_account_with_seed);
  instruction.data += wallet.view();
  append_text(instruction.data, seed_of(id));
  append_le<std::uint64_t>(instruction.data, marker_lamports);
  append_le<std::uint64_t>(instruction.data, 0);  // bytes of data
  instruction.data += system_program.view();
  return instruction;
}

Instruction reclaim_marker(const Key& wallet, const VenueOrderId& id) {
  Instruction instruction{
      system_program,
      {{marker_of(wallet, id), false, true}, {wallet, true, false}, {wallet, false, true}},
      {}};
  append_le<std::uint32_t>(instruction.data, transfer_with_seed);
  append_le<std::uint64_t>(instruction.data, marker_lamports);
  append_text(instruction.data, seed_of(id));
  instruction.data += system_program.view();
  return instruction;
}

Instruction create_token_account(const Key& wallet, const Key& mint, const Key& program) {
  return {associated_token_program,
          {{wallet, true, true},
           {associated_token_address(wallet, mint, program), false, true},
           {wallet, false, false},
           {mint, false, false},
           {system_program, false, false},
           {program, false, false}},
          std::string(1, static_cast<char>(create_idempotent))};
}

Result<ComputeBudget> decode_compute_budget(std::string_view data) {
  ComputeBudget budget;
  if (data.size() == 5 && static_cast<std::uint8_t>(data[0]) == set_limit) {
    budget.unit_limit = load_le<std::uint32_t>(data.substr(1));
  } else if (data.size() == 9 && static_cast<std::uint8_t>(data[0]) == set_price) {
    budget.unit_price = load_le<std::uint64_t>(data.substr(1));
  } else {
    return Error{Errc::invalid, "not a limit or a price of compute units"};
  }
  return budget;
}

}  // namespace oee::solana
