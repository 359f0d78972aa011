// The events over REST.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

TEST(Routes, EventsBeyondTheHeadAreRefused) {
  TestApi rest;
  place(rest);
  rest.orders.log_head = 1;
  EXPECT_EQ(rest.get("/v1/events?after=1").status, 200u);
  const HttpAnswer beyond = rest.get("/v1/events?after=2");
  EXPECT_EQ(code_of(beyond), "422 position_unknown");
  EXPECT_EQ(json::parse(beyond.body).at("headSeq"), 1) << beyond.body;
  EXPECT_EQ(code_of(rest.get("/v1/events?epoch=12")), "422 invalid_parameter");
}

TEST(Routes, EventsComeAsJsonOrOneALine) {
  TestApi rest;
  for (int i = 0; i < 3; ++i) place(rest);
  const json::value page = json::parse(rest.get("/v1/events?after=0&limit=2").body);
  EXPECT_EQ(page.at("items").as_array().size(), 2u);
  EXPECT_EQ(text_of(page.at("nextCursor")), "2");
  const json::value last = json::parse(rest.get("/v1/events?after=2&limit=2").body);
  EXPECT_EQ(last.at("items").as_array().size(), 1u);
  EXPECT_FALSE(last.as_object().contains("nextCursor"));
  BeastRequest request(http::verb::get, "/v1/events?limit=2", 11);
  request.set(http::field::accept, "application/x-ndjson");
  const HttpAnswer lines = rest.call(std::move(request));
  EXPECT_EQ(lines.content_type, "application/x-ndjson");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 2);
  EXPECT_TRUE(lines.body.starts_with("{\"seq\":1,"));
  EXPECT_NE(lines.body.find("}\n{\"seq\":2,"), std::string::npos);
  EXPECT_EQ(header_of(lines, "Link"), "<?after=2&limit=2>; rel=\"next\"");
}

// A page whose filter matches nothing must still have a cursor.
TEST(Routes, AnEmptyFilteredPageHasACursorToContinueFrom) {
  TestApi rest;
  for (int i = 0; i < 3; ++i) place(rest);
  const json::value page = json::parse(rest.get("/v1/events?type=OrderFailed").body);
  EXPECT_TRUE(page.at("items").as_array().empty());
  EXPECT_EQ(text_of(page.at("nextCursor")), "3");
  EXPECT_FALSE(json::parse(rest.get("/v1/events?type=OrderFailed&after=3").body)
                   .as_object()
                   .contains("nextCursor"));
  const json::value other = json::parse(rest.get("/v1/events?account=nobody").body);
  EXPECT_TRUE(other.at("items").as_array().empty());
  EXPECT_EQ(text_of(other.at("nextCursor")), "3");
  BeastRequest request(http::verb::get, "/v1/events?account=default&limit=1", 11);
  request.set(http::field::accept, "application/x-ndjson");
  const HttpAnswer lines = rest.call(std::move(request));
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 1);
  EXPECT_EQ(header_of(lines, "Link"), "<?after=1&limit=1&account=default>; rel=\"next\"");
}

TEST(Routes, AnOrdersEventsAreItsOwn) {
  TestApi rest;
  place(rest);
  const std::string id = to_text(place(rest));
  const json::value page = json::parse(rest.get("/v1/orders/" + id + "/events").body);
  ASSERT_EQ(page.at("items").as_array().size(), 1u);
  EXPECT_EQ(page.at("items").at(0).at("seq").as_int64(), 2);
  EXPECT_EQ(json::parse(rest.get("/v1/orders/" + id + "/events?after=2").body)
                .at("items")
                .as_array()
                .size(),
            0u);
  for (const char* query : {"", "?after=1", "?type=OrderAccepted", "?after=7&type=OrderFailed"})
    EXPECT_EQ(code_of(rest.get("/v1/orders/" + unknown_id + "/events" + query)), "404 not_found");
}

}  // namespace
}  // namespace oee::test
