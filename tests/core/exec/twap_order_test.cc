// The executor with twap orders: slices that become due, carried-over slices, rests, restarts.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/order/slices.h"
#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::LimitFixture;
using test::sol;

constexpr Micros minute{60'000'000};

// 1 SOL in four slices, one a minute. The scripted venues pay 149 and 148 USDC for 1 SOL.
class TwapOrders : public testing::Test, protected LimitFixture {
 protected:
  OrderId place_twap(std::uint64_t n, const std::function<void(OrderAccepted&)>& change = {}) {
    return place_limit(n, TimeInForce::gtc, [&](OrderAccepted& event) {
      event.type = OrderType::twap;
      event.limit_price.reset();
      event.slippage_bps = 100;
      event.allow_partial = true;
      event.type_terms.slices = SliceTerms{4, minute, 0};
      if (change) change(event);
    });
  }
  // "0.25@0 0.25@60": the amount and the second of each TransactionBuilt.
  std::string built(const OrderId& id) {
    std::string text;
    const WallTime start = order(id).accepted_at;
    for (const Record& record : records_of(id))
      if (const auto* event = std::get_if<TransactionBuilt>(&record.event))
        text += (text.empty() ? "" : " ") + to_text(event->amount_in) + "@" +
                std::to_string((record.time - start) / Micros{1'000'000});
    return text;
  }
  std::size_t count(const OrderId& id, EventType type) {
    const auto records = records_of(id);
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(),
                      [type](const Record& record) { return type_of(record.event) == type; }));
  }
};

