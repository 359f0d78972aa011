// Halts over REST.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

HttpAnswer halt(TestApi& rest, const std::string& body) {
  BeastRequest request = TestApi::place_request(body);
  request.target("/v1/halt");
  return rest.call(std::move(request));
}

TEST(Routes, AHaltIsListedUntilItIsEnded) {
  TestApi rest;
  EXPECT_EQ(rest.get("/v1/halt").body, R"({"items":[]})");
  const HttpAnswer halted = halt(rest, R"({"scope":{"token":"SOL"},"reason":"depeg"})");
  EXPECT_EQ(halted.status, 201u);
  EXPECT_EQ(header_of(halted, "Location"), "/v1/halt/1");
  EXPECT_EQ(halted.body, R"({"haltId":1,"seq":1})");
  EXPECT_EQ(halt(rest, R"({"reason":"all of it","scope":"all"})").status, 201u);
  const json::value list = json::parse(rest.get("/v1/halt").body);
  ASSERT_EQ(list.at("items").as_array().size(), 2u);
  const json::value& first = list.at("items").at(0);
  EXPECT_EQ(text_of(first.at("scope").at("token")), "SOL");
  EXPECT_EQ(text_of(first.at("reason")), "depeg");
  EXPECT_EQ(first.at("haltId").as_int64(), 1);
  EXPECT_EQ(text_of(list.at("items").at(1).at("scope")), "all");
  const HttpAnswer resumed = send(rest, http::verb::delete_, "/v1/halt/1");
  EXPECT_EQ(resumed.status, 200u);
  EXPECT_EQ(resumed.body, R"({"haltId":1,"seq":3})");
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, "/v1/halt/1")), "404 not_found");
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, "/v1/halt/x")), "404 not_found");
}

TEST(Routes, AHaltThatIsNotAsDocumentedIsRefused) {
  TestApi rest;
  for (const char* body :
       {R"({"scope":"all"})", R"({"reason":"x"})", R"({"scope":"some","reason":"x"})",
        R"({"scope":{},"reason":"x"})", R"({"scope":{"token":"NONE"},"reason":"x"})",
        R"({"scope":{"venue":"nowhere"},"reason":"x"})", R"({"scope":{"account":""},"reason":"x"})",
        R"({"scope":{"token":"SOL","venue":"raydium"},"reason":"x"})",
        R"({"scope":{"token":"USDC","token":"SOL"},"reason":"x"})",
        R"({"scope":{"all":"x"},"reason":"x"})", R"({"scope":"all","reason":""})",
        R"({"scope":"all","reason":5})", R"({"scope":"all","reason":"x","until":"noon"})",
        R"({"scope":"all","scope":"all","reason":"x"})", R"(["all"])"})
    EXPECT_EQ(code_of(halt(rest, body)), "422 invalid") << body;
  EXPECT_EQ(code_of(halt(rest, "{")), "400 invalid_json");
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(Routes, AHaltedOrderIsRefusedWithItsReason) {
  TestApi rest;
  rest.orders.fail_with = Error{Errc::halted, "trading is halted by ops: depeg"};
  const HttpAnswer answer = rest.place(good_body);
  EXPECT_EQ(code_of(answer), "503 halted");
  EXPECT_NE(answer.body.find("depeg"), std::string::npos);
  EXPECT_FALSE(header_of(answer, "Retry-After").empty());
}

}  // namespace
}  // namespace oee::test
