#include "core/venue/solana/wallet/guard.h"

#include <algorithm>

namespace oee::solana {
namespace {

constexpr std::uint32_t default_unit_limit = 1'400'000;  // the most that a transaction may have

Error refused(const std::string& what) {
  return Error{Errc::invalid, "the guard does not sign: " + what};
}

class Guard {
 public:
  Guard(const DecodedMessage& message, const SwapTerms& terms) : message_(message), terms_(terms) {}

  Result<void> check() {
    if (message_.signers != 1 || message_.keys.front() != terms_.wallet)
      return refused("the wallet is not the only signer");
    if (!message_.tables.empty()) return refused("it takes accounts from a table");
    for (const DecodedInstruction& each : message_.instructions) OEE_TRY(take(each));
    if (markers_ != 1) return refused("it has " + std::to_string(markers_) + " markers");
    if (swaps_ != 1) return refused("it has " + std::to_string(swaps_) + " swaps");
    if (const std::uint64_t fee =
            priority_fee(unit_limit_.value_or(default_unit_limit), unit_price_.value_or(0));
        fee > terms_.priority_fee_max)
      return refused("its priority fee of " + std::to_string(fee) + " lamports is above " +
                     std::to_string(terms_.priority_fee_max));
    return {};
  }

 private:
  const Key& key(std::uint8_t account) const { return message_.keys[account]; }

  Result<void> take(const DecodedInstruction& each) {
    const Key& program = key(each.program);
    if (program == compute_budget_program) return take_budget(each);
    if (program == system_program) {
      ++markers_;
      return expect(each, create_marker(terms_.wallet, terms_.id), "a marker of another id");
    }
    if (program == associated_token_program) return take_token_account(each);
    if (program != terms_.program) return refused("it calls the program " + to_text(program));
    ++swaps_;
    return take_swap(each);
  }

  Result<void> take_budget(const DecodedInstruction& each) {
    const auto budget = decode_compute_budget(each.data);
    if (!budget || !each.accounts.empty()) return refused("an unknown compute budget");
    if ((budget->unit_limit && unit_limit_) || (budget->unit_price && unit_price_))
      return refused("two compute budgets");
    if (budget->unit_limit) unit_limit_ = budget->unit_limit;
    if (budget->unit_price) unit_price_ = budget->unit_price;
    return {};
  }

  Result<void> take_token_account(const DecodedInstruction& each) const {
    for (const Key& mint : {terms_.input_mint, terms_.output_mint})
      for (const Key& program : {token_program, token_2022_program})
        if (expect(each, create_token_account(terms_.wallet, mint, program), "").ok()) return {};
    return refused("it creates an account of another owner or mint");
  }

  // The same accounts and data. A key's rights are those of the whole message.
  Result<void> expect(const DecodedInstruction& each, const Instruction& wanted,
                      const char* otherwise) const {
    const bool equal =
        each.data == wanted.data &&
        std::equal(each.accounts.begin(), each.accounts.end(), wanted.accounts.begin(),
                   wanted.accounts.end(), [this](std::uint8_t account, const AccountMeta& meta) {
                     return key(account) == meta.key;
                   });
    if (!equal) return refused(otherwise);
    return {};
  }

  Result<void> take_swap(const DecodedInstruction& each) const {
    const Result<SwapAmounts> amounts = terms_.amounts_of(each.data);
    if (!amounts) return refused(amounts.error().detail);
    if (amounts->amount_in != terms_.amount_in)
      return refused("it sells " + std::to_string(amounts->amount_in) + " units, and the order " +
                     std::to_string(terms_.amount_in));
    if (amounts->min_out < terms_.min_out)
      return refused("its least output of " + std::to_string(amounts->min_out) +
                     " units is below the order's " + std::to_string(terms_.min_out));
    // Each program's instruction has the account that pays before the one that is paid.
    std::vector<Key> own;
    for (const std::uint8_t account : each.accounts) {
      const Key& named = key(account);
      if (named == terms_.input_account || named == terms_.output_account) own.push_back(named);
      if (!is_listed(named)) return refused("it names the account " + to_text(named));
    }
    if (own != std::vector{terms_.input_account, terms_.output_account})
      return refused("it does not trade from the wallet's input account to its output account");
    return {};
  }

  bool is_listed(const Key& named) const {
    if (named == terms_.wallet || named == terms_.input_account || named == terms_.output_account ||
        named == terms_.input_mint || named == terms_.output_mint || named == terms_.program ||
        named == token_program || named == token_2022_program)
      return true;
    return std::find(terms_.pool_accounts.begin(), terms_.pool_accounts.end(), named) !=
           terms_.pool_accounts.end();
  }

  const DecodedMessage& message_;
  const SwapTerms& terms_;
  int markers_ = 0;
  int swaps_ = 0;
  std::optional<std::uint32_t> unit_limit_;
  std::optional<std::uint64_t> unit_price_;
};

}  // namespace

Result<void> check_message(const DecodedMessage& message, const SwapTerms& terms) {
  return Guard(message, terms).check();
}

Result<void> check_changes(std::span<const BalanceChange> own, const SwapTerms& terms) {
  I128 in = 0;
  I128 out = 0;
  for (const BalanceChange& each : own) {
    if (each.account == terms.input_account) {
      in += each.change;
    } else if (each.account == terms.output_account) {
      out += each.change;
    } else if (each.change != 0) {
      return refused("it changes the account " + to_text(each.account));
    }
  }
  if (in != -I128{terms.amount_in}) return refused("its input is not the order's");
  if (out < I128{terms.min_out}) return refused("its output is below the order's least");
  return {};
}

}  // namespace oee::solana
