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
  for (const char* target : {"/test/market", "/test/venues/raydium"}) {
    const HttpAnswer answer = post(api, target, move_body);
    EXPECT_EQ(answer.status, 503U);
    EXPECT_NE(answer.body.find("\"gateway\""), std::string::npos);
  }
}

}  // namespace
}  // namespace oee::test
