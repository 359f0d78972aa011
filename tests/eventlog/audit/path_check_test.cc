// The checker's rules for paths: one log per rule that breaks it alone, and its lawful neighbour.
#include <gtest/gtest.h>

#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

const HopPath by_usdt = {{"raydium-3", "USDT"}, {"raydium-5", "USDC"}};

// Order 1 sells SOL for USDC. Raydium quotes one pool, and the path `quoted`, which is chosen
// unless it is empty. Its transaction, at seq 4, has the path `built`.
// `halted`: a token of which trading is halted after the start of the attempt, at seq 3.
std::string found(const HopPath& quoted, const HopPath& built, const std::string& halted = {}) {
  test::RawLog log;
  const OrderId id = test::order_id(1);
  log.add(id, test::accepted_event());
  log.add(id, RoutingStarted{1});
  if (!halted.empty())
    log.add(engine_stream, TradingHalted{HaltScope::token, halted, "ops", "depeg"});
  RouteSelected route = test::route_event(1);
  if (!quoted.empty()) {
    VenueQuote through = route.quotes[0];
    through.path = quoted;
    route.quotes[0].amount_out.units -= 1'000;
    route.quotes[0].lost_because = "less";
    route.quotes.push_back(through);
    route.chosen = 1;
  }
  log.add(id, route);
  TransactionBuilt transaction = test::built_event(id, 1);
  transaction.path = built;
  log.add(id, transaction);
  log.add(id, test::submitted_event(1));
  log.add(id, test::confirmed_event(1));
  LogChecker checker(LogChecker::Options{});
  for (const std::string_view bytes : log.views())
    if (const auto violation = checker.take(bytes))
      return std::string(to_string(violation->invariant)) + " at " + std::to_string(violation->seq);
  return "nothing";
}

TEST(PathCheck, ATransactionThroughThePathOfItsQuoteIsSound) {
  EXPECT_EQ(found(by_usdt, by_usdt), "nothing");
  const HopPath three = {{"raydium-4", "JUP"}, {"raydium-8", "USDT"}, {"raydium-5", "USDC"}};
  EXPECT_EQ(found(three, three), "nothing");
  EXPECT_EQ(found({}, {}), "nothing");
}

TEST(PathCheck, ATransactionThroughAnotherPathThanThatOfItsQuote) {
  const HopPath other_pool = {{"raydium-3", "USDT"}, {"raydium-6", "USDC"}};
  const HopPath other_token = {{"raydium-3", "JUP"}, {"raydium-5", "USDC"}};
  EXPECT_EQ(found(by_usdt, other_pool), "order.route at 4");
  EXPECT_EQ(found(by_usdt, other_token), "order.route at 4");
  EXPECT_EQ(found(by_usdt, {}), "order.route at 4");
  EXPECT_EQ(found({}, by_usdt), "order.route at 4");
}

TEST(PathCheck, APathThatEndsInAnotherTokenThanTheOrders) {
  const HopPath half = {{"raydium-4", "JUP"}, {"raydium-8", "USDT"}};
  EXPECT_EQ(found(half, half), "order.route at 4");
}

TEST(PathCheck, APathOfOnePoolOrOneThatComesBack) {
  for (const HopPath& path :
       {HopPath{{"raydium-5", "USDC"}}, HopPath{{"raydium-3", "USDT"}, {"raydium-3", "USDC"}},
        HopPath{{"raydium-3", "USDT"}, {"raydium-5", "USDT"}, {"raydium-6", "USDC"}},
        HopPath{{"raydium-3", "SOL"}, {"raydium-5", "USDC"}}})
    EXPECT_EQ(found(path, path), "order.route at 4") << to_text(path);
}

TEST(PathCheck, ATransactionWhosePathPassesAHaltedToken) {
  EXPECT_EQ(found(by_usdt, by_usdt, "USDT"), "order.halted at 5");
  EXPECT_EQ(found(by_usdt, by_usdt, "JUP"), "nothing");
}

}  // namespace
}  // namespace oee