TEST_F(TwapOrders, SellsASliceWhenItIsDueAndRestsBetween) {
  const OrderId id = place_twap(1);
  run_for(Micros{1'000});
  EXPECT_EQ(types(id),
            "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted "
            "OrderPartiallyFilled OrderRested");
  const auto rested = std::get<OrderRested>(records_of(id).back().event);
  EXPECT_EQ(rested.why, "the next slice is due at " +
                            format_rfc3339(order(id).accepted_at + Micros{60'000'000}));
  EXPECT_EQ(executor->metrics().waiting, 1U);
  EXPECT_EQ(executor->metrics().executing, 0U);
  const auto route = std::get<RouteSelected>(records_of(id)[2].event);
  EXPECT_EQ(route.quotes[0].amount_in, (Decimal{sol / 4, 9}));
  EXPECT_EQ(route.quotes[1].amount_in, (Decimal{sol / 4, 9}));
  const int asked = raydium.quotes;
  run_for(Micros{58'000'000});
  EXPECT_EQ(raydium.quotes, asked) << "no venue is asked between slices";
  run_for(3 * minute);
  EXPECT_EQ(built(id), "0.25@0 0.25@60 0.25@120 0.25@180");
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(count(id, EventType::order_rested), 3U) << "one a slice";
  EXPECT_EQ(sold(id), sol);
  EXPECT_EQ(executor->metrics().waiting, 0U);
  EXPECT_EQ(orders->size(), 0U);
}

TEST_F(TwapOrders, TheLastSliceHasTheRemainder) {
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.type_terms.slices = SliceTerms{3, minute, 0};
  });
  run_for(3 * minute);
  EXPECT_EQ(built(id), "0.333333333@0 0.333333333@60 0.333333334@120");
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(TwapOrders, ALateFirstSliceRestsBeforeItsRouting) {
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.type_terms.slices = SliceTerms{4, minute, 100};
  });
  run_for(Micros{1'000});
  const Micros late = due_at(order(id), 1) - order(id).accepted_at;
  ASSERT_GT(late, Micros{1'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  run_for(late - Micros{1'100});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  run_for(Micros{1'000});
  EXPECT_EQ(count(id, EventType::order_partially_filled), 1U) << types(id);
  run_for(4 * minute);
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(sold(id), sol);
}

TEST_F(TwapOrders, AMarketThatFallsByMoreThanTheSlippageDoesNotStopIt) {
  const OrderId id = place_twap(1);
  for (int slice = 0; slice < 4; ++slice) {
    run_for(minute - Micros{1'000});
    raydium.quoted_out = raydium.quoted_out / 10 * 9;
    meteora.quoted_out = meteora.quoted_out / 10 * 9;
    run_for(Micros{1'000});
  }
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(count(id, EventType::attempt_failed), 0U);
}

// --- Slices that find no price -------------------------------------------------------------------

TEST_F(TwapOrders, ASliceUnderTheLimitIsCarriedOver) {
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.limit_price = Decimal{148, 0};
  });
  run_for(Micros{1'000'000});
  raydium.quoted_out = meteora.quoted_out = 147'000'000;
  move_price(raydium, 147'500);
  move_price(meteora, 147'500);
  run_for(2 * minute);
  EXPECT_EQ(built(id), "0.25@0");
  EXPECT_EQ(order(id).phase, Phase::resting);
  EXPECT_EQ(executor->metrics().waiting, 1U);
  const int asked = raydium.quotes;
  run_for(Micros{10'000'000});
  EXPECT_EQ(raydium.quotes, asked) << "it waits for the price or for the next slice";
  raydium.quoted_out = 150'000'000;
  move_price(raydium, 150'500);
  run_for(Micros{1'000});
  EXPECT_EQ(built(id), "0.25@0 0.5@131");
  run_for(minute);
  EXPECT_EQ(built(id), "0.25@0 0.5@131 0.25@180");
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

// The spot price does not move, and the pool has become deep enough.
TEST_F(TwapOrders, AnOrderAtRestForItsPriceAsksAgainWhenMoreIsDue) {
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.limit_price = Decimal{150, 0};
  });
  move_price(raydium, 151'000);
  move_price(meteora, 149'000);
  run_for(Micros{31'000'000});
  EXPECT_EQ(built(id), "");
  raydium.quoted_out = 150'500'000;
  run_for(minute / 2);
  EXPECT_EQ(built(id), "0.5@60") << types(id);
}

TEST_F(TwapOrders, APartOfASliceIsTakenAndItsRestIsCarriedOver) {
  raydium.part_in = sol / 10;
  raydium.part_out = 15'100'000;
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.limit_price = Decimal{150, 0};
  });
  run_for(Micros{1'000'000});
  EXPECT_EQ(built(id).substr(0, 10), "0.1@0 0.1@") << types(id);
  raydium.part_in = 0;
  raydium.quoted_out = 151'000'000;
  run_for(4 * minute);
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(sold(id), sol);
}

TEST_F(TwapOrders, ASliceWithoutAQuoteWaits) {
  raydium.quote_error = meteora.quote_error = Error{Errc::unavailable, "down"};
  const OrderId id = place_twap(1);
  run_for(2 * minute + Micros{1'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  raydium.quote_error.reset();
  run_for(Micros{10'000'000});
  EXPECT_EQ(built(id).substr(0, 7), "0.75@12") << "all that is due goes at once";
  run_for(minute);
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

// One unit is worth less than one unit of the output.
TEST_F(TwapOrders, ASliceThatIsTooSmallForAQuoteIsCarriedOver) {
  raydium.quote_error = meteora.quote_error = Error{Errc::invalid, "the trade rounds to zero"};
  const OrderId id = place_twap(1);
  run_for(minute + Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
  raydium.quote_error.reset();
  run_for(minute);
  EXPECT_EQ(sold(id), sol / 4 * 3) << built(id);
}

TEST_F(TwapOrders, ALastSliceThatNoVenueTakesIsADeadLetter) {
  raydium.quote_error = meteora.quote_error = Error{Errc::invalid, "no pool"};
  const OrderId id = place_twap(1);
  run_for(4 * minute);
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_EQ(order(id).error, ErrorClass::no_liquidity);
}

TEST_F(TwapOrders, AFailedSliceIsTriedAgainAndIsADeadLetterAfterTheBudget) {
  raydium.script = {Act::settle, Act::refuse_slippage};
  const OrderId once = place_twap(1);
  run_for(minute + Micros{5'000'000});
  EXPECT_EQ(count(once, EventType::attempt_failed), 1U) << types(once);
  EXPECT_EQ(sold(once), sol / 2);
  run_for(2 * minute);
  EXPECT_EQ(order(once).phase, Phase::confirmed);
  raydium.script.assign(1, Act::settle);
  const OrderId dead = place_twap(2);
  run_for(Micros{1'000'000});
  raydium.script.assign(3, Act::refuse_slippage);
  run_for(4 * minute);
  EXPECT_EQ(order(dead).phase, Phase::failed) << types(dead);
  EXPECT_EQ(order(dead).attempts_made, 3U);
  EXPECT_EQ(order(dead).filled_in, sol / 4) << "a dead letter keeps its fills";
  append(dead, DeadLetterRequeued{"ops", "again"});
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(dead).phase, Phase::confirmed) << types(dead);
  EXPECT_EQ(sold(dead), sol);
}

// --- Ends and changes ----------------------------------------------------------------------------

TEST_F(TwapOrders, ExpiresBetweenSlicesWithWhatIsFilled) {
  const OrderId id = place_twap(1, [&](OrderAccepted& event) {
    event.time_in_force = TimeInForce::gtt;
    event.expires_at = clock.now() + Micros{90'000'000};
  });
  run_for(3 * minute);
  EXPECT_EQ(order(id).phase, Phase::expired) << types(id);
  EXPECT_EQ(order(id).filled_in, sol / 2);
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

TEST_F(TwapOrders, IsCancelledBetweenSlices) {
  const OrderId id = place_twap(1);
  run_for(Micros{90'000'000});
  EXPECT_EQ(cancel(id), EventType::order_cancelled);
  run_for(3 * minute);
  EXPECT_EQ(order(id).phase, Phase::cancelled);
  EXPECT_EQ(sold(id), sol / 2);
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

TEST_F(TwapOrders, AnAmendedAmountChangesTheSlices) {
  const OrderId more = place_twap(1);
  const OrderId less = place_twap(2);
  run_for(minute + Micros{1'000'000});
  EXPECT_TRUE(amend(more, [](Amendment& terms) { terms.amount_in = Decimal{2 * sol, 9}; }));
  EXPECT_TRUE(amend(less, [](Amendment& terms) { terms.amount_in = Decimal{sol / 10 * 6, 9}; }));
  run_for(Micros{1'000'000});
  EXPECT_EQ(built(more), "0.25@0 0.25@60 0.5@61");
  EXPECT_EQ(order(less).phase, Phase::resting);
  run_for(2 * minute);
  EXPECT_EQ(built(more), "0.25@0 0.25@60 0.5@61 0.5@120 0.5@180");
  EXPECT_EQ(built(less), "0.25@0 0.25@60 0.1@180");
  EXPECT_EQ(order(less).phase, Phase::confirmed);
}

TEST_F(TwapOrders, NothingIsBuiltInAHaltAndWhatIsDueFollowsIt) {
  const OrderId id = place_twap(1);
  run_for(Micros{1'000'000});
  const Seq seq = halt();
  run_for(2 * minute);
  EXPECT_EQ(built(id), "0.25@0");
  resume(seq);
  run_for(Micros{1'000'000});
  EXPECT_EQ(built(id), "0.25@0 0.5@121");
  run_for(2 * minute);
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

// --- Time and restarts ---------------------------------------------------------------------------

TEST_F(TwapOrders, ARestartSellsAtOnceAllThatBecameDue) {
  const OrderId id = place_twap(1);
  run_for(Micros{1'000'000});
  seen_log.cut = true;  // kill -9
  run_for(2 * minute);
  restart();
  run_for(Micros{1'000});
  EXPECT_EQ(built(id), "0.25@0 0.5@121") << types(id);
  restart();
  EXPECT_EQ(executor->metrics().waiting, 1U);
  run_for(2 * minute);
  EXPECT_EQ(built(id), "0.25@0 0.5@121 0.25@180");
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(TwapOrders, ARestartWithALimitWaitsForItsPrice) {
  const OrderId id = place_twap(1, [](OrderAccepted& event) {
    event.limit_price = Decimal{150, 0};
  });
  move_price(raydium, 149'500);
  move_price(meteora, 148'500);
  run_for(Micros{1'000'000});
  restart();
  const int asked = raydium.quotes;
  run_for(Micros{10'000'000});
  EXPECT_EQ(raydium.quotes, asked);
  EXPECT_EQ(executor->metrics().waiting, 1U);
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);
  run_for(4 * minute);
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(sold(id), sol);
}

TEST_F(TwapOrders, ARestartAtAnyStepSellsTheWholeOrderOnceAndNothingEarly) {
  for (std::uint64_t steps = 0; steps < 30; ++steps) {
    raydium.quote_delay = Micros{30'000};
    raydium.submit_delay = Micros{30'000};
    const OrderId id = place_twap(1 + steps);
    for (std::uint64_t step = 0; step < steps; ++step) {
      settle_now();
      clock.fire_next();
    }
    steps % 2 == 0 ? restart() : kill();
    run_for(4 * minute);
    ASSERT_EQ(order(id).phase, Phase::confirmed) << steps << types(id);
    ASSERT_EQ(sold(id), sol) << steps;
    for (const auto& [venue_id, times] : raydium.settlements) ASSERT_EQ(times, 1) << steps;
    Order past;
    for (const Record& record : records_of(id)) {
      if (const auto* event = std::get_if<TransactionBuilt>(&record.event)) {
        ASSERT_LE(event->amount_in.units, amount_due(past, record.time)) << steps;
      }
      ASSERT_TRUE(evolve(past, record).ok());
    }
  }
}

// The wall clock is stepped back by an hour while the quotes for a slice are under way: the log's
// writer refuses the transaction.
TEST_F(TwapOrders, AClockThatIsSteppedBackBuildsNothingEarly) {
  raydium.quote_delay = Micros{100'000};
  const OrderId id = place_twap(1);
  run_for(minute + Micros{50'000});
  EXPECT_EQ(built(id), "0.25@0");
  clock.step_wall(-60 * minute);
  run_for(30 * minute);
  EXPECT_EQ(built(id), "0.25@0") << types(id);
  run_for(33 * minute);
  EXPECT_EQ(built(id), "0.25@0 0.25@60 0.25@120 0.25@180");
  EXPECT_EQ(order(id).phase, Phase::confirmed);
}

TEST_F(TwapOrders, ManyAtOnceLeaveNothing) {
  for (std::uint64_t n = 1; n <= 300; ++n) place_twap(n);
  run_for(Micros{1'000'000});
  EXPECT_EQ(executor->metrics().waiting, 300U);
  run_for(4 * minute);
  EXPECT_EQ(executor->metrics().waiting, 0U);
  EXPECT_EQ(orders->size(), 0U);
}

// The time passes a slice's time between two reads of it, after the fill of the one before.
TEST_F(TwapOrders, ASliceThatBecomesDueWhileTheOrderComesToRestIsSoldOnTime) {
  clock.wall_us_per_read = 1;
  for (std::uint64_t n = 1; n <= 80; ++n) {
    raydium.quote_delay = meteora.quote_delay = Micros{1'000'000} - Micros{n};
    const OrderId id = place_twap(n, [](OrderAccepted& event) {
      event.type_terms.slices = SliceTerms{2, Micros{1'000'000}, 0};
    });
    run_for(Micros{4'000'000});
    EXPECT_EQ(order(id).phase, Phase::confirmed) << n << ": " << types(id);
  }
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

// Its slice is due and it waits for a slot when its expiry comes, and an amendment comes first.
TEST_F(TwapOrders, AnAmendmentThatComesBeforeTheExpiryCountsTheOrderOnce) {
  options.concurrency = 1;
  restart();
  const WallTime expiry = clock.now() + Micros{62'000'000};
  const OrderId id = place_twap(1, [&](OrderAccepted& event) {
    event.time_in_force = TimeInForce::gtt;
    event.expires_at = expiry;
    event.expires_by_log_time = true;
  });
  run_for(Micros{59'000'000});
  raydium.quote_delay = meteora.quote_delay = Micros{900'000};
  for (std::uint64_t n = 2; n < 8; ++n) place(n);
  run_for(Micros{2'990'000});
  ASSERT_TRUE(amend(id, [&](Amendment& terms) { terms.expires_at = expiry + minute * 60; }));
  clock.advance(expiry - clock.now());
  clock.fire_next();
  run_for(minute * 5);
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

}  // namespace
}  // namespace oee
