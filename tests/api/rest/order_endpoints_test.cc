// Orders over REST: placed, read, listed, cancelled, quoted.
#include "api/orders/quote_ids.h"
#include "tests/api/http/hostile_bodies.h"
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

// TestApi checks each answer against openapi.yaml.
TEST(Routes, AnOrderHasItsLegsAndAListHasNone) {
  TestApi rest;
  const std::string id = to_text(place(rest));
  EXPECT_TRUE(json::parse(rest.get("/v1/orders/" + id).body).at("legs").as_array().empty());
  Leg filled;
  filled.number = 1;
  filled.status = LegStatus::filled;
  filled.venue = "raydium";
  filled.amount_in = Decimal{1'500'000'000, 9};
  filled.tx_hash = TxHash{};
  filled.fill = LegFill{{224'000'000, 6}, {149'333'333, 6}, {2'500'000, 9}};
  Leg live = filled;
  live.number = 3;
  live.status = LegStatus::unknown;
  live.tx_hash.reset();
  live.fill.reset();
  Leg ended = live;
  ended.number = 2;
  ended.status = LegStatus::expired;
  ended.error = ErrorClass::attempt_expired;
  ended.detail = "above height 1000";
  rest.orders.legs = {filled, ended, live};
  const json::value order = json::parse(rest.get("/v1/orders/" + id).body);
  const json::array& legs = order.at("legs").as_array();
  ASSERT_EQ(legs.size(), 3u);
  EXPECT_EQ(text_of(legs[0].at("amountOut")), "224");
  EXPECT_EQ(text_of(legs[1].at("errorClass")), "attempt_expired");
  EXPECT_EQ(text_of(legs[2].at("status")), "unknown");
  EXPECT_TRUE(legs[2].at("txHash").is_null());
  for (const char* list : {"/v1/orders", "/v1/dead-letters"}) {
    const json::value page = json::parse(rest.get(list).body);
    const json::object& item = page.at("items").as_array().at(0).as_object();
    EXPECT_FALSE(item.contains("legs")) << list;
  }
}

TEST(Routes, ListsPassTheirFiltersOn) {
  TestApi rest;
  place(rest);
  rest.orders.next_cursor = "c2";
  TxHash hash;
  hash.bytes.fill(7);
  const HttpAnswer answer = rest.get(
      "/v1/orders?status=failed&inputToken=SOL&outputToken=USDC&since=2026-01-01T00:00:00Z&limit=9"
      "&cursor=c1&afterSeq=12&token=SOL&venue=raydium&account=desk-1&clientOrderId=desk/"
      "7&tag=a=b&txHash=" +
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
  EXPECT_EQ(rest.orders.last_filter.tag, "a=b");
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

TEST(Routes, AnOrderHasItsVersionAsETag) {
  TestApi rest;
  const HttpAnswer placed = rest.place(good_body);
  EXPECT_EQ(header_of(placed, "ETag"), "\"1\"");
  const std::string path = header_of(placed, "Location");
  EXPECT_EQ(header_of(rest.get(path), "ETag"), "\"1\"");
  EXPECT_EQ(header_of(send(rest, http::verb::delete_, path), "ETag"), "\"2\"");
  EXPECT_EQ(header_of(rest.get(path), "ETag"), "\"2\"");
}

const std::string limit_body =
    R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5,"type":"limit","limitPrice":150})";

std::string place_limit(TestApi& rest) {
  return text_of(json::parse(rest.place(limit_body).body).at("orderId"));
}

TEST(Routes, AnAmendmentChangesTheTermsThatItNames) {
  TestApi rest;
  const std::string id = place_limit(rest);
  const HttpAnswer done =
      amend(rest, id,
            R"({"amount":"2","limitPrice":140.5,"slippageBps":20,"minOut":"280",)"
            R"("expiresAt":"2099-01-01T00:00:00Z"})",
            "\"1\"");
  EXPECT_EQ(done.status, 202u) << done.body;
  EXPECT_EQ(header_of(done, "ETag"), "\"2\"");
  EXPECT_EQ(text_of(json::parse(done.body).at("status")), "pending");
  const json::value order = json::parse(rest.get("/v1/orders/" + id).body);
  EXPECT_EQ(text_of(order.at("amountIn")), "2");
  EXPECT_EQ(text_of(order.at("limitPrice")), "140.5");
  EXPECT_EQ(order.at("slippageBps"), 20);
  EXPECT_EQ(text_of(order.at("expiresAt")), "2099-01-01T00:00:00.000000Z");
  EXPECT_EQ(amend(rest, id, R"({"expiresAt":null})", "\"2\"").status, 202u);
  EXPECT_FALSE(json::parse(rest.get("/v1/orders/" + id).body).as_object().contains("expiresAt"));
}

TEST(Routes, AnAmendmentIsOfTheVersionThatTheClientSaw) {
  TestApi rest;
  const std::string id = place_limit(rest);
  const std::string body = R"({"limitPrice":140})";
  EXPECT_EQ(code_of(amend(rest, id, body, "")), "428 precondition_required");
  for (const char* bad : {"1", "\"\"", "\"1", "1\"", "\"01\"", "\"+1\"", "\"a\"", "W/\"1\"", "*",
                          "\"1\", \"2\"", "\"4294967296\"", "\""})
    EXPECT_EQ(code_of(amend(rest, id, body, bad)), "400 invalid_header") << bad;
  EXPECT_EQ(code_of(amend(rest, id, body, "\"2\"")), "412 precondition_failed");
  EXPECT_EQ(rest.orders.writes, 1);
  EXPECT_EQ(amend(rest, id, body, "\"1\"").status, 202u);
  EXPECT_EQ(code_of(amend(rest, id, body, "\"1\"")), "412 precondition_failed");
  EXPECT_EQ(code_of(amend(rest, unknown_id, body, "\"1\"")), "404 not_found");
  EXPECT_EQ(code_of(amend(rest, "x", body, "\"1\"")), "404 not_found");
}

TEST(Routes, AnAmendmentWithAKnownKeyGetsTheFirstAnswerAgain) {
  TestApi rest;
  const std::string id = place_limit(rest);
  const std::string body = R"({"limitPrice":140})";
  const HttpAnswer first = amend(rest, id, body, "\"1\"", "k");
  const HttpAnswer again = amend(rest, id, R"({"limitPrice":"140.0"})", "\"1\"", "k");
  EXPECT_EQ(again.status, 202u) << again.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "ETag"), "\"2\"");
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(code_of(amend(rest, id, body, "\"2\"", "k")), "422 idempotency_key_reused");
  EXPECT_EQ(rest.orders.writes, 2);
}

