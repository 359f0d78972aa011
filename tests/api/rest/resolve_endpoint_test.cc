// The resolution of an outcome over REST.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

HttpAnswer resolve(TestApi& rest, const std::string& id, const std::string& body,
                   std::string_view key = {}) {
  BeastRequest request(http::verb::post, "/v1/orders/" + id + "/resolve", 11);
  request.set(http::field::content_type, "application/json");
  if (!key.empty()) request.set("Idempotency-Key", key);
  request.body() = body;
  request.prepare_payload();
  return rest.call(std::move(request));
}

const std::string hash(64, '1');  // 64 bytes of zero
const std::string settled = R"({"attempt":1,"outcome":"settled","txHash":")" + hash +
                            R"(","amountOut":"224.4","why":"mail"})";
const std::string not_settled = R"({"attempt":1,"outcome":"notSettled","why":"mail"})";

TEST(Routes, AnOutcomeIsResolvedWithTheAmountsOfTheOrdersTokens) {
  TestApi rest;
  const OrderId id = place(rest);
  const std::string text = to_text(id);
  EXPECT_EQ(code_of(resolve(rest, text, settled)), "409 conflict");
  EXPECT_EQ(code_of(resolve(rest, unknown_id, settled)), "404 not_found");
  EXPECT_EQ(code_of(resolve(rest, "7", settled)), "404 not_found");
  rest.orders.set_phase(id, Phase::submitted);
  const HttpAnswer first = resolve(rest, text, settled, "mail-1");
  EXPECT_EQ(first.status, 202u);
  EXPECT_EQ(text_of(json::parse(first.body).at("status")), "confirmed");
  const ResolveOutcome& command = rest.orders.resolved.back();
  EXPECT_TRUE(command.settled);
  EXPECT_EQ(command.attempt, 1U);
  EXPECT_EQ(command.why, "mail");
  EXPECT_EQ(command.amount_out, (Decimal{224'400'000, 6}));
  EXPECT_EQ(command.fee, (Decimal{0, 9}));
  const HttpAnswer again = resolve(rest, text, settled, "mail-1");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(code_of(resolve(rest, text, not_settled, "mail-1")), "422 idempotency_key_reused");
  const OrderId other = place(rest);
  rest.orders.set_phase(other, Phase::submitted);
  const HttpAnswer failed = resolve(rest, to_text(other), not_settled);
  EXPECT_EQ(text_of(json::parse(failed.body).at("status")), "failed");
}

TEST(Routes, AnExactOutputIsResolvedWithTheInputThatItTook) {
  TestApi rest;
  const HttpAnswer placed =
      rest.place(R"({"inputToken":"SOL","outputToken":"USDC","outputAmount":150,"maxInput":1})");
  const OrderId id = *parse_order_id(text_of(json::parse(placed.body).at("orderId")));
  rest.orders.set_phase(id, Phase::submitted);
  EXPECT_EQ(code_of(resolve(rest, to_text(id), settled)), "422 invalid_order");
  const std::string with_input = settled.substr(0, settled.size() - 1) + R"(,"amountIn":"0.9"})";
  EXPECT_EQ(resolve(rest, to_text(id), with_input).status, 202u);
  EXPECT_EQ(rest.orders.resolved.back().amount_in, (Decimal{900'000'000, 9}));
  const OrderId other = place(rest);
  rest.orders.set_phase(other, Phase::submitted);
  EXPECT_EQ(code_of(resolve(rest, to_text(other), with_input)), "422 invalid_order");
}

TEST(Routes, AWrongResolutionNamesEachMember) {
  TestApi rest;
  const OrderId id = place(rest);
  rest.orders.set_phase(id, Phase::submitted);
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {"{}", {"/attempt", "/why", "/outcome"}},
      {R"({"attempt":0,"outcome":"notSettled","why":""})", {"/attempt", "/why"}},
      {R"({"attempt":1.5,"outcome":"notSettled","why":"x"})", {"/attempt"}},
      {R"({"attempt":1,"outcome":"lost","why":"x"})", {"/outcome"}},
      {R"({"attempt":1,"outcome":"settled","why":"x"})", {"/txHash", "/amountOut"}},
      {R"({"attempt":1,"outcome":"settled","why":"x","txHash":"0","amountOut":"-1","fee":[]})",
       {"/txHash", "/amountOut", "/fee"}},
      {R"({"attempt":1,"outcome":"notSettled","why":"x","txHash":"1","fee":1,"a/b":1})",
       {"/a~1b", "/txHash", "/fee"}},
      {R"({"attempt":1,"attempt":1,"outcome":"notSettled","why":"x"})", {"/attempt"}},
      {R"({"attempt":1,"leg":4,"outcome":"notSettled","why":"x"})", {"/leg"}},
      {R"({"attempt":1,"leg":"zero","outcome":"notSettled","why":"x"})", {"/leg"}},
  };
  for (const auto& [body, pointers] : cases) {
    const HttpAnswer answer = resolve(rest, to_text(id), body);
    ASSERT_EQ(code_of(answer), "422 invalid_order") << body;
    std::vector<std::string> found;
    const json::value problem = json::parse(answer.body);
    for (const json::value& error : problem.at("errors").as_array())
      found.push_back(text_of(error.at("pointer")));
    EXPECT_EQ(found, pointers) << body;
  }
  EXPECT_EQ(code_of(resolve(rest, to_text(id), "{")), "400 invalid_json");
  EXPECT_TRUE(rest.orders.resolved.empty());
  const HttpAnswer not_split =
      resolve(rest, to_text(id), R"({"attempt":1,"leg":0,"outcome":"notSettled","why":"x"})");
  EXPECT_EQ(code_of(not_split), "422 invalid_order");
  EXPECT_EQ(text_of(json::parse(not_split.body).at("errors").at(0).at("pointer")), "/leg");
}

}  // namespace
}  // namespace oee::test
