// The role `own` over REST: every route, called with an order of another account. Nothing of that
// order leaks, not even its existence.
#include <gtest/gtest.h>

#include <set>

#include "core/risk/control.h"
#include "tests/api/rest/rest_calls.h"
#include "tests/support/orders.h"

namespace oee::test {
namespace {

using http::verb;

class OwnOrders : public testing::Test {
 protected:
  OwnOrders() {
    mine_ = to_text(place_as(alice_, "alice-1"));
    theirs_ = to_text(place_as(bob_, "bob-1"));
  }
  HttpAnswer call_as(const NewToken& token, verb method, const std::string& target,
                     const std::string& body = {}, const std::string& accept = {}) {
    BeastRequest request(method, target, 11);
    request.set(http::field::authorization, "Bearer " + token.secret);
    if (!accept.empty()) request.set(http::field::accept, accept);
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    return rest_.call(std::move(request));
  }
  HttpAnswer amend_as(const NewToken& token, const std::string& target) {
    BeastRequest request(verb::patch, target, 11);
    request.set(http::field::authorization, "Bearer " + token.secret);
    request.set(http::field::content_type, "application/json");
    request.set(http::field::if_match, "\"1\"");
    request.body() = R"({"slippageBps":70})";
    return rest_.call(std::move(request));
  }
  HttpAnswer get_as(const NewToken& token, const std::string& target,
                    const std::string& accept = {}) {
    return call_as(token, verb::get, target, {}, accept);
  }
  OrderId place_as(const NewToken& token, const std::string& client_order_id) {
    const std::string body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5,)"
                             R"("clientOrderId":")" +
                             client_order_id + "\"}";
    const HttpAnswer answer = call_as(token, verb::post, "/v1/orders", body);
    EXPECT_EQ(answer.status, 202u) << answer.body;
    return *parse_order_id(text_of(json::parse(answer.body).at("orderId")));
  }
  static bool contains(const HttpAnswer& answer, const std::string& text) {
    return answer.body.find(text) != std::string::npos;
  }

  const NewToken alice_ = *make_token("alice:own");
  const NewToken bob_ = *make_token("bob:own");
  const NewToken operator_ = *make_token("boss:operate");
  const Access access_{std::make_shared<const AccessList>(
      *AccessList::parse(alice_.line + "\n" + bob_.line + "\n" + operator_.line + "\n"))};
  TestApi rest_{
      false, true, access_, {}, [] { return answer_at_once(std::string("oee_orders 2\n")); }};
  std::string mine_;
  std::string theirs_;
};

// How a route answers Alice.
enum class Shown {
  nothing_of_orders,  // no order in the answer
  own_list,           // her orders alone
  own_order,          // an order of another account does not exist
  forbidden,          // 403, whether the order exists or not
};

