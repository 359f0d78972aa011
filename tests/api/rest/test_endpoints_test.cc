// The requests under /test that change simulated venues: absent without their flag, refused with a
// pointer to each wrong member, and passed on otherwise.
#include <gtest/gtest.h>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace http = boost::beast::http;

HttpAnswer post(TestApi& api, const std::string& target, const std::string& body) {
  BeastRequest request(http::verb::post, target, 11);
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  return api.call(std::move(request));
}

const std::string move_body = R"({"inputToken":"SOL","outputToken":"USDC","price":"120.50"})";

TEST(TestMarket, WithoutTheFlagThereIsNoSuchPath) {
  TestApi api;
  EXPECT_EQ(post(api, "/test/market", move_body).status, 404U);
  EXPECT_EQ(api.get("/test/market").status, 404U);
  EXPECT_TRUE(api.venues.moves.empty());
}

TEST(TestMarket, MovesEveryVenueOrTheOneThatIsNamed) {
  TestApi api(false, true);
  const HttpAnswer all = post(api, "/test/market", move_body);
  EXPECT_EQ(all.status, 200U);
  EXPECT_EQ(all.body, R"({"prices":{"raydium":"120.5","meteora":"120.5"}})");
  const HttpAnswer one = post(api, "/test/market",
                              R"({"inputToken":"USDC","outputToken":"SOL","price":"5e-3",)"
                              R"("venue":"meteora"})");
  EXPECT_EQ(one.body, R"({"prices":{"meteora":"0.005"}})");
  ASSERT_EQ(api.venues.moves.size(), 2U);
  EXPECT_EQ(api.venues.moves[0].input.symbol.view(), "SOL");
  EXPECT_EQ(api.venues.moves[0].output.symbol.view(), "USDC");
  EXPECT_EQ(to_text(api.venues.moves[0].price), "120.5");
  EXPECT_FALSE(api.venues.moves[0].venue.has_value());
  EXPECT_EQ(header_of(api.get("/test/market"), "Allow"), "POST");
}

TEST(TestMarket, EachWrongMemberIsNamed) {
  TestApi api(false, true);
  api.venues.unreachable = Decimal{9, 0};
  const std::string tokens = R"({"inputToken":"SOL","outputToken":"USDC",)";
  const std::pair<std::string, std::string> cases[] = {
      {R"({"outputToken":"USDC","price":"1"})", "/inputToken"},
      {R"({"inputToken":"SOL","price":"1"})", "/outputToken"},
      {R"({"inputToken":"NOPE","outputToken":"USDC","price":"1"})", "/inputToken"},
      {R"({"inputToken":"SOL","outputToken":"SOL","price":"1"})", "/outputToken"},
      {R"({"inputToken":"SOL","outputToken":"USDC"})", "/price"},
      {tokens + R"("price":1})", "/price"},
      {tokens + R"("price":"0"})", "/price"},
      {tokens + R"("price":"-1"})", "/price"},
      {tokens + R"("price":"one"})", "/price"},
      {tokens + R"("price":"0.0000000000000000001"})", "/price"},
      {tokens + R"("price":"99999999999999999999"})", "/price"},
      {tokens + R"("price":"9"})", "/price"},
      {tokens + R"("price":"1.)" + std::string(300, '0') + R"("})", "/price"},
      {tokens + R"("price":"1","price":"2"})", "/price"},
      {tokens + R"("price":"1","venue":"nowhere"})", "/venue"},
      {tokens + R"("price":"1","venue":7})", "/venue"},
      {tokens + R"("price":"1","slippage":7})", "/slippage"},
  };
  for (const auto& [body, pointer] : cases) {
    const HttpAnswer answer = post(api, "/test/market", body);
    EXPECT_EQ(answer.status, 422U) << body;
    EXPECT_NE(answer.body.find("\"pointer\":\"" + pointer + "\""), std::string::npos)
        << body << " " << answer.body;
  }
  EXPECT_EQ(post(api, "/test/market", "{").status, 400U);
  EXPECT_EQ(post(api, "/test/market", "[]").status, 422U);
  EXPECT_EQ(post(api, "/test/market?x=1", move_body).status, 400U);
  BeastRequest text(http::verb::post, "/test/market", 11);
  text.body() = move_body;
  EXPECT_EQ(api.call(std::move(text)).status, 415U);
  EXPECT_TRUE(api.venues.moves.empty());
}

const std::string pool_head =
    R"({"venue":"meteora","inputToken":"SOL","outputToken":"USDC","price":"150")";

