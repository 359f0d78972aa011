// Submits and dead letters of other engines' clients over the REST API: requests, answers and
// refusals.
#include "api/dialects/dialects.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace json = boost::json;
namespace http = boost::beast::http;

const std::string execute = "/api/orders/execute";
const std::string order_path = "/order";

BeastRequest post_request(const std::string& path, const std::string& body) {
  BeastRequest request(http::verb::post, path, 11);
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  return request;
}
HttpAnswer post(TestApi& rest, const std::string& path, const std::string& body) {
  return rest.call(post_request(path, body));
}
HttpAnswer send(TestApi& rest, http::verb method, const std::string& target) {
  return rest.call(BeastRequest(method, target, 11));
}

// The members' names, in order.
std::string keys_of(const std::string& body) {
  const json::value value = json::parse(body);
  std::string keys;
  for (const auto& member : value.as_object())
    keys += (keys.empty() ? "" : " ") + std::string(member.key());
  return keys;
}
std::string text_in(const HttpAnswer& answer, const char* key) {
  const json::value body = json::parse(answer.body);
  const auto* member = body.as_object().if_contains(key);
  return member != nullptr && member->is_string() ? std::string(member->as_string()) : "";
}

// D's members in their order, without empty ones.
std::string swap_of_d(const std::string& max_slippage, const std::string& token_in = "\"SOL\"",
                      const std::string& token_out = "\"USDC\"", const std::string& amount = "1.5",
                      const std::string& order_type = "\"market\"") {
  std::string body;
  for (const auto& [name, value] : {std::pair("token_in", token_in),
                                    {"token_out", token_out},
                                    {"amount", amount},
                                    {"order_type", order_type},
                                    {"max_slippage", max_slippage}}) {
    if (!value.empty()) body += (body.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + value;
  }
  return body + "}";
}

struct GoodCase {
  const char* what;
  std::string path;
  std::string body;
  const char* keys;  // of the answer
  const char* status;
  Decimal amount_in;
  std::uint32_t slippage_bps;
};

TEST(Dialects, ClientsOfEachGetTheirAnswerAndOneOrder) {
  const Decimal one_and_a_half{1'500'000'000, 9};
  const GoodCase cases[] = {
      {"A and E", execute, R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})",
       "orderId status message", "pending", one_and_a_half, 100},
      {"A, amount as text, members that are not its own", execute,
       R"({"inputToken":"SOL","outputToken":"USDC","amount":"1.5","w":[1],"orderType":"MARKET"})",
       "orderId status message", "pending", one_and_a_half, 100},
      {"B", execute, R"({"amount":1.5})", "orderId status message", "pending", one_and_a_half, 100},
      {"C", order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":0.01})",
       "orderId status message", "created", one_and_a_half, 100},
      {"C without slippage", order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5})",
       "orderId status message", "created", one_and_a_half, 100},
      {"C, all of it", order_path,
       R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":100})",
       "orderId status message", "created", one_and_a_half, 10'000},
      {"C, none of it", order_path,
       R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":0})", "orderId status message",
       "created", one_and_a_half, 0},
      {"C, as text and with more digits than a basis point", order_path,
       R"({"tokenIn":"SOL","tokenOut":"USDC","amount":"15e-1","slippage":"0.30000000000000004"})",
       "orderId status message", "created", one_and_a_half, 30},
      {"D", execute, swap_of_d("0.0101"), "order_id", "", one_and_a_half, 101},
      {"D, the smallest above 1 %, Market", execute,
       swap_of_d("0.010000000000000002", "\"SOL\"", "\"USDC\"", "1.5", "\"Market\""), "order_id",
       "", one_and_a_half, 100},
      {"D, cut and not rounded", execute, swap_of_d("4.9999e-1"), "order_id", "", one_and_a_half,
       4'999},
  };
  for (const GoodCase& each : cases) {
    TestApi rest;
    const HttpAnswer answer = post(rest, each.path, each.body);
    ASSERT_EQ(answer.status, 200u) << each.what << answer.body;
    EXPECT_EQ(keys_of(answer.body), each.keys) << each.what;
    EXPECT_EQ(text_in(answer, "status"), each.status) << each.what;
    EXPECT_EQ(rest.orders.writes, 1) << each.what;
    const PlaceOrder& placed = rest.orders.placed.at(0);
    EXPECT_EQ(placed.amount_in, each.amount_in) << each.what;
    EXPECT_EQ(placed.slippage_bps, each.slippage_bps) << each.what;
    EXPECT_EQ(placed.input.symbol, "SOL") << each.what;
    EXPECT_EQ(placed.output.symbol, "USDC") << each.what;
    EXPECT_FALSE(placed.min_out_floor.has_value());
  }
}

