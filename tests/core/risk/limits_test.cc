#include "core/risk/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oee {
namespace {

Result<RiskLimits> parse(std::string_view text) {
  return parse_risk_limits(text, TokenRegistry::defaults());
}

constexpr std::string_view full_file = R"(
[all]
open_orders = 1000
orders_per_second = 200
open_notional = { SOL = 5000, USDC = "100000.5" }
[account]
open_orders = 50
largest_order = { SOL = "100.5" }
day_notional.SOL = "2000"
tokens = ["USDC", "SOL", "SOL"]
slippage_bps = 300
[accounts.desk]
open_orders = 500
largest_order = { USDC = "9" }
pairs = ["USDC/SOL", "SOL/USDC"]
[accounts."night.shift"]
price_collar_bps = 0
)";

TEST(RiskLimits, AFileIsReadIntoItsCanonicalText) {
  const auto limits = parse(full_file);
  ASSERT_TRUE(limits.ok()) << limits.error().detail;
  EXPECT_EQ(canonical_text(*limits), R"(oee/risk-limits/2
all open_orders 1000
all orders_per_second 200
all open_notional SOL 5000.000000000
all open_notional USDC 100000.500000
account open_orders 50
account slippage_bps 300
account largest_order SOL 100.500000000
account day_notional SOL 2000.000000000
account tokens SOL,USDC
account "desk" open_orders 500
account "desk" largest_order USDC 9.000000
account "desk" pairs SOL/USDC,USDC/SOL
account "night.shift" price_collar_bps 0
)");
  EXPECT_EQ(limits->of("desk").open_orders, 500U);
  EXPECT_EQ(limits->of("somebody").open_orders, 50U);
}

TEST(RiskLimits, TheCanonicalTextIsReadBack) {
  for (const std::string_view file :
       {full_file, std::string_view(), std::string_view("[account]\ntokens = []\npairs = []"),
        std::string_view("[all]\nlargest_order = { SOL = \"0\", USDC = \"0.000001\" }")}) {
    const auto limits = parse(file);
    ASSERT_TRUE(limits.ok()) << limits.error().detail;
    const auto again = parse_canonical_limits(canonical_text(*limits));
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(*again, *limits) << file;
  }
}

// Each limits has one text, so that its hash is that of the limits.
TEST(RiskLimits, AnotherTextThanTheCanonicalOneIsRefused) {
  const std::string first = "oee/risk-limits/2\n";
  for (const std::string text : {"open_orders 1\n",
                                 "each open_orders 1\n",
                                 "all open_order 1\n",
                                 "all open_orders\n",
                                 "all open_orders 01\n",
                                 "all open_orders 1",
                                 "all open_orders 1 \n",
                                 "\n",
                                 "all open_orders 18446744073709551616\n",
                                 "all open_orders -1\n",
                                 "all open_orders 1\nall open_orders 1\n",
                                 "account slippage_bps 1\nall open_orders 1\n",
                                 "all largest_order SOL\n",
                                 "all largest_order SOL 1.\n",
                                 "all largest_order SOL .5\n",
                                 "all largest_order SOL 1.0000000000000000000\n",
                                 "all tokens SOL,\n",
                                 "all tokens SOL/USDC\n",
                                 "all pairs SOL\n",
                                 "all pairs SOL/\n",
                                 "all tokens ATOKENWITHALONGNAME\n",
                                 "account \"desk open_orders 1\n",
                                 "account open_orders 1\naccount \"desk\" open_orders 1\n"}) {
    EXPECT_FALSE(parse_canonical_limits(first + text).ok()) << text;
  }
  EXPECT_FALSE(parse_canonical_limits("oee/risk-limits/1\n").ok());
  EXPECT_FALSE(parse_canonical_limits("").ok());
}

TEST(RiskLimits, TheLimitsAreThoseOfTheLastChange) {
  Record changed;
  changed.seq = 7;
  changed.event = RiskLimitsChanged{"oee/risk-limits/2\nall open_orders 1\n", "ops", "test"};
  Record halted;
  halted.event = TradingHalted{};
  EXPECT_EQ(*limits_of({}), RiskLimits());
  std::vector<Record> stream{changed, halted};
  EXPECT_EQ(limits_of(stream)->all.open_orders, 1U);
  changed.event = RiskLimitsChanged{"oee/risk-limits/3\n", "ops", "test"};
  stream.push_back(changed);
  EXPECT_EQ(limits_of(stream).error().code, Errc::unsupported);
  EXPECT_EQ(limits_of(stream).error().detail, "seq 7: line 1 is no text of risk limits");
}

