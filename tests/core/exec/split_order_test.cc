// The executor with split attempts.
#include <set>

#include "core/order/fold.h"
#include "core/order/legs.h"
#include "tests/core/exec/split_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ScriptedVenue;
using test::sol;

using SplitOrder = test::SplitFixture;

TEST_F(SplitOrder, TradesInThePoolsOfBothVenuesAtOnceWhenTheyYieldMore) {
  const OrderId id = place_ten(1);
  settle_now();
  EXPECT_EQ(types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt LegBuilt LegBuilt "
            "LegSubmitted LegFilled LegSubmitted LegFilled OrderConfirmed");
  const RouteSelected selected = route(id);
  ASSERT_EQ(selected.quotes.size(), 4u);
  EXPECT_EQ(selected.chosen, 2u);
  EXPECT_EQ(selected.legs, 2u);
  EXPECT_EQ(selected.quotes[0].lost_because,
            "amount out 1360 is 422 bps less than the split's 1419.999999");
  const auto built = all<LegBuilt>(id);
  std::set<std::string_view> venues;
  for (const LegBuilt& leg : built) {
    venues.insert(leg.venue.view());
    EXPECT_NEAR(leg.amount_in.units, 5 * sol, 10);
    EXPECT_NEAR(leg.expected_out.units, 710'000'000, 1);
    EXPECT_NEAR(leg.min_out.units, 702'900'000, 1);  // less 1 % of slippage
    EXPECT_EQ(leg.venue_order_id, leg_id(id, leg.leg));
    EXPECT_EQ(venue_of(id, leg.leg).settlements.at(leg.venue_order_id), 1);
  }
  EXPECT_EQ(venues.size(), 2u);
  const auto sums = all<TransactionBuilt>(id).front();
  EXPECT_EQ(sums.amount_in.units, 10 * sol);
  EXPECT_EQ(sums.min_out.units, built[0].min_out.units + built[1].min_out.units);
  const Order end = order(id);
  EXPECT_EQ(end.phase, Phase::confirmed);
  EXPECT_EQ(end.filled_in, 10 * sol);
  EXPECT_EQ(end.amount_out.units, 1'419'999'999u);
  EXPECT_TRUE(end.legs.empty());
  const auto legs = legs_of(records_of(id));
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[1].index, LegIndex{1});
  EXPECT_EQ(legs[1].status, LegStatus::filled);
  EXPECT_EQ(live_at(0) + live_at(1), 0u);
}

TEST_F(SplitOrder, AnEndThatIsNotTheSumOfTheLegsIsNotLegal) {
  const OrderId id = place_ten(1);
  settle_now();
  const std::vector<Record> records = records_of(id);
  ASSERT_TRUE(fold_order(records).ok());
  const auto refused = [&](const std::function<void(Record&)>& change) {
    std::vector<Record> changed = records;
    change(changed.back());
    const auto order = fold_order(changed);
    return !order.ok() && order.error().detail.ends_with("not legal for the legs of the attempt");
  };
  EXPECT_TRUE(
      refused([](Record& last) { ++std::get<OrderConfirmed>(last.event).amount_out.units; }));
  EXPECT_TRUE(
      refused([](Record& last) { --std::get<OrderConfirmed>(last.event).amount_in.units; }));
  EXPECT_TRUE(refused([](Record& last) { ++std::get<OrderConfirmed>(last.event).fee.units; }));
  EXPECT_TRUE(refused([](Record& last) {
    last.event = AttemptFailed{1, ErrorClass::slippage_exceeded, "moved", WallTime{}};
  }));
}

TEST_F(SplitOrder, OnePoolTradesWhenTheVenuesQuoteTheLegsLower) {
  quote(raydium, 136'000'000, 131'000'000);
  const OrderId id = place_ten(1);
  settle_now();
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_TRUE(all<LegBuilt>(id).empty());
  const RouteSelected selected = route(id);
  EXPECT_EQ(selected.legs, 1u);
  EXPECT_EQ(selected.chosen, 0u);
  ASSERT_EQ(selected.quotes.size(), 4u);
  EXPECT_EQ(selected.quotes[3].lost_because, "another leg of its split has no quote");
}

TEST_F(SplitOrder, ALegThatGainsTooLittleIsNotBuilt) {
  options.routes.leg_gain_min_bps = 500;  // the split gains 477
  restart();
  const OrderId id = place_ten(1);
  settle_now();
  EXPECT_TRUE(all<LegBuilt>(id).empty());
  EXPECT_EQ(route(id).quotes.size(), 2u);
}