struct BadCase {
  std::string body;
  unsigned status;
  const char* text;  // a part of the answer
};

// Every body is refused with its status, in the dialect's shape, and nothing is stored.
void expect_refusals(const std::string& path, const std::vector<BadCase>& cases, const char* type,
                     const char* keys) {
  for (const BadCase& each : cases) {
    TestApi rest;
    const HttpAnswer answer = post(rest, path, each.body);
    EXPECT_EQ(answer.status, each.status) << each.body << answer.body;
    EXPECT_EQ(answer.content_type, type) << each.body;
    EXPECT_NE(answer.body.find(each.text), std::string::npos) << each.body << answer.body;
    if (*keys != 0) EXPECT_EQ(keys_of(answer.body), keys) << each.body;
    EXPECT_EQ(rest.orders.writes, 0) << each.body;
  }
}

constexpr const char* json_type = "application/json";
constexpr const char* all_data =
    R"("error":"Invalid data. Provide inputToken, outputToken, and valid amount.")";
constexpr const char* amount_required = R"("error":"Amount required")";

TEST(Dialects, BadOrdersOfAAndEAreRefusedInTheirWords) {
  expect_refusals(
      execute,
      {
          {R"({"inputToken":"SOL","amount":1})", 400, all_data},
          {R"({"outputToken":"USDC","amount":1})", 400, all_data},
          {R"({"inputToken":"SOL","outputToken":"USDC"})", 400, all_data},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":null})", 400, all_data},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":"x"})", 400, "decimal number"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":0})", 400, "more than zero"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":-1})", 400, "more than zero"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":"NaN"})", 400, "finite"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":[1]})", 400, "must be a number"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":1e30})", 400, "less than 2^64"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":1e-10})", 400, "one base unit"},
          {R"({"inputToken":"SOL","outputToken":"SOL","amount":1})", 400, "must differ"},
          {R"({"inputToken":"DOGE","outputToken":"USDC","amount":1})", 400, "/inputToken"},
          {R"({"inputToken":7,"outputToken":"USDC","amount":1})", 400, "must be a string"},
          {R"({"inputToken":null,"outputToken":"USDC","amount":1})", 400, all_data},
          {R"({"inputToken":"SOL","inputToken":"SOL","outputToken":"USDC","amount":1})", 400,
           "more than once"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"orderType":"limit"})", 400,
           "the only supported type"},
          {R"({"inputToken":"SOL","outputToken":"USDC","amount":1,"type":5})", 400, "/type"},
      },
      json_type, "error message details");
}

TEST(Dialects, BadOrdersOfBAreRefusedInItsWords) {
  expect_refusals(execute,
                  {
                      {"{}", 400, amount_required},
                      {R"({"amount":null})", 400, amount_required},
                      {R"({"amount":""})", 400, amount_required},
                      {R"({"amount":0})", 400, amount_required},
                      {R"({"amount":"-1"})", 400, amount_required},
                      {R"({"amount":true})", 400, amount_required},
                      {R"({"amount":1,"amount":1})", 400, amount_required},
                      {"[]", 400, "must be a JSON object"},
                  },
                  json_type, "error message details");
  expect_refusals(execute,
                  {{"", 400, "empty"},
                   {"{", 400, "not JSON"},
                   {R"({"amount":1}{})", 400, "more text after"},
                   {R"({"amount":01})", 400, "not JSON"}},
                  json_type, "error message");
}

