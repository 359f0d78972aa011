// The contract of every EventLog for halts: they are exact between any two appends, also in one
// batch and after a restart.
#include "tests/contract/event_log_contract.h"

namespace oee::contract {
namespace {

AppendRequest trading(Version expected, Event event) {
  AppendRequest request;
  request.order_id = engine_stream;
  request.expected_version = expected;
  request.events.push_back(std::move(event));
  return request;
}
AppendRequest halt_of(Version expected, HaltScope scope = HaltScope::all, std::string value = {},
                      std::string key = {}) {
  TradingHalted event{scope, std::move(value), "ops", "depeg"};
  event.idempotency_key = std::move(key);
  return trading(expected, event);
}
// The terms of test::accepted_event().
AppendRequest building(std::uint64_t order, Version expected) {
  AppendRequest request = request_of(
      order, expected, {test::route_event(1), test::built_event(test::order_id(order), 1)});
  const OrderAccepted terms = test::accepted_event();
  request.account = terms.account;
  request.input = terms.input.symbol;
  request.output = terms.output.symbol;
  return request;
}

TEST_P(EventLogContract, AHaltRefusesTheOrdersThatItCovers) {
  start();
  ASSERT_TRUE(append(1, 0, {new_order("known")}).ok());
  const AppendAnswer halted = append(halt_of(0, HaltScope::token, "SOL"));
  ASSERT_TRUE(halted.ok()) << halted.error().detail;
  EXPECT_EQ(halted->version, 1U);
  const AppendAnswer refused = append(2, 0, {new_order()});
  EXPECT_EQ(refused.error().code, Errc::halted);
  EXPECT_NE(refused.error().detail.find("depeg"), std::string::npos);
  EXPECT_TRUE(append(1, 0, {new_order("known")})->replayed) << "answered as before the halt";
  put(1, 1, {OrderCancelled{"me", "why"}});
  ASSERT_TRUE(append(trading(1, TradingResumed{halted->first_seq, "ops", "over"})).ok());
  put(2, 0, {new_order()});
}

TEST_P(EventLogContract, NoTransactionIsBuiltAfterTheHaltThatCoversIt) {
  start();
  const OrderAccepted terms = test::accepted_event();
  const std::pair<HaltScope, std::string> scopes[] = {
      {HaltScope::all, ""},
      {HaltScope::account, terms.account},
      {HaltScope::token, std::string(terms.output.symbol.view())},
      {HaltScope::venue, "raydium"}};
  put(1, 0, {new_order(), RoutingStarted{1}});
  Version version = 0;
  for (const auto& [scope, value] : scopes) {
    const AppendAnswer halted = append(halt_of(version++, scope, value));
    ASSERT_TRUE(halted.ok());
    EXPECT_EQ(append(building(1, 2)).error().code, Errc::conflict) << to_string(scope);
    ASSERT_TRUE(append(trading(version++, TradingResumed{halted->first_seq, "ops", ""})).ok());
  }
  ASSERT_TRUE(append(halt_of(version, HaltScope::venue, "meteora")).ok());
  EXPECT_TRUE(append(building(1, 2)).ok());
}

TEST_P(EventLogContract, AHaltHoldsFromItsPlaceInABatchOn) {
  Call& before = send(request_of(1, 0, {new_order(), RoutingStarted{1}}));
  start();
  settle();
  ASSERT_TRUE(before.answer->ok());
  Call& built = send(building(1, 2));
  Call& halted = send(halt_of(0));
  Call& refused = send(request_of(2, 0, {new_order()}));
  settle();
  EXPECT_TRUE(built.answer->ok());
  EXPECT_TRUE(halted.answer->ok());
  EXPECT_EQ(refused.answer->error().code, Errc::halted);
}

TEST_P(EventLogContract, AHaltSurvivesARestart) {
  start();
  const AppendAnswer halted = append(halt_of(0, HaltScope::all, "", "key"));
  ASSERT_TRUE(halted.ok());
  restart();
  EXPECT_EQ(append(1, 0, {new_order()}).error().code, Errc::halted);
  expect_replay_of(halted, append(halt_of(0, HaltScope::all, "", "key")));
  EXPECT_EQ(append(halt_of(0)).error().code, Errc::conflict);
  ASSERT_TRUE(append(trading(1, TradingResumed{halted->first_seq, "ops", "over"})).ok());
  restart();
  put(1, 0, {new_order()});
}

TEST_P(EventLogContract, EventsOfNoOrderAreInTheEnginesOwnStreamAlone) {
  start();
  EXPECT_EQ(append(1, 0, {TradingHalted{}}).error().code, Errc::invalid);
  EXPECT_EQ(append(trading(0, new_order())).error().code, Errc::invalid);
  EXPECT_EQ(append(trading(0, RoutingStarted{1})).error().code, Errc::invalid);
  put(1, 0, {new_order()});
  EXPECT_EQ(append(1, 1, {TradingResumed{}}).error().code, Errc::invalid);
}

}  // namespace
}  // namespace oee::contract
