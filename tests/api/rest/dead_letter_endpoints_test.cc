// Dead letters over REST.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

TEST(Routes, DeadLettersAreListedRequeuedAndDiscarded) {
  TestApi rest;
  const OrderId id = place(rest);
  const std::string path = "/v1/dead-letters/" + to_text(id);
  EXPECT_EQ(code_of(send(rest, http::verb::post, path + "/requeue")), "409 conflict");
  rest.orders.set_phase(id, Phase::failed);
  EXPECT_EQ(json::parse(rest.get("/v1/dead-letters?limit=3").body).at("items").as_array().size(),
            1u);
  EXPECT_EQ(rest.orders.last_filter.limit, 3u);
  const json::value counts = json::parse(rest.get("/v1/dead-letters/stats").body);
  EXPECT_EQ(counts.at("byError").at("slippage_exceeded").as_int64(), 2);
  for (const char* path : {"/v1/dead-letters", "/v1/dead-letters/stats"}) {
    rest.get(std::string(path) + "?account=desk-1");
    EXPECT_EQ(rest.orders.last_filter.account, "desk-1") << path;
    rest.get(path);
    EXPECT_EQ(rest.orders.last_filter.account, "") << path;
  }
  const HttpAnswer requeued = send(rest, http::verb::post, path + "/requeue");
  EXPECT_EQ(requeued.status, 202u);
  EXPECT_EQ(text_of(json::parse(requeued.body).at("status")), "pending");
  rest.orders.set_phase(id, Phase::failed);
  const HttpAnswer discarded = send(rest, http::verb::delete_, path);
  EXPECT_EQ(discarded.status, 202u);
  EXPECT_EQ(text_of(json::parse(discarded.body).at("status")), "failed");
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, path)), "409 conflict");
}

TEST(Routes, AChangeWithAKnownKeyGetsTheFirstAnswerAgain) {
  TestApi rest;
  const OrderId id = place(rest);
  const std::string path = "/v1/dead-letters/" + to_text(id);
  const auto send_keyed = [&](http::verb method, const std::string& target,
                              std::string_view key = "\"retry\"") {
    BeastRequest request(method, target, 11);
    request.set("Idempotency-Key", key);
    return rest.call(std::move(request));
  };
  rest.orders.set_phase(id, Phase::failed);
  const HttpAnswer first = send_keyed(http::verb::post, path + "/requeue");
  EXPECT_EQ(first.status, 202u);
  EXPECT_EQ(header_of(first, "Idempotent-Replayed"), "");
  for (const Phase meanwhile : {Phase::pending, Phase::failed, Phase::confirmed}) {
    rest.orders.set_phase(id, meanwhile);
    const HttpAnswer again = send_keyed(http::verb::post, path + "/requeue", "retry");
    EXPECT_EQ(again.status, 202u);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
    EXPECT_EQ(header_of(again, "Location"), header_of(first, "Location"));
  }
  rest.orders.set_phase(id, Phase::failed);
  EXPECT_EQ(code_of(send_keyed(http::verb::delete_, path)), "422 idempotency_key_reused");
  EXPECT_EQ(code_of(send_keyed(http::verb::delete_, "/v1/orders/" + to_text(id))),
            "422 idempotency_key_reused");
  EXPECT_EQ(code_of(place_with_key(rest, "retry")), "422 idempotency_key_reused");
  EXPECT_EQ(code_of(send_keyed(http::verb::post, path + "/requeue", "a b")), "400 invalid_header");
  EXPECT_EQ(rest.orders.writes, 2);
  EXPECT_EQ(send_keyed(http::verb::delete_, path, "another").status, 202u);
  EXPECT_EQ(header_of(send_keyed(http::verb::delete_, path, "another"), "Idempotent-Replayed"),
            "true");
}

}  // namespace
}  // namespace oee::test
