// Bodies of other engines' clients are understood exactly or refused: terms of the order that a
// dialect does not know, however they are spelt or hidden.
#include <gtest/gtest.h>

#include <set>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

const std::string execute = "/api/orders/execute";
const std::string order_path = "/order";

HttpAnswer post(TestApi& rest, const std::string& path, const std::string& body) {
  BeastRequest request(boost::beast::http::verb::post, path, 11);
  request.set(boost::beast::http::field::content_type, "application/json");
  request.body() = body;
  return rest.call(std::move(request));
}

// Every spelling of a term that a dialect, /v1 or another engine uses, and the usual misspellings.
constexpr const char* term_spellings[] = {"inputToken",   "outputToken",
                                          "token_in",     "token_out",
                                          "tokenIn",      "tokenOut",
                                          "inputtoken",   "OutputToken",
                                          "input_token",  "outputtoken",
                                          "input",        "output",
                                          "from",         "to",
                                          "fromToken",    "toToken",
                                          "inputMint",    "outputMint",
                                          "in",           "out",
                                          "amount",       "Amount",
                                          "amountIn",     "amount_in",
                                          "amountOut",    "ammount",
                                          "amt",          "quantity",
                                          "qty",          "size",
                                          "volume",       "slippage",
                                          "max_slippage", "maxSlippage",
                                          "slippageBps",  "slippage_bps",
                                          "slipage",      "slippagePercent",
                                          "tolerance",    "minOut",
                                          "min_out",      "minAmountOut",
                                          "minReceived",  "maxIn",
                                          "outputAmount", "maxInput",
                                          "price",        "limitPrice",
                                          "limit_price",  "triggerPrice",
                                          "stopPrice",    "stopLoss",
                                          "side",         "Side",
                                          "expiresAt",    "expires_at",
                                          "expiry",       "expiration",
                                          "deadline",     "validUntil",
                                          "timeInForce",  "time_in_force",
                                          "tif",          "allowPartial",
                                          "quoteId",      "ordertype",
                                          "OrderType",    "symbol",
                                          "pair",         "minimumReceived",
                                          "minimum_out",  "minReturn",
                                          "maximumIn",    "maxImpact",
                                          "rate",         "minRate",
                                          "direction",    "action",
                                          "isBuy",        "fillOrKill",
                                          "fok",          "allOrNone",
                                          "goodTillDate", "until",
                                          "cancelAfter",  "swapMode",
                                          "exactOut",     "takeProfit",
                                          "notional",     "receiver",
                                          "dex",          "venue",
                                          "dryRun",       "simulate",
                                          "slices",       "sliceInterval",
                                          "randomize",    "twapSlices",
                                          "executeAt",    "startTime",
                                          "scheduledFor"};

struct TermCase {
  const char* what;
  std::string path;
  std::string begin;  // of a good body, without its closing brace
  std::set<std::string> own;
};

TEST(DialectTerms, ATermThatADialectDoesNotNameIsRefusedAndNamed) {
  const TermCase cases[] = {
      {"A",
       execute,
       R"({"inputToken":"SOL","outputToken":"USDC","amount":1)",
       {"inputToken", "outputToken", "amount", "token_in", "token_out", "max_slippage"}},
      {"B",
       execute,
       R"({"amount":1)",
       {"inputToken", "outputToken", "amount", "token_in", "token_out", "max_slippage"}},
      {"C",
       order_path,
       R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1)",
       {"tokenIn", "tokenOut", "amount", "slippage"}},
      {"D",
       execute,
       R"({"token_in":"SOL","token_out":"USDC","amount":1,"order_type":"market",)"
       R"("max_slippage":0.02)",
       {"token_in", "token_out", "amount", "max_slippage"}},
  };
  for (const TermCase& each : cases) {
    for (const std::string name : term_spellings) {
      if (each.own.contains(name)) continue;
      for (const char* value : {"1", "\"SOL\"", "null"}) {
        TestApi rest;
        const HttpAnswer answer =
            post(rest, each.path, each.begin + ",\"" + name + "\":" + value + "}");
        EXPECT_TRUE(answer.status == 400 || answer.status == 422)
            << each.what << " " << name << ": " << answer.body;
        EXPECT_NE(answer.body.find(name), std::string::npos) << each.what << ": " << answer.body;
        EXPECT_EQ(rest.orders.writes, 0) << each.what << " " << name;
      }
    }
    TestApi rest;  // members that change nothing are ignored, but for B
    const HttpAnswer answer = post(rest, each.path, each.begin + R"(,"userId":"u1","note":"x"})");
    EXPECT_EQ(answer.status, std::string_view(each.what) == "B" ? 400U : 200U) << answer.body;
  }
}

TEST(DialectTerms, ATermIsFoundBehindManyOtherMembers) {
  TestApi rest;
  std::string body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1)";
  for (int i = 0; i < 100; ++i) body += ",\"note" + std::to_string(i) + "\":1";
  const HttpAnswer answer = post(rest, execute, body + R"(,"minOut":"200"})");
  EXPECT_EQ(answer.status, 400U) << answer.body;
  EXPECT_NE(answer.body.find("minOut"), std::string::npos) << answer.body;
}

TEST(DialectTerms, ATermInsideAnotherMemberOrBehindALongNameIsRefused) {
  const std::string good = R"({"inputToken":"SOL","outputToken":"USDC","amount":1)";
  const std::pair<std::string, const char*> cases[] = {
      {R"("options":{"slippageBps":10})", "options"},
      {R"("more":[1,{"deep":{"limitPrice":"200"}}])", "more"},
      {"\"" + std::string(70, 'x') + R"(_minOut":1)", "xxx"},
  };
  for (const auto& [member, name] : cases) {
    TestApi rest;
    const HttpAnswer answer = post(rest, execute, good + "," + member + "}");
    EXPECT_EQ(answer.status, 400U) << member << answer.body;
    EXPECT_NE(answer.body.find(name), std::string::npos) << answer.body;
    EXPECT_EQ(rest.orders.writes, 0) << member;
  }
  TestApi rest;
  EXPECT_EQ(post(rest, execute, good + R"(,"client":{"name":"x","tags":[{"note":1}]}})").status,
            200U);
}

// null stands for an absent member, so the last of two values could hide the first.
TEST(DialectTerms, AMemberThatIsGivenTwiceIsRefusedAlsoWithNull) {
  const std::pair<std::string, std::string> cases[] = {
      {order_path,
       R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1,"slippage":0.001,"slippage":null})"},
      {execute,
       R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"type":"limit","type":null})"},
      {execute, R"({"amount":1,"orderType":"limit","orderType":null})"},
  };
  for (const auto& [path, body] : cases) {
    TestApi rest;
    EXPECT_EQ(post(rest, path, body).status, 400U) << body;
    EXPECT_EQ(rest.orders.writes, 0) << body;
  }
}

TEST(DialectTerms, ABodyOfBHasNoMemberWithAnEmptyName) {
  TestApi rest;
  EXPECT_EQ(post(rest, execute, R"({"amount":1,"":5})").status, 400U);
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(DialectTerms, UnknownTokenNamesNeverSellTheDefaultPair) {
  TestApi rest;
  const HttpAnswer answer =
      post(rest, execute, R"({"tokenIn":"USDC","tokenOut":"SOL","amount":1000})");
  EXPECT_EQ(answer.status, 400U);
  EXPECT_NE(answer.body.find("tokenIn"), std::string::npos) << answer.body;
  EXPECT_EQ(rest.orders.writes, 0);
}

}  // namespace
}  // namespace oee::test
