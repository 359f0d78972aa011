// Access control of the REST API: tokens, roles, rate limits, origins of web pages.
#include "api/access/access.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace json = boost::json;
namespace http = boost::beast::http;
using http::verb;

const std::string good_body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";
const std::string some_id = "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e";

std::string code_of(const HttpAnswer& answer) {
  const json::value problem = json::parse(answer.body);
  return std::to_string(answer.status) + " " + std::string(problem.at("code").as_string());
}

// A list with one token of each role, and a second one that may submit.
struct Tokens {
  NewToken reader = *make_token("reader:read");
  NewToken trader = *make_token("trader:submit");
  NewToken other = *make_token("other:submit");
  NewToken operator_ = *make_token("boss:operate");
  std::shared_ptr<const AccessList> list = std::make_shared<const AccessList>(*AccessList::parse(
      reader.line + "\n" + trader.line + "\n" + other.line + "\n" + operator_.line + "\n"));
};

using Headers = std::vector<std::pair<std::string, std::string>>;

BeastRequest request_of(verb method, const std::string& target, const Headers& headers) {
  BeastRequest request = TestApi::place_request(method == verb::post ? good_body : "");
  request.method(method);
  request.target(target);
  request.set(http::field::host, "engine.example");
  for (const auto& [name, value] : headers) request.insert(name, value);
  return request;
}
Headers bearer(const NewToken& token) {
  return {{"Authorization", "Bearer " + token.secret}};
}

TEST(Access, EveryRouteRequiresItsRole) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access);
  const std::string order = "/v1/orders/" + some_id;
  const std::string letter = "/v1/dead-letters/" + some_id;
  struct Case {
    verb method;
    std::string target;
    AccessRole role;
  };
  const Case cases[] = {
      {verb::post, "/v1/orders", AccessRole::submit},
      {verb::patch, order, AccessRole::submit},
      {verb::delete_, order, AccessRole::submit},
      {verb::delete_, "/v1/orders?all=true", AccessRole::submit},
      {verb::get, "/v1/orders", AccessRole::read},
      {verb::head, "/v1/orders", AccessRole::read},
      {verb::get, order, AccessRole::read},
      {verb::get, order + "/events", AccessRole::read},
      {verb::get, "/v1/events", AccessRole::read},
      {verb::get, "/v1/quote?inputToken=SOL&outputToken=USDC&amount=1", AccessRole::read},
      {verb::get, "/v1/dead-letters", AccessRole::read},
      {verb::get, "/v1/dead-letters/stats", AccessRole::read},
      {verb::get, "/ws", AccessRole::read},
      {verb::post, letter + "/requeue", AccessRole::operate},
      {verb::delete_, letter, AccessRole::operate},
      {verb::post, order + "/resolve", AccessRole::operate},
      {verb::get, "/v1/config", AccessRole::operate},
      {verb::get, "/v1/halt", AccessRole::read},
      {verb::post, "/v1/halt", AccessRole::operate},
      {verb::delete_, "/v1/halt/1", AccessRole::operate},
      {verb::get, "/v1/risk", AccessRole::read},
      {verb::get, "/", AccessRole::open},
      {verb::get, "/health", AccessRole::open},
      {verb::get, "/healthz", AccessRole::open},
      {verb::get, "/readyz", AccessRole::open},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(http::to_string(each.method)) + " " + each.target);
    const HttpAnswer nobody = rest.call(request_of(each.method, each.target, {}));
    EXPECT_EQ(nobody.status == 401, each.role != AccessRole::open) << nobody.status;
    for (const NewToken* token : {&tokens.reader, &tokens.trader, &tokens.operator_}) {
      SCOPED_TRACE(token->line);
      const bool may = tokens.list->find(token->secret)->may(each.role);
      const HttpAnswer answer = rest.call(request_of(each.method, each.target, bearer(*token)));
      EXPECT_EQ(answer.status == 403, !may) << answer.status;
      EXPECT_NE(answer.status, 401u);
      if (may) continue;
      EXPECT_EQ(code_of(answer), "403 forbidden");
      EXPECT_EQ(header_of(answer, "WWW-Authenticate"),
                "Bearer realm=\"order-engine\", error=\"insufficient_scope\", scope=\"" +
                    std::string(to_string(each.role)) + "\"");
    }
  }
  // The trader's and the operator's POST /v1/orders, and the cancels of both orders.
  EXPECT_EQ(rest.orders.writes, 4);
}

