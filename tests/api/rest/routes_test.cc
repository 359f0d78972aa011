#include "api/routing/routes.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace json = boost::json;
namespace http = boost::beast::http;

const std::string good_body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";
const std::string unknown_id = "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e";

std::string code_of(const HttpAnswer& answer) {
  const json::value problem = json::parse(answer.body);
  return std::to_string(answer.status) + " " + std::string(problem.at("code").as_string());
}
std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

HttpAnswer place_with(TestApi& rest, http::field, std::string_view name, std::string_view value,
                      const std::string& body = good_body) {
  BeastRequest request = TestApi::place_request(body);
  request.set({name.data(), name.size()}, boost::beast::string_view(value.data(), value.size()));
  return rest.call(std::move(request));
}
HttpAnswer place_with_key(TestApi& rest, std::string_view key,
                          const std::string& body = good_body) {
  return place_with(rest, http::field::unknown, "Idempotency-Key", key, body);
}
HttpAnswer send(TestApi& rest, http::verb method, const std::string& target) {
  return rest.call(BeastRequest(method, target, 11));
}
OrderId place(TestApi& rest) {
  return *parse_order_id(text_of(json::parse(rest.place(good_body).body).at("orderId")));
}

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

TEST(Routes, TheEnginesErrorsBecomeStatuses) {
  struct {
    Errc error;
    const char* write;  // of POST
    const char* read;   // of GET
  } const cases[] = {
      {Errc::full, "503 full", "503 full"},
      {Errc::closed, "503 draining", "503 draining"},
      {Errc::indeterminate, "503 outcome_unknown", "500 internal"},
      {Errc::timeout, "503 outcome_unknown", "503 unavailable"},
      {Errc::unavailable, "503 unavailable", "503 unavailable"},
      {Errc::conflict, "409 conflict", "409 conflict"},
      {Errc::key_mismatch, "422 idempotency_key_reused", "422 idempotency_key_reused"},
      {Errc::not_found, "404 not_found", "404 not_found"},
      {Errc::corrupt, "500 internal", "500 internal"},
      {Errc::io, "500 internal", "500 internal"},
  };
  TestApi rest;
  const std::string id = to_text(place(rest));
  rest.possible = false;
  for (const auto& each : cases) {
    rest.orders.fail_with = Error{each.error, "secret /path of the machine"};
    const HttpAnswer write = rest.place(good_body);
    const HttpAnswer read = rest.get("/v1/orders/" + id);
    EXPECT_EQ(code_of(write), each.write);
    EXPECT_EQ(code_of(read), each.read);
    EXPECT_EQ(header_of(write, "Retry-After").empty(), write.status != 503);
    if (write.status >= 500 && each.error != Errc::full) {
      EXPECT_EQ(write.body.find("secret"), std::string::npos) << write.body;
    }
  }
  rest.orders.fail_with = Error{Errc::indeterminate, "EIO"};
  EXPECT_NE(rest.place(good_body).body.find("outcome unknown, retry with the same key"),
            std::string::npos);
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
      "&cursor=c1&afterSeq=12&token=SOL&venue=raydium&clientOrderId=desk/7&txHash=" +
      to_text(hash));
  EXPECT_EQ(answer.status, 200u) << answer.body;
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(body.at("items").as_array().size(), 1u);
  EXPECT_EQ(text_of(body.at("nextCursor")), "c2");
  EXPECT_EQ(rest.orders.last_filter.status, OrderStatus::failed);
  EXPECT_EQ(rest.orders.last_filter.input_token, "SOL");
  EXPECT_EQ(rest.orders.last_filter.output_token, "USDC");
  EXPECT_EQ(rest.orders.last_filter.token, "SOL");
  EXPECT_EQ(rest.orders.last_filter.venue, "raydium");
  EXPECT_EQ(rest.orders.last_filter.client_order_id, "desk/7");
  EXPECT_EQ(rest.orders.last_filter.tx_hash, hash);
  EXPECT_TRUE(rest.orders.last_filter.since.has_value());
  EXPECT_EQ(rest.orders.last_filter.limit, 9u);
  EXPECT_EQ(rest.orders.last_filter.cursor, "c1");
  EXPECT_EQ(rest.orders.last_after_seq, 12u);
  rest.orders.next_cursor.clear();
  EXPECT_FALSE(json::parse(rest.get("/v1/orders").body).as_object().contains("nextCursor"));
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