TEST(Routes, AnAmendmentOfAnExactOutputChangesItsMostInput) {
  TestApi rest;
  const HttpAnswer placed =
      rest.place(R"({"inputToken":"SOL","outputToken":"USDC","outputAmount":150,"maxInput":1})");
  const std::string id = text_of(json::parse(placed.body).at("orderId"));
  for (const char* body : {R"({"amount":2})", R"({"minOut":1})", R"({"outputAmount":151})"})
    EXPECT_EQ(code_of(amend(rest, id, body, "\"1\"")), "422 invalid_order") << body;
  EXPECT_EQ(amend(rest, id, R"({"maxInput":"1.25"})", "\"1\"").status, 202u);
  const json::value order = json::parse(rest.get("/v1/orders/" + id).body);
  EXPECT_EQ(text_of(order.at("amountIn")), "1.25");
  EXPECT_EQ(code_of(amend(rest, place_limit(rest), R"({"maxInput":2})", "\"1\"")),
            "422 invalid_order");
}

TEST(Routes, AnAmendmentThatIsNotValidStoresNothing) {
  TestApi rest;
  const std::string id = place_limit(rest);
  const std::vector<BadBody> table = {
      {"", 400, "invalid_json", "", ""},
      {"[]", 422, "invalid_order", "", "wrong_type"},
      {"{}", 422, "invalid_order", "", "required"},
      {R"({"type":"market"})", 422, "invalid_order", "/type", "unknown_member"},
      {R"({"amount":0})", 422, "invalid_order", "/amount", "not_positive"},
      {R"({"amount":null})", 422, "invalid_order", "/amount", "wrong_type"},
      {R"({"amount":"0.0000000001"})", 422, "invalid_order", "/amount", "too_precise"},
      {R"({"amount":1,"amount":2})", 422, "invalid_order", "/amount", "duplicate_key"},
      {R"({"limitPrice":-1})", 422, "invalid_order", "/limitPrice", "not_positive"},
      {R"({"limitPrice":18446744073709})", 422, "invalid_order", "/limitPrice", "not_allowed"},
      {R"({"slippageBps":10001})", 422, "invalid_order", "/slippageBps", "out_of_range"},
      {R"({"minOut":1e-9})", 422, "invalid_order", "/minOut", "too_precise"},
      {R"({"expiresAt":"2020-01-01T00:00:00Z"})", 422, "invalid_order", "/expiresAt",
       "not_in_future"},
      {R"({"expiresAt":0})", 422, "invalid_order", "/expiresAt", "wrong_type"},
  };
  for (const BadBody& bad : table) {
    SCOPED_TRACE(bad.body);
    const HttpAnswer answer = amend(rest, id, bad.body, "\"1\"");
    EXPECT_EQ(code_of(answer), std::to_string(bad.status) + " " + bad.code) << answer.body;
    if (bad.status == 400) continue;
    const json::value first = json::parse(answer.body).at("errors").at(0);
    EXPECT_EQ(text_of(first.at("pointer")), bad.pointer) << answer.body;
    EXPECT_EQ(text_of(first.at("code")), bad.item) << answer.body;
  }
  const std::string past = R"({"expiresAt":"2020-01-01T00:00:00Z"})";
  EXPECT_EQ(code_of(amend(rest, id, past, "\"1\"", "k")), "422 invalid_order") << "no repetition";
  BeastRequest text(http::verb::patch, "/v1/orders/" + id, 11);
  text.set(http::field::if_match, "\"1\"");
  text.body() = R"({"amount":1})";
  EXPECT_EQ(code_of(rest.call(std::move(text))), "415 unsupported_media_type");
  const std::string market = to_text(place(rest));
  EXPECT_EQ(code_of(amend(rest, market, R"({"limitPrice":1})", "\"1\"")), "422 invalid_order");
  const HttpAnswer trigger = amend(rest, market, R"({"triggerPrice":1})", "\"1\"");
  EXPECT_EQ(code_of(trigger), "422 invalid_order");
  EXPECT_EQ(text_of(json::parse(trigger.body).at("errors").at(0).at("pointer")), "/triggerPrice");
  EXPECT_EQ(rest.orders.writes, 2);
}