// Probes need no token; the names of servers and the log's head are for readers.
TEST(Access, HealthShowsDetailsOnlyToCallersWhoMayRead) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access);
  const std::string unknown = "Bearer " + tokens.reader.secret + "x";
  const std::string full = R"({"status":"ok","role":"engine","headSeq":7})";
  const auto health = [&](const Headers& headers) {
    return rest.call(request_of(verb::get, "/health", headers)).body;
  };
  EXPECT_EQ(health({}), R"({"status":"ok"})");
  EXPECT_EQ(health({{"Authorization", unknown}}), R"({"status":"ok"})");
  EXPECT_EQ(health(bearer(tokens.trader)), R"({"status":"ok"})");
  EXPECT_EQ(health(bearer(tokens.reader)), full);
  EXPECT_EQ(health(bearer(tokens.operator_)), full);
  rest.health.now.ready = false;
  rest.health.now.reasons = {"postgres: connection to server at \"db.internal\" failed"};
  rest.health.now.words = {"the read model is unavailable"};
  EXPECT_EQ(health({}), R"({"status":"degraded","reasons":["the read model is unavailable"]})");
  EXPECT_NE(health(bearer(tokens.reader)).find("db.internal"), std::string::npos);
  const auto ready = [&](const Headers& headers) {
    return rest.call(request_of(verb::get, "/readyz", headers));
  };
  EXPECT_EQ(ready({}).status, 503u);
  EXPECT_EQ(json::parse(ready({}).body).at("detail").as_string(), "the read model is unavailable");
  EXPECT_EQ(ready({}).body.find("db.internal"), std::string::npos);
  EXPECT_NE(ready(bearer(tokens.reader)).body.find("db.internal"), std::string::npos);
}