TEST(Dialects, BadOrdersOfCAreRefusedAsItsValidatorDoes) {
  const auto with_slippage = [](const char* slippage) {
    static std::vector<std::string> kept;
    kept.reserve(16);
    kept.push_back(R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1,"slippage":)" +
                   std::string(slippage) + "}");
    return kept.back().c_str();
  };
  expect_refusals(
      order_path,
      {
          {"{}", 400, "body must have required property 'tokenIn'"},
          {R"({"tokenIn":"SOL","amount":1})", 400, "required property 'tokenOut'"},
          {R"({"tokenIn":"SOL","tokenOut":"USDC"})", 400, "required property 'amount'"},
          {R"({"tokenIn":"SOL","tokenOut":"USDC","amount":{}})", 400, "body/amount must be"},
          {R"({"tokenIn":"SOL","tokenOut":"USDC","amount":-3})", 400, "body/amount must be"},
          {R"({"tokenIn":1,"tokenOut":"USDC","amount":1})", 400, "body/tokenIn must be a string"},
          {R"({"tokenIn":"SOL","tokenOut":"XYZ","amount":1})", 400,
           "body/tokenOut is not a known token"},
          {with_slippage("-0.01"), 400, "body/slippage must be a fraction"},
          {with_slippage("100.01"), 400, "body/slippage must be a fraction"},
          {with_slippage("1e30"), 400, "body/slippage must be a fraction"},
          {with_slippage("\"1%\""), 400, "body/slippage must be a fraction"},
          {with_slippage("true"), 400, "body/slippage must be a number"},
          {"nonsense", 400, "not JSON"},
          {"7", 400, "must be a JSON object"},
      },
      json_type, "statusCode code error message");
  TestApi rest;
  EXPECT_EQ(post(rest, order_path, "{}").body,
            R"({"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request",)"
            R"("message":"body must have required property 'tokenIn'"})");
}

TEST(Dialects, BadOrdersOfDAreRefusedInPlainText) {
  const char* text = "text/plain; charset=utf-8";
  expect_refusals(
      execute,
      {
          {swap_of_d("0.02", "", "\"USDC\""), 422, "missing field `token_in`"},
          {swap_of_d("0.02", "\"SOL\"", ""), 422, "missing field `token_out`"},
          {swap_of_d("0.02", "\"SOL\"", "\"USDC\"", ""), 422, "missing field `amount`"},
          {swap_of_d("0.02", "\"SOL\"", "\"USDC\"", "1", ""), 422, "missing field `order_type`"},
          {swap_of_d(""), 422, "missing field `max_slippage`"},
          {R"({"order_type":"market","amount":1})", 422, "missing field `token_in`"},
          {swap_of_d("0.02", "\"SOL\"", "\"USDC\"", "\"1\""), 422, "amount: must be a number"},
          {swap_of_d("0.02", "5", "\"USDC\""), 422, "token_in: must be a string"},
          {swap_of_d("\"0.02\""), 422, "max_slippage: must be a number"},
          {swap_of_d("0.02", "\"SOL\"", "\"USDC\"", "1", "\"limit\""), 422, "order_type: must be"},
          {swap_of_d("0.01"), 400, "above 0.01"},
          {swap_of_d("0.5"), 400, "below 0.5"},
          {swap_of_d("1.01"), 400, "below 0.5"},
          {swap_of_d("-1"), 400, "below 0.5"},
          {swap_of_d("0.02", "\"SOL\"", "\"USDC\"", "0"), 400, "more than zero"},
          {swap_of_d("0.02", "\"SOL\"", "\"DOGE\""), 400, "not a known token"},
      },
      text, "");
}

TEST(Dialects, SlippageOfCIsAFractionUpToATenthAndAPercentageAbove) {
  const std::pair<const char*, std::uint32_t> cases[] = {
      {"0", 0},       {"0.0001", 1}, {"0.01", 100},  {"0.1", 1000},   {"0.1000000000000001", 10},
      {"0.11", 11},   {"0.5", 50},   {"1", 100},     {"1.0", 100},    {"1.5", 150},
      {"2.999", 299}, {"50", 5000},  {"100", 10000}, {"0.01019", 101}};
  for (const auto& [text, bps] : cases) {
    TestApi rest;
    const HttpAnswer answer = post(
        rest, order_path,
        R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1,"slippage":)" + std::string(text) + "}");
    ASSERT_EQ(answer.status, 200U) << text << " " << answer.body;
    EXPECT_EQ(rest.orders.placed.back().slippage_bps, bps) << text;
  }
}

