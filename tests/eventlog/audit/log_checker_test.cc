// One forged log per invariant that violates only it: the checker reports that invariant by its
// name.
#include "eventlog/audit/log_checker.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/raw_log.h"

namespace oee {
namespace {

using forge::accepted;
using test::order_id;
using test::RawLog;

std::string described(const std::optional<Violation>& violation) {
  if (!violation) return "nothing";
  return std::string(to_string(violation->invariant)) + " at " + std::to_string(violation->seq);
}

class LogCheck : public testing::Test {
 protected:
  LogCheck() { log_.add_all(one_, forge::confirmed_events(one_, "key-1", "client-1")); }

  std::optional<Violation> check_log(LogChecker::Options options = {}) {
    LogChecker checker(options);
    for (const std::string_view bytes : log_.views())
      if (auto violation = checker.take(bytes)) return violation;
    EXPECT_EQ(checker.head(), log_.head());
    return std::nullopt;
  }
  void expect(const std::string& expected) {
    const auto violation = check_log();
    EXPECT_EQ(described(violation), expected) << (violation ? violation->what : "");
  }
  void start_two(const std::vector<Event>& more) {
    log_.add_all(two_, {accepted(), RoutingStarted{1}, forge::route_selected(1)});
    log_.add_all(two_, more);
  }

