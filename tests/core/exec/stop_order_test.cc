// Stop and sniper orders: the states of the venues that trigger them, and their trades after that.
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::LimitFixture;
using test::ScriptedVenue;

class WaitingOrders : public testing::Test, protected LimitFixture {
 protected:
  using Change = std::function<void(OrderAccepted&)>;
  OrderId place_type(std::uint64_t n, OrderType type, TypeTerms terms, const Change& change) {
    const OrderId id = place_limit(n, TimeInForce::gtc, [&](OrderAccepted& e) {
      e.type = type;
      e.limit_price.reset();
      e.slippage_bps = 100;
      e.type_terms = terms;
      if (change) change(e);
    });
    run_for(Micros{1'000});
    return id;
  }
  // Sells 1 SOL at 145 USDC or below, or at 155 or above.
  OrderId place_stop(std::uint64_t n, TriggerWhen when = TriggerWhen::at_or_below,
                     const Change& change = {}) {
    TypeTerms terms;
    terms.trigger.emplace(Decimal{when == TriggerWhen::at_or_below ? Units{145} : Units{155}, 0},
                          when);
    return place_type(n, OrderType::stop, terms, change);
  }
  OrderId place_sniper(std::uint64_t n, std::optional<Decimal> least, const Change& change = {}) {
    TypeTerms terms;
    terms.min_liquidity = least;
    return place_type(n, OrderType::sniper, terms, change);
  }
  // Opens a pool of SOL and USDC, with so many USDC.
  void open_pool(ScriptedVenue& venue, Units usdc, Units milli = 150'000) {
    const OrderAccepted event = test::accepted_event();
    venue.move_price(event.input, event.output, SpotPrice{milli * 1'000, test::sol},
                     usdc * 1'000'000);
    run_for(Micros{1});
  }
  // Two deliveries of the venue's price, without a turn of the loop between them.
  void deliver_two(Units milli, Units then) {
    const OrderAccepted event = test::accepted_event();
    for (const Units each : {milli, then}) {
      raydium.move_price(event.input, event.output, SpotPrice{each * 1'000, test::sol});
      clock.fire_next();
    }
  }
  std::optional<OrderTriggered> triggered(const OrderId& id) {
    std::optional<OrderTriggered> found;
    for (const Record& record : records_of(id)) {
      const auto* event = std::get_if<OrderTriggered>(&record.event);
      if (event == nullptr) continue;
      EXPECT_FALSE(found) << "triggered twice";
      found = *event;
    }
    return found;
  }
  static constexpr const char* traded =
      "OrderTriggered RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
      "OrderConfirmed";
};

TEST_F(WaitingOrders, AStopLossRestsUntilThePriceFallsToItsTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1);
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  EXPECT_EQ(std::get<OrderRested>(records_of(id)[1].event).why, "no spot price is at or below 145");
  move_price(raydium, 145'001);
  run_for(Micros{600'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
  EXPECT_EQ(raydium.quotes, 0);
  EXPECT_EQ(executor->metrics().waiting, 1U);
  EXPECT_EQ(executor->metrics().executing, 0U);
  move_price(raydium, 145'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), std::string("OrderAccepted OrderRested ") + traded);
  EXPECT_EQ(triggered(id)->venue, VenueName("raydium"));
  EXPECT_EQ(triggered(id)->price, (Decimal{145, 0}));
  EXPECT_EQ(triggered(id)->height, 103U);
  EXPECT_FALSE(triggered(id)->liquidity);
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

TEST_F(WaitingOrders, ATakeProfitRestsUntilAnyVenuesPriceRisesToItsTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1, TriggerWhen::at_or_above);
  move_price(raydium, 154'999);
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  move_price(meteora, 156'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), std::string("OrderAccepted OrderRested ") + traded);
  EXPECT_EQ(triggered(id)->venue, VenueName("meteora"));
}

TEST_F(WaitingOrders, ATriggerThatIsCrossedAlreadyActsAtOnce) {
  move_price(raydium, 140'000);
  const OrderId id = place_stop(1);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), std::string("OrderAccepted ") + traded);
}

TEST_F(WaitingOrders, APoolWithoutLiquidityTriggersNothing) {
  const OrderId stop = place_stop(1);
  const OrderId sniper = place_sniper(2, std::nullopt);
  const OrderAccepted event = test::accepted_event();
  raydium.move_price(event.input, event.output, SpotPrice{0, 1});
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(stop), "OrderAccepted OrderRested");
  EXPECT_EQ(types(sniper), "OrderAccepted OrderRested");
}

// Admission counts the orders that do not wait: one price must not make the engine look full.
TEST_F(WaitingOrders, OrdersOfOnePriceCountAsWaitingUntilTheyHaveASlot) {
  constexpr std::uint64_t orders = 40;
  options.concurrency = 4;
  restart();
  raydium.quote_delay = Micros{100'000};
  meteora.quote_delay = Micros{100'000};
  move_price(raydium, 150'000);
  for (std::uint64_t n = 1; n <= orders; ++n) place_stop(n);
  EXPECT_EQ(executor->metrics().waiting, orders);
  move_price(raydium, 144'000);
  EXPECT_EQ(executor->metrics().executing, options.concurrency);
  EXPECT_EQ(executor->metrics().waiting, orders - options.concurrency);
  run_for(Micros{10'000'000});
  for (std::uint64_t n = 1; n <= orders; ++n)
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::confirmed) << n;
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

TEST_F(WaitingOrders, ANewOrderDoesNotWaitForAllThatOnePriceTriggers) {
  constexpr std::uint64_t orders = 40;
  options.concurrency = 4;
  restart();
  raydium.quote_delay = Micros{100'000};
  meteora.quote_delay = Micros{100'000};
  move_price(raydium, 150'000);
  for (std::uint64_t n = 1; n <= orders; ++n) place_stop(n);
  move_price(raydium, 144'000);
  const OrderId fresh = place(orders + 1);
  run_for(Micros{300'000});
  EXPECT_NE(types(fresh), "OrderAccepted");
  EXPECT_GT(executor->metrics().waiting, orders / 2);
}

TEST_F(WaitingOrders, ANewOrderDoesNotWaitForAllThatAHaltReleases) {
  constexpr std::uint64_t orders = 40;
  options.concurrency = 4;
  restart();
  raydium.quote_delay = Micros{100'000};
  meteora.quote_delay = Micros{100'000};
  for (std::uint64_t n = 1; n <= orders; ++n) place(n);
  settle_now();
  const Seq halted = halt();
  run_for(Micros{1'000'000});
  EXPECT_EQ(executor->metrics().waiting, orders);
  resume(halted);
  EXPECT_EQ(executor->metrics().waiting, orders - options.concurrency);
  const OrderId fresh = place(orders + 1);
  run_for(Micros{300'000});
  EXPECT_NE(types(fresh), "OrderAccepted");
  EXPECT_GT(executor->metrics().waiting, orders / 2);
  run_for(Micros{10'000'000});
  for (std::uint64_t n = 1; n <= orders + 1; ++n)
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::confirmed) << n;
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

// The price came back before the second order had a slot, and its trigger is unchanged.
TEST_F(WaitingOrders, AnAmendmentOfAnotherTermKeepsATriggerThatHasCome) {
  options.concurrency = 1;
  restart();
  raydium.quote_delay = Micros{100'000};
  meteora.quote_delay = Micros{100'000};
  move_price(raydium, 150'000);
  const OrderId first = place_stop(1);
  const OrderId second = place_stop(2);
  const OrderId moved = place_stop(3);
  deliver_two(144'000, 150'000);
  run_for(Micros{1});
  ASSERT_TRUE(amend(second, [](Amendment& terms) { terms.slippage_bps = 200; }));
  ASSERT_TRUE(amend(moved, [](Amendment& terms) { terms.trigger_price = Decimal{140, 0}; }));
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(first).phase, Phase::confirmed) << types(first);
  EXPECT_EQ(order(second).phase, Phase::confirmed) << types(second);
  EXPECT_EQ(triggered(second)->price, (Decimal{144, 0}));
  EXPECT_EQ(order(moved).phase, Phase::resting) << types(moved);
}

// Its last price may have passed.
TEST_F(WaitingOrders, TheLastPriceOfAVenueThatDoesNotAnswerTriggersNothing) {
  options.quote_breaker.failures_max = 1;
  restart();
  move_price(raydium, 144'000);
  move_price(meteora, 150'000);
  raydium.quote_error = Error{Errc::timeout, "silent"};
  place(1);
  run_for(Micros{100'000});
  const OrderId id = place_stop(2);
  run_for(Micros{600'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  raydium.quote_error.reset();
  run_for(Micros{6'000'000});  // no order asks the venue meanwhile
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(triggered(id)->venue, VenueName("raydium"));
}

// The price comes back before the order has a slot.
TEST_F(WaitingOrders, APriceThatCrossesForAMomentTriggers) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1);
  deliver_two(144'000, 150'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(triggered(id)->price, (Decimal{144, 0}));
}

TEST_F(WaitingOrders, APriceThatCrossesWhileTheRestIsWrittenTriggers) {
  move_price(raydium, 150'000);
  TypeTerms terms;
  terms.trigger.emplace(Decimal{145, 0}, TriggerWhen::at_or_below);
  const OrderId id = place_limit(1, TimeInForce::gtc, [&](OrderAccepted& e) {
    e.type = OrderType::stop;
    e.limit_price.reset();
    e.slippage_bps = 100;
    e.type_terms = terms;
  });
  log.write();
  log.sync();
  loop.restart();
  loop.poll();  // up to the append of OrderRested
  ASSERT_EQ(types(id), "OrderAccepted");
  deliver_two(144'000, 150'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), std::string("OrderAccepted OrderRested ") + traded);
  EXPECT_EQ(triggered(id)->price, (Decimal{144, 0}));
}

TEST_F(WaitingOrders, WithoutALimitPriceItWaitsForAQuoteSixtySecondsAfterItsTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1);
  run_for(Micros{3'600'000'000});
  raydium.quote_error = meteora.quote_error = Error{Errc::unavailable, "down"};
  move_price(raydium, 140'000);
  run_for(Micros{55'000'000});
  EXPECT_TRUE(order(id).open()) << types(id);
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(id).phase, Phase::expired) << types(id);
}

TEST_F(WaitingOrders, WithALimitPriceItRestsAfterItsTriggerAndNeverTradesBelow) {
  move_price(meteora, 149'000);
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1, TriggerWhen::at_or_below, [](OrderAccepted& e) {
    e.limit_price = Decimal{144, 0};
  });
  raydium.quoted_out = meteora.quoted_out = 140'000'000;
  move_price(raydium, 141'000);
  run_for(Micros{600'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested OrderTriggered OrderRested");
  raydium.quoted_out = 144'500'000;
  move_price(raydium, 146'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(order(id).min_out, (Decimal{144'000'000, 6}));
}

TEST_F(WaitingOrders, ASniperActsWhenAPoolOfItsPairOpens) {
  const OrderId id = place_sniper(1, std::nullopt);
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  EXPECT_EQ(std::get<OrderRested>(records_of(id)[1].event).why, "no pool of SOL/USDC is open");
  open_pool(meteora, 1);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), std::string("OrderAccepted OrderRested ") + traded);
  EXPECT_EQ(triggered(id)->liquidity, (Decimal{1'000'000, 6}));
}

TEST_F(WaitingOrders, ASniperWaitsForItsLiquidityInOnePool) {
  const OrderId id = place_sniper(1, Decimal{5'000'000'000, 6});
  open_pool(raydium, 4'999);
  open_pool(meteora, 4'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
  EXPECT_EQ(raydium.quotes, 0);
  open_pool(raydium, 5'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(triggered(id)->liquidity, (Decimal{5'000'000'000, 6}));
}

TEST_F(WaitingOrders, ARestartIndexesThemAgain) {
  const OrderId sniper = place_sniper(1, Decimal{5'000'000'000, 6});
  const OrderId stop = place_stop(2);
  kill();
  run_for(Micros{10'000'000});
  EXPECT_EQ(raydium.quotes, 0);
  EXPECT_EQ(types(stop), "OrderAccepted OrderRested");
  EXPECT_EQ(executor->metrics().waiting, 2U);
  open_pool(raydium, 5'000, 145'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(sniper).phase, Phase::confirmed) << types(sniper);
  EXPECT_EQ(order(stop).phase, Phase::confirmed) << types(stop);
}

TEST_F(WaitingOrders, TheFirstPricesAfterAStartTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1);
  kill();
  venues = {};  // the venues' prices move while no process looks
  restart();
  move_price(raydium, 140'000);
  EXPECT_EQ(order(id).phase, Phase::resting);
  venues = {&raydium, &meteora};
  restart();
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(WaitingOrders, ARestartAsksForNoSecondTrigger) {
  move_price(raydium, 150'000);
  const OrderId market = place_stop(1);
  const OrderId limit = place_stop(2, TriggerWhen::at_or_below, [](OrderAccepted& e) {
    e.limit_price = Decimal{148, 0};
  });
  raydium.quoted_out = meteora.quoted_out = 140'000'000;
  raydium.quote_error = meteora.quote_error = Error{Errc::unavailable, "down"};
  move_price(raydium, 144'000);
  move_price(raydium, 160'000);
  run_for(Micros{1'000'000});
  kill();
  raydium.quote_error.reset();
  raydium.quoted_out = 149'000'000;
  run_for(Micros{20'000'000});
  EXPECT_EQ(order(market).phase, Phase::confirmed) << types(market);
  EXPECT_EQ(order(limit).phase, Phase::confirmed) << types(limit);
  EXPECT_TRUE(triggered(market));
  EXPECT_TRUE(triggered(limit));
}

TEST_F(WaitingOrders, AHaltedOrderLooksAtThePricesWhenItsHaltEnds) {
  move_price(raydium, 150'000);
  const OrderId back = place_stop(1);
  const OrderId gone = place_stop(2, TriggerWhen::at_or_above);
  const Seq seq = halt(HaltScope::token, "SOL");
  move_price(raydium, 156'000);
  run_for(Micros{1'000'000});
  move_price(raydium, 144'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(back), "OrderAccepted OrderRested");
  EXPECT_EQ(types(gone), "OrderAccepted OrderRested");
  resume(seq);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(back).phase, Phase::confirmed) << types(back);
  EXPECT_EQ(types(gone), "OrderAccepted OrderRested") << "the price has come back";
  move_price(raydium, 157'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(gone).phase, Phase::confirmed) << types(gone);
}

TEST_F(WaitingOrders, AHaltedVenueTriggersNothingUntilItsHaltEnds) {
  move_price(raydium, 150'000);
  const OrderId waits = place_stop(1);
  const Seq seq = halt(HaltScope::venue, "raydium");
  move_price(raydium, 144'000);
  const OrderId later = place_stop(2);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(waits), "OrderAccepted OrderRested");
  EXPECT_EQ(types(later), "OrderAccepted OrderRested");
  resume(seq);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(waits).phase, Phase::confirmed) << types(waits);
  EXPECT_EQ(order(later).phase, Phase::confirmed) << types(later);
}

TEST_F(WaitingOrders, ARequeuedOrderWaitsForNoSecondTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1);
  raydium.script = {Act::refuse_invalid};
  move_price(raydium, 144'000);
  move_price(raydium, 150'000);
  run_for(Micros{1'000'000});
  ASSERT_EQ(order(id).phase, Phase::failed) << types(id);
  run_for(Micros{600'000'000});
  append(id, DeadLetterRequeued{"desk", "again"});
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_TRUE(triggered(id));
}

TEST_F(WaitingOrders, AnAmendedTriggerReplacesTheOldOne) {
  move_price(raydium, 150'000);
  const OrderId lower = place_stop(1);
  const OrderId higher = place_stop(2);
  ASSERT_TRUE(amend(lower, [](Amendment& terms) { terms.trigger_price = Decimal{140, 0}; }));
  ASSERT_TRUE(amend(higher, [](Amendment& terms) { terms.trigger_price = Decimal{151, 0}; }));
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(lower), "OrderAccepted OrderRested OrderAmended OrderRested");
  EXPECT_EQ(order(higher).phase, Phase::confirmed) << types(higher);
  move_price(raydium, 145'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(lower).phase, Phase::resting) << types(lower);
  move_price(raydium, 140'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(lower).phase, Phase::confirmed) << types(lower);
}

TEST_F(WaitingOrders, ACancelledAndAnExpiredOrderLeaveNothing) {
  move_price(raydium, 150'000);
  const OrderId cancelled = place_stop(1);
  const OrderId expired = place_stop(2, TriggerWhen::at_or_above, [&](OrderAccepted& e) {
    e.time_in_force = TimeInForce::gtt;
    e.expires_at = clock.now() + Micros{10'000'000};
  });
  EXPECT_EQ(cancel(cancelled), EventType::order_cancelled);
  run_for(Micros{20'000'000});
  EXPECT_EQ(order(expired).phase, Phase::expired) << types(expired);
  EXPECT_EQ(executor->metrics().waiting, 0U);
  EXPECT_EQ(orders->size(), 0U);
  move_price(raydium, 144'000);
  move_price(raydium, 156'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(cancelled), "OrderAccepted OrderRested OrderCancelled");
  EXPECT_EQ(types(expired), "OrderAccepted OrderRested OrderExpired");
}

TEST_F(WaitingOrders, AnImmediateOrderTradesOnceAfterItsTrigger) {
  move_price(raydium, 150'000);
  const OrderId id = place_stop(1, TriggerWhen::at_or_below, [](OrderAccepted& e) {
    e.time_in_force = TimeInForce::fok;
    e.limit_price = Decimal{150, 0};
  });
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  move_price(raydium, 145'000);
  run_for(Micros{1'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested OrderTriggered OrderCancelled");
}

}  // namespace
}  // namespace oee
