#include "api/orders/order_body.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "tests/api/http/hostile_bodies.h"
#include "tests/api/rest/test_api.h"

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

void expect_refused(TestApi& rest, const BadBody& bad) {
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
  TestApi rest;
  for (const BadBody& bad : bodies_not_json()) expect_refused(rest, bad);
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(OrderBody, NothingIsStoredForAnOrderThatIsNotValid) {
  TestApi rest;
  const auto& table = bodies_not_an_order;
  EXPECT_GE(table.size() + bodies_not_json().size(), 60u);
  for (const BadBody& bad : table) expect_refused(rest, bad);
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(OrderBody, TagsAreKeptInTheirOrderAndBelongToTheFingerprint) {
  const PlaceOrder tagged = good(with(R"("tags":["desk-7","\u0061b"])"));
  EXPECT_EQ(tagged.tags, (std::vector<std::string>{"desk-7", "ab"}));
  const PlaceOrder other = good(with(R"("tags":["desk-7"])"));
  const PlaceOrder none = good(with(R"("tags":[])"));
  EXPECT_NE(fingerprint_of(tagged), fingerprint_of(other));
  EXPECT_NE(fingerprint_of(other), fingerprint_of(none));
  EXPECT_EQ(fingerprint_of(none), fingerprint_of(good(with(R"("type":"market")"))));
}

TEST(OrderBody, AllErrorsAreReportedAtOnce) {
  TestApi rest;
  const auto answer = rest.place(
      R"({"inputToken":"DOGE","amount":-1,"slippageBps":10001,"type":"iceberg","x":1,"y":2})");
  std::vector<std::string> pointers;
  const json::value problem = json::parse(answer.body);
  for (const json::value& each : problem.at("errors").as_array()) {
    pointers.emplace_back(each.at("pointer").as_string());
  }
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers, (std::vector<std::string>{"/amount", "/inputToken", "/outputToken",
                                                "/slippageBps", "/type", "/x", "/y"}));
}

TEST(OrderBody, AllErrorsOfALimitOrderAreReportedAtOnce) {
  TestApi rest;
  const auto answer = rest.place(
      R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"type":"limit","limitPrice":0,)"
      R"("timeInForce":"fok","allowPartial":true,"minOut":-1,"expiresAt":"soon"})");
  std::vector<std::string> pointers;
  const json::value problem = json::parse(answer.body);
  for (const json::value& each : problem.at("errors").as_array())
    pointers.emplace_back(each.at("pointer").as_string());
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers,
            (std::vector<std::string>{"/allowPartial", "/expiresAt", "/limitPrice", "/minOut"}));
}

// Ten times the product of the two exceeds 2^128 by less than 2^64.
TEST(OrderBody, AnAmountAtALimitIsComputedWithoutOverflow) {
  const auto parsed =
      parse_order_body(R"({"inputToken":"USDC","outputToken":"SOL","type":"limit",)"
                       R"("amount":"18446744073709.551613","limitPrice":"18446744073709551.62"})",
                       TokenRegistry::defaults(), now, false);
  ASSERT_TRUE(std::holds_alternative<Problem>(parsed));
  EXPECT_EQ(std::get<Problem>(parsed).items[0].where, "/limitPrice");
  EXPECT_EQ(std::get<Problem>(parsed).items[0].code, "too_large");
}