TEST(Routes, WrongParametersAreNamed) {
  TestApi rest;
  for (const auto& [target, expected, parameter] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"/v1/orders?limit=0", "422 invalid_parameter", "limit"},
           {"/v1/orders?limit=501", "422 invalid_parameter", "limit"},
           {"/v1/orders?status=open", "422 invalid_parameter", "status"},
           {"/v1/orders?since=yesterday", "422 invalid_parameter", "since"},
           {"/v1/orders?token=", "422 invalid_parameter", "token"},
           {"/v1/orders?token=SIXTEENCHARACTER", "422 invalid_parameter", "token"},
           {"/v1/orders?venue=", "422 invalid_parameter", "venue"},
           {"/v1/orders?venue=%FF", "422 invalid_parameter", "venue"},
           {"/v1/orders?venue=raydium%00x", "422 invalid_parameter", "venue"},
           {"/v1/orders?cursor=%00", "422 invalid_parameter", "cursor"},
           {"/v1/orders?venue=sixteencharacter", "422 invalid_parameter", "venue"},
           {"/v1/orders?venue=nowhere", "422 invalid_parameter", "venue"},
           {"/v1/orders?venue=raydium&venue=meteora", "400 invalid_query", "venue"},
           {"/v1/orders?clientOrderId=", "422 invalid_parameter", "clientOrderId"},
           {"/v1/orders?clientOrderId=a%20b", "422 invalid_parameter", "clientOrderId"},
           {"/v1/orders?clientOrderId=%00", "422 invalid_parameter", "clientOrderId"},
           {"/v1/orders?clientOrderId=" + std::string(65, 'x'), "422 invalid_parameter",
            "clientOrderId"},
           {"/v1/orders?txHash=", "422 invalid_parameter", "txHash"},
           {"/v1/orders?txHash=7", "422 invalid_parameter", "txHash"},
           {"/v1/orders?txHash=" + std::string(88, '0'), "422 invalid_parameter", "txHash"},
           {"/v1/orders?txHash=" + std::string(88, 'z'), "422 invalid_parameter", "txHash"},
           {"/v1/orders?txHash=" + std::string(89, '1'), "422 invalid_parameter", "txHash"},
           {"/v1/config?name=shards", "400 invalid_query", "name"},
           {"/v1/orders?afterSeq=x", "422 invalid_parameter", "afterSeq"},
           {"/v1/orders?page=2", "400 invalid_query", "page"},
           {"/v1/orders?limit=1&limit=2", "400 invalid_query", "limit"},
           {"/v1/events?type=Nothing", "422 invalid_parameter", "type"},
           {"/v1/events?after=-1", "422 invalid_parameter", "after"},
           {"/v1/events?limit=1001", "422 invalid_parameter", "limit"},
           {"/v1/dead-letters?limit=x", "422 invalid_parameter", "limit"},
           {"/v1/dead-letters/stats?x=1", "400 invalid_query", "x"},
           {"/v1/quote?inputToken=SOL&outputToken=USDC", "422 invalid_parameter", "amount"},
           {"/v1/quote?inputToken=SOL&outputToken=SOL&amount=1", "422 invalid_parameter",
            "outputToken"},
           {"/v1/quote?inputToken=X&outputToken=SOL&amount=1", "422 invalid_parameter",
            "inputToken"},
           {"/v1/quote?inputToken=SOL&outputToken=USDC&amount=0", "422 invalid_parameter",
            "amount"},
           {"/v1/quote?inputToken=SOL&outputToken=USDC&amount=1&slippageBps=10001",
            "422 invalid_parameter", "slippageBps"},
       }) {
    const HttpAnswer answer = rest.get(target);
    EXPECT_EQ(code_of(answer), expected) << target;
    EXPECT_EQ(text_of(json::parse(answer.body).at("errors").at(0).at("parameter")), parameter)
        << answer.body;
  }
  rest.orders.fail_with = Error{Errc::invalid, "not a cursor"};
  EXPECT_EQ(code_of(rest.get("/v1/orders?cursor=zzz")), "422 invalid_parameter");
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

TEST(Routes, WrongMethodsAndPathsAreDistinguished) {
  TestApi rest;
  struct {
    http::verb method;
    const char* target;
    const char* allow;
  } const wrong[] = {
      {http::verb::put, "/v1/orders", "POST, GET, HEAD"},
      {http::verb::delete_, "/v1/orders?x=1", "POST, GET, HEAD"},
      {http::verb::post, "/v1/orders/7", "GET, HEAD, DELETE"},
      {http::verb::patch, "/v1/orders/7", "GET, HEAD, DELETE"},
      {http::verb::post, "/v1/events", "GET, HEAD"},
      {http::verb::get, "/v1/dead-letters/7/requeue", "POST"},
      {http::verb::head, "/v1/dead-letters/7/requeue", "POST"},
      {http::verb::trace, "/", "GET, HEAD"},
      {http::verb::post, "/readyz", "GET, HEAD"},
  };
  for (const auto& each : wrong) {
    const HttpAnswer answer = send(rest, each.method, each.target);
    EXPECT_EQ(code_of(answer), "405 method_not_allowed") << each.target;
    EXPECT_EQ(header_of(answer, "Allow"), each.allow) << each.target;
  }
  for (const char* target :
       {"/v1", "/v1/", "/v1/orders/", "/v1/orders//events", "/v1/orders/a/b", "/V1/orders",
        "/v2/orders", "//", "/v1/orders/7/requeue", "/metrics/x"}) {
    EXPECT_EQ(code_of(rest.get(target)), "404 not_found") << target;
  }
  BeastRequest head(http::verb::head, "/healthz", 11);
  EXPECT_EQ(rest.call(std::move(head)).status, 200u);
  EXPECT_EQ(code_of(rest.get("/ws")), "426 upgrade_required");
}