TEST_F(OwnOrders, NoRouteShowsOrChangesAnOrderOfAnotherAccount) {
  struct Case {
    std::string route;  // "METHOD PATTERN"
    Shown shown;
    std::string query = {};
  };
  const Case cases[] = {
      {"POST /v1/orders", Shown::nothing_of_orders},
      {"GET /v1/orders", Shown::own_list},
      {"GET /v1/orders", Shown::own_list, "?status=pending&limit=500"},
      {"GET /v1/orders", Shown::own_list, "?account=alice"},
      {"GET /v1/orders/{id}", Shown::own_order},
      {"GET /v1/orders/{id}", Shown::own_order, "?at=2"},
      {"PATCH /v1/orders/{id}", Shown::own_order},
      {"DELETE /v1/orders/{id}", Shown::own_order},
      {"DELETE /v1/orders", Shown::nothing_of_orders, "?all=true"},
      {"POST /v1/orders/{id}/resolve", Shown::forbidden},
      {"POST /test/market", Shown::forbidden},
      {"POST /test/pools", Shown::forbidden},
      {"POST /test/venues/{id}", Shown::forbidden},
      {"GET /v1/quote", Shown::nothing_of_orders, "?inputToken=SOL&outputToken=USDC&amount=1"},
      {"GET /v1/events", Shown::own_list},
      {"GET /v1/events", Shown::own_list, "?type=OrderAccepted"},
      {"GET /v1/orders/{id}/events", Shown::own_order},
      {"GET /v1/orders/{id}/events", Shown::own_order, "?type=OrderAccepted"},
      {"POST /v1/stream-tickets", Shown::nothing_of_orders},
      {"GET /ws", Shown::nothing_of_orders},
      {"GET /v1/dead-letters", Shown::own_list},
      {"GET /v1/dead-letters/stats", Shown::nothing_of_orders},
      {"DELETE /v1/dead-letters/{id}", Shown::forbidden},
      {"POST /v1/dead-letters/{id}/requeue", Shown::forbidden},
      {"POST /api/orders/execute", Shown::nothing_of_orders},
      {"GET /api/orders/execute", Shown::nothing_of_orders},
      {"GET /api/orders/status", Shown::nothing_of_orders},
      {"POST /order", Shown::nothing_of_orders},
      {"GET /order/{id}", Shown::nothing_of_orders},
      {"GET /api/dlq/failed-orders", Shown::own_list},
      {"GET /api/dlq/stats", Shown::nothing_of_orders},
      {"DELETE /api/dlq/clear", Shown::forbidden},
      {"DELETE /api/dlq/clear/failed", Shown::forbidden},
      {"POST /test/dlq", Shown::forbidden},
      {"POST /test/dlq/bulk", Shown::forbidden},
      {"GET /v1/halt", Shown::forbidden},
      {"POST /v1/halt", Shown::forbidden},
      {"DELETE /v1/halt/{id}", Shown::forbidden},
      {"GET /v1/risk", Shown::nothing_of_orders},
      {"GET /v1/config", Shown::forbidden},
      {"GET /metrics", Shown::forbidden},
      {"GET /health", Shown::nothing_of_orders},
      {"GET /healthz", Shown::nothing_of_orders},
      {"GET /readyz", Shown::nothing_of_orders},
      {"GET /openapi.json", Shown::nothing_of_orders},
      {"GET /asyncapi.json", Shown::nothing_of_orders},
      {"GET /", Shown::nothing_of_orders},
      {"GET /assets/{id}", Shown::nothing_of_orders},
      {"GET /favicon.svg", Shown::nothing_of_orders},
  };
  // own_streams_test.cc has the streams.
  std::set<std::string> covered = {"GET /v1/stream"};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.route + each.query);
    covered.insert(each.route);
    const std::size_t space = each.route.find(' ');
    const verb method = http::string_to_verb(each.route.substr(0, space));
    const auto target = [&](const std::string& id) {
      std::string path = each.route.substr(space + 1);
      const std::size_t at = path.find("{id}");
      if (at != path.npos) path.replace(at, 4, id);
      return path + each.query;
    };
    const auto ask = [&](const std::string& id) {
      if (method == verb::patch) return amend_as(alice_, target(id));
      return call_as(alice_, method, target(id), method == verb::post ? good_body : "");
    };
    const HttpAnswer theirs = ask(theirs_);
    EXPECT_FALSE(contains(theirs, theirs_)) << theirs.body;
    EXPECT_FALSE(contains(theirs, "bob")) << theirs.body;
    if (each.shown == Shown::own_list) {
      EXPECT_EQ(theirs.status, 200u) << theirs.body;
      EXPECT_TRUE(contains(theirs, mine_)) << theirs.body;
    }
    if (each.shown == Shown::forbidden) {
      EXPECT_EQ(code_of(theirs), "403 forbidden");
    }
    if (each.shown == Shown::own_order || each.shown == Shown::forbidden) {
      const HttpAnswer unknown = ask(unknown_id);
      EXPECT_EQ(theirs.status, unknown.status);
      EXPECT_EQ(theirs.body, unknown.body);
      EXPECT_EQ(theirs.headers, unknown.headers);
    }
    if (each.shown == Shown::own_order) {
      EXPECT_EQ(theirs.status, 404u);
      EXPECT_LT(ask(mine_).status, 300u);
    }
  }
  const auto known = route_names(rest_.groups({.health = rest_.health}));
  EXPECT_EQ(covered, std::set<std::string>(known.begin(), known.end()));
  // Bob's order is untouched, and an operator sees both.
  const HttpAnswer seen = get_as(operator_, "/v1/orders/" + theirs_);
  EXPECT_TRUE(contains(seen, R"("status":"pending")")) << seen.body;
  for (const std::string& id : {mine_, theirs_})
    EXPECT_TRUE(contains(get_as(operator_, "/v1/orders"), id));
}

TEST_F(OwnOrders, AListOfAnotherAccountIsRefused) {
  for (const char* path :
       {"/v1/orders", "/v1/events", "/v1/dead-letters", "/v1/dead-letters/stats"}) {
    const HttpAnswer refused = get_as(alice_, std::string(path) + "?account=bob");
    EXPECT_EQ(code_of(refused), "422 invalid_parameter") << path;
    EXPECT_EQ(refused.body, get_as(alice_, std::string(path) + "?account=nob").body) << path;
    EXPECT_EQ(get_as(operator_, std::string(path) + "?account=bob").status, 200u) << path;
  }
  EXPECT_EQ(code_of(get_as(alice_, "/v1/stream?channel=orders&account=bob")),
            "422 invalid_parameter");
}