TEST(Access, BadTokensAreRefusedAndNothingIsStored) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access);
  const std::string secret = tokens.trader.secret;
  const std::string invalid = "Bearer realm=\"order-engine\", error=\"invalid_token\"";
  const std::string missing = "Bearer realm=\"order-engine\"";
  struct Case {
    Headers headers;
    std::string challenge;
  };
  const Case cases[] = {
      {{}, missing},
      {{{"Authorization", ""}}, missing},
      {{{"Authorization", "Bearer"}}, missing},
      {{{"Authorization", "Basic dXNlcjpwYXNz"}}, missing},
      {{{"Authorization", secret}}, missing},
      {{{"Authorization", "Bearer " + secret + "x"}}, invalid},
      {{{"Authorization", "Bearer " + secret + " x"}}, invalid},
      {{{"Authorization", "Bearer " + secret.substr(1)}}, invalid},
      {{{"Authorization", "Bearer " + std::string(9'000, 'x')}}, invalid},
      {{{"Authorization", "Bearer " + secret}, {"Authorization", "Bearer " + secret}}, missing},
      {{{"Sec-WebSocket-Protocol", "bearer." + secret}}, missing},  // for upgrades only
      {{{"Cookie", "token=" + secret}}, missing},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.headers.empty() ? "no header" : each.headers.front().second);
    const HttpAnswer answer = rest.call(request_of(verb::post, "/v1/orders", each.headers));
    EXPECT_EQ(code_of(answer), "401 unauthorized");
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_EQ(header_of(answer, "WWW-Authenticate"), each.challenge);
    EXPECT_EQ(answer.body.find(secret), std::string::npos);
  }
  const HttpAnswer in_query =
      rest.call(request_of(verb::get, "/v1/orders?access_token=" + secret, {}));
  EXPECT_EQ(code_of(in_query), "401 unauthorized");
  EXPECT_EQ(rest.orders.writes, 0);
  const Headers spelled = {{"authorization", "bEARER   " + secret}};
  EXPECT_EQ(rest.call(request_of(verb::post, "/v1/orders", spelled)).status, 202u);
}

TEST(Access, AChangedListAppliesToTheNextRequest) {
  const Tokens tokens;
  const Tokens later;
  Access access(tokens.list);
  TestApi rest(false, false, access);
  const BeastRequest request = request_of(verb::get, "/v1/orders", bearer(tokens.reader));
  EXPECT_EQ(rest.call(request).status, 200u);
  access.set_list(later.list);
  EXPECT_EQ(rest.call(request).status, 401u);
  EXPECT_EQ(rest.call(request_of(verb::get, "/v1/orders", bearer(later.reader))).status, 200u);
}

TEST(Access, AnExpiredTokenIsRefusedAndNothingIsStored) {
  const NewToken over = *make_token("over:operate");
  const NewToken valid = *make_token("valid:operate");
  const Access access(std::make_shared<const AccessList>(
      *AccessList::parse(over.line + " expires=2026-01-01T00:00:00Z\n" + valid.line +
                         " expires=9999-01-01T00:00:00Z\n")));
  TestApi rest(false, false, access);
  const HttpAnswer refused = rest.call(request_of(verb::post, "/v1/orders", bearer(over)));
  EXPECT_EQ(code_of(refused), "401 token_expired");
  EXPECT_EQ(json::parse(refused.body).at("detail").as_string(),
            "The token of over expired at 2026-01-01T00:00:00.000000Z.");
  EXPECT_EQ(header_of(refused, "WWW-Authenticate"),
            "Bearer realm=\"order-engine\", error=\"invalid_token\"");
  EXPECT_EQ(rest.orders.writes, 0);
  EXPECT_EQ(rest.call(request_of(verb::post, "/v1/orders", bearer(valid))).status, 202u);
  // An open route shows it no more than a stranger.
  EXPECT_EQ(rest.call(request_of(verb::get, "/health", bearer(over))).body, R"({"status":"ok"})");
  EXPECT_NE(rest.call(request_of(verb::get, "/health", bearer(valid))).body, R"({"status":"ok"})");
}

TEST(Access, ATokenIsRefusedToClientsOfOtherAddresses) {
  const NewToken near = *make_token("near:operate");
  const Access access(std::make_shared<const AccessList>(
      *AccessList::parse(near.line + " from=10.0.0.0/8,2001:db8::/32\n")));
  TestApi rest(false, false, access);
  Headers headers = bearer(near);
  headers.emplace_back("X-Forwarded-For", "10.0.0.1");
  headers.emplace_back("Forwarded", "for=10.0.0.1");
  const BeastRequest request = request_of(verb::post, "/v1/orders", headers);
  const std::pair<const char*, bool> clients[] = {{"10.7.0.1", true},    {"::ffff:10.7.0.1", true},
                                                  {"2001:db8::1", true}, {"192.0.2.1", false},
                                                  {"127.0.0.1", false},  {"2001:db9::1", false}};
  for (const auto& [client, may] : clients) {
    SCOPED_TRACE(client);
    rest.address = boost::asio::ip::make_address(client);
    const HttpAnswer answer = rest.call(request);
    EXPECT_EQ(answer.status, may ? 202u : 403u) << answer.body;
    if (may) continue;
    EXPECT_EQ(code_of(answer), "403 address_not_allowed");
    EXPECT_NE(answer.body.find(client), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find(near.secret), std::string::npos);
    EXPECT_EQ(rest.call(request_of(verb::get, "/health", headers)).body, R"({"status":"ok"})");
  }
  EXPECT_EQ(rest.orders.writes, 3);
}

// A token that leaked must not let strangers use up its owner's rate.
TEST(Access, RefusedAddressesAndExpiredTokensCountAgainstTheAddress) {
  const NewToken near = *make_token("near:read");
  RateLimiter limiter({1, 2}, 1);
  const Access access(
      std::make_shared<const AccessList>(*AccessList::parse(near.line + " from=10.0.0.0/8\n")),
      &limiter);
  TestApi rest(false, false, access);
  const BeastRequest request = request_of(verb::get, "/v1/orders", bearer(near));
  rest.address = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(rest.call(request).status, 403u);
  EXPECT_EQ(rest.call(request).status, 403u);
  EXPECT_EQ(rest.call(request).status, 429u);
  rest.address = boost::asio::ip::make_address("10.0.0.1");
  EXPECT_EQ(rest.call(request).status, 200u);
  EXPECT_EQ(rest.call(request).status, 200u);
  EXPECT_EQ(rest.call(request).status, 429u);
}

TEST(Access, ThePrincipalIsTheAccountOfItsCommands) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access);
  const auto place = [&](const NewToken& owner) {
    Headers headers = bearer(owner);
    headers.emplace_back("Idempotency-Key", "one-key");
    return rest.call(request_of(verb::post, "/v1/orders", headers));
  };
  const HttpAnswer first = place(tokens.trader);
  const HttpAnswer other = place(tokens.other);
  const HttpAnswer again = place(tokens.trader);
  EXPECT_NE(first.body, other.body);  // one key, two principals: two orders
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  ASSERT_EQ(rest.orders.placed.size(), 2u);
  EXPECT_EQ(rest.orders.placed[0].account, "trader");
  EXPECT_EQ(rest.orders.placed[1].account, "other");
  const std::string location = header_of(first, "Location");
  rest.call(request_of(verb::delete_, location, bearer(tokens.other)));
  const std::string letter = "/v1/dead-letters/" + location.substr(location.rfind('/') + 1);
  rest.call(request_of(verb::post, letter + "/requeue", bearer(tokens.operator_)));
  rest.call(request_of(verb::delete_, letter, bearer(tokens.operator_)));
  EXPECT_EQ(rest.orders.acted, (std::vector<std::string>{"other", "boss", "boss"}));
}

