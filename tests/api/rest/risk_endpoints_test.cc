// Risk limits over REST: refusals of orders, and the limits with their use.
#include "core/risk/control.h"
#include "tests/api/rest/rest_calls.h"
#include "tests/support/orders.h"

namespace oee::test {
namespace {

TEST(Routes, AnOrderThatBreaksALimitIsRefusedWithNameLimitAndValue) {
  TestApi rest;
  rest.orders.fail_with = to_error({"account.open_notional.SOL", "2", "3.5"});
  const HttpAnswer answer = rest.place(good_body);
  EXPECT_EQ(code_of(answer), "422 risk_limit");
  const json::value problem = json::parse(answer.body);
  EXPECT_EQ(text_of(problem.at("name")), "account.open_notional.SOL");
  EXPECT_EQ(text_of(problem.at("limit")), "2");
  EXPECT_EQ(text_of(problem.at("value")), "3.5");
  EXPECT_EQ(code_of(send(rest, http::verb::post, "/v1/dead-letters/" + unknown_id + "/requeue")),
            "422 risk_limit");
  BeastRequest amend = TestApi::place_request(R"({"slippageBps":70})");
  amend.method(http::verb::patch);
  amend.target("/v1/orders/" + unknown_id);
  amend.set(http::field::if_match, "\"1\"");
  EXPECT_EQ(code_of(rest.call(std::move(amend))), "422 risk_limit");
}

TEST(Routes, ClientsOfOtherEnginesGetTheirRefusalForABrokenLimit) {
  TestApi rest;
  rest.orders.fail_with = to_error({"account.open_orders", "50", "51"});
  BeastRequest request = TestApi::place_request(good_body);
  request.target("/api/orders/execute");
  const HttpAnswer answer = rest.call(std::move(request));
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(answer.body, R"({"error":"The order breaks a risk limit",)"
                         R"("message":"account.open_orders: limit 50, value 51"})");
  TestApi test_routes(false, true);
  test_routes.orders.fail_with = rest.orders.fail_with;
  for (const std::string path : {"/test/dlq", "/test/dlq/bulk"}) {
    const HttpAnswer of_test_order = send(test_routes, http::verb::post, path);
    EXPECT_EQ(of_test_order.status, 400u) << path;
    EXPECT_EQ(of_test_order.body,
              R"({"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request",)"
              R"("message":"account.open_orders: limit 50, value 51"})")
        << path;
  }
}

TEST(Routes, TheRiskLimitsAreShownWithTheirUse) {
  TestApi rest;
  EXPECT_EQ(code_of(rest.get("/v1/risk")), "404 not_found");
  EXPECT_EQ(code_of(TestApi(true).get("/v1/risk")), "503 gateway");

  RiskLimits limits;
  limits.account.open_orders = 3;
  limits.all.open_notional = {{Token{"SOL", 9}, 5'000'000'000}};
  const std::string hash = to_hex(as_bytes(hash_of(limits)));
  RiskControl risk;
  RiskUse use;
  Order order = order_after({EventType::order_accepted});
  use.add_open(order);
  risk.restore(std::move(limits), std::move(use));
  rest.routes =
      make_routes({.clock = rest.clock, .orders = rest.orders, .websockets = rest.websockets},
                  rest.groups({.health = rest.health}, false, DialectSet::all(), &risk));
  EXPECT_EQ(rest.get("/v1/risk").body,
            R"({"limitsHash":")" + hash + R"(","items":[)" +
                R"({"scope":"account","name":"open_orders","limit":"3","use":"1"},)"
                R"({"scope":"account","name":"open_notional","token":"SOL","use":"1.5"},)"
                R"({"scope":"account","name":"orders_per_second","use":"0"},)"
                R"({"scope":"all","name":"open_orders","use":"1"},)"
                R"({"scope":"all","name":"open_notional","token":"SOL","limit":"5","use":"1.5"},)"
                R"({"scope":"all","name":"orders_per_second","use":"0"}]})");
}

}  // namespace
}  // namespace oee::test
