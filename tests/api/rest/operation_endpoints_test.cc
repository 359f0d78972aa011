// Health and configuration over REST.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

TEST(Routes, TheConfigurationIsListedWithItsOrigins) {
  TestApi rest;
  const std::vector<Setting> settings = {{"shards", "2", "default"},
                                         {"redis-url", "redis://:***@h", "environment X"}};
  rest.routes =
      make_routes({.clock = rest.clock, .orders = rest.orders, .websockets = rest.websockets},
                  rest.groups({.health = rest.health, .settings = settings}));
  EXPECT_EQ(rest.get("/v1/config").body,
            R"({"items":[{"name":"shards","value":"2","origin":"default"},)"
            R"({"name":"redis-url","value":"redis://:***@h","origin":"environment X"}]})");
}

TEST(Routes, HealthNamesTheFault) {
  TestApi rest;
  EXPECT_EQ(rest.get("/").body, R"({"status":"ok","service":"Order Execution Engine"})");
  EXPECT_EQ(rest.get("/healthz?probe=1").status, 200u);
  EXPECT_EQ(rest.get("/readyz").status, 200u);
  EXPECT_EQ(rest.get("/health").body, R"({"status":"ok","role":"engine","headSeq":7})");
  rest.health.now.ready = false;
  rest.health.now.reasons = {"recovering", "the projector is 5000 events behind"};
  rest.health.now.words = {"recovering", "behind"};
  EXPECT_EQ(rest.get("/healthz").status, 200u);
  const HttpAnswer not_ready = rest.get("/readyz");
  EXPECT_EQ(code_of(not_ready), "503 not_ready");
  EXPECT_EQ(json::parse(not_ready.body).at("reasons").as_array().size(), 2u);
  EXPECT_EQ(rest.get("/health").status, 200u);
  EXPECT_EQ(text_of(json::parse(rest.get("/health").body).at("status")), "degraded");
  rest.health.now.words_only = true;  // an open port without an access file
  EXPECT_EQ(
      rest.get("/health").body,
      R"({"status":"degraded","reasons":["recovering","behind"],"role":"engine","headSeq":7})");
  EXPECT_EQ(json::parse(rest.get("/readyz").body).at("detail").as_string(), "recovering; behind");
}

}  // namespace
}  // namespace oee::test
