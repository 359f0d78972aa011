// The guard signs one swap with the terms of its order, and nothing else.
#include "core/venue/solana/wallet/guard.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/base/sha256.h"

namespace oee::solana {
namespace {

Key key(const std::string& name) {
  return Key::from_bytes(as_bytes(sha256({name})));
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    pool_.config = key("config");
    pool_.vaults = {key("vault a"), key("vault b")};
    pool_.mints = {key("mint a"), key("mint b")};
    pool_.token_programs = {token_program, token_program};
    pool_.observation = key("observation");
    terms_.wallet = key("wallet");
    terms_.id = VenueOrderId::from_bytes(std::string(16, '\x5A'));
    terms_.input_mint = pool_.mints[0];
    terms_.output_mint = pool_.mints[1];
    terms_.input_account =
        associated_token_address(terms_.wallet, terms_.input_mint, token_program);
    terms_.output_account =
        associated_token_address(terms_.wallet, terms_.output_mint, token_program);
    terms_.amount_in = 1'000;
    terms_.min_out = 900;
    terms_.priority_fee_max = 5'000;
    terms_.program = cp_swap_program;
    terms_.amounts_of = decode_cp_swap_data;
    swap_ = cp_swap_instruction(key("pool"), pool_, terms_.wallet, terms_.input_account,
                                terms_.output_account, Side::first, 1'000, 900);
    for (const AccountMeta& account : swap_.accounts)
      if (account.key != terms_.input_account && account.key != terms_.output_account)
        terms_.pool_accounts.push_back(account.key);
    instructions_ = {set_compute_unit_limit(200'000), set_compute_unit_price(25'000),
                     create_marker(terms_.wallet, terms_.id),
                     create_token_account(terms_.wallet, terms_.output_mint, token_program), swap_};
  }

  // Why the guard refuses it; empty: it signs.
  std::string refusal() const { return refusal(terms_.wallet); }
  std::string refusal(const Key& payer) const {
    const auto message = encode_message(payer, Blockhash{}, instructions_);
    const auto decoded = decode_message(*message);
    const auto checked = check_message(*decoded, terms_);
    if (checked.ok()) return {};
    constexpr std::string_view before = "the guard does not sign: ";
    EXPECT_TRUE(checked.error().detail.starts_with(before)) << checked.error().detail;
    return checked.error().detail.substr(before.size());
  }
  void replace_swap(Units amount_in, Units min_out) {
    instructions_.back().data =
        cp_swap_instruction(key("pool"), pool_, terms_.wallet, terms_.input_account,
                            terms_.output_account, Side::first, amount_in, min_out)
            .data;
  }

  CpSwapPool pool_;
  SwapTerms terms_;
  Instruction swap_;
  std::vector<Instruction> instructions_;
};

TEST_F(GuardTest, TheSwapOfTheOrderIsSigned) {
  EXPECT_EQ(refusal(), "");
  replace_swap(1'000, 901);
  EXPECT_EQ(refusal(), "") << "a better output";
  instructions_.erase(instructions_.begin() + 3);
  EXPECT_EQ(refusal(), "") << "its account is there";
}

TEST_F(GuardTest, AnotherAmountIsNot) {
  replace_swap(1'001, 900);
  EXPECT_EQ(refusal(), "it sells 1001 units, and the order 1000");
  replace_swap(999, 900);
  EXPECT_EQ(refusal(), "it sells 999 units, and the order 1000");
  replace_swap(1'000, 899);
  EXPECT_EQ(refusal(), "its least output of 899 units is below the order's 900");
}

TEST_F(GuardTest, AForeignProgramIsNot) {
  instructions_.push_back({key("drainer"), {{terms_.wallet, true, true}}, "x"});
  EXPECT_EQ(refusal(), "it calls the program " + to_text(key("drainer")));
  instructions_.pop_back();
  // A transfer by the token program, which the swap may name.
  instructions_.push_back({token_program,
                           {{terms_.input_account, false, true},
                            {key("thief"), false, true},
                            {terms_.wallet, true, false}},
                           std::string("\x03") + std::string(8, '\x7F')});
  EXPECT_EQ(refusal(), "it calls the program " + to_text(token_program));
}

TEST_F(GuardTest, AForeignAccountIsNot) {
  for (std::size_t i = 0; i < swap_.accounts.size(); ++i) {
    if (i == 0) continue;  // the payer, below
    instructions_.back() = swap_;
    instructions_.back().accounts[i].key = key("thief");
    const bool own = i == 4 || i == 5;
    EXPECT_EQ(refusal(), "it names the account " + to_text(key("thief"))) << i << own;
  }
  // Its input and its output change places: it would sell the other token.
  instructions_.back() = swap_;
  std::swap(instructions_.back().accounts[4].key, instructions_.back().accounts[5].key);
  EXPECT_EQ(refusal(), "it does not trade from the wallet's input account to its output account");
  instructions_.back().accounts[4].key = instructions_.back().accounts[5].key;
  EXPECT_EQ(refusal(), "it does not trade from the wallet's input account to its output account");
}

TEST_F(GuardTest, AnotherSignerIsNot) {
  EXPECT_EQ(refusal(key("sponsor")), "the wallet is not the only signer");
  instructions_.back().accounts.push_back({key("second"), true, false});
  EXPECT_EQ(refusal(), "the wallet is not the only signer");
}

TEST_F(GuardTest, TwoSwapsAreNot) {
  instructions_.push_back(swap_);
  EXPECT_EQ(refusal(), "it has 2 swaps");
  instructions_.resize(4);
  EXPECT_EQ(refusal(), "it has 0 swaps");
}

TEST_F(GuardTest, AMarkerOfAnotherIdOrNoneIsNot) {
  instructions_[2] =
      create_marker(terms_.wallet, VenueOrderId::from_bytes(std::string(16, '\x5B')));
  EXPECT_EQ(refusal(), "a marker of another id");
  // A transfer of the wallet's lamports is another instruction of the same program.
  instructions_[2] = {system_program,
                      {{terms_.wallet, true, true}, {key("thief"), false, true}},
                      std::string("\x02\x00\x00\x00", 4) + std::string(8, '\x01')};
  EXPECT_EQ(refusal(), "a marker of another id");
  instructions_.erase(instructions_.begin() + 2);
  EXPECT_EQ(refusal(), "it has 0 markers");
}

TEST_F(GuardTest, AnAccountOfAnotherOwnerIsNot) {
  instructions_[3] = create_token_account(key("thief"), terms_.output_mint, token_program);
  instructions_[3].accounts[0] = {terms_.wallet, true, true};
  EXPECT_EQ(refusal(), "it creates an account of another owner or mint");
  instructions_[3] = create_token_account(terms_.wallet, key("another mint"), token_program);
  EXPECT_EQ(refusal(), "it creates an account of another owner or mint");
}

TEST_F(GuardTest, AFeeAboveItsCapIsNot) {
  instructions_[1] = set_compute_unit_price(25'001);
  EXPECT_EQ(refusal(), "its priority fee of 5001 lamports is above 5000");
  instructions_[1] = set_compute_unit_price(25'000);
  instructions_.erase(instructions_.begin());  // without a limit the most units count
  EXPECT_EQ(refusal(), "its priority fee of 35000 lamports is above 5000");
  instructions_[0] = set_compute_unit_price(~std::uint64_t{0});
  EXPECT_NE(refusal(), "");
  instructions_[0] = set_compute_unit_price(1);
  instructions_.push_back(set_compute_unit_price(2));
  EXPECT_EQ(refusal(), "two compute budgets");
  instructions_.back().data = std::string(5, '\x01');
  EXPECT_EQ(refusal(), "an unknown compute budget");
}

TEST_F(GuardTest, ASimulationThatDrainsABalanceIsNotSent) {
  const auto wrong = [this](I128 in, I128 out, I128 another = 0) {
    const BalanceChange changes[] = {{terms_.input_account, in},
                                     {terms_.output_account, out},
                                     {key("another of the wallet's"), another}};
    return !check_changes(changes, terms_).ok();
  };
  EXPECT_FALSE(wrong(-1'000, 900));
  EXPECT_FALSE(wrong(-1'000, 901));
  EXPECT_TRUE(wrong(-1'001, 900));
  EXPECT_TRUE(wrong(-999, 900));
  EXPECT_TRUE(wrong(-1'000, 899));
  EXPECT_TRUE(wrong(-1'000, 900, -1));
  EXPECT_TRUE(wrong(1'000, 900));
}

TEST(Marker, IsDerivedFromTheWalletAndTheId) {
  const Key wallet = key("wallet");
  const auto id = VenueOrderId::from_bytes(std::string(16, '\x5A'));
  const Instruction made = create_marker(wallet, id);
  EXPECT_EQ(made.accounts[1].key,
            address_with_seed(wallet, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", system_program));
  EXPECT_EQ(made.data.size(), 4u + 32 + 8 + 32 + 8 + 8 + 32);
  EXPECT_EQ(reclaim_marker(wallet, id).accounts[0].key, made.accounts[1].key);
}

}  // namespace
}  // namespace oee::solana