TEST(TestPools, APoolOfAnyKindIsOpened) {
  TestApi api(false, true);
  const HttpAnswer plain = post(api, "/test/pools", pool_head + R"(,"liquidity":"2500.5"})");
  EXPECT_EQ(plain.status, 200U) << plain.body;
  EXPECT_EQ(plain.body, R"({"pool":42,"venue":"meteora","kind":"constantProduct","price":"150"})");
  for (const std::string kind : {"constantProduct", "stableSwap", "bins", "ticks"}) {
    const HttpAnswer answer =
        post(api, "/test/pools", pool_head + R"(,"liquidity":"10","kind":")" + kind + R"("})");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    EXPECT_NE(answer.body.find("\"kind\":\"" + kind + "\""), std::string::npos) << answer.body;
    EXPECT_EQ(to_string(api.venues.openings.back().kind), kind);
  }
  const PoolOpening& first = api.venues.openings.front();
  EXPECT_EQ(first.venue.view(), "meteora");
  EXPECT_EQ(first.input.symbol.view(), "SOL");
  EXPECT_EQ(first.output.symbol.view(), "USDC");
  EXPECT_EQ(to_text(first.price), "150");
  EXPECT_EQ(first.liquidity, 2'500'500'000U);
}

TEST(TestPools, EachWrongMemberIsNamed) {
  TestApi api(false, true);
  const std::string most = pool_head + R"(,"liquidity":"10")";
  const std::string tokens = R"({"venue":"meteora","inputToken":"SOL","outputToken":"USDC",)";
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"{}", "/venue", "required"},
      {"{}", "/liquidity", "required"},
      {R"({"venue":"nowhere","inputToken":"SOL","outputToken":"USDC","price":"1","liquidity":"9"})",
       "/venue", "unknown_venue"},
      {R"({"venue":"meteora","inputToken":"NOPE","outputToken":"USDC","price":"1"})", "/inputToken",
       "unknown_token"},
      {R"({"venue":"meteora","inputToken":"SOL","outputToken":"SOL","price":"1","liquidity":"9"})",
       "/outputToken", "same_token"},
      {tokens + R"("liquidity":"10"})", "/price", "required"},
      {tokens + R"("liquidity":"10","price":"0"})", "/price", "not_positive"},
      {tokens + R"("liquidity":"10","price":"cheap"})", "/price", "not_a_price"},
      {tokens + R"("liquidity":"10","price":150})", "/price", "wrong_type"},
      {pool_head + "}", "/liquidity", "required"},
      {pool_head + R"(,"liquidity":"a lot"})", "/liquidity", "not_an_amount"},
      {pool_head + R"(,"liquidity":"-1"})", "/liquidity", "not_an_amount"},
      {pool_head + R"(,"liquidity":"1.0000001"})", "/liquidity", "not_an_amount"},
      {pool_head + R"(,"liquidity":"0.999999"})", "/liquidity", "out_of_range"},
      {pool_head + R"(,"liquidity":"4611686018428"})", "/liquidity", "out_of_range"},
      {most + R"(,"kind":"weighted"})", "/kind", "unknown_kind"},
      {most + R"(,"kind":"bins","kind":"ticks"})", "/kind", "duplicate_key"},
      {most + R"(,"fee":"1"})", "/fee", "unknown_member"},
  };
  for (const auto& [body, pointer, code] : cases) {
    const HttpAnswer answer = post(api, "/test/pools", body);
    EXPECT_EQ(answer.status, 422U) << body;
    const std::string item = "\"pointer\":\"" + pointer + "\",\"code\":\"" + code + "\"";
    EXPECT_NE(answer.body.find(item), std::string::npos) << body << " " << answer.body;
  }
  EXPECT_EQ(post(api, "/test/pools", "{").status, 400U);
  EXPECT_TRUE(api.venues.openings.empty());
  const std::tuple<Errc, unsigned, std::string> failures[] = {
      {Errc::invalid, 422, R"("pointer":"/price","code":"out_of_range")"},
      {Errc::full, 422, R"("pointer":"/venue","code":"too_many_pools")"},
      {Errc::unavailable, 503, R"("unavailable")"},
  };
  for (const auto& [code, status, part] : failures) {
    api.venues.opening_fails = Error{code, "why it failed"};
    const HttpAnswer answer = post(api, "/test/pools", most + "}");
    EXPECT_EQ(answer.status, status);
    EXPECT_NE(answer.body.find(part), std::string::npos) << answer.body;
  }
  TestApi off;
  EXPECT_EQ(post(off, "/test/pools", most + "}").status, 404U);
}

TEST(TestVenues, AVenueIsSilencedByItsName) {
  TestApi api(false, true);
  const HttpAnswer silent = post(api, "/test/venues/meteora", R"({"silent":true})");
  EXPECT_EQ(silent.status, 200U);
  EXPECT_EQ(silent.body, R"({"venue":"meteora","silent":true})");
  EXPECT_EQ(post(api, "/test/venues/meteora", R"({"silent":false})").body,
            R"({"venue":"meteora","silent":false})");
  const std::vector<std::pair<VenueName, bool>> expected = {{VenueName("meteora"), true},
                                                            {VenueName("meteora"), false}};
  EXPECT_EQ(api.venues.silenced, expected);
}

TEST(TestVenues, WrongRequestsAreRefused) {
  TestApi api(false, true);
  EXPECT_EQ(post(api, "/test/venues/nowhere", R"({"silent":true})").status, 404U);
  EXPECT_EQ(api.get("/test/venues/meteora").status, 405U);
  EXPECT_EQ(post(api, "/test/venues/", "{}").status, 404U);
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "/silent"},
      {R"({"silent":"true"})", "/silent"},
      {R"({"silent":1})", "/silent"},
      {R"({"silent":null})", "/silent"},
      {R"({"silent":true,"silent":false})", "/silent"},
      {R"({"silent":true,"for":"1s"})", "/for"},
  };
  for (const auto& [body, pointer] : cases) {
    const HttpAnswer answer = post(api, "/test/venues/raydium", body);
    EXPECT_EQ(answer.status, 422U) << body;
    EXPECT_NE(answer.body.find("\"pointer\":\"" + pointer + "\""), std::string::npos)
        << body << " " << answer.body;
  }
  EXPECT_TRUE(api.venues.silenced.empty());
  TestApi off;
  EXPECT_EQ(post(off, "/test/venues/raydium", R"({"silent":true})").status, 404U);
  EXPECT_EQ(off.get("/test/venues/raydium").status, 404U);
}

TEST(TestEndpoints, AGatewayHasNoVenues) {
  TestApi api(true, true);
  for (const char* target : {"/test/market", "/test/pools", "/test/venues/raydium"}) {
    const HttpAnswer answer = post(api, target, move_body);
    EXPECT_EQ(answer.status, 503U);
    EXPECT_NE(answer.body.find("\"gateway\""), std::string::npos);
  }
}

}  // namespace
}  // namespace oee::test