  RawLog log_;
  const OrderId one_ = order_id(1);
  const OrderId two_ = order_id(2);
};

TEST_F(LogCheck, SoundLogPasses) {
  start_two({forge::transaction_built(two_, 1), OutcomeUnknown{1, ""}, forge::attempt_failed(1),
             RoutingStarted{2}, RoutingStarted{2}, forge::order_failed(2, 2),
             DeadLetterRequeued{"ops", ""}, RoutingStarted{3}, forge::route_selected(3),
             forge::transaction_built(two_, 3), forge::order_confirmed(3)});
  expect("nothing");
}

TEST_F(LogCheck, RandomLivesPass) {
  std::set<EventType> types;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    LogChecker checker({});
    RawLog log;
    std::set<OrderId> ids;
    for (const Record& record : test::RandomOrders(seed).take(3'000)) {
      types.insert(type_of(record.event));
      log.add(record);
      ids.insert(record.order_id);
    }
    for (const std::string_view bytes : log.views()) {
      const auto violation = checker.take(bytes);
      ASSERT_FALSE(violation) << seed << " " << violation->what;
    }
    EXPECT_EQ(checker.head(), 3'000u);
    EXPECT_EQ(checker.orders(), ids.size());
    EXPECT_EQ(checker.last().seq, 3'000u);
    EXPECT_EQ(checker.chain(), log.chain());
  }
  for (const Transition& row : lifecycle)
    EXPECT_EQ(types.contains(row.event), !is_of_engine(row.event)) << to_string(row.event);
}

TEST_F(LogCheck, DamagedRecord) {
  log_.at(3)[120] ^= 1;
  expect("log.record at 3");
}
TEST_F(LogCheck, AmountOfNothing) {
  OrderAccepted event = accepted();
  event.amount_in.units = 0;
  log_.add(two_, event);
  expect("log.record at 7");
}
TEST_F(LogCheck, SlippageOfMoreThanAll) {
  OrderAccepted event = accepted();
  event.slippage_bps = 10'001;
  log_.add(two_, event);
  expect("log.record at 7");
}
TEST_F(LogCheck, ChosenQuoteThatIsAnError) {
  RouteSelected route = forge::route_selected(1);
  route.chosen = 1;
  log_.add_all(two_, {accepted(), RoutingStarted{1}, route});
  expect("log.record at 9");
}
TEST_F(LogCheck, SkippedSeq) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { ++header.seq; });
  expect("log.contiguous at 7");
}
TEST_F(LogCheck, RepeatedSeq) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { --header.seq; });
  expect("log.contiguous at 7");
}
TEST_F(LogCheck, ForeignChain) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.previous_chain[5] = 9; });
  expect("log.chain at 7");
}
TEST_F(LogCheck, TimeThatStepsBack) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.time -= Micros(2); });
  expect("log.time at 7");
}
TEST_F(LogCheck, SkippedVersion) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.version = 2; });
  expect("order.version at 7");
}
TEST_F(LogCheck, RepeatedVersion) {
  log_.add(two_, accepted());
  log_.add(two_, RoutingStarted{1}, [](RecordHeader& header, Event&) { header.version = 1; });
  expect("order.version at 8");
}
TEST_F(LogCheck, EventBeforeAcceptance) {
  log_.add(two_, RoutingStarted{1});
  expect("order.transition at 7");
}
TEST_F(LogCheck, SubmissionWithoutIntent) {
  start_two({forge::transaction_submitted(1)});
  expect("order.transition at 10");
}
TEST_F(LogCheck, HaltsAndWhatTheyDoNotCoverPass) {
  log_.add_all(engine_stream,
               {TradingHalted{HaltScope::account, "another", "ops", "x"},
                TradingHalted{HaltScope::venue, "meteora", "ops", "x"},
                TradingHalted{HaltScope::all, "", "ops", "x"}, TradingResumed{9, "ops", "over"}});
  start_two({forge::transaction_built(two_, 1)});
  expect("nothing");
}
TEST_F(LogCheck, AcceptanceWhileHalted) {
  log_.add(engine_stream, TradingHalted{HaltScope::token, "SOL", "ops", "depeg"});
  log_.add(two_, accepted());
  expect("order.halted at 8");
}
TEST_F(LogCheck, TransactionBuiltWhileHalted) {
  for (const TradingHalted& halt : {TradingHalted{HaltScope::all, "", "ops", "x"},
                                    TradingHalted{HaltScope::account, "default", "ops", "x"},
                                    TradingHalted{HaltScope::venue, "raydium", "ops", "x"}}) {
    RawLog log;
    log.add_all(two_, {accepted(), RoutingStarted{1}, forge::route_selected(1)});
    log.add(engine_stream, halt);
    log.add(two_, forge::transaction_built(two_, 1));
    std::swap(log_, log);
    expect("order.halted at 5");
  }
}
TEST_F(LogCheck, ResumptionOfNoHalt) {
  log_.add_all(engine_stream, {TradingHalted{HaltScope::all, "", "ops", "x"}, TradingResumed{8}});
  expect("order.transition at 8");
}
TEST_F(LogCheck, HaltInAnOrder) {
  log_.add(two_, TradingHalted{HaltScope::all, "", "ops", "x"});
  expect("order.transition at 7");
}
TEST_F(LogCheck, OrderWithoutAnId) {
  log_.add(engine_stream, accepted());
  expect("order.transition at 7");
}
TEST_F(LogCheck, EventAfterConfirmation) {
  log_.add(one_, OutcomeUnknown{1, "?"});
  expect("order.after_end at 7");
}
TEST_F(LogCheck, CancellationOfAFailedOrder) {
  start_two({forge::order_failed(1), OrderCancelled{"user", ""}});
  expect("order.after_end at 11");
}
TEST_F(LogCheck, RequeueOfADiscardedOrder) {
  start_two({forge::order_failed(1), DeadLetterDiscarded{"ops", ""}, DeadLetterRequeued{}});
  expect("order.after_end at 12");
}
TEST_F(LogCheck, ForeignAttempt) {
  start_two({forge::attempt_failed(2)});
  expect("order.attempt at 10");
}
TEST_F(LogCheck, SkippedAttempt) {
  start_two({forge::attempt_failed(1), RoutingStarted{3}});
  expect("order.attempt at 11");
}
TEST_F(LogCheck, SameAttemptAfterItsEnd) {
  start_two({forge::attempt_failed(1), RoutingStarted{1}});
  expect("order.attempt at 11");
}
// An order 2 that expires at this time, and its transaction at seq 10. RawLog's times are its seqs.
std::vector<Event> built_by(const OrderId& id, Seq expiry, bool by_log_time) {
  OrderAccepted order = accepted();
  order.expires_at = WallTime(Micros(1'770'000'000'000'000 + static_cast<std::int64_t>(expiry)));
  order.expires_by_log_time = by_log_time;
  return {order, RoutingStarted{1}, forge::route_selected(1), forge::transaction_built(id, 1)};
}
TEST_F(LogCheck, TransactionBuiltAtTheExpiry) {
  log_.add_all(two_, built_by(two_, 10, true));
  expect("order.expiry at 10");
}
TEST_F(LogCheck, TransactionBuiltBeforeTheExpiry) {
  log_.add_all(two_, built_by(two_, 11, true));
  expect("nothing");
}
TEST_F(LogCheck, TransactionBuiltAfterTheExpiryByAnOlderProgram) {
  log_.add_all(two_, built_by(two_, 1, false));
  expect("nothing");
}
TEST_F(LogCheck, VenueOrderIdBuiltTwice) {
  start_two({forge::transaction_built(two_, 1), forge::transaction_built(two_, 1)});
  expect("order.venue_id_once at 11");
}
TEST_F(LogCheck, VenueOrderIdOfAnotherAttempt) {
  TransactionBuilt built = forge::transaction_built(two_, 1);
  built.venue_order_id = venue_order_id_of(two_, 2);
  start_two({built});
  expect("order.venue_id_once at 10");
}
TEST_F(LogCheck, VenueOrderIdOfAnotherOrder) {
  start_two({forge::transaction_built(one_, 1)});
  expect("order.venue_id_once at 10");
}
TEST_F(LogCheck, KeyOfTwoOrders) {
  log_.add(two_, accepted("key-1"));
  expect("key.one_order at 7");
  EXPECT_EQ(described(check_log({.keys = false})), "nothing")
      << "keys are checked only when the options require it";
}
TEST_F(LogCheck, ClientOrderIdOfTwoOrders) {
  log_.add(two_, accepted({}, "client-1"));
  expect("key.one_order at 7");
}
TEST_F(LogCheck, KeyOfTwoChanges) {
  log_.add(two_, accepted());
  log_.add(two_, RoutingStarted{1});
  log_.add(two_, forge::order_failed(1));
  log_.add(two_, DeadLetterRequeued{"ops", "", "retry", {}});
  log_.add(two_, RoutingStarted{2});
  log_.add(two_, forge::order_failed(2));
  EXPECT_EQ(described(check_log()), "nothing");
  log_.add(two_, DeadLetterRequeued{"ops", "", "retry", {}});
  expect("key.one_order at 13");
}
TEST_F(LogCheck, KeyOfAnOrderAndOfAChange) {
  log_.add(two_, accepted());
  log_.add(two_, OrderCancelled{"default", "", "key-1", {}});
  expect("key.one_order at 8");
}
TEST_F(LogCheck, OneTextAsTwoKindsOfKeyOrOfTwoAccounts) {
  log_.add(two_, accepted("client-1", "key-1"));
  OrderAccepted other = accepted("key-1", "client-1");
  other.account = "other";
  log_.add(order_id(3), other);
  expect("nothing");
}

// --- Money: order 2 is routed at seqs 7-9 for 224.433022 USDC; 1 % less is 222.18869178 ----------

class TradeCheck : public LogCheck {
 protected:
  // An attempt of order 2 with its route at this quote and its transaction.
  std::vector<Event> attempt_at(Attempt attempt, Units quote, Units min_out) const {
    RouteSelected route = forge::route_selected(attempt);
    route.quotes[0].amount_out.units = quote;
    TransactionBuilt transaction = forge::transaction_built(two_, attempt);
    transaction.expected_out.units = quote;
    transaction.min_out.units = min_out;
    return {RoutingStarted{attempt}, route, transaction};
  }
  void add_attempt(Attempt attempt, Units quote, Units min_out) {
    log_.add_all(two_, attempt_at(attempt, quote, min_out));
  }
  template <class E>
  static Event changed(E event, const std::function<void(E&)>& change) {
    change(event);
    return event;
  }
  // The transaction of order 2 with a change, at seq 10.
  void build(const std::function<void(TransactionBuilt&)>& change) {
    start_two({changed(forge::transaction_built(two_, 1), change)});
  }
  // The end of order 2 with a change, at seq 12.
  void confirm(const std::function<void(OrderConfirmed&)>& change) {
    start_two({forge::transaction_built(two_, 1), forge::transaction_submitted(1),
               changed(forge::order_confirmed(1), change)});
  }

  static constexpr Units quote_ = test::sample_quote_out.units;
  static constexpr Units limit_ = 222'188'692;
};

TEST_F(TradeCheck, MinOutOfZero) {
  build([](TransactionBuilt& e) { e.min_out.units = 0; });
  expect("order.price_limit at 10");
}
TEST_F(TradeCheck, MinOutAboveWhatWasAsked) {
  build([](TransactionBuilt& e) { e.min_out.units = limit_ + 1; });
  expect("order.price_limit at 10");
}
TEST_F(TradeCheck, EarlierProgramsRoundedMinOutDown) {
  build([](TransactionBuilt& e) { e.min_out.units = limit_ - 1; });
  expect("nothing");
  EXPECT_EQ(described(check_log({.earlier_programs = false})), "order.price_limit at 10");
}
TEST_F(TradeCheck, MinOutBelowTheRoundingOfEarlierPrograms) {
  build([](TransactionBuilt& e) { e.min_out.units = limit_ - 2; });
  expect("order.price_limit at 10");
}
TEST_F(TradeCheck, MinOutBelowTheOrdersOwnFloor) {
  OrderAccepted order = accepted();
  order.min_out_floor = 223'000'000;
  log_.add_all(two_, {order, RoutingStarted{1}, forge::route_selected(1)});
  TransactionBuilt built = forge::transaction_built(two_, 1);
  built.min_out.units = 223'000'000 - 1;
  log_.add(two_, built);
  expect("order.price_limit at 10");
}
TEST_F(TradeCheck, TheOrdersOwnFloorIsAMinOut) {
  OrderAccepted order = accepted();
  order.min_out_floor = ~Units{0};
  log_.add(two_, order);
  add_attempt(1, quote_, ~Units{0});
  expect("nothing");
}
TEST_F(TradeCheck, RetryThatFollowsAWorseQuote) {
  log_.add(two_, accepted());
  add_attempt(1, quote_, limit_);
  log_.add(two_, forge::attempt_failed(1));
  add_attempt(2, quote_ / 2, limit_ / 2);
  expect("order.price_limit at 14");
}
TEST_F(TradeCheck, RetryThatLoosensTheLimitByOneUnit) {
  log_.add(two_, accepted());
  add_attempt(1, quote_, limit_);
  log_.add(two_, forge::attempt_failed(1));
  add_attempt(2, quote_, limit_ - 1);
  expect("order.price_limit at 14");
}
TEST_F(TradeCheck, RequeueThatLoosensTheLimitByOneUnit) {
  log_.add(two_, accepted());
  add_attempt(1, quote_, limit_);
  log_.add_all(two_, {forge::order_failed(1), DeadLetterRequeued{"ops", ""}});
  add_attempt(2, quote_, limit_ - 1);
  expect("order.price_limit at 15");
}
TEST_F(TradeCheck, BetterQuoteMayTightenTheLimitForItsAttempt) {
  log_.add(two_, accepted());
  add_attempt(1, quote_, limit_ - 1);  // by an earlier program
  log_.add(two_, forge::attempt_failed(1));
  add_attempt(2, 2 * quote_, 2 * limit_ - 1);  // 444.37738356
  log_.add(two_, forge::attempt_failed(2));
  add_attempt(3, quote_, limit_);
  expect("nothing");
}
TEST_F(TradeCheck, FillBelowMinOut) {
  confirm([](OrderConfirmed& e) { e.amount_out.units = limit_ - 1; });
  expect("order.price_limit at 12");
}
TEST_F(TradeCheck, FillOfExactlyMinOut) {
  confirm([](OrderConfirmed& e) {
    e.amount_out.units = limit_;
    e.executed_price = price_of(e.amount_out, e.amount_in);
  });
  expect("nothing");
}

TEST_F(TradeCheck, TransactionOfAnotherAmount) {
  build([](TransactionBuilt& e) { ++e.amount_in.units; });
  expect("order.amounts at 10");
}
TEST_F(TradeCheck, FillOfAnotherAmount) {
  confirm([](OrderConfirmed& e) { --e.amount_in.units; });
  expect("order.amounts at 12");
}
TEST_F(TradeCheck, AmountsInUnitsOfAnotherToken) {
  build([](TransactionBuilt& e) { e.min_out.scale = 9; });
  expect("order.amounts at 10");
}
TEST_F(TradeCheck, FillInUnitsOfAnotherToken) {
  confirm([](OrderConfirmed& e) { e.amount_out.scale = 5; });
  expect("order.amounts at 12");
}

TEST_F(TradeCheck, FillAtAnotherPriceThanItsAmountsGive) {
  confirm([](OrderConfirmed& e) { ++e.executed_price.units; });
  expect("order.amounts at 12");
}

TEST_F(TradeCheck, RouteThatPassesABetterQuoteOver) {
  RouteSelected route = forge::route_selected(1);
  route.quotes[1].error.clear();
  route.quotes[1].amount_out = {quote_, 6};
  log_.add_all(two_, {accepted(), RoutingStarted{1}, route});
  expect("nothing");
  ++route.quotes[1].amount_out.units;
  log_.add_all(order_id(3), {accepted(), RoutingStarted{1}, route});
  expect("order.route at 12");
}
TEST_F(TradeCheck, TransactionAtAVenueThatWasNotChosen) {
  build([](TransactionBuilt& e) { e.venue = "meteora"; });
  expect("order.route at 10");
}
TEST_F(TradeCheck, TransactionAtAQuoteThatWasNotChosen) {
  build([](TransactionBuilt& e) { ++e.expected_out.units; });
  expect("order.route at 10");
}
TEST_F(TradeCheck, SubmissionToAnotherVenue) {
  TransactionSubmitted submitted = forge::transaction_submitted(1);
  submitted.venue = "meteora";
  start_two({forge::transaction_built(two_, 1), submitted});
  expect("order.route at 11");
}
TEST_F(TradeCheck, FillAtAnotherVenue) {
  confirm([](OrderConfirmed& e) { e.venue = "meteora"; });
  expect("order.route at 12");
}

TEST_F(TradeCheck, ConfirmationOfAnotherTransaction) {
  confirm([](OrderConfirmed& e) { e.tx_hash.bytes[63] ^= 1; });
  expect("order.tx_hash at 12");
}
TEST_F(TradeCheck, SecondTransactionOfOneAttempt) {
  TransactionSubmitted second = forge::transaction_submitted(1);
  second.tx_hash.bytes[0] ^= 1;
  OrderConfirmed confirmed = forge::order_confirmed(1);
  confirmed.tx_hash = second.tx_hash;
  start_two({forge::transaction_built(two_, 1), forge::transaction_submitted(1),
             OutcomeUnknown{1, ""}, second, confirmed});
  expect("order.tx_hash at 13");
}
TEST_F(TradeCheck, OneTransactionMayBeSubmittedAgain) {
  start_two({forge::transaction_built(two_, 1), forge::transaction_submitted(1),
             OutcomeUnknown{1, ""}, forge::transaction_submitted(1), forge::order_confirmed(1)});
  expect("nothing");
}
TEST_F(TradeCheck, EachAttemptHasItsOwnTransaction) {
  TransactionSubmitted first = forge::transaction_submitted(1);
  first.tx_hash.bytes[0] ^= 1;
  start_two({forge::transaction_built(two_, 1), first, forge::attempt_failed(1), RoutingStarted{2},
             forge::route_selected(2), forge::transaction_built(two_, 2), OutcomeUnknown{2, ""},
             forge::transaction_submitted(2), forge::order_confirmed(2)});
  expect("nothing");
}

TEST_F(TradeCheck, FailureThatStatesAnotherNumberOfAttempts) {
  start_two({forge::attempt_failed(1), RoutingStarted{2}, forge::order_failed(2, 1)});
  expect("order.budget at 12");
}
TEST_F(TradeCheck, InterruptionIsNoAttempt) {
  OrderFailed interrupted = forge::order_failed(2, 1);
  interrupted.error = ErrorClass::interrupted;
  start_two({forge::attempt_failed(1), RoutingStarted{2}, interrupted});
  expect("nothing");
}
TEST_F(TradeCheck, RequeueRenewsTheBudget) {
  start_two({forge::attempt_failed(1), RoutingStarted{2}, RoutingStarted{2},
             forge::order_failed(2, 2), DeadLetterRequeued{"ops", ""}, RoutingStarted{3},
             forge::attempt_failed(3), RoutingStarted{4}});
  EXPECT_EQ(described(check_log({.attempts_max = 2})), "nothing");
  log_.add_all(two_, {forge::attempt_failed(4), RoutingStarted{5}});
  EXPECT_EQ(described(check_log({.attempts_max = 2})), "order.budget at 19");
  expect("nothing");  // the budget is not known
}

TEST(Invariants, EachHasAName) {
  std::set<std::string_view> names;
  for (const InvariantText& each : invariants) names.insert(each.name);
  EXPECT_EQ(names.size(), invariants.size());
  EXPECT_EQ(to_string(Invariant::log_record), "log.record");
  EXPECT_EQ(to_string(Invariant::key_one_order), "key.one_order");
  EXPECT_EQ(to_string(Invariant::log_index), "log.index");
  EXPECT_EQ(to_string(Invariant::stream_gapless), "stream.gapless");
  EXPECT_EQ(to_string(Invariant::live_nothing_left), "live.nothing_left");
}

}  // namespace
}  // namespace oee