TEST(Access, WithoutAListEveryCallerIsTheDefaultAccount) {
  TestApi rest;
  const Headers ignored = {{"Authorization", "Bearer of bad news"}};
  EXPECT_EQ(rest.call(request_of(verb::post, "/v1/orders", ignored)).status, 202u);
  EXPECT_EQ(rest.orders.placed.at(0).account, "default");
  const HttpAnswer answer = rest.call(request_of(verb::get, "/v1/orders", {}));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(header_of(answer, "RateLimit"), "");
}

TEST(Access, ARateLimitIsPerPrincipalAndNotForProbes) {
  const Tokens tokens;
  RateLimiter limiter({1, 2}, 1);
  const Access access(tokens.list, &limiter);
  TestApi rest(false, false, access);
  const auto get = [&](const std::string& target, const Headers& headers) {
    return rest.call(request_of(verb::get, target, headers));
  };
  const HttpAnswer first = get("/v1/orders", bearer(tokens.reader));
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(header_of(first, "RateLimit-Policy"), R"("default";q=2;w=2)");
  EXPECT_EQ(header_of(first, "RateLimit"), R"("default";r=1;t=1)");
  EXPECT_EQ(get("/v1/orders", bearer(tokens.reader)).status, 200u);
  const HttpAnswer refused = get("/v1/orders", bearer(tokens.reader));
  EXPECT_EQ(code_of(refused), "429 rate_limited");
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_EQ(header_of(refused, "RateLimit").find(R"("default";r=0;t=)"), 0u);
  EXPECT_EQ(get("/v1/orders", bearer(tokens.operator_)).status, 200u);  // another principal
  for (const char* probe : {"/health", "/healthz", "/readyz"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(get(probe, {}).status, 200u);
    EXPECT_EQ(header_of(get(probe, {}), "RateLimit"), "");
  }
}

TEST(Access, ThePageCountsAgainstTheRateLimit) {
  for (const char* target : {"/", "/favicon.svg", "/assets/index.js"}) {
    RateLimiter limiter({1, 2}, 1);
    const Access access(nullptr, &limiter);
    TestApi rest(false, false, access);
    for (int i = 0; i < 2; ++i)
      EXPECT_NE(rest.call(request_of(verb::get, target, {})).status, 429u) << target;
    EXPECT_EQ(rest.call(request_of(verb::get, target, {})).status, 429u) << target;
  }
}

TEST(Access, CallersWithoutATokenAreLimitedByAddress) {
  const Tokens tokens;
  RateLimiter limiter({1, 2}, 1);
  const Access access(tokens.list, &limiter);
  TestApi rest(false, false, access);
  const BeastRequest guess = request_of(verb::post, "/v1/orders", {{"Authorization", "Bearer x"}});
  rest.address = boost::asio::ip::make_address("10.0.0.1");
  EXPECT_EQ(rest.call(guess).status, 401u);
  EXPECT_EQ(rest.call(guess).status, 401u);
  EXPECT_EQ(rest.call(guess).status, 429u);
  EXPECT_EQ(rest.call(request_of(verb::get, "/nothing/here", {})).status, 429u);
  rest.address = boost::asio::ip::make_address("10.0.0.2");
  EXPECT_EQ(rest.call(guess).status, 401u);
  EXPECT_EQ(rest.orders.writes, 0);
}

// --- Web pages -----------------------------------------------------------------------------------

const std::string page = "https://app.example";

TEST(Cors, APageMayDoWhatItsOriginMay) {
  struct Case {
    const char* origin;  // empty: not a page
    verb method;
    unsigned status;
    std::string echoed;
    std::string vary;
  };
  const Case cases[] = {
      {"", verb::get, 200, "", ""},
      {"", verb::post, 202, "", ""},
      {"https://app.example", verb::get, 200, "https://app.example", "Origin"},
      {"https://app.example", verb::post, 202, "https://app.example", "Origin"},
      {"http://engine.example", verb::post, 202, "http://engine.example", "Origin"},  // the Host
      {"https://evil.example", verb::get, 200, "", "Origin"},
      {"https://evil.example", verb::post, 403, "", "Origin"},
      {"https://app.example.evil", verb::post, 403, "", "Origin"},
      {"http://app.example", verb::post, 403, "", "Origin"},
      {"null", verb::get, 200, "", "Origin"},
      {"null", verb::post, 403, "", "Origin"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(http::to_string(each.method)) + " " + each.origin);
    TestApi rest(false, false, Access::none(), {page});
    Headers headers;
    if (*each.origin != '\0') headers.emplace_back("Origin", each.origin);
    const HttpAnswer answer = rest.call(request_of(each.method, "/v1/orders", headers));
    EXPECT_EQ(answer.status, each.status) << answer.body;
    EXPECT_EQ(header_of(answer, "Access-Control-Allow-Origin"), each.echoed);
    EXPECT_EQ(header_of(answer, "Vary"), each.vary);
    for (const char* name : {"Idempotent-Replayed", "Location", "Link", "ETag"})
      EXPECT_EQ(header_of(answer, "Access-Control-Expose-Headers").find(name) != std::string::npos,
                !each.echoed.empty())
          << name;
    EXPECT_EQ(header_of(answer, "Access-Control-Allow-Credentials"), "");
    if (each.status == 403) {
      EXPECT_EQ(code_of(answer), "403 foreign_origin");
      EXPECT_EQ(rest.orders.writes, 0);
    }
  }
}

TEST(Cors, APreflightListsMethodsAndHeadersAndNeedsNoToken) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access, {page});
  const Headers asked = {{"Origin", page}, {"Access-Control-Request-Method", "POST"}};
  const HttpAnswer answer = rest.call(request_of(verb::options, "/v1/orders", asked));
  EXPECT_EQ(answer.status, 204u);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Origin"), page);
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Methods"), "POST, GET, HEAD, DELETE");
  const HttpAnswer one = rest.call(request_of(verb::options, "/v1/orders/x", asked));
  EXPECT_EQ(header_of(one, "Access-Control-Allow-Methods"), "GET, HEAD, PATCH, DELETE");
  for (const char* name : {"Authorization", "Content-Type", "Idempotency-Key", "If-Match",
                           "traceparent", "Last-Event-ID"})
    EXPECT_NE(header_of(answer, "Access-Control-Allow-Headers").find(name), std::string::npos);
  EXPECT_EQ(header_of(answer, "Access-Control-Max-Age"), "600");

  const Headers foreign = {{"Origin", "https://evil.example"},
                           {"Access-Control-Request-Method", "POST"}};
  const HttpAnswer refused = rest.call(request_of(verb::options, "/v1/orders", foreign));
  EXPECT_EQ(refused.status, 204u);
  EXPECT_EQ(header_of(refused, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(header_of(refused, "Access-Control-Allow-Methods"), "");

  const HttpAnswer plain = rest.call(request_of(verb::options, "/v1/orders", {}));
  EXPECT_EQ(plain.status, 204u);
  EXPECT_EQ(header_of(plain, "Allow"), "POST, GET, HEAD, DELETE");
  EXPECT_EQ(rest.call(request_of(verb::options, "/nothing", asked)).status, 404u);
}

TEST(Cors, AnAllowedPageCanReadARefusal) {
  const Tokens tokens;
  const Access access(tokens.list);
  TestApi rest(false, false, access, {page});
  const HttpAnswer answer = rest.call(request_of(verb::post, "/v1/orders", {{"Origin", page}}));
  EXPECT_EQ(answer.status, 401u);
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Origin"), page);
}

}  // namespace
}  // namespace oee::test