TEST(Routes, AnAmendmentOfALiveOrEndedOrderConflicts) {
  TestApi rest;
  const std::string id = place_limit(rest);
  for (const Phase phase : {Phase::building, Phase::submitted, Phase::confirmed, Phase::failed}) {
    rest.orders.set_phase(*parse_order_id(id), phase);
    EXPECT_EQ(code_of(amend(rest, id, R"({"amount":1})", "\"1\"")), "409 conflict");
  }
  EXPECT_EQ(rest.orders.writes, 1);
}

TEST(Routes, ACancelOfALiveAttemptIsRequestedAndMayBeRepeated) {
  TestApi rest;
  const OrderId id = place(rest);
  rest.orders.set_phase(id, Phase::submitted);
  const HttpAnswer first = send(rest, http::verb::delete_, "/v1/orders/" + to_text(id));
  EXPECT_EQ(first.status, 202u);
  const json::value body = json::parse(first.body);
  EXPECT_EQ(text_of(body.at("status")), "submitted");
  EXPECT_EQ(body.at("cancelRequested"), true);
  const HttpAnswer again = send(rest, http::verb::delete_, "/v1/orders/" + to_text(id));
  EXPECT_EQ(again.status, 202u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(rest.orders.writes, 2);
}

TEST(Routes, OrdersAreCancelledTogetherOnlyWhenTheCallerNamesThem) {
  TestApi rest;
  for (int i = 0; i < 3; ++i) place(rest);
  rest.orders.set_phase(place(rest), Phase::submitted);
  const auto cancel = [&](const std::string& query) {
    return send(rest, http::verb::delete_, "/v1/orders" + query);
  };
  EXPECT_EQ(code_of(cancel("")), "422 invalid_parameter");
  EXPECT_EQ(code_of(cancel("?all=yes")), "422 invalid_parameter");
  EXPECT_EQ(code_of(cancel("?status=confirmed")), "422 invalid_parameter");
  EXPECT_EQ(code_of(cancel("?id=1")), "400 invalid_query");
  BeastRequest keyed(http::verb::delete_, "/v1/orders?all=true", 11);
  keyed.set("Idempotency-Key", "k");
  EXPECT_EQ(code_of(rest.call(std::move(keyed))), "400 invalid_header");
  EXPECT_FALSE(rest.orders.last_cancel_filter.has_value());
  EXPECT_EQ(cancel("?all=true").body,
            R"({"matched":4,"cancelled":3,"requested":1,"ended":0,"failed":0})");
  EXPECT_EQ(cancel("?account=a&token=SOL&status=resting").status, 200u);
  EXPECT_EQ(rest.orders.last_cancel_filter->account, "a");
  EXPECT_EQ(rest.orders.last_cancel_filter->token, "SOL");
  EXPECT_EQ(rest.orders.last_cancel_filter->status, OrderStatus::resting);
  rest.orders.cancel_all_stops = Error{Errc::closed, ""};
  const HttpAnswer stopped = cancel("?all=true");
  EXPECT_EQ(code_of(stopped), "503 draining");
  EXPECT_NE(stopped.body.find("1 orders were cancelled before"), std::string::npos);
}

TEST(Routes, ACallerThatMayOnlySubmitCancelsItsOwnOrdersTogether) {
  const Access access(std::make_shared<const AccessList>(
      *AccessList::parse("trader submit " + to_hex(as_bytes(sha256({"secret"}))) + "\n")));
  TestApi rest(false, false, access);
  const auto cancel = [&](const std::string& query) {
    BeastRequest request(http::verb::delete_, "/v1/orders?" + query, 11);
    request.set(http::field::authorization, "Bearer secret");
    return rest.call(std::move(request));
  };
  EXPECT_EQ(code_of(cancel("account=other")), "403 forbidden");
  EXPECT_FALSE(rest.orders.last_cancel_filter.has_value());
  for (const char* query : {"all=true", "account=trader", "token=SOL"}) {
    rest.orders.last_cancel_filter.reset();
    EXPECT_EQ(cancel(query).status, 200u) << query;
    EXPECT_EQ(rest.orders.last_cancel_filter->account, "trader") << query;
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
  const WallTime now = rest.clock.now();
  const WallTime end = *parse_rfc3339(text_of(quote.at("validUntil")));
  EXPECT_GT(end, now + std::chrono::seconds(5));
  EXPECT_LE(end, now + QuoteIds::valid_for);
  rest.orders.quoted_at = now + std::chrono::hours(1);  // the wall clock was stepped back
  EXPECT_EQ(*parse_rfc3339(text_of(json::parse(rest.get(target).body).at("validUntil"))),
            now + std::chrono::hours(1) + QuoteIds::valid_for);
  rest.orders.cannot_quote = true;
  const json::value none = json::parse(rest.get(target).body);
  EXPECT_TRUE(none.at("route").is_null());
  EXPECT_FALSE(none.as_object().contains("quoteId") || none.as_object().contains("validUntil"));
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(Routes, AQuoteOfAnExactOutputShowsTheLeastInput) {
  TestApi rest;
  const std::string target = "/v1/quote?inputToken=SOL&outputToken=USDC";
  const json::value quote = json::parse(rest.get(target + "&outputAmount=1.5").body);
  EXPECT_EQ(text_of(quote.at("outputAmount")), "1.5");
  EXPECT_FALSE(quote.as_object().contains("amount"));
  EXPECT_EQ(text_of(quote.at("route").at("amountIn")), "0.002");
  EXPECT_EQ(text_of(quote.at("route").at("amountOut")), "1.5");
  EXPECT_EQ(text_of(quote.at("route").at("maxInput")), "0.00202");
  EXPECT_FALSE(quote.at("route").as_object().contains("minOut"));
  for (const char* wrong : {"", "&amount=1&outputAmount=1", "&outputAmount=0",
                            "&outputAmount=0.0000001", "&outputAmount=x"})
    EXPECT_EQ(rest.get(target + wrong).status, 422U) << wrong;

  const std::string order = R"({"inputToken":"SOL","outputToken":"USDC","maxInput":1,"quoteId":")" +
                            text_of(quote.at("quoteId")) + R"(","outputAmount":)";
  const HttpAnswer placed = rest.place(order + "1.5}");
  ASSERT_EQ(placed.status, 202u) << placed.body;
  const std::string id = text_of(json::parse(placed.body).at("orderId"));
  const json::value stored = json::parse(rest.get("/v1/orders/" + id).body);
  EXPECT_EQ(text_of(stored.at("amountIn")), "0.002") << "not worse than the quote";
  EXPECT_EQ(text_of(stored.at("outputAmount")), "1.5");
  EXPECT_EQ(code_of(rest.place(order + "1.6}")), "422 invalid_order");
}

std::string body_by_quote(const std::string& quote_id, const std::string& amount = "0.01") {
  return R"({"inputToken":"SOL","outputToken":"USDC","amount":)" + amount + R"(,"quoteId":")" +
         quote_id + R"("})";
}