TEST(Routes, AQueryOnAWriteIsRefused) {
  TestApi rest;
  BeastRequest request = TestApi::place_request(good_body);
  request.target("/v1/orders?dryRun=true");
  EXPECT_EQ(code_of(rest.call(std::move(request))), "400 invalid_query");
  EXPECT_EQ(rest.orders.writes, 0);
}

TEST(Routes, AGatewayRefusesEveryWriteAndNamesTheRole) {
  TestApi rest(true);
  const std::string id = "/" + unknown_id;
  for (const HttpAnswer& answer :
       {rest.place(good_body), send(rest, http::verb::delete_, "/v1/orders" + id),
        send(rest, http::verb::post, "/v1/dead-letters" + id + "/requeue"),
        send(rest, http::verb::delete_, "/v1/dead-letters" + id),
        rest.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=1")}) {
    EXPECT_EQ(code_of(answer), "503 gateway");
    EXPECT_NE(answer.body.find("--role all"), std::string::npos);
  }
  EXPECT_EQ(rest.get("/v1/orders").status, 200u);
  EXPECT_EQ(rest.orders.writes, 0);
}

// The whole API over a socket: the headers that keep answers out of caches and guesses of type.
TEST(Routes, AnswersAreNeitherCachedNorTakenForAnotherType) {
  std::vector<std::unique_ptr<TestApi>> apis;
  TestServer server({}, 1, [&apis](Loop&, Clock&) {
    return std::move(apis.emplace_back(std::make_unique<TestApi>())->routes);
  });
  const std::string upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n";
  struct Case {
    std::string first_line;
    std::string headers;
    int status;
    const char* cache_control;
  };
  const Case cases[] = {
      {"GET /v1/orders", "", 200, "no-store"},
      {"HEAD /v1/orders", "", 200, "no-store"},
      {"GET /v1/orders/" + unknown_id, "", 404, "no-store"},
      {"GET /", "Accept: application/json\r\n", 200, "no-store"},
      {"GET /health", "", 200, "no-store"},
      {"PUT /v1/orders", "", 405, "no-store"},
      {"GET /v1/orders", "Transfer-Encoding: gzip\r\n", 501, "no-store"},
      {"GET /ws", upgrade, 403, "no-store"},
      {"GET /openapi.json", "", 200, "no-cache"},
      {"GET /openapi.json", "If-None-Match: *\r\n", 304, "no-cache"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.first_line + " " + each.headers);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(each.first_line + " HTTP/1.1\r\nHost: h\r\n" + each.headers + "\r\n"));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, each.status);
    EXPECT_EQ(response->header("Cache-Control"), each.cache_control);
    EXPECT_EQ(response->head.find("Cache-Control"), response->head.rfind("Cache-Control"));
    EXPECT_EQ(response->header("X-Content-Type-Options"), "nosniff");
  }
  server.stop();
}

// The whole API over a socket: refusals of the server itself have the same shape as all others.
TEST(Routes, RefusalsOfTheServerAreProblemsToo) {
  std::vector<std::unique_ptr<TestApi>> apis;
  TestServer server({}, 1, [&apis](Loop&, Clock&) {
    return std::move(apis.emplace_back(std::make_unique<TestApi>())->routes);
  });
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /v1/orders HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                  "X-Request-Id: mine\r\nContent-Length: " +
                  std::to_string(good_body.size()) + "\r\n\r\n" + good_body));
  const auto placed = client.response();
  ASSERT_TRUE(placed.has_value());
  EXPECT_EQ(placed->status, 202) << placed->body;
  EXPECT_EQ(placed->header("X-Request-Id"), "mine");
  EXPECT_EQ(placed->header("Location").substr(0, 11), "/v1/orders/");
  ASSERT_TRUE(
      client.send("POST /v1/orders HTTP/1.1\r\nHost: h\r\nX-Request-Id: big\r\n"
                  "Content-Length: 70000\r\n\r\n"));
  const auto refused = client.response();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 413);
  EXPECT_EQ(refused->header("Content-Type"), "application/problem+json");
  EXPECT_EQ(refused->header("X-Request-Id"), "big");
  const json::value problem = json::parse(refused->body);
  EXPECT_EQ(text_of(problem.at("code")), "body_too_large");
  EXPECT_EQ(text_of(problem.at("requestId")), "big");
  server.stop();
}

}  // namespace
}  // namespace oee::test
