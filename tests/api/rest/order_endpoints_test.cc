// Orders over REST: placed, read, listed, cancelled, quoted.
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

TEST(Routes, AnAcceptedOrderIsAnsweredWithItsLocation) {
  TestApi rest;
  const HttpAnswer answer = rest.place(good_body);
  EXPECT_EQ(answer.status, 202u);
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(text_of(body.at("status")), "pending");
  EXPECT_EQ(body.at("seq").as_int64(), 1);
  EXPECT_EQ(header_of(answer, "Location"), "/v1/orders/" + text_of(body.at("orderId")));
  EXPECT_EQ(header_of(answer, "Idempotent-Replayed"), "");
  ASSERT_EQ(rest.orders.placed.size(), 1u);
  EXPECT_EQ(rest.orders.placed[0].amount_in, (Decimal{1'500'000'000, 9}));
}

TEST(Routes, TheSameKeyAndBodyGetTheFirstAnswerAgain) {
  TestApi rest;
  const HttpAnswer first = place_with_key(rest, "\"key 1\"");
  const HttpAnswer again = place_with_key(
      rest, "\"key 1\"", R"({"amount":"1.50","outputToken":"USDC","inputToken":"SOL"})");
  EXPECT_EQ(again.status, first.status);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(rest.orders.writes, 1);
}

TEST(Routes, TheSameKeyWithAnotherBodyIsRefused) {
  TestApi rest;
  place_with_key(rest, "k");
  const HttpAnswer other =
      place_with_key(rest, "k", R"({"inputToken":"SOL","outputToken":"USDC","amount":2})");
  EXPECT_EQ(code_of(other), "422 idempotency_key_reused");
  EXPECT_EQ(rest.orders.writes, 1);
}

TEST(Routes, QuotedAndBareFormsOfAKeyAreOneKey) {
  TestApi rest;
  EXPECT_EQ(place_with_key(rest, "abc").status, 202u);
  EXPECT_EQ(header_of(place_with_key(rest, "\"abc\""), "Idempotent-Replayed"), "true");
  EXPECT_EQ(place_with_key(rest, "\"a\\\"\\\\b\"").status, 202u);
  EXPECT_EQ(rest.orders.placed.back().idempotency_key, "a\"\\b");
  EXPECT_EQ(place_with_key(rest, std::string(255, 'k')).status, 202u);
}

TEST(Routes, AMalformedKeyStoresNothing) {
  TestApi rest;
  const std::string quoted_256 = "\"" + std::string(256, 'k') + "\"";
  for (const std::string& key :
       {std::string(""), std::string("\"\""), std::string("\"open"), std::string("open\""),
        std::string("a b"), std::string("a,b"), std::string("a;b"), std::string("\"a\\n\""),
        std::string("\"a\";x=1"), std::string("k\xc3\xa9"), std::string("\"\xc3\xa9\""),
        std::string("\"a\\\""), std::string(256, 'k'), quoted_256}) {
    EXPECT_EQ(code_of(place_with_key(rest, key)), "400 invalid_header") << key;
  }
  BeastRequest twice = TestApi::place_request(good_body);
  twice.insert("Idempotency-Key", "a");
  twice.insert("Idempotency-Key", "a");
  EXPECT_EQ(code_of(rest.call(std::move(twice))), "400 invalid_header");
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(Routes, OnlyJsonInUtf8IsTaken) {
  TestApi rest;
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
        "application/json; charset=latin1", "multipart/form-data", "application/problem+json"}) {
    const HttpAnswer answer = place_with(rest, http::field::unknown, "Content-Type", type);
    EXPECT_EQ(code_of(answer), "415 unsupported_media_type") << type;
  }
  EXPECT_EQ(code_of(place_with(rest, http::field::unknown, "Content-Encoding", "gzip")),
            "415 unsupported_media_type");
  EXPECT_EQ(rest.orders.writes, 0);
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"", "application/json;"}) {
    EXPECT_EQ(place_with(rest, http::field::unknown, "Content-Type", type).status, 202u) << type;
  }
}

TEST(Routes, ATraceparentBecomesTheCorrelation) {
  TestApi rest;
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto correlation_for = [&rest](const std::string& traceparent) {
    place_with(rest, http::field::unknown, "traceparent", traceparent);
    return to_text(rest.orders.correlations.back());
  };
  EXPECT_EQ(correlation_for("00-" + trace + "-00f067aa0ba902b7-01"), trace);
  EXPECT_EQ(correlation_for("cc-" + trace + "-00f067aa0ba902b7-01-what"), trace);
  std::string previous;
  for (const std::string& bad :
       {"ff-" + trace + "-00f067aa0ba902b7-01", "00-" + trace + "-0000000000000000-01",
        "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + trace + "-00f067aa0ba902b7-01-x",
        "00-" + std::string(32, 'A') + "-00f067aa0ba902b7-01", trace, std::string("00")}) {
    const std::string made = correlation_for(bad);
    EXPECT_NE(made, trace) << bad;
    EXPECT_NE(made, std::string(32, '0'));
    EXPECT_NE(made, previous);
    previous = made;
  }
}