TEST_F(SplitOrder, OrdersThatMustTradeAsAWholeAreNotSplit) {
  const OrderId market = place(4, std::nullopt, Decimal{10 * sol, 9});
  const OrderId whole = place_limit(1, TimeInForce::gtc, [](OrderAccepted& event) {
    event.amount_in.units = 10 * sol;
    event.limit_price = Decimal{130, 0};
  });
  const OrderId kill = place_limit(2, TimeInForce::fok, [](OrderAccepted& event) {
    event.amount_in.units = 10 * sol;
    event.limit_price = Decimal{130, 0};
  });
  const OrderId parts = place_limit(3, TimeInForce::gtc, [](OrderAccepted& event) {
    event.amount_in.units = 10 * sol;
    event.limit_price = Decimal{130, 0};
    test::in_parts(event);
  });
  settle_now();
  EXPECT_TRUE(all<LegBuilt>(market).empty());
  EXPECT_TRUE(all<LegBuilt>(whole).empty());
  EXPECT_TRUE(all<LegBuilt>(kill).empty());
  EXPECT_EQ(all<LegBuilt>(parts).size(), 2u);
  for (const OrderId& id : {market, whole, kill, parts})
    EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(SplitOrder, EachLegHoldsTheLimitByItself) {
  quote(raydium, 136'000'000, 149'000'000);
  quote(meteora, 136'000'000, 136'600'000);
  const OrderId id = place_limit(1, TimeInForce::gtc, [](OrderAccepted& event) {
    event.amount_in.units = 10 * sol;
    event.limit_price = Decimal{1365, 1};  // 136.5: together the legs yield 142.8
    test::in_parts(event);
  });
  settle_now();
  ASSERT_EQ(all<LegBuilt>(id).size(), 2u);
  for (const LegBuilt& leg : all<LegBuilt>(id)) EXPECT_NEAR(leg.min_out.units, 682'500'000, 1);
  const OrderId higher = place_limit(2, TimeInForce::gtc, [](OrderAccepted& event) {
    event.amount_in.units = 10 * sol;
    event.limit_price = Decimal{137, 0};
    test::in_parts(event);
  });
  settle_now();
  EXPECT_TRUE(all<LegBuilt>(higher).empty());
  EXPECT_EQ(order(higher).phase, Phase::resting);
}

TEST_F(SplitOrder, ARejectedLegLeavesItsAmountToTheNextAttempt) {
  meteora.script.push_back(Act::refuse_slippage);
  const OrderId id = place_ten(1);
  settle_now();
  const Order end = order(id);
  EXPECT_EQ(end.phase, Phase::confirmed) << types(id);
  EXPECT_EQ(all<LegEnded>(id).size(), 1u);
  const auto part = all<OrderPartiallyFilled>(id);
  ASSERT_EQ(part.size(), 1u);
  EXPECT_NEAR(part[0].amount_in.units, 5 * sol, 10);
  EXPECT_EQ(part[0].venue, VenueName("raydium"));
  EXPECT_EQ(end.filled_in, 10 * sol);
  EXPECT_EQ(end.attempt, 2u);
  EXPECT_EQ(all<LegBuilt>(id).size(), 2u) << "the rest is not split again";
  EXPECT_NEAR(end.first_expected_out.value(), 1'360'000'000, 1) << "the best quote of one pool";
}

TEST_F(SplitOrder, AnAttemptOfWhichNoLegIsFilledHasFailed) {
  raydium.script.push_back(Act::refuse_invalid);
  meteora.script.push_back(Act::refuse_slippage);
  const OrderId id = place_ten(1);
  settle_now();
  const auto failed = all<AttemptFailed>(id);
  ASSERT_EQ(failed.size(), 1u);
  // The error that allows a retry counts.
  EXPECT_EQ(failed[0].error, ErrorClass::slippage_exceeded);
  EXPECT_NE(failed[0].detail.find("raydium: refused by script"), std::string::npos);
  EXPECT_EQ(order(id).attempts_made, 1u);
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(all<LegBuilt>(id).size(), 2u) << "the next attempt is not split";
}

TEST_F(SplitOrder, ADelayThatAVenueNamesForALegHoldsForTheOrder) {
  for (ScriptedVenue* venue : {&raydium, &meteora}) {
    venue->script.push_back(Act::refuse_rate);
    venue->retry_after = Micros{venue == &raydium ? 20'000'000 : 10'000'000};
  }
  const OrderId id = place_ten(1);
  settle_now();
  const auto failed = all<AttemptFailed>(id);
  ASSERT_EQ(failed.size(), 1u) << types(id);
  EXPECT_EQ(failed[0].error, ErrorClass::rate_limited);
  EXPECT_GE(failed[0].retry_at - order(id).accepted_at, Micros{20'000'000});
}

TEST_F(SplitOrder, AnUnknownLegIsAskedForAndTheOrderEndsOnce) {
  meteora.script.push_back(Act::lose_reply);
  const OrderId id = place_ten(1);
  settle_now();
  EXPECT_EQ(order(id).phase, Phase::submitted);
  EXPECT_TRUE(order(id).outcome_unknown);
  EXPECT_EQ(executor->metrics().unknown.load(), 1u);
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(executor->metrics().unknown.load(), 0u);
  for (const ScriptedVenue* venue : {&raydium, &meteora})
    for (const auto& [leg, times] : venue->settlements) EXPECT_EQ(times, 1);
}

TEST_F(SplitOrder, ALostLegIsSubmittedAgainByItself) {
  raydium.script.push_back(Act::lose_request);
  const OrderId id = place_ten(1);
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(raydium.submits.size(), 2u);
  EXPECT_EQ(meteora.submits.size(), 1u);
}

TEST_F(SplitOrder, EachLegIsLiveAtItsVenueUntilItsOwnEnd) {
  const OrderId id = place_in_flight(1);
  EXPECT_EQ(live_at(0), 1u);
  EXPECT_EQ(live_at(1), 1u);
  venue_of(id, 0).land(leg_id(id, 0));
  settle_now();
  EXPECT_EQ(order(id).phase, Phase::submitted);
  EXPECT_EQ(live_at(0) + live_at(1), 1u);
  venue_of(id, 1).land(leg_id(id, 1));
  settle_now();
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(live_at(0) + live_at(1), 0u);
}

TEST_F(SplitOrder, AStartAsksForEachOpenLegAndForNoOther) {
  const OrderId id = place_in_flight(1);
  venue_of(id, 0).land(leg_id(id, 0));
  settle_now();
  raydium.finds.clear();
  meteora.finds.clear();
  kill();
  run_for(Micros{1'000});
  EXPECT_TRUE(venue_of(id, 0).finds.empty());
  EXPECT_EQ(venue_of(id, 1).finds, std::vector<VenueOrderId>{leg_id(id, 1)});
  venue_of(id, 1).land(leg_id(id, 1));
  run_for(Micros{2'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(SplitOrder, AKillBehindTheIntentSubmitsEachLegByItsId) {
  raydium.submit_error = Error{Errc::unavailable, "down"};
  meteora.submit_error = Error{Errc::unavailable, "down"};
  const OrderId id = place_ten(1);
  settle_now();
  kill();
  raydium.submit_error.reset();
  meteora.submit_error.reset();
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(raydium.settled.size() + meteora.settled.size(), 2u);
}

TEST_F(SplitOrder, AnInterruptionIsCountedForTheAttemptUntilEachLegHasAnswered) {
  const OrderId id = place_in_flight(1);
  run_for(ask_interrupted_after);
  raydium.find_error = Error{Errc::unavailable, "down"};
  meteora.find_error = Error{Errc::unavailable, "down"};
  clock.advance(ask_interrupted_after * 2);
  kill();
  settle_now();
  EXPECT_EQ(all<OutcomeUnknown>(id).size(), 1u) << types(id);
  EXPECT_TRUE(order(id).outcome_unknown);
  raydium.find_error.reset();
  meteora.find_error.reset();
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).interrupted_asks, 0u) << types(id);
  for (LegIndex leg : {0, 1}) venue_of(id, leg).land(leg_id(id, leg));
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(SplitOrder, ACancelReachesEachOpenLegAndTheFilledPartStays) {
  const OrderId id = place_in_flight(1);
  venue_of(id, 0).land(leg_id(id, 0));
  settle_now();
  ASSERT_EQ(cancel(id), EventType::cancel_requested);
  run_for(Micros{2'000'000});
  EXPECT_EQ(order(id).phase, Phase::cancelled) << types(id);
  EXPECT_NEAR(order(id).filled_in, 5 * sol, 10);
  EXPECT_EQ(venue_of(id, 1).cancels, std::vector<VenueOrderId>{leg_id(id, 1)});
  EXPECT_TRUE(venue_of(id, 0).cancels.empty());
}

TEST_F(SplitOrder, AHaltOfAVenueKeepsItsLegsUnbuiltAndUnsent) {
  const Seq halt_id = halt(HaltScope::venue, "meteora");
  const OrderId first = place_ten(1);
  settle_now();
  EXPECT_TRUE(all<LegBuilt>(first).empty());
  EXPECT_EQ(order(first).phase, Phase::confirmed);
  resume(halt_id);
  meteora.submit_error = Error{Errc::timeout, "no answer"};
  const OrderId second = place_ten(2);
  settle_now();
  ASSERT_EQ(all<LegBuilt>(second).size(), 2u);
  halt(HaltScope::venue, "meteora");
  const std::size_t sent = meteora.submits.size();
  meteora.submit_error.reset();
  run_for(Micros{5'000'000});
  EXPECT_EQ(meteora.submits.size(), sent);
  EXPECT_EQ(order(second).phase, Phase::submitted);
}

}  // namespace
}  // namespace oee
