// A part of the dialects is served: the others have no route, no socket, and no body is theirs.
#include <gtest/gtest.h>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

const std::string execute = "/api/orders/execute";

HttpAnswer post(TestApi& rest, const std::string& path, const std::string& body) {
  BeastRequest request(boost::beast::http::verb::post, path, 11);
  request.set(boost::beast::http::field::content_type, "application/json");
  request.body() = body;
  return rest.call(std::move(request));
}

// Every route and every body of a dialect, and the sets of dialects with which it works.
TEST(ServedDialects, ADialectThatIsNotServedHasNoRouteAndIsNotUnderstood) {
  struct Served {
    const char* of;  // any of them is enough
    std::string path;
    std::string body;  // empty: a GET
  };
  const std::string a = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";
  const Served cases[] = {
      {"AE", execute, a},
      {"B", execute, R"({"amount":1.5})"},
      {"D", execute,
       R"({"token_in":"SOL","token_out":"USDC","amount":1.5,)"
       R"("order_type":"market","max_slippage":0.02})"},
      {"C", "/order", R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1.5})"},
      {"C", "/api/dlq/stats", ""},
      {"C", "/api/dlq/failed-orders", ""},
      {"C", "/test/dlq", "{}"},
      {"C", "/test/dlq/bulk", "{}"},
  };
  for (unsigned bits = 0; bits < 32; ++bits) {
    std::string letters;
    for (unsigned i = 0; i < 5; ++i)
      if ((bits >> i & 1U) != 0) letters += DialectSet::names[i];
    const DialectSet served(letters);
    for (const Served& each : cases) {
      SCOPED_TRACE("served: " + letters + ", " + each.path + " " + each.body);
      TestApi rest(false, true, Access::none(), {}, {}, served);
      const HttpAnswer answer =
          each.body.empty() ? rest.get(each.path) : post(rest, each.path, each.body);
      if (served.meets(DialectSet(each.of))) {
        EXPECT_EQ(answer.status, 200u) << answer.body;
        continue;
      }
      const bool path_exists = each.path == execute && served.meets(DialectSet("ABDE"));
      EXPECT_TRUE(path_exists ? answer.status == 400 || answer.status == 422 : answer.status == 404)
          << answer.status << answer.body;
      EXPECT_EQ(rest.orders.writes, 0);
    }
  }
}

TEST(ServedDialects, ADialectThatIsNotServedHasNoSocket) {
  for (const char letter : DialectSet::names) {
    SCOPED_TRACE(letter);
    TestApi rest(false, false, Access::none(), {}, {}, DialectSet({&letter, 1}));
    const auto expect_socket = [&rest](const std::string& target, bool served, unsigned status) {
      EXPECT_EQ(rest.routes->accepts_upgrade(target), served) << target;
      EXPECT_EQ(rest.get(target).status, status) << target;  // without an upgrade
    };
    const bool d = letter == 'D';
    const bool e = letter == 'E';
    expect_socket("/order/x", letter == 'C', letter == 'C' ? 426 : 404);
    expect_socket("/api/orders/status", d, d ? 426 : 404);
    const unsigned other = letter == 'C' ? 404 : 405;  // a POST is A's and B's
    expect_socket(execute, d, d || e ? 426 : other);
    expect_socket(execute + "?orderId=x", d || e, d || e ? 426 : other);
    expect_socket("/ws", true, 426);
    EXPECT_EQ(rest.dialects.serves("/ws?orderId=x"), letter == 'B');
  }
}

}  // namespace
}  // namespace oee::test
