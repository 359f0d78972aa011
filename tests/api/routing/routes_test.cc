// The routes: paths, methods, parameters, and the shape of refusals.
#include "api/routing/routes.h"

#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/rest_calls.h"

namespace oee::test {
namespace {

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

TEST(Routes, WrongMethodsAndPathsAreDistinguished) {
  TestApi rest;
  struct {
    http::verb method;
    const char* target;
    const char* allow;
  } const wrong[] = {
      {http::verb::put, "/v1/orders", "POST, GET, HEAD, DELETE"},
      {http::verb::patch, "/v1/orders?x=1", "POST, GET, HEAD, DELETE"},
      {http::verb::post, "/v1/orders/7", "GET, HEAD, PATCH, DELETE"},
      {http::verb::put, "/v1/orders/7", "GET, HEAD, PATCH, DELETE"},
      {http::verb::post, "/v1/events", "GET, HEAD"},
      {http::verb::get, "/v1/dead-letters/7/requeue", "POST"},
      {http::verb::head, "/v1/dead-letters/7/requeue", "POST"},
      {http::verb::get, "/v1/orders/7/resolve", "POST"},
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

// One path with two routes, one of them for tests.
class PingEndpoints {
 public:
  Task<HttpAnswer> ping(Call) { co_return HttpAnswer(); }
  using Row = EndpointRoute<PingEndpoints>;
  static constexpr std::array routes = {
      Row{{http::verb::get, "/ping", AccessRole::open}, &PingEndpoints::ping},
      Row{{.method = http::verb::post,
           .pattern = "/ping",
           .role = AccessRole::open,
           .needs = Route::Needs::test_endpoints},
          &PingEndpoints::ping},
  };
};

TEST(Routes, TheMethodOfASwitchedOffTestRouteIsNotAllowed) {
  for (const bool on : {false, true}) {
    TestApi rest;
    RouteGroups groups;
    groups.push_back(std::make_unique<EndpointGroup<PingEndpoints>>());
    rest.routes = make_routes({.clock = rest.clock,
                               .orders = rest.orders,
                               .websockets = rest.websockets,
                               .test_endpoints = on},
                              std::move(groups));
    const BeastRequest request(http::verb::put, "/ping", 11);
    const HttpAnswer answer = run_now(rest.routes->handle(request, "req-1", rest.address));
    EXPECT_EQ(answer.status, 405u);
    EXPECT_EQ(header_of(answer, "Allow"), on ? "GET, HEAD, POST" : "GET, HEAD");
  }
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