TEST(OrderBody, AProblemStaysSmallWhateverIsSent) {
  TestApi rest;
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

TEST(OrderBody, LimitPricesAreExact) {
  const std::pair<const char*, Decimal> cases[] = {
      {"150", {150, 0}},
      {R"("150.50")", {1505, 1}},
      {"1.505e2", {1505, 1}},
      {R"("0.000000000000000001")", {1, 18}},
      {"18446744073.7", {184'467'440'737, 1}},
  };
  for (const auto& [price, exact] : cases) {
    const PlaceOrder order = good(limit_with("", price));
    EXPECT_EQ(order.type, OrderType::limit);
    EXPECT_EQ(order.limit_price, exact) << price;
    EXPECT_EQ(order.slippage_bps, 10'000u) << "the limit alone counts";
  }
  EXPECT_EQ(good(limit_with(R"("slippageBps":30)")).slippage_bps, 30u);
}

TEST(OrderBody, StopOrdersHaveATrigger) {
  const PlaceOrder loss = good(stop_with("", "145.50"));
  EXPECT_EQ(loss.type, OrderType::stop);
  EXPECT_EQ(loss.type_terms.trigger, (TriggerTerms{{1455, 1}, TriggerWhen::at_or_below}));
  EXPECT_FALSE(loss.limit_price);
  EXPECT_EQ(loss.slippage_bps, 100u) << "as of a market order";
  EXPECT_EQ(loss.time_in_force, TimeInForce::gtc);
  const PlaceOrder profit = good(stop_with(R"("triggerWhen":"atOrAbove","limitPrice":"154")"));
  EXPECT_EQ(profit.type_terms.trigger->when, TriggerWhen::at_or_above);
  EXPECT_EQ(profit.limit_price, (Decimal{154, 0}));
  EXPECT_EQ(profit.slippage_bps, 10'000u) << "the limit alone counts";
}

TEST(OrderBody, SniperOrdersMayHaveALeastLiquidity) {
  const PlaceOrder order = good(with(R"("type":"sniper","minLiquidity":"5000.5")"));
  EXPECT_EQ(order.type, OrderType::sniper);
  EXPECT_EQ(order.type_terms.min_liquidity, (Decimal{5'000'500'000, 6}));
  EXPECT_EQ(order.time_in_force, TimeInForce::gtc);
  EXPECT_FALSE(good(with(R"("type":"sniper")")).type_terms.min_liquidity);
}

TEST(OrderBody, TheTimeInForceFollowsFromTheTypeAndTheExpiry) {
  const std::string expiry = R"("expiresAt":"2026-04-01T00:00:00Z")";
  EXPECT_EQ(good(with_amount("1")).time_in_force, TimeInForce::by_type);
  EXPECT_EQ(good(with(expiry)).time_in_force, TimeInForce::by_type);
  EXPECT_EQ(good(limit_with("")).time_in_force, TimeInForce::gtc);
  EXPECT_EQ(good(limit_with(expiry)).time_in_force, TimeInForce::gtt);
  EXPECT_EQ(good(with(expiry + R"(,"timeInForce":"gtt")")).time_in_force, TimeInForce::gtt);
  EXPECT_EQ(good(with(R"("timeInForce":"fok")")).time_in_force, TimeInForce::fok);
  EXPECT_FALSE(good(limit_with("")).allow_partial);
  EXPECT_TRUE(good(limit_with(R"("allowPartial":true)")).allow_partial);
  EXPECT_TRUE(good(limit_with(R"("timeInForce":"ioc")")).allow_partial);
  EXPECT_TRUE(good(limit_with(R"("timeInForce":"ioc","allowPartial":true)")).allow_partial);
  EXPECT_FALSE(good(limit_with(R"("timeInForce":"fok","allowPartial":false)")).allow_partial);
}

TEST(OrderBody, ATwapOrderHasSlices) {
  const PlaceOrder order = good(twap_with(""));
  EXPECT_EQ(order.type, OrderType::twap);
  EXPECT_EQ(order.type_terms.slices, (SliceTerms{4, Micros{30'000'000}, 0}));
  EXPECT_EQ(order.time_in_force, TimeInForce::gtc);
  EXPECT_TRUE(order.allow_partial) << "each slice is a part";
  EXPECT_EQ(order.slippage_bps, 100U);
  EXPECT_FALSE(order.limit_price);
  const PlaceOrder limited =
      good(twap_with(R"("randomize":100,"limitPrice":150,"allowPartial":true,)"
                     R"("expiresAt":"2026-04-01T00:00:00Z")",
                     "1e3", R"("168h")"));
  EXPECT_EQ(limited.type_terms.slices, (SliceTerms{1'000, Micros{604'800'000'000}, 100}));
  EXPECT_EQ(limited.time_in_force, TimeInForce::gtt);
  EXPECT_EQ(limited.limit_price, (Decimal{150, 0}));
  EXPECT_EQ(limited.slippage_bps, 10'000U) << "the limit alone counts";
  EXPECT_EQ(good(twap_with("", "2", R"("1s")")).type_terms.slices->interval, Micros{1'000'000});
}

TEST(OrderBody, MinOutIsAnAmountOfTheOutputToken) {
  EXPECT_EQ(good(with(R"("minOut":"149.5")")).min_out_floor, 149'500'000u);
  EXPECT_EQ(good(limit_with(R"("minOut":0.000001)")).min_out_floor, 1u);
}

TEST(OrderBody, AnExactOutputHasItsMostInputAsItsAmount) {
  const PlaceOrder order = good(exact_with("", R"("150.5")", "1.25"));
  EXPECT_EQ(order.exact_out, 150'500'000U);
  EXPECT_EQ(order.amount_in, (Decimal{1'250'000'000, 9}));
  EXPECT_FALSE(order.allow_partial);
  EXPECT_FALSE(good(with_amount("1")).exact_out);
}

TEST(OrderBody, AnExactOutputMayBeOfEveryTypeButTwapAndTakesNoParts) {
  for (const char* more :
       {R"("timeInForce":"gtt","expiresAt":"2026-03-01T12:00:01Z")", R"("timeInForce":"ioc")",
        R"("timeInForce":"ioc","allowPartial":false)", R"("timeInForce":"fok")",
        R"("allowPartial":false)", R"("type":"limit","limitPrice":150000000000)",
        R"("type":"limit","limitPrice":150,"timeInForce":"ioc")",
        R"("type":"stop","triggerPrice":140)",
        R"("type":"stop","triggerPrice":140,"limitPrice":139)",
        R"("type":"sniper","minLiquidity":1)"}) {
    const PlaceOrder order = good(exact_with(more));
    EXPECT_EQ(order.exact_out, 150'000'000U) << more;
    EXPECT_FALSE(order.allow_partial) << more;
  }
}

TEST(OrderBody, AllErrorsOfAnExactOutputAreReportedAtOnce) {
  TestApi rest;
  const auto answer =
      rest.place(exact_with(R"("amount":1,"minOut":1,"allowPartial":true)", "0", "-1"));
  std::vector<std::string> pointers;
  const json::value problem = json::parse(answer.body);
  for (const json::value& each : problem.at("errors").as_array())
    pointers.emplace_back(each.at("pointer").as_string());
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers, (std::vector<std::string>{"/allowPartial", "/amount", "/maxInput", "/minOut",
                                                "/outputAmount"}));
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

// A repeat of an order whose time has passed must get the first answer again, not a 422.
TEST(OrderBody, APastExpiryIsLeftToTheLogWhenTheOrderHasAKey) {
  const std::string expiry = R"("expiresAt":"2026-03-01T11:59:59Z")";
  EXPECT_TRUE(good(with(expiry), true).expires_at.has_value());
  EXPECT_TRUE(good(with(expiry + R"(,"clientOrderId":"c1")")).expires_at.has_value());
}

}  // namespace
}  // namespace oee::test
