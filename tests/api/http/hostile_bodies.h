// Bodies of POST /v1/orders that must not become an order, each with its exact refusal. Shared by
// the tests of the parser, of the REST API and of a real engine.
#pragma once

#include <string>
#include <vector>

namespace oee::test {

inline std::string with_amount(const std::string& amount, const std::string& input = "SOL") {
  return R"({"inputToken":")" + input + R"(","outputToken":")" +
         (input == "USDC" ? "SOL" : "USDC") + R"(","amount":)" + amount + "}";
}
// A good order with one more member.
inline std::string with(const std::string& member) {
  return R"({"inputToken":"SOL","outputToken":"USDC","amount":1,)" + member + "}";
}

// A good limit order with one more member, if any.
inline std::string limit_with(const std::string& member, const std::string& price = "150") {
  return with(R"("type":"limit","limitPrice":)" + price + (member.empty() ? "" : "," + member));
}
inline std::string twap_with(const std::string& member, const std::string& slices = "4",
                             const std::string& interval = R"("30s")") {
  return with(R"("type":"twap","slices":)" + slices + R"(,"interval":)" + interval +
              (member.empty() ? "" : "," + member));
}

// A good order of an exact output with one more member, if any.
inline std::string exact_with(const std::string& member, const std::string& output = "150",
                              const std::string& most = "1") {
  return R"({"inputToken":"SOL","outputToken":"USDC","outputAmount":)" + output +
         (most.empty() ? "" : R"(,"maxInput":)" + most) + (member.empty() ? "" : "," + member) +
         "}";
}

// The same of a stop order.
inline std::string stop_with(const std::string& member, const std::string& price = "150") {
  return with(R"("type":"stop","triggerPrice":)" + price + (member.empty() ? "" : "," + member));
}

struct BadBody {
  std::string body;
  int status;
  std::string code;     // of the problem
  std::string pointer;  // of its first error
  std::string item;     // code of its first error
};