TEST_F(OwnOrders, RiskLimitsAndTheirUseAreOfTheOwnAccount) {
  RiskUse use;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    Order order = order_after({EventType::order_accepted});
    order.id = order_id(i);
    order.account = i == 1 ? "alice" : "bob";
    use.add_open(order);
  }
  RiskControl risk;
  risk.restore({}, std::move(use));
  rest_.routes =
      make_routes({.clock = rest_.clock,
                   .orders = rest_.orders,
                   .websockets = rest_.websockets,
                   .access = &access_},
                  rest_.groups({.health = rest_.health}, false, DialectSet::all(), &risk));
  const auto open_orders = [&](const NewToken& token, const std::string& query = {}) {
    std::string uses;
    const json::value body = json::parse(get_as(token, "/v1/risk" + query).body);
    for (const json::value& row : body.at("items").as_array())
      if (text_of(row.at("name")) == "open_orders")
        uses += text_of(row.at("scope")) + " " + text_of(row.at("use")) + " ";
    return uses;
  };
  EXPECT_EQ(open_orders(alice_), "account 1 ");
  EXPECT_EQ(open_orders(alice_, "?account=alice"), "account 1 ");
  EXPECT_EQ(open_orders(bob_), "account 2 ");
  EXPECT_EQ(open_orders(operator_), "account 0 all 3 ");
  EXPECT_EQ(open_orders(operator_, "?account=bob"), "account 2 all 3 ");
  const HttpAnswer refused = get_as(alice_, "/v1/risk?account=bob");
  EXPECT_EQ(code_of(refused), "422 invalid_parameter");
  EXPECT_EQ(refused.body, get_as(alice_, "/v1/risk?account=nob").body);
}

TEST_F(OwnOrders, AClientOrderIdOfAnotherAccountIsNotFoundAndNotTaken) {
  get_as(alice_, "/v1/orders?clientOrderId=bob-1");
  EXPECT_EQ(rest_.orders.last_filter.client_order_id, "bob-1");
  EXPECT_EQ(rest_.orders.last_filter.account, "alice");
  const std::string same_id = to_text(place_as(alice_, "bob-1"));  // a new order of Alice
  EXPECT_NE(same_id, theirs_);
  EXPECT_TRUE(contains(get_as(alice_, "/v1/orders"), same_id));
}

TEST_F(OwnOrders, CountsAreOfTheOwnOrders) {
  place_as(bob_, "bob-2");
  const auto pending = [&](const NewToken& token) {
    return json::parse(get_as(token, "/v1/dead-letters/stats").body).at("pending").as_int64();
  };
  EXPECT_EQ(pending(alice_), 1);
  EXPECT_EQ(pending(bob_), 2);
  EXPECT_EQ(pending(operator_), 3);
  const json::value jobs = json::parse(get_as(bob_, "/api/dlq/stats").body);
  EXPECT_EQ(jobs.at("marketQueue").at("wait").as_int64(), 2);
}

TEST_F(OwnOrders, LinesAndTheirNextPageAreOfTheOwnAccount) {
  place_as(bob_, "bob-2");
  const HttpAnswer lines = get_as(alice_, "/v1/events?limit=1", "application/x-ndjson");
  EXPECT_TRUE(contains(lines, mine_));
  EXPECT_FALSE(contains(lines, "bob"));
  EXPECT_EQ(header_of(lines, "Link"), "<?after=1&limit=1&account=alice>; rel=\"next\"");
  const HttpAnswer next = get_as(alice_, "/v1/events?after=1&limit=1&account=alice");
  EXPECT_EQ(next.status, 200u);
  EXPECT_FALSE(contains(next, "bob"));
}

TEST_F(OwnOrders, TheOwnOrderIsCancelledOnce) {
  EXPECT_EQ(call_as(alice_, verb::delete_, "/v1/orders/" + mine_).status, 202u);
  EXPECT_EQ(code_of(call_as(alice_, verb::delete_, "/v1/orders/" + mine_)), "409 conflict");
  EXPECT_EQ(rest_.orders.acted, (std::vector<std::string>{"alice", "alice"}));
}

// Reads of clients may fill their queue.
TEST_F(OwnOrders, ACancelWaitsForNoRead) {
  rest_.orders.reads_fail_with = Error{Errc::full, "too many reads"};
  EXPECT_EQ(call_as(alice_, verb::delete_, "/v1/orders/" + mine_).status, 202u);
  EXPECT_EQ(call_as(alice_, verb::delete_, "/v1/orders/" + theirs_).status, 404u);
}

TEST_F(OwnOrders, AllOfTheOwnOrdersAreCancelledTogether) {
  EXPECT_EQ(code_of(call_as(alice_, verb::delete_, "/v1/orders")), "422 invalid_parameter");
  EXPECT_EQ(code_of(call_as(alice_, verb::delete_, "/v1/orders?account=bob")),
            "422 invalid_parameter");
  const HttpAnswer answer = call_as(alice_, verb::delete_, "/v1/orders?all=true");
  EXPECT_EQ(answer.body, R"({"matched":1,"cancelled":1,"requested":0,"ended":0,"failed":0})");
  EXPECT_EQ(rest_.orders.last_cancel_filter->account, "alice");
  EXPECT_TRUE(contains(get_as(bob_, "/v1/orders/" + theirs_), R"("status":"pending")"));
}

TEST_F(OwnOrders, HealthShowsNoMoreThanToAStranger) {
  for (const char* path : {"/health", "/readyz"})
    EXPECT_EQ(get_as(alice_, path).body, rest_.get(path).body) << path;
}

}  // namespace
}  // namespace oee::test
