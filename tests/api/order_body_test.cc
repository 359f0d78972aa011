#include "api/order_body.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "tests/api/rest_face.h"

namespace oee::test {
namespace {

namespace json = boost::json;

const WallTime now = *parse_rfc3339("2026-03-01T12:00:00Z");

PlaceOrder good(const std::string& body, bool keyed = false) {
  auto parsed = parse_order_body(body, TokenRegistry::defaults(), now, keyed);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    ADD_FAILURE() << body << ": " << problem->detail;
    return {};
  }
  return std::get<PlaceOrder>(parsed);
}

std::string with_amount(const std::string& amount, const std::string& input = "SOL") {
  return R"({"inputToken":")" + input + R"(","outputToken":")" +
         (input == "USDC" ? "SOL" : "USDC") + R"(","amount":)" + amount + "}";
}
// A good order with one more member.
std::string with(const std::string& member) {
  return R"({"inputToken":"SOL","outputToken":"USDC","amount":1,)" + member + "}";
}

struct BadBody {
  std::string body;
  int status;
  std::string code;     // of the problem
  std::string pointer;  // of its first error
  std::string item;     // code of its first error
};

std::vector<BadBody> not_json() {
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

const std::string two_pow_64 = "18446744073.709551616";  // SOL: 9 decimals
const std::vector<BadBody> not_an_order = {
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
    {with(R"("type":"limit")"), 422, "invalid_order", "/type", "unknown_type"},
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
    {with(R"("expiresAt":"2020-01-01T00:00:00Z")"), 422, "invalid_order", "/expiresAt",
     "not_in_future"},
    {with(R"("expiresAt":1900000000)"), 422, "invalid_order", "/expiresAt", "wrong_type"},
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

void expect_refused(RestFace& rest, const BadBody& bad) {
  SCOPED_TRACE(bad.body.substr(0, 120));
  const HttpAnswer answer = rest.place(bad.body);
  EXPECT_EQ(answer.status, static_cast<unsigned>(bad.status)) << answer.body;
  EXPECT_EQ(answer.content_type, "application/problem+json");
  const json::value problem = json::parse(answer.body);
  EXPECT_EQ(problem.at("status").as_int64(), bad.status);
  EXPECT_EQ(problem.at("code").as_string(), bad.code);
  EXPECT_EQ(problem.at("requestId").as_string(), "req-1");
  EXPECT_FALSE(problem.at("type").as_string().empty());
  EXPECT_FALSE(problem.at("title").as_string().empty());
  EXPECT_FALSE(problem.at("detail").as_string().empty());
  if (bad.status == 400) {
    EXPECT_FALSE(problem.as_object().contains("errors"));
    return;
  }
  const json::value& first = problem.at("errors").at(0);
  EXPECT_EQ(first.at("pointer").as_string(), bad.pointer) << answer.body;
  EXPECT_EQ(first.at("code").as_string(), bad.item) << answer.body;
  EXPECT_FALSE(first.at("detail").as_string().empty());
}

TEST(OrderBody, NothingIsStoredForTextThatIsNotJson) {
  RestFace rest;
  for (const BadBody& bad : not_json()) expect_refused(rest, bad);
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(OrderBody, NothingIsStoredForAnOrderThatIsNotValid) {
  RestFace rest;
  const auto table = not_an_order;
  EXPECT_GE(table.size() + not_json().size(), 60u);
  for (const BadBody& bad : table) expect_refused(rest, bad);
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(OrderBody, EverythingThatIsWrongIsSaidAtOnce) {
  RestFace rest;
  const auto answer = rest.place(
      R"({"inputToken":"DOGE","amount":-1,"slippageBps":10001,"type":"limit","x":1,"y":2})");
  std::vector<std::string> pointers;
  const json::value problem = json::parse(answer.body);
  for (const json::value& each : problem.at("errors").as_array()) {
    pointers.emplace_back(each.at("pointer").as_string());
  }
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers, (std::vector<std::string>{"/amount", "/inputToken", "/outputToken",
                                                "/slippageBps", "/type", "/x", "/y"}));
}

TEST(OrderBody, AProblemStaysSmallWhateverIsSent) {
  RestFace rest;
  std::string body = "{";
  for (int i = 0; i < 3000; ++i) body += "\"unknown" + std::to_string(i) + "\":1,";
  body += "\"" + std::string(10'000, 'n') + "\":1}";
  EXPECT_LT(rest.place(body).body.size(), 4000u);
}

TEST(OrderBody, AmountsAreExact) {
  struct {
    const char* amount;
    Units units;
  } const cases[] = {
      {"1", 1'000'000'000},
      {"1.5", 1'500'000'000},
      {"\"1.50\"", 1'500'000'000},
      {"0.1", 100'000'000},
      {"0.3", 300'000'000},
      {"1e-9", 1},
      {"0.000000001", 1},
      {"\"0.000000001\"", 1},
      {"1.5e2", 150'000'000'000},
      {"15E+1", 150'000'000'000},
      {"1.000000000000000000000", 1'000'000'000},
      {"9007199.254740993", 9'007'199'254'740'993},  // 2^53 + 1: lost by a double
      {"18446744073.709551615", 18'446'744'073'709'551'615U},
      {"\"18446744073.709551615\"", 18'446'744'073'709'551'615U},
  };
  for (const auto& each : cases) {
    const PlaceOrder order = good(with_amount(each.amount));
    EXPECT_EQ(order.amount_in.units, each.units) << each.amount;
    EXPECT_EQ(order.amount_in.scale, 9);
  }
  EXPECT_EQ(good(with_amount("0.1", "USDC")).amount_in.units, 100'000u);
}

TEST(OrderBody, DefaultsAreFilledIn) {
  const PlaceOrder order = good(with_amount("1"));
  EXPECT_EQ(order.account, "default");
  EXPECT_EQ(order.slippage_bps, 100u);
  EXPECT_EQ(order.type, OrderType::market);
  EXPECT_EQ(order.input, (Token{"SOL", 9}));
  EXPECT_EQ(order.output, (Token{"USDC", 6}));
  EXPECT_FALSE(order.expires_at.has_value());
  EXPECT_FALSE(order.min_out_floor.has_value());
  EXPECT_TRUE(order.client_order_id.empty());
}

TEST(OrderBody, EveryMemberIsTaken) {
  const PlaceOrder order = good(
      " {\"\\u0061mount\" : 2 , \"outputToken\":\"SOL\",\"inputToken\":\"US\\u0044C\","
      "\"slippageBps\":0,\"type\":\"market\",\"clientOrderId\":\"~!a-1\","
      "\"expiresAt\":\"2026-03-01T13:00:00.5+00:30\"}\n ");
  EXPECT_EQ(order.input, (Token{"USDC", 6}));
  EXPECT_EQ(order.output, (Token{"SOL", 9}));
  EXPECT_EQ(order.amount_in, (Decimal{2'000'000, 6}));
  EXPECT_EQ(order.slippage_bps, 0u);
  EXPECT_EQ(order.client_order_id, "~!a-1");
  EXPECT_EQ(format_rfc3339(*order.expires_at), "2026-03-01T12:30:00.500000Z");
  EXPECT_EQ(good(with(R"("slippageBps":10000)")).slippage_bps, 10'000u);
  EXPECT_EQ(good(with(R"("slippageBps":1e2)")).slippage_bps, 100u);
}

// A repeat of an order whose time has passed must get its first answer, not a 422.
TEST(OrderBody, APastExpiryIsLeftToTheLogWhenTheOrderHasAKey) {
  const std::string expiry = R"("expiresAt":"2026-03-01T11:59:59Z")";
  EXPECT_TRUE(good(with(expiry), true).expires_at.has_value());
  EXPECT_TRUE(good(with(expiry + R"(,"clientOrderId":"c1")")).expires_at.has_value());
}

}  // namespace
}  // namespace oee::test