inline std::vector<BadBody> bodies_not_json() {
  std::vector<BadBody> bad;
  for (const char* body : {"",
                           " ",
                           "{",
                           "}",
                           "{}}",
                           "{}{}",
                           "{} x",
                           "nonsense",
                           "{'inputToken':'SOL'}",
                           R"({"inputToken":"SOL",})",
                           R"({"inputToken" "SOL"})",
                           R"({"inputToken":})",
                           R"({"amount":01})",
                           R"({"amount":1.})",
                           R"({"amount":.5})",
                           R"({"amount":+1})",
                           R"({"amount":0x10})",
                           R"({"amount":1e})",
                           R"({"amount":NaN})",
                           R"({"amount":Infinity})",
                           R"({"amount":-Infinity})",
                           R"({"amount":1_000})",
                           R"({"amount":1,5})",
                           R"({"inputToken":"SOL)",
                           "{\"inputToken\":\"S\nOL\"}",
                           R"({"inputToken":"\x"})",
                           R"({"inputToken":"\ud800"})",
                           "{\"inputToken\":\"\xff\"}",
                           "{\"\xc3\x28\":1}",
                           R"({"a":1 /* comment */})",
                           "\xef\xbb\xbf{}",
                           "[1,2",
                           "tru",
                           R"([[[[[[[[[[1]]]]]]]]]])",
                           R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}})"}) {
    bad.push_back({body, 400, "invalid_json", "", ""});
  }
  bad.push_back({std::string(60'000, '['), 400, "invalid_json", "", ""});
  return bad;
}

inline const std::string two_pow_64 = "18446744073.709551616";  // SOL: 9 decimals
inline const std::vector<BadBody> bodies_not_an_order = {
    {"[]", 422, "invalid_order", "", "wrong_type"},
    {"null", 422, "invalid_order", "", "wrong_type"},
    {"1", 422, "invalid_order", "", "wrong_type"},
    {R"("x")", 422, "invalid_order", "", "wrong_type"},
    {"true", 422, "invalid_order", "", "wrong_type"},
    {"{}", 422, "invalid_order", "/inputToken", "required"},
    {R"({"outputToken":"USDC","amount":1})", 422, "invalid_order", "/inputToken", "required"},
    {R"({"inputToken":"SOL","amount":1})", 422, "invalid_order", "/outputToken", "required"},
    {R"({"inputToken":"SOL","outputToken":"USDC"})", 422, "invalid_order", "/amount", "required"},
    // Tokens.
    {R"({"inputToken":"DOGE","outputToken":"USDC","amount":1})", 422, "invalid_order",
     "/inputToken", "unknown_token"},
    {R"({"inputToken":"SOL","outputToken":"DOGE","amount":1})", 422, "invalid_order",
     "/outputToken", "unknown_token"},
    {R"({"inputToken":"sol","outputToken":"USDC","amount":1})", 422, "invalid_order", "/inputToken",
     "unknown_token"},
    {R"({"inputToken":" SOL","outputToken":"USDC","amount":1})", 422, "invalid_order",
     "/inputToken", "unknown_token"},
    {R"({"inputToken":"","outputToken":"USDC","amount":1})", 422, "invalid_order", "/inputToken",
     "unknown_token"},
    {R"({"inputToken":"SOL\u0000","outputToken":"USDC","amount":1})", 422, "invalid_order",
     "/inputToken", "unknown_token"},
    {R"({"inputToken":")" + std::string(300, 'S') + R"(","outputToken":"USDC","amount":1})", 422,
     "invalid_order", "/inputToken", "too_long"},
    {R"({"inputToken":"SOL","outputToken":"SOL","amount":1})", 422, "invalid_order", "/outputToken",
     "same_token"},
    {R"({"inputToken":1,"outputToken":"USDC","amount":1})", 422, "invalid_order", "/inputToken",
     "wrong_type"},
    {R"({"inputToken":null,"outputToken":"USDC","amount":1})", 422, "invalid_order", "/inputToken",
     "wrong_type"},
    {R"({"inputToken":["SOL"],"outputToken":"USDC","amount":1})", 422, "invalid_order",
     "/inputToken", "wrong_type"},
    {R"({"inputToken":"SOL","outputToken":{"amount":1},"amount":1})", 422, "invalid_order",
     "/outputToken", "wrong_type"},
    // Amounts.
    {with_amount("0"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount("0.000"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount("0e5"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount("-0"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount("-1"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount("-1e-5"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount(R"("0")"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount(R"("-1.5")"), 422, "invalid_order", "/amount", "not_positive"},
    {with_amount(R"("NaN")"), 422, "invalid_order", "/amount", "not_finite"},
    {with_amount(R"("Infinity")"), 422, "invalid_order", "/amount", "not_finite"},
    {with_amount(R"("-Infinity")"), 422, "invalid_order", "/amount", "not_finite"},
    {with_amount(R"("")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"(" 1")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("1 ")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("+1")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("01")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("1.")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"(".5")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("1,5")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("0x10")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("1e")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("ten")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount(R"("\u0661")"), 422, "invalid_order", "/amount", "not_a_number"},
    {with_amount("0.0000000001"), 422, "invalid_order", "/amount", "too_precise"},
    {with_amount("1e-10"), 422, "invalid_order", "/amount", "too_precise"},
    {with_amount("1.0000001", "USDC"), 422, "invalid_order", "/amount", "too_precise"},
    {with_amount(R"("1.00000000000000000000000000001")"), 422, "invalid_order", "/amount",
     "too_precise"},
    {with_amount(two_pow_64), 422, "invalid_order", "/amount", "too_large"},
    {with_amount("1e30"), 422, "invalid_order", "/amount", "too_large"},
    {with_amount("1e400"), 422, "invalid_order", "/amount", "too_large"},
    {with_amount(std::string(100, '9')), 422, "invalid_order", "/amount", "too_large"},
    {with_amount(std::string(300, '9')), 422, "invalid_order", "/amount", "too_long"},
    {with_amount("1e9999999999"), 422, "invalid_order", "/amount", "out_of_range"},
    {with_amount("true"), 422, "invalid_order", "/amount", "wrong_type"},
    {with_amount("null"), 422, "invalid_order", "/amount", "wrong_type"},
    {with_amount("[1]"), 422, "invalid_order", "/amount", "wrong_type"},
    {with_amount("{}"), 422, "invalid_order", "/amount", "wrong_type"},
    // Slippage.
    {with(R"("slippageBps":10001)"), 422, "invalid_order", "/slippageBps", "out_of_range"},
    {with(R"("slippageBps":-1)"), 422, "invalid_order", "/slippageBps", "out_of_range"},
    {with(R"("slippageBps":0.5)"), 422, "invalid_order", "/slippageBps", "out_of_range"},
    {with(R"("slippageBps":1e99)"), 422, "invalid_order", "/slippageBps", "out_of_range"},
    {with(R"("slippageBps":"100")"), 422, "invalid_order", "/slippageBps", "wrong_type"},
    {with(R"("slippageBps":null)"), 422, "invalid_order", "/slippageBps", "wrong_type"},
    // Type, client order id, expiry.
    {with(R"("type":"iceberg")"), 422, "invalid_order", "/type", "unknown_type"},
    {with(R"("type":"Market")"), 422, "invalid_order", "/type", "unknown_type"},
    {with(R"("type":"")"), 422, "invalid_order", "/type", "unknown_type"},
    {with(R"("type":1)"), 422, "invalid_order", "/type", "wrong_type"},
    {with(R"("clientOrderId":"")"), 422, "invalid_order", "/clientOrderId", "bad_text"},
    {with(R"("clientOrderId":"a b")"), 422, "invalid_order", "/clientOrderId", "bad_text"},
    {with(R"("clientOrderId":"a\nb")"), 422, "invalid_order", "/clientOrderId", "bad_text"},
    {with("\"clientOrderId\":\"\xc3\xa9\""), 422, "invalid_order", "/clientOrderId", "bad_text"},
    {with(R"("clientOrderId":")" + std::string(65, 'a') + "\""), 422, "invalid_order",
     "/clientOrderId", "bad_text"},
    {with(R"("clientOrderId":7)"), 422, "invalid_order", "/clientOrderId", "wrong_type"},
    {with(R"("expiresAt":"tomorrow")"), 422, "invalid_order", "/expiresAt", "not_a_time"},
    {with(R"("expiresAt":"2030-02-30T00:00:00Z")"), 422, "invalid_order", "/expiresAt",
     "not_a_time"},
    {with(R"("expiresAt":"2030-01-01")"), 422, "invalid_order", "/expiresAt", "not_a_time"},
    // In UTC their year does not fit into four digits, or PostgreSQL does not have it.
    {with(R"("expiresAt":"9999-12-31T23:59:59-00:01")"), 422, "invalid_order", "/expiresAt",
     "not_a_time"},
    {with(R"("clientOrderId":"c","expiresAt":"0000-01-01T00:00:00Z")"), 422, "invalid_order",
     "/expiresAt", "not_a_time"},
    {with(R"("expiresAt":"2020-01-01T00:00:00Z")"), 422, "invalid_order", "/expiresAt",
     "not_in_future"},
    {with(R"("expiresAt":1900000000)"), 422, "invalid_order", "/expiresAt", "wrong_type"},
    // Limit prices.
    {with(R"("type":"limit")"), 422, "invalid_order", "/limitPrice", "required"},
    {with(R"("limitPrice":150)"), 422, "invalid_order", "/limitPrice", "not_allowed"},
    {with(R"("type":"market","limitPrice":"x")"), 422, "invalid_order", "/limitPrice",
     "not_allowed"},
    {limit_with("", "0"), 422, "invalid_order", "/limitPrice", "not_positive"},
    {limit_with("", "-150"), 422, "invalid_order", "/limitPrice", "not_positive"},
    {limit_with("", R"("")"), 422, "invalid_order", "/limitPrice", "not_a_number"},
    {limit_with("", R"("1,5")"), 422, "invalid_order", "/limitPrice", "not_a_number"},
    {limit_with("", R"("Infinity")"), 422, "invalid_order", "/limitPrice", "not_finite"},
    {limit_with("", "null"), 422, "invalid_order", "/limitPrice", "wrong_type"},
    {limit_with("", "true"), 422, "invalid_order", "/limitPrice", "wrong_type"},
    {limit_with("", "1e-19"), 422, "invalid_order", "/limitPrice", "too_precise"},
    {limit_with("", "20.123456789012345678"), 422, "invalid_order", "/limitPrice", "too_large"},
    {limit_with("", "18446744073709551616"), 422, "invalid_order", "/limitPrice", "too_large"},
    {limit_with("", "18446744073710"), 422, "invalid_order", "/limitPrice", "too_large"},
    {limit_with(R"("limitPrice":150)"), 422, "invalid_order", "/limitPrice", "duplicate_key"},
    // Exact outputs.
    {with(R"("outputAmount":150,"maxInput":1)"), 422, "invalid_order", "/amount", "not_allowed"},
    {with(R"("maxInput":1)"), 422, "invalid_order", "/maxInput", "not_allowed"},
    {exact_with("", "150", ""), 422, "invalid_order", "/maxInput", "required"},
    {exact_with("", "0"), 422, "invalid_order", "/outputAmount", "not_positive"},
    {exact_with("", "-150"), 422, "invalid_order", "/outputAmount", "not_positive"},
    {exact_with("", "0.0000001"), 422, "invalid_order", "/outputAmount", "too_precise"},
    {exact_with("", "1e30"), 422, "invalid_order", "/outputAmount", "too_large"},
    {exact_with("", "true"), 422, "invalid_order", "/outputAmount", "wrong_type"},
    {exact_with("", "150", "0"), 422, "invalid_order", "/maxInput", "not_positive"},
    {exact_with("", "150", "0.0000000001"), 422, "invalid_order", "/maxInput", "too_precise"},
    {exact_with("", "150", "[]"), 422, "invalid_order", "/maxInput", "wrong_type"},
    {exact_with(R"("outputAmount":150)"), 422, "invalid_order", "/outputAmount", "duplicate_key"},
    {exact_with(R"("minOut":150)"), 422, "invalid_order", "/minOut", "not_allowed"},
    {exact_with(R"("allowPartial":true)"), 422, "invalid_order", "/allowPartial", "not_allowed"},
    {exact_with(R"("type":"twap","slices":4,"interval":"30s")"), 422, "invalid_order",
     "/outputAmount", "not_allowed"},
    {exact_with(R"("timeInForce":"gtc")"), 422, "invalid_order", "/timeInForce", "not_allowed"},
    {exact_with(R"("type":"limit","limitPrice":150000000001)"), 422, "invalid_order", "/limitPrice",
     "out_of_range"},
    // The slices of a twap order.
    {with(R"("type":"twap","interval":"30s")"), 422, "invalid_order", "/slices", "required"},
    {with(R"("type":"twap","slices":4)"), 422, "invalid_order", "/interval", "required"},
    {with(R"("slices":4)"), 422, "invalid_order", "/slices", "not_allowed"},
    {limit_with(R"("interval":"30s")"), 422, "invalid_order", "/interval", "not_allowed"},
    {limit_with(R"("randomize":5)"), 422, "invalid_order", "/randomize", "not_allowed"},
    {twap_with("", "1"), 422, "invalid_order", "/slices", "out_of_range"},
    {twap_with("", "1001"), 422, "invalid_order", "/slices", "out_of_range"},
    {twap_with("", "2.5"), 422, "invalid_order", "/slices", "out_of_range"},
    {twap_with("", "-2"), 422, "invalid_order", "/slices", "out_of_range"},
    {twap_with("", R"("4")"), 422, "invalid_order", "/slices", "wrong_type"},
    {twap_with("", "4", R"("999ms")"), 422, "invalid_order", "/interval", "out_of_range"},
    {twap_with("", "4", R"("169h")"), 422, "invalid_order", "/interval", "out_of_range"},
    {twap_with("", "4", R"("often")"), 422, "invalid_order", "/interval", "not_a_duration"},
    {twap_with("", "4", R"("-30s")"), 422, "invalid_order", "/interval", "not_a_duration"},
    {twap_with("", "4", "30"), 422, "invalid_order", "/interval", "wrong_type"},
    {twap_with(R"("randomize":101)"), 422, "invalid_order", "/randomize", "out_of_range"},
    {twap_with(R"("randomize":-1)"), 422, "invalid_order", "/randomize", "out_of_range"},
    {twap_with(R"("randomize":"5")"), 422, "invalid_order", "/randomize", "wrong_type"},
    {twap_with(R"("slices":4)"), 422, "invalid_order", "/slices", "duplicate_key"},
    {twap_with(R"("limitPrice":0)"), 422, "invalid_order", "/limitPrice", "not_positive"},
    {twap_with(R"("timeInForce":"ioc")"), 422, "invalid_order", "/timeInForce", "not_allowed"},
    {twap_with(R"("timeInForce":"fok")"), 422, "invalid_order", "/timeInForce", "not_allowed"},
    {twap_with(R"("timeInForce":"gtt")"), 422, "invalid_order", "/expiresAt", "required"},
    {twap_with(R"("allowPartial":false)"), 422, "invalid_order", "/allowPartial", "not_allowed"},
    // Stop and sniper orders.
    {with(R"("type":"stop")"), 422, "invalid_order", "/triggerPrice", "required"},
    {with(R"("triggerPrice":150)"), 422, "invalid_order", "/triggerPrice", "not_allowed"},
    {limit_with(R"("triggerPrice":150)"), 422, "invalid_order", "/triggerPrice", "not_allowed"},
    {limit_with(R"("triggerWhen":"atOrAbove")"), 422, "invalid_order", "/triggerWhen",
     "not_allowed"},
    {stop_with(R"("minLiquidity":1)"), 422, "invalid_order", "/minLiquidity", "not_allowed"},
    {stop_with("", "0"), 422, "invalid_order", "/triggerPrice", "not_positive"},
    {stop_with("", "-1"), 422, "invalid_order", "/triggerPrice", "not_positive"},
    {stop_with("", R"("x")"), 422, "invalid_order", "/triggerPrice", "not_a_number"},
    {stop_with("", "null"), 422, "invalid_order", "/triggerPrice", "wrong_type"},
    {stop_with("", "1e-19"), 422, "invalid_order", "/triggerPrice", "too_precise"},
    {stop_with("", "18446744073709551616"), 422, "invalid_order", "/triggerPrice", "too_large"},
    {stop_with(R"("triggerWhen":"above")"), 422, "invalid_order", "/triggerWhen", "unknown_value"},
    {stop_with(R"("triggerWhen":1)"), 422, "invalid_order", "/triggerWhen", "wrong_type"},
    {stop_with(R"("limitPrice":0)"), 422, "invalid_order", "/limitPrice", "not_positive"},
    {stop_with(R"("timeInForce":"gtt")"), 422, "invalid_order", "/expiresAt", "required"},
    {with(R"("type":"sniper","triggerPrice":150)"), 422, "invalid_order", "/triggerPrice",
     "not_allowed"},
    {with(R"("type":"sniper","minLiquidity":0)"), 422, "invalid_order", "/minLiquidity",
     "not_positive"},
    {with(R"("type":"sniper","minLiquidity":"0.0000001")"), 422, "invalid_order", "/minLiquidity",
     "too_precise"},
    {with(R"("type":"sniper","minLiquidity":true)"), 422, "invalid_order", "/minLiquidity",
     "wrong_type"},
    {with(R"("minLiquidity":1)"), 422, "invalid_order", "/minLiquidity", "not_allowed"},
    // Time in force.
    {with(R"("timeInForce":"gtc")"), 422, "invalid_order", "/timeInForce", "not_allowed"},
    {with(R"("timeInForce":"GTC")"), 422, "invalid_order", "/timeInForce", "unknown_time_in_force"},
    {with(R"("timeInForce":"")"), 422, "invalid_order", "/timeInForce", "unknown_time_in_force"},
    {with(R"("timeInForce":"by_type")"), 422, "invalid_order", "/timeInForce",
     "unknown_time_in_force"},
    {with(R"("timeInForce":4)"), 422, "invalid_order", "/timeInForce", "wrong_type"},
    {with(R"("timeInForce":"gtt")"), 422, "invalid_order", "/expiresAt", "required"},
    {limit_with(R"("timeInForce":"gtt")"), 422, "invalid_order", "/expiresAt", "required"},
    {limit_with(R"("timeInForce":"gtc","expiresAt":"2099-01-01T00:00:00Z")"), 422, "invalid_order",
     "/expiresAt", "not_allowed"},
    // Parts and the floor.
    {limit_with(R"("allowPartial":"true")"), 422, "invalid_order", "/allowPartial", "wrong_type"},
    {limit_with(R"("allowPartial":1)"), 422, "invalid_order", "/allowPartial", "wrong_type"},
    {limit_with(R"("allowPartial":null)"), 422, "invalid_order", "/allowPartial", "wrong_type"},
    {limit_with(R"("allowPartial":true,"timeInForce":"fok")"), 422, "invalid_order",
     "/allowPartial", "not_allowed"},
    {limit_with(R"("allowPartial":false,"timeInForce":"ioc")"), 422, "invalid_order",
     "/allowPartial", "not_allowed"},
    {with(R"("minOut":0)"), 422, "invalid_order", "/minOut", "not_positive"},
    {with(R"("minOut":"0.0000001")"), 422, "invalid_order", "/minOut", "too_precise"},
    {with(R"("minOut":1e30)"), 422, "invalid_order", "/minOut", "too_large"},
    {with(R"("minOut":true)"), 422, "invalid_order", "/minOut", "wrong_type"},
    // Tags.
    {with(R"("tags":"a")"), 422, "invalid_order", "/tags", "wrong_type"},
    {with(R"("tags":["a",1])"), 422, "invalid_order", "/tags", "wrong_type"},
    {with(R"("tags":[["a"]])"), 422, "invalid_order", "/tags", "wrong_type"},
    {with(R"("tags":null)"), 422, "invalid_order", "/tags", "wrong_type"},
    {with(R"("tags":["1","2","3","4","5","6","7","8","9"])"), 422, "invalid_order", "/tags",
     "too_many"},
    {with(R"("tags":["a","b c"])"), 422, "invalid_order", "/tags/1", "bad_text"},
    {with(R"("tags":[""])"), 422, "invalid_order", "/tags/0", "bad_text"},
    {with(R"("tags":[")" + std::string(33, 't') + R"("])"), 422, "invalid_order", "/tags/0",
     "bad_text"},
    {with(R"("tags":["a","b","a"])"), 422, "invalid_order", "/tags/2", "duplicate"},
    {with(R"("tags":["a"],"tags":["b"])"), 422, "invalid_order", "/tags", "duplicate_key"},
    // Quotes.
    {with(R"("quoteId":"")"), 422, "invalid_order", "/quoteId", "invalid_quote_id"},
    {with(R"("quoteId":"00")"), 422, "invalid_order", "/quoteId", "invalid_quote_id"},
    {with(R"("quoteId":")" + std::string(256, '0') + R"(")"), 422, "invalid_order", "/quoteId",
     "invalid_quote_id"},
    {with(R"("quoteId":1)"), 422, "invalid_order", "/quoteId", "wrong_type"},
    {with(R"("quoteId":")" + std::string(257, '0') + R"(")"), 422, "invalid_order", "/quoteId",
     "too_long"},
    {stop_with(R"("quoteId":"00")"), 422, "invalid_order", "/quoteId", "not_allowed"},
    {twap_with(R"("quoteId":"00")"), 422, "invalid_order", "/quoteId", "not_allowed"},
    {with(R"("type":"sniper","quoteId":"00")"), 422, "invalid_order", "/quoteId", "not_allowed"},
    // Members.
    {with(R"("amount":1)"), 422, "invalid_order", "/amount", "duplicate_key"},
    {with(R"("\u0061mount":1)"), 422, "invalid_order", "/amount", "duplicate_key"},
    {with(R"("inputToken":"SOL")"), 422, "invalid_order", "/inputToken", "duplicate_key"},
    {with(R"("price":1)"), 422, "invalid_order", "/price", "unknown_member"},
    {with(R"("Amount":1)"), 422, "invalid_order", "/Amount", "unknown_member"},
    {with(R"("minOutFloor":"1")"), 422, "invalid_order", "/minOutFloor", "unknown_member"},
    {with(R"("account":"x")"), 422, "invalid_order", "/account", "unknown_member"},
    {with(R"("a/b~c":{"amount":[1,{"type":2}]})"), 422, "invalid_order", "/a~1b~0c",
     "unknown_member"},
    {with(R"("":1)"), 422, "invalid_order", "/", "unknown_member"},
};

}  // namespace oee::test
