#include "core/risk/limits.h"

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
  EXPECT_EQ(canonical_text(*limits), R"(oee/risk-limits/1
all open_orders 1000
all orders_per_second 200
all open_notional SOL 5000
all open_notional USDC 100000.5
account open_orders 50
account slippage_bps 300
account largest_order SOL 100.5
account day_notional SOL 2000
account tokens SOL,USDC
account "desk" open_orders 500
account "desk" slippage_bps 300
account "desk" largest_order SOL 100.5
account "desk" largest_order USDC 9
account "desk" day_notional SOL 2000
account "desk" tokens SOL,USDC
account "desk" pairs SOL/USDC,USDC/SOL
account "night.shift" open_orders 50
account "night.shift" slippage_bps 300
account "night.shift" price_collar_bps 0
account "night.shift" largest_order SOL 100.5
account "night.shift" day_notional SOL 2000
account "night.shift" tokens SOL,USDC
)");
  EXPECT_EQ(limits->of("desk").open_orders, 500U);
  EXPECT_EQ(limits->of("somebody").open_orders, 50U);
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