TEST(Dialects, BinaryFloatingPointAmountsAreCutToTheTokensDecimals) {
  const std::pair<const char*, Units> cases[] = {{"12.345678901234567", 12'345'678'901},
                                                 {"0.30000000000000004", 300'000'000},
                                                 {"1.9999999999", 1'999'999'999},
                                                 {"1e-9", 1},
                                                 {"1.5", 1'500'000'000}};
  for (const auto& [text, units] : cases) {
    TestApi rest;
    const std::string amount = text;
    ASSERT_EQ(
        post(rest, order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":)" + amount + "}")
            .status,
        200U);
    EXPECT_EQ(rest.orders.placed.back().amount_in, (Decimal{units, 9})) << text;
    EXPECT_EQ(post(rest, execute, R"({"amount":)" + amount + "}").status, 200U);
    EXPECT_EQ(rest.orders.placed.back().amount_in, (Decimal{units, 9})) << text;
  }
  TestApi rest;
  EXPECT_EQ(
      rest.place(R"({"inputToken":"SOL","outputToken":"USDC","amount":"0.0000000001"})").status,
      422U)
      << "an amount under /v1 is exact";
}

TEST(Dialects, OtherMediaTypesAreRefusedInTheDialectsShape) {
  TestApi rest;
  for (const auto& [path, keys] :
       {std::pair(execute, "error message"), {order_path, "statusCode code error message"}}) {
    BeastRequest request = post_request(path, R"({"amount":1})");
    request.set(http::field::content_type, "text/plain");
    const HttpAnswer answer = rest.call(std::move(request));
    EXPECT_EQ(answer.status, 415u);
    EXPECT_EQ(keys_of(answer.body), keys);
  }
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(Dialects, AKeyGivesOneOrderWhateverTheDialect) {
  TestApi rest;
  const auto place = [&](const std::string& path, const char* body) {
    BeastRequest request = post_request(path, body);
    request.set("Idempotency-Key", "k-1");
    return rest.call(std::move(request));
  };
  const HttpAnswer first = place(execute, R"({"amount":1.5})");
  const HttpAnswer again =
      place(order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":"1.50","slippage":0.01})");
  EXPECT_EQ(text_in(first, "orderId"), text_in(again, "orderId"));
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(place(execute, R"({"amount":2})").status, 422u);
  EXPECT_EQ(place(order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":2})").status, 422u);
  EXPECT_EQ(rest.orders.writes, 1);
}

TEST(Dialects, AnInternalFailureHasTheDialectsShapeAsDocumented) {
  TestApi rest;
  rest.orders.fail_with = Error{Errc::io, "EIO"};
  EXPECT_EQ(post(rest, execute, R"({"amount":1.5})").status, 500u);
  EXPECT_EQ(post(rest, order_path, R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1})").status,
            500u);
  EXPECT_EQ(send(rest, http::verb::get, "/api/dlq/failed-orders").status, 500u);
}

TEST(Dialects, AFullEngineSaysWhenToComeBack) {
  TestApi rest;
  rest.orders.fail_with = Error{Errc::full, "too many open orders"};
  const std::string bodies[][2] = {{"/api/orders/execute", R"({"amount":1})"},
                                   {"/order", R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1})"},
                                   {"/api/orders/execute", swap_of_d("0.02")}};
  for (const auto& [path, body] : bodies) {
    const HttpAnswer answer = post(rest, path, body);
    EXPECT_EQ(answer.status, 503u) << answer.body;
    EXPECT_EQ(header_of(answer, "Retry-After"), "1");
    EXPECT_NE(answer.body.find("too many open orders"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(text_in(post(rest, "/order", bodies[1][1]), "error"), "Service Unavailable");
}

TEST(Dialects, PathsKnowTheirMethods) {
  TestApi rest;
  const std::string an_order = "/order/018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e";
  for (const std::string& path : {execute, std::string("/api/orders/status"), an_order})
    EXPECT_EQ(send(rest, http::verb::get, path).status, 426u) << path;
  EXPECT_EQ(header_of(send(rest, http::verb::delete_, execute), "Allow"), "POST, GET, HEAD");
  EXPECT_EQ(header_of(send(rest, http::verb::get, "/order"), "Allow"), "POST");
  EXPECT_EQ(header_of(send(rest, http::verb::get, "/api/dlq/clear"), "Allow"), "DELETE");
  EXPECT_EQ(send(rest, http::verb::get, "/api/orders").status, 404u);
  EXPECT_EQ(send(rest, http::verb::post, "/test/dlq").status, 404u);
  EXPECT_EQ(send(rest, http::verb::get, "/test/dlq").status, 404u);
  EXPECT_EQ(rest.orders.writes, 0);
  for (const char* target : {"/ws", "/ws?orderId=x", "/order/x", "/api/orders/execute",
                             "/api/orders/execute?orderId=x", "/api/orders/status"})
    EXPECT_TRUE(rest.routes->accepts_upgrade(target)) << target;
  for (const char* target : {"/order", "/order/", "/order/a/b", "/api/orders", "/api/dlq/stats"})
    EXPECT_FALSE(rest.routes->accepts_upgrade(target)) << target;
}

TEST(Dialects, DeadLettersAreListedCountedAndCleared) {
  TestApi rest;
  const char* body = R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":0.025})";
  for (int i = 0; i < 3; ++i) {
    const OrderId id = *parse_order_id(text_in(post(rest, order_path, body), "orderId"));
    if (i < 2) rest.orders.set_phase(id, Phase::failed);
  }
  const HttpAnswer list = send(rest, http::verb::get, "/api/dlq/failed-orders");
  EXPECT_EQ(keys_of(list.body), "count failedJobs dlqProcessedJobs message");
  const json::value first = json::parse(list.body).at("failedJobs").at(0);
  EXPECT_EQ(keys_of(json::serialize(first)),
            "orderId originalOrder failureReason attemptsMade failedAt lastError");
  EXPECT_NE(list.body.find(R"("originalOrder":{"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,)"
                           R"("slippage":0.025})"),
            std::string::npos);
  const HttpAnswer counts = send(rest, http::verb::get, "/api/dlq/stats");
  EXPECT_EQ(counts.body, R"({"marketQueue":{"failed":2,"completed":0,"active":0,"wait":1},)"
                         R"("dlqQueue":{"completed":0,"active":0,"wait":2},"totalFailed":2})");
  // The third order is no dead letter, and the ones that the list still shows are cleared already.
  EXPECT_EQ(send(rest, http::verb::delete_, "/api/dlq/clear").body,
            R"({"message":"Cleared 2 failed orders","cleared":2})");
  EXPECT_EQ(send(rest, http::verb::delete_, "/api/dlq/clear/failed").body,
            R"({"message":"Cleared 0 failed orders","clearedCount":0})");
}

// More orders than any limit of pages would allow.
TEST(Dialects, ClearingGoesOnToTheLastDeadLetter) {
  constexpr int count = 100'600;
  TestApi rest;
  for (int i = 0; i < count; ++i) {
    PlaceOrder order;
    order.input = order.output = TokenRegistry::defaults().find("SOL")->token;
    rest.orders.set_phase(run_now(rest.orders.place(std::move(order), {}))->order_id,
                          Phase::failed);
  }
  EXPECT_EQ(send(rest, http::verb::delete_, "/api/dlq/clear").body,
            R"({"message":"Cleared 100600 failed orders","cleared":100600})");
}

TEST(Dialects, ClearingThatIsStoppedSaysHowManyAreDone) {
  const char* body = R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5,"slippage":0.025})";
  TestApi rest;
  for (int i = 0; i < 5; ++i) {
    const OrderId id = *parse_order_id(text_in(post(rest, order_path, body), "orderId"));
    rest.orders.set_phase(id, Phase::failed);
  }
  rest.orders.discards_left = 3;
  const HttpAnswer stopped = send(rest, http::verb::delete_, "/api/dlq/clear");
  EXPECT_EQ(stopped.status, 503u);
  EXPECT_NE(text_in(stopped, "message").find("3 failed orders were cleared before"),
            std::string::npos)
      << stopped.body;
  rest.orders.discards_left = -1;
  EXPECT_EQ(send(rest, http::verb::delete_, "/api/dlq/clear").body,
            R"({"message":"Cleared 2 failed orders","cleared":2})");
}

TEST(Dialects, TestOrdersAskForMoreThanThereIs) {
  TestApi rest(false, true);
  const HttpAnswer one = send(rest, http::verb::post, "/test/dlq");
  EXPECT_EQ(one.status, 200u);
  EXPECT_EQ(keys_of(one.body), "message orderId note");
  const HttpAnswer five = send(rest, http::verb::post, "/test/dlq/bulk");
  EXPECT_EQ(keys_of(five.body), "message orderIds note");
  EXPECT_EQ(json::parse(five.body).at("orderIds").as_array().size(), 5u);
  ASSERT_EQ(rest.orders.placed.size(), 6u);
  for (const PlaceOrder& placed : rest.orders.placed)
    EXPECT_EQ(placed.min_out_floor, std::numeric_limits<Units>::max());
  EXPECT_EQ(header_of(send(rest, http::verb::get, "/test/dlq"), "Allow"), "POST");
}

// A retried request of five orders places the ones that are missing, and no second ones.
TEST(Dialects, TestOrdersAreNotPlacedAgainForTheirKey) {
  TestApi rest(false, true);
  const auto send_keyed = [&rest](const std::string& path, const char* key) {
    BeastRequest request(http::verb::post, path, 11);
    request.set("Idempotency-Key", key);
    return rest.call(std::move(request));
  };
  for (const std::string path : {"/test/dlq", "/test/dlq/bulk"}) {
    const HttpAnswer first = send_keyed(path, path.c_str());
    const HttpAnswer again = send_keyed(path, path.c_str());
    EXPECT_EQ(first.body, again.body);
    EXPECT_EQ(header_of(first, "Idempotent-Replayed"), "");
    EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  }
  EXPECT_EQ(rest.orders.placed.size(), 6U);
  EXPECT_EQ(send_keyed("/test/dlq", "a,b").status, 400U);
  EXPECT_EQ(rest.orders.placed.size(), 6U);
}

TEST(Dialects, ClearingIsRefusedWithAKeyThatItCannotHonour) {
  TestApi rest;
  const char* body = R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5})";
  rest.orders.set_phase(*parse_order_id(text_in(post(rest, order_path, body), "orderId")),
                        Phase::failed);
  for (const char* path : {"/api/dlq/clear", "/api/dlq/clear/failed"}) {
    BeastRequest request(http::verb::delete_, path, 11);
    request.set("Idempotency-Key", "k-1");
    const HttpAnswer answer = rest.call(std::move(request));
    EXPECT_EQ(answer.status, 400U) << answer.body;
    EXPECT_NE(answer.body.find("Idempotency-Key"), std::string::npos) << answer.body;
  }
  EXPECT_TRUE(rest.orders.acted.empty());
}

TEST(Dialects, AGatewayReadsAndSendsWritersToTheEngine) {
  TestApi rest(true, true);
  EXPECT_EQ(send(rest, http::verb::get, "/api/dlq/failed-orders").status, 200u);
  EXPECT_EQ(send(rest, http::verb::get, "/api/dlq/stats").status, 200u);
  const HttpAnswer answers[] = {post(rest, execute, R"({"amount":1})"),
                                post(rest, order_path, "{}"),
                                send(rest, http::verb::delete_, "/api/dlq/clear"),
                                send(rest, http::verb::delete_, "/api/dlq/clear/failed"),
                                send(rest, http::verb::post, "/test/dlq"),
                                send(rest, http::verb::post, "/test/dlq/bulk")};
  for (const HttpAnswer& answer : answers) {
    EXPECT_EQ(answer.status, 503u) << answer.body;
    EXPECT_EQ(header_of(answer, "Retry-After"), "1");
    EXPECT_NE(text_in(answer, "message").find("--role gateway"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(rest.orders.writes, 0);
}

}  // namespace
}  // namespace oee::test