TEST(Routes, AnOrderIsReadAsItIsAndAsItWas) {
  TestApi rest;
  place(rest);
  const std::string id = to_text(place(rest));
  const HttpAnswer now = rest.get("/v1/orders/" + id);
  EXPECT_EQ(now.status, 200u);
  EXPECT_EQ(text_of(json::parse(now.body).at("orderId")), id);
  EXPECT_EQ(rest.get("/v1/orders/" + id + "?at=2").status, 200u);
  EXPECT_EQ(code_of(rest.get("/v1/orders/" + id + "?at=1")), "404 not_found");
  EXPECT_EQ(code_of(rest.get("/v1/orders/" + unknown_id)), "404 not_found");
  EXPECT_EQ(code_of(rest.get("/v1/orders/not-an-id")), "404 not_found");
  EXPECT_EQ(code_of(rest.get("/v1/orders/" + id + "?at=0")), "422 invalid_parameter");
  EXPECT_EQ(code_of(rest.get("/v1/orders/" + id + "?when=1")), "400 invalid_query");
}

TEST(Routes, ListsPassTheirFiltersOn) {
  TestApi rest;
  place(rest);
  rest.orders.next_cursor = "c2";
  TxHash hash;
  hash.bytes.fill(7);
  const HttpAnswer answer = rest.get(
      "/v1/orders?status=failed&inputToken=SOL&outputToken=USDC&since=2026-01-01T00:00:00Z&limit=9"
      "&cursor=c1&afterSeq=12&token=SOL&venue=raydium&account=desk-1&clientOrderId=desk/7&txHash=" +
      to_text(hash));
  EXPECT_EQ(answer.status, 200u) << answer.body;
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(text_of(body.at("nextCursor")), "c2");
  EXPECT_EQ(rest.orders.last_filter.status, OrderStatus::failed);
  EXPECT_EQ(rest.orders.last_filter.input_token, "SOL");
  EXPECT_EQ(rest.orders.last_filter.output_token, "USDC");
  EXPECT_EQ(rest.orders.last_filter.token, "SOL");
  EXPECT_EQ(rest.orders.last_filter.venue, "raydium");
  EXPECT_EQ(rest.orders.last_filter.account, "desk-1");
  EXPECT_EQ(rest.orders.last_filter.client_order_id, "desk/7");
  EXPECT_EQ(rest.orders.last_filter.tx_hash, hash);
  EXPECT_TRUE(rest.orders.last_filter.since.has_value());
  EXPECT_EQ(rest.orders.last_filter.limit, 9u);
  EXPECT_EQ(rest.orders.last_filter.cursor, "c1");
  EXPECT_EQ(rest.orders.last_after_seq, 12u);
  rest.orders.next_cursor.clear();
  const json::value all = json::parse(rest.get("/v1/orders").body);
  EXPECT_EQ(all.at("items").as_array().size(), 1u);
  EXPECT_FALSE(all.as_object().contains("nextCursor"));
  EXPECT_EQ(rest.orders.last_filter.account, "");
}

TEST(Routes, AnAccountThatIsNoNameIsRefusedByEveryList) {
  TestApi rest;
  for (const char* path :
       {"/v1/orders", "/v1/events", "/v1/dead-letters", "/v1/dead-letters/stats"}) {
    for (const char* account : {"", "a%0d%0aX:%20b", "a%20b", "a/b"}) {
      const HttpAnswer answer = rest.get(std::string(path) + "?account=" + account);
      EXPECT_EQ(code_of(answer), "422 invalid_parameter") << path << " " << account;
    }
    EXPECT_EQ(rest.get(std::string(path) + "?account=nobody").status, 200u) << path;
  }
}

TEST(Routes, AWaitForASeqBeyondTheHeadIsRefusedAtOnce) {
  TestApi rest;
  for (const std::string path : {"/v1/orders", "/v1/dead-letters", "/v1/dead-letters/stats"}) {
    rest.orders.log_head = 7;
    EXPECT_EQ(rest.get(path + "?afterSeq=7").status, 200u);
    const HttpAnswer beyond = rest.get(path + "?afterSeq=8");
    EXPECT_EQ(code_of(beyond), "422 position_unknown") << path;
    EXPECT_EQ(json::parse(beyond.body).at("headSeq"), 7) << beyond.body;
    rest.orders.log_head.reset();  // a gateway
    EXPECT_EQ(rest.get(path + "?afterSeq=8").status, 200u) << path;
  }
}

TEST(Routes, CancelAnswersOnceThenConflicts) {
  TestApi rest;
  const std::string id = to_text(place(rest));
  const HttpAnswer done = send(rest, http::verb::delete_, "/v1/orders/" + id);
  EXPECT_EQ(done.status, 202u);
  const json::value body = json::parse(done.body);
  EXPECT_EQ(text_of(body.at("orderId")), id);
  EXPECT_EQ(text_of(body.at("status")), "cancelled");
  EXPECT_EQ(body.at("seq").as_int64(), 2);
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, "/v1/orders/" + id)), "409 conflict");
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, "/v1/orders/" + unknown_id)), "404 not_found");
  EXPECT_EQ(code_of(send(rest, http::verb::delete_, "/v1/orders/x")), "404 not_found");
  EXPECT_EQ(rest.orders.writes, 2);
}

TEST(Routes, AQuoteShowsEveryVenueAndTheRoute) {
  TestApi rest;
  const std::string target = "/v1/quote?inputToken=SOL&outputToken=USDC&amount=0.01";
  const json::value quote = json::parse(rest.get(target).body);
  EXPECT_EQ(text_of(quote.at("amount")), "0.01");
  EXPECT_EQ(text_of(quote.at("quotes").at(0).at("venue")), "raydium");
  EXPECT_EQ(text_of(quote.at("route").at("amountOut")), "1.5");
  EXPECT_EQ(text_of(quote.at("route").at("minOut")), "1.485");
  rest.orders.cannot_quote = true;
  EXPECT_TRUE(json::parse(rest.get(target).body).at("route").is_null());
  EXPECT_EQ(rest.orders.writes, 0);
}

}  // namespace
}  // namespace oee::test