TEST(RiskLimits, AFileThatTheLogCannotHoldIsRefused) {
  std::string file;
  for (int i = 0; i < 3'000; ++i)
    file += "[accounts.a" + std::to_string(i) + "]\nopen_orders = " + std::to_string(i) + "\n";
  const auto limits = parse(file);
  ASSERT_FALSE(limits.ok());
  EXPECT_THAT(limits.error().detail, testing::HasSubstr("bytes in the log, more than 60000"));
}

TEST(RiskLimits, FilesWithTheSameEffectHaveOneHash) {
  const auto hash = [](std::string_view text) { return hash_of(*parse(text)); };
  const Hash256 plain = hash("[account]\nopen_orders = 5\nlargest_order = { SOL = \"1.5\" }");
  EXPECT_EQ(plain, hash("# why\n[account]\nlargest_order.SOL = \"1.50\"\nopen_orders = 0x5"));
  EXPECT_EQ(plain, hash("[accounts.desk]\nopen_orders = 5\n[account]\nopen_orders = 5\n"
                        "largest_order = { SOL = \"1.5\" }\n[all]"))
      << "an account with the limits of every account";
  EXPECT_NE(plain, hash("[account]\nopen_orders = 6\nlargest_order = { SOL = \"1.5\" }"));
  EXPECT_NE(plain, hash("[all]\nopen_orders = 5\nlargest_order = { SOL = \"1.5\" }"));
  EXPECT_NE(hash(""), hash("[account]\ntokens = []")) << "no token is allowed";
}

TEST(RiskLimits, AWrongFileIsRefusedWithItsLine) {
  struct Case {
    std::string_view text;
    std::string_view refusal;
  };
  const Case cases[] = {
      {"[all]\nopen_orders = 1\nopen_order = 2", R"(line 3: "open_order" is not a limit)"},
      {"[each]\nopen_orders = 1",
       R"(line 1: "each" is none of the tables all, account and accounts.NAME)"},
      {"open_orders = 1",
       R"(line 1: "open_orders" is none of the tables all, account and accounts.NAME)"},
      {"all = 1", "line 1: all must be a table of limits"},
      {"[all]\n\nopen_orders = -1",
       "line 3: open_orders must be a whole number from 0 to 10000000"},
      {"[all]\nopen_orders = \"1\"",
       "line 2: open_orders must be a whole number from 0 to 10000000"},
      {"[all]\nslippage_bps = 10001",
       "line 2: slippage_bps must be a whole number from 0 to 10000"},
      {"[all]\nlargest_order = 5",
       R"(line 2: largest_order must be amounts by token: { SOL = "100" })"},
      {"[all.largest_order]\nSOL = 1.5",
       R"(line 2: largest_order must be an amount in quotes: "1.5")"},
      {"[all.largest_order]\nSOL = \"-1\"",
       R"(line 2: largest_order of SOL: "-1": must not be negative)"},
      {"[all.largest_order]\nDOGE = \"1\"", R"(line 2: there is no token "DOGE")"},
      {"[account]\ntokens = \"SOL\"", "line 2: tokens must be a list of texts"},
      {"[account]\ntokens = [\n\"SOL\",\n5]", "line 4: tokens must be a list of texts"},
      {"[account]\npairs = [\"SOL\"]", R"(line 2: a pair is INPUT/OUTPUT, not "SOL")"},
      {"[account]\npairs = [\"SOL/DOGE\"]", R"(line 2: there is no token "DOGE")"},
      {"[accounts]\ndesk = 5", R"(line 2: accounts."desk" must be a table of limits)"},
      {"[accounts.\"\"]\nopen_orders = 5",
       R"(line 1: accounts."": a name has 1 to 64 letters, digits, '.', '_' or '-')"},
      {"[accounts.\"desk \"]\nopen_orders = 5",
       R"(line 1: accounts."desk ": a name has 1 to 64 letters, digits, '.', '_' or '-')"},
  };
  for (const Case& each : cases) {
    const auto limits = parse(each.text);
    ASSERT_FALSE(limits.ok()) << each.text;
    EXPECT_EQ(limits.error().code, Errc::invalid);
    EXPECT_EQ(limits.error().detail, each.refusal) << each.text;
  }
  const auto twice = parse("[all]\nopen_orders = 1\nopen_orders = 2");
  ASSERT_FALSE(twice.ok());
  EXPECT_TRUE(twice.error().detail.starts_with("line 3: ")) << twice.error().detail;
  EXPECT_FALSE(parse("[all").ok());
  EXPECT_FALSE(parse(std::string(1 << 20, '#') + "\n").ok()) << "more than 1 MiB";
}

}  // namespace
}  // namespace oee
