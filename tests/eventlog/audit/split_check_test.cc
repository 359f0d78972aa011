// The checker's rules for split attempts: one log per rule that breaks it alone, and its lawful
// neighbour.
#include "tests/eventlog/audit/split_log.h"

namespace oee {
namespace {

using test::hash;
using test::SplitCheck;

TEST_F(SplitCheck, ALifeWithTwoFilledLegsIsSound) {
  build();
  add(submitted(0));
  add(LegOutcomeUnknown{1, 1, "timeout"});
  add(OutcomeUnknown{1, "a start", true});
  add(submitted(1));
  add(filled(1));
  add(filled(0));
  add(sum<OrderConfirmed>({0, 1}));
  EXPECT_EQ(found({.earlier_programs = false}), "nothing") << what_;
}

TEST_F(SplitCheck, ALifeWithAPartAndAnotherAttemptIsSound) {
  build();
  add(submitted(0));
  add(ended(0));
  add(CancelRequested{"default", "asked"});
  add(filled(1));
  add(sum<OrderPartiallyFilled>({1}));
  add(OrderCancelled{"default", "asked"});
  EXPECT_EQ(found(), "nothing") << what_;
}

TEST_F(SplitCheck, AnAttemptWithoutAFilledLegIsFollowedByAnother) {
  build();
  add(ended(1));
  add(ended(0));
  add(failed());
  build({}, 2);
  EXPECT_EQ(found({.attempts_max = 3}), "nothing") << what_;
}

TEST_F(SplitCheck, AnOutcomeThatAnOperatorStatesIsFollowedByThatEndOfTheLeg) {
  build();
  OutcomeResolved resolved{1, "ops", "mail"};
  resolved.leg = 1;
  add(resolved);
  add(ended(1));
  resolved.leg = 0;
  resolved.settled = true;
  resolved.tx_hash = filled(0).tx_hash;
  resolved.amount_out = filled(0).amount_out;
  resolved.fee = filled(0).fee;
  add(resolved);
  add(filled(0));
  add(sum<OrderPartiallyFilled>({0}));
  add(dead_letter());
  EXPECT_EQ(found(), "nothing") << what_;
}

TEST_F(SplitCheck, AnAttemptBehindAFillAndAStatementThatALegNeverSettled) {
  state_leg_1();
  add(filled(0));
  add(sum<OrderPartiallyFilled>({0}));
  add(RoutingStarted{2});
  EXPECT_EQ(found(), "order.transition at 11") << what_;
  EXPECT_NE(what_.find("an operator stated"), std::string::npos) << what_;
}

TEST_F(SplitCheck, AnAttemptBehindAFailureAndAStatementThatALegNeverSettled) {
  state_leg_1();
  add(ended(0));
  add(failed());
  add(RoutingStarted{2});
  EXPECT_EQ(found(), "order.transition at 11") << what_;
}

TEST_F(SplitCheck, AnOrderFailsBehindAFillOnlyAfterSuchAStatement) {
  build();
  add(ended(1));
  add(filled(0));
  add(sum<OrderPartiallyFilled>({0}));
  add(dead_letter());
  EXPECT_EQ(found(), "order.transition at 10") << what_;
}

// --- The order of the events ---------------------------------------------------------------------

TEST_F(SplitCheck, ASplitWhoseSecondLegIsNotBuilt) {
  build([](auto& events) { events.pop_back(); });
  add(submitted(0));
  EXPECT_EQ(found(), "order.transition at 6") << what_;
}

TEST_F(SplitCheck, ASplitWithoutLegs) {
  build([](auto& events) { events.resize(1); });
  add(test::submitted_event(1));
  EXPECT_EQ(found(), "order.transition at 5") << what_;
}

TEST_F(SplitCheck, MoreLegsThanTheRouteStates) {
  build([](auto& events) {
    events.push_back(events.back());
    leg_of(events, 2).leg = 2;
  });
  EXPECT_EQ(found(), "order.transition at 7") << what_;
}

TEST_F(SplitCheck, LegsInAnotherOrder) {
  build([](auto& events) { std::swap(events[1], events[2]); });
  EXPECT_EQ(found(), "order.transition at 5") << what_;
}

TEST_F(SplitCheck, ALegOfAnAttemptThatIsNotSplit) {
  route_.legs = 1;
  route_.quotes.resize(2);
  route_.quotes[1].amount_in.reset();
  route_.quotes[1].amount_out.units = first_out + second_out;
  add(accepted_);
  add(RoutingStarted{1});
  add(route_);
  TransactionBuilt whole = test::built_event(id_, 1);
  whole.expected_out.units = first_out + second_out;
  whole.min_out.units = 222'750'000;
  add(whole);
  LegBuilt leg;
  leg.attempt = 1;
  leg.venue = "raydium";
  add(leg);
  EXPECT_EQ(found(), "order.transition at 5") << what_;
}

TEST_F(SplitCheck, AnEventOfALegThatThereIsNot) {
  build();
  LegSubmitted event = submitted(1);
  event.leg = 2;
  add(event);
  EXPECT_EQ(found(), "order.transition at 7") << what_;
}

TEST_F(SplitCheck, AnEventOfALegThatHasEnded) {
  build();
  add(ended(0));
  add(filled(0));
  EXPECT_EQ(found(), "order.transition at 8") << what_;
}

TEST_F(SplitCheck, AnEventOfAnotherAttemptsLeg) {
  build();
  LegSubmitted event = submitted(0);
  event.attempt = 2;
  add(event);
  EXPECT_EQ(found(), "order.attempt at 7") << what_;
}

TEST_F(SplitCheck, TheAttemptsEndWhileALegIsOpen) {
  build();
  add(filled(0));
  add(sum<OrderPartiallyFilled>({0}));
  EXPECT_EQ(found(), "order.transition at 8") << what_;
}

TEST_F(SplitCheck, AnotherEventBetweenTheLastLegsEndAndTheAttempts) {
  build();
  add(filled(0));
  add(filled(1));
  add(CancelRequested{"default", "asked"});
  add(sum<OrderConfirmed>({0, 1}));
  EXPECT_EQ(found(), "order.transition at 9") << what_;
}

TEST_F(SplitCheck, AnotherOrdersEventInTheMiddleOfAnAppend) {
  build();
  add(filled(0));
  add(filled(1));
  log_.add(test::order_id(2), accepted_);
  add(sum<OrderConfirmed>({0, 1}));
  EXPECT_EQ(found(), "order.transition at 9") << what_;
}

TEST_F(SplitCheck, AnAttemptThatIsSplitIsNotSubmittedItself) {
  build();
  add(test::submitted_event(1));
  EXPECT_EQ(found(), "order.transition at 7") << what_;
}

TEST_F(SplitCheck, AnUnknownOutcomeOfTheWholeThatIsNoInterruption) {
  build();
  add(OutcomeUnknown{1, "timeout"});
  EXPECT_EQ(found(), "order.transition at 7") << what_;
}

TEST_F(SplitCheck, AStatedOutcomeThatNamesNoLeg) {
  build();
  add(OutcomeResolved{1, "ops", "mail"});
  EXPECT_EQ(found(), "order.transition at 7") << what_;
}

TEST_F(SplitCheck, AStatedOutcomeThatAnotherLegsEndFollows) {
  build();
  OutcomeResolved resolved{1, "ops", "mail"};
  resolved.leg = 1;
  add(resolved);
  add(ended(0));
  EXPECT_EQ(found(), "order.transition at 8") << what_;
}

// --- Venue order ids -----------------------------------------------------------------------------

TEST_F(SplitCheck, ALegWithTheVenueOrderIdOfLegZero) {
  build([this](auto& events) { leg_of(events, 1).venue_order_id = venue_order_id_of(id_, 1); });
  EXPECT_EQ(found(), "order.venue_id_once at 6") << what_;
}

// --- Price limit ---------------------------------------------------------------------------------

TEST_F(SplitCheck, ALegWithAMinOutBelowItsLimit) {
  // A third of the quote of one transaction, less 1 %.
  const Units share = (route_.quotes[0].amount_out.units + 2) / 3;
  const Units least = (share * 99 + 99) / 100;
  build([least](auto& events) {
    Decimal& min_out = leg_of(events, 1).min_out;
    std::get<TransactionBuilt>(events[0]).min_out.units -= min_out.units - (least - 1);
    min_out.units = least - 1;
  });
  EXPECT_EQ(found(), "order.price_limit at 6") << what_;
  EXPECT_NE(what_.find(to_text(Decimal{least, 6})), std::string::npos) << what_;
}

TEST_F(SplitCheck, ALegWithAMinOutAboveItsQuote) {
  build([](auto& events) {
    leg_of(events, 0).min_out.units += 1'500'001;
    std::get<TransactionBuilt>(events[0]).min_out.units += 1'500'001;
  });
  EXPECT_EQ(found(), "order.price_limit at 5") << what_;
}

// The limit of each leg is its own: 0.5 SOL at 150.000001 are 75.0000005, rounded up.
TEST_F(SplitCheck, TheLimitPriceOfALegIsRoundedUp) {
  accepted_.type = OrderType::limit;
  accepted_.allow_partial = true;
  accepted_.limit_price = Decimal{150'000'001, 6};
  route_.quotes[1].amount_out.units = 150'000'001;
  route_.quotes[2].amount_out.units = 75'000'001;
  accepted_.slippage_bps = 0;
  build([](auto& events) { EXPECT_EQ(leg_of(events, 1).min_out.units, 75'000'001U); });
  EXPECT_EQ(found(), "nothing") << what_;
  log_ = {};
  build([](auto& events) {
    --leg_of(events, 1).min_out.units;
    --std::get<TransactionBuilt>(events[0]).min_out.units;
  });
  EXPECT_EQ(found(), "order.price_limit at 6") << what_;
}

TEST_F(SplitCheck, ALegFilledBelowItsMinOut) {
  build();
  LegFilled event = filled(0);
  event.amount_out.units = 148'499'999;  // its min_out is 148.5
  event.executed_price = price_of(event.amount_out, event.amount_in);
  add(event);
  EXPECT_EQ(found(), "order.price_limit at 7") << what_;
}

// --- Amounts -------------------------------------------------------------------------------------

TEST_F(SplitCheck, ALegThatSellsAnotherAmountThanItsQuote) {
  build([](auto& events) { ++leg_of(events, 1).amount_in.units; });
  EXPECT_EQ(found(), "order.amounts at 6") << what_;
}

TEST_F(SplitCheck, AnAttemptWhoseMinOutIsNotTheSumOfItsLegs) {
  build([](auto& events) { ++std::get<TransactionBuilt>(events[0]).min_out.units; });
  EXPECT_EQ(found(), "order.amounts at 6") << what_;
}

TEST_F(SplitCheck, AnAttemptWhoseAmountIsNotTheSumOfItsLegs) {
  build([](auto& events) { --std::get<TransactionBuilt>(events[0]).amount_in.units; });
  EXPECT_EQ(found(), "order.amounts at 4") << what_;
}

TEST_F(SplitCheck, AFillOfALegOfAnotherAmount) {
  build();
  LegFilled event = filled(0);
  --event.amount_in.units;
  event.executed_price = price_of(event.amount_out, event.amount_in);
  add(event);
  EXPECT_EQ(found(), "order.amounts at 7") << what_;
}

TEST_F(SplitCheck, AFillOfALegThatStatesAnotherPrice) {
  build();
  LegFilled event = filled(0);
  ++event.executed_price.units;
  add(event);
  EXPECT_EQ(found(), "order.amounts at 7") << what_;
}

TEST_F(SplitCheck, AnEndThatIsNotTheSumOfTheFilledLegs) {
  const std::function<void(OrderConfirmed&)> changes[] = {
      [](OrderConfirmed& end) { --end.amount_in.units; },
      [](OrderConfirmed& end) { ++end.amount_out.units; },
      [](OrderConfirmed& end) { ++end.fee.units; },
      [](OrderConfirmed& end) { ++end.executed_price.units; }};
  for (const auto& change : changes) {
    log_ = {};
    build();
    add(filled(0));
    add(filled(1));
    OrderConfirmed end = sum<OrderConfirmed>({0, 1});
    change(end);
    add(end);
    EXPECT_EQ(found(), "order.amounts at 9") << what_;
  }
}

TEST_F(SplitCheck, APartThatIsReportedAsTheWhole) {
  build();
  add(filled(0));
  add(ended(1));
  add(sum<OrderConfirmed>({0}));
  EXPECT_EQ(found(), "order.amounts at 9") << what_;
}

TEST_F(SplitCheck, AFailureThatHidesAFilledLeg) {
  build();
  add(filled(0));
  add(ended(1));
  add(failed());
  EXPECT_EQ(found(), "order.amounts at 9") << what_;
}

TEST_F(SplitCheck, AnOrderThatIsSoldWholeIsNotSplit) {
  accepted_.time_in_force = TimeInForce::fok;
  build();
  EXPECT_EQ(found(), "order.amounts at 3") << what_;
}

TEST_F(SplitCheck, ALegWhoseQuoteStatesNoAmount) {
  std::vector<Event> events = built(1);
  route_.quotes[2].amount_in.reset();
  add(accepted_);
  add(RoutingStarted{1});
  add(route_);
  EXPECT_EQ(found(), "order.amounts at 3") << what_;
}

// --- Route and transaction -----------------------------------------------------------------------

TEST_F(SplitCheck, ALegAtAnotherVenueThanItsQuote) {
  build([](auto& events) { leg_of(events, 1).venue = "raydium"; });
  EXPECT_EQ(found(), "order.route at 6") << what_;
}

TEST_F(SplitCheck, ALegAlongAnotherPathThanItsQuote) {
  build([](auto& events) { leg_of(events, 1).path.clear(); });
  EXPECT_EQ(found(), "order.route at 6") << what_;
}

TEST_F(SplitCheck, ALegThatExpectsMoreThanItsQuote) {
  build([](auto& events) { ++leg_of(events, 1).expected_out.units; });
  EXPECT_EQ(found(), "order.route at 6") << what_;
}

TEST_F(SplitCheck, AWholeQuoteThatIsBetterThanTheSplit) {
  route_.quotes[0].amount_out.units = first_out + second_out + 1;
  build();
  EXPECT_EQ(found(), "order.route at 3") << what_;
  log_ = {};
  route_.quotes[0].amount_in = accepted_.amount_in;  // the same, stated
  build();
  EXPECT_EQ(found(), "order.route at 3") << what_;
}

TEST_F(SplitCheck, TheEndHasVenueAndTransactionOfTheFirstFilledLeg) {
  build();
  add(filled(0));
  add(filled(1));
  OrderConfirmed end = sum<OrderConfirmed>({0, 1});
  end.venue = "meteora";
  add(end);
  EXPECT_EQ(found(), "order.route at 9") << what_;
  log_ = {};
  build();
  add(filled(0));
  add(filled(1));
  end = sum<OrderConfirmed>({0, 1});
  end.tx_hash = filled(1).tx_hash;
  add(end);
  EXPECT_EQ(found(), "order.tx_hash at 9") << what_;
}

TEST_F(SplitCheck, ALegThatIsSubmittedAsTwoTransactions) {
  build();
  add(submitted(0));
  LegSubmitted again = submitted(0);
  again.tx_hash = hash(9);
  add(again);
  EXPECT_EQ(found(), "order.tx_hash at 8") << what_;
}

TEST_F(SplitCheck, ALegThatIsFilledAsAnotherTransaction) {
  build();
  add(submitted(0));
  LegFilled event = filled(0);
  event.tx_hash = hash(9);
  add(event);
  EXPECT_EQ(found(), "order.tx_hash at 8") << what_;
}

// --- Halts and the budget ------------------------------------------------------------------------

TEST_F(SplitCheck, ALegAtAHaltedVenueOrThroughAHaltedToken) {
  const std::pair<HaltScope, const char*> halts[] = {{HaltScope::venue, "meteora"},
                                                     {HaltScope::token, "USDT"}};
  for (const auto& [scope, value] : halts) {
    log_ = {};
    log_.add(engine_stream, TradingHalted{scope, value, "ops", "depeg"});
    build();
    EXPECT_EQ(found(), "order.halted at 7") << what_;
  }
}

// With a limit price and a better quote, the market left the slippage: that counts. Each leg rounds
// its limit up, so their sum is compared.
TEST_F(SplitCheck, AFailureCountsByTheSumOfTheLegsLimits) {
  accepted_.type = OrderType::limit;
  accepted_.allow_partial = true;
  accepted_.slippage_bps = 0;
  accepted_.limit_price = Decimal{150'000'001, 6};
  route_.quotes[1].amount_out.units = 150'000'001;
  route_.quotes[2].amount_out.units = 75'000'001;
  for (const std::uint32_t stated : {0U, 1U}) {
    log_ = {};
    build();
    add(ended(0));
    add(ended(1));
    add(OrderFailed{1, ErrorClass::slippage_exceeded, "moved", stated});
    EXPECT_EQ(found(), stated == 0 ? "nothing" : "order.budget at 9") << what_;
  }
}

}  // namespace
}  // namespace oee