std::string item_of(const HttpAnswer& answer) {
  const json::value problem = json::parse(answer.body);
  return code_of(answer) + " " + text_of(problem.at("errors").at(0).at("pointer")) + " " +
         text_of(problem.at("errors").at(0).at("code"));
}

TEST(Routes, AnOrderByAQuoteYieldsNoLessThanItPromised) {
  TestApi rest;
  const std::string target = "/v1/quote?inputToken=SOL&outputToken=USDC&amount=0.01";
  const std::string quote_id = text_of(json::parse(rest.get(target).body).at("quoteId"));
  const HttpAnswer first = place_with_key(rest, "k", body_by_quote(quote_id));
  ASSERT_EQ(first.status, 202u) << first.body;
  const std::string id = text_of(json::parse(first.body).at("orderId"));
  const json::value order = json::parse(rest.get("/v1/orders/" + id).body);
  EXPECT_EQ(text_of(order.at("quoteId")), quote_id);
  EXPECT_EQ(text_of(order.at("minOutFloor")), "1.5");

  EXPECT_EQ(item_of(rest.place(body_by_quote(quote_id, "0.02"))),
            "422 invalid_order /quoteId quote_mismatch");
  std::string forged = quote_id;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_EQ(item_of(rest.place(body_by_quote(forged))),
            "422 invalid_order /quoteId invalid_quote_id");

  rest.orders.log_time = rest.clock.now() + QuoteIds::valid_for;
  for (const char* key : {"", "other"})
    EXPECT_EQ(item_of(*key == 0 ? rest.place(body_by_quote(quote_id))
                                : place_with_key(rest, key, body_by_quote(quote_id))),
              "422 invalid_order /quoteId quote_expired");
  const HttpAnswer again = place_with_key(rest, "k", body_by_quote(quote_id));
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(rest.orders.writes, 1);
}

}  // namespace
}  // namespace oee::test
