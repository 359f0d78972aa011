// Orders at rest: which prices they wait for, and what they are in memory.
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::LimitFixture;

class RestingOrders : public testing::Test, protected LimitFixture {
 protected:
  // Its first quote comes at the price of the fixture's venues, below the limit.
  OrderId place_at_rest(std::uint64_t n, TimeInForce time = TimeInForce::gtc,
                        const std::function<void(OrderAccepted&)>& change = {}) {
    const OrderId id = place_limit(n, time, change);
    run_for(Micros{1'000});
    EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
    return id;
  }
};

TEST_F(RestingOrders, ThePriceOfAVenueThatPaysLessHidesNoOther) {
  raydium.quoted_out = 140'000'000;  // a thin pool
  move_price(raydium, 152'000);
  meteora.quoted_out = 149'000'000;
  move_price(meteora, 149'500);
  const OrderId id = place_at_rest(1);
  meteora.quoted_out = 151'000'000;
  move_price(meteora, 151'500);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(RestingOrders, AVenueThatMissedOneQuoteIsAskedAgain) {
  raydium.quote_error = Error{Errc::timeout, "late"};
  move_price(raydium, 152'000);
  meteora.quoted_out = 149'000'000;
  move_price(meteora, 149'500);
  const OrderId id = place_at_rest(1);
  raydium.quote_error.reset();
  raydium.quoted_out = 151'000'000;
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

// It cannot pay the limit at its price, so its return alone changes nothing.
TEST_F(RestingOrders, AVenueThatIsDownBelowTheLimitIsNotPolled) {
  raydium.quote_error = Error{Errc::unavailable, "down"};
  move_price(raydium, 149'000);
  move_price(meteora, 148'500);
  const OrderId id = place_at_rest(1);
  const int asked = raydium.quotes;
  run_for(Micros{600'000'000});
  EXPECT_EQ(raydium.quotes, asked);
  raydium.quote_error.reset();
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(RestingOrders, ARiseWhileQuotesAreAwaitedIsNotMissed) {
  raydium.quoted_out = 149'000'000;
  move_price(raydium, 149'500);
  meteora.quoted_out = 140'000'000;
  move_price(meteora, 140'500);
  meteora.quote_delay = Micros{1'000'000};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{100'000});
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(RestingOrders, CountAsWaitingAndLeaveNothingWhenTheyExpire) {
  move_price(raydium, 149'500);
  for (std::uint64_t n = 1; n <= 100; ++n)
    place_at_rest(n, TimeInForce::gtt,
                  [&](OrderAccepted& e) { e.expires_at = clock.now() + Micros{10'000'000}; });
  EXPECT_EQ(executor->metrics().waiting, 100U);
  run_for(Micros{20'000'000});
  EXPECT_EQ(orders->size(), 0U);
  EXPECT_EQ(executor->metrics().waiting, 0U);
}

TEST_F(RestingOrders, AnOrderThatEndsTheProcessWhenItsPriceComesIsStoppedAfterAFewStarts) {
  move_price(raydium, 149'500);
  const OrderId id = place_at_rest(1);
  raydium.on_quote = [&](const QuoteRequest&) { seen_log.cut = true; };
  move_price(raydium, 155'000);
  run_for(Micros{1'000'000});
  int deaths = 0;
  for (; seen_log.cut && deaths < 30; ++deaths) {
    kill();
    run_for(Micros{10'000'000});
  }
  EXPECT_GT(deaths, 0);
  EXPECT_LE(deaths, 6) << types(id);
}

TEST_F(RestingOrders, AFloorThatNoMarketPaysRests) {
  raydium.quoted_out = 151'000'000;
  const OrderId id =
      place_limit(1, TimeInForce::gtc, [](OrderAccepted& e) { e.min_out_floor = ~Units{0}; });
  run_for(Micros{600'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
}

// Liquidity is added, and the spot price stays as it is.
TEST_F(RestingOrders, APoolThatBecomesDeeperIsNoticedWithoutAChangeOfItsPrice) {
  move_price(raydium, 152'000);
  move_price(meteora, 140'000);
  raydium.quoted_out = 149'000'000;
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{100'000'000});
  EXPECT_EQ(types(id), "OrderAccepted OrderRested");
  EXPECT_LE(raydium.quotes, 5);
  raydium.quoted_out = 151'000'000;
  run_for(Micros{31'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

// The market pays the limit, and moves more than the order's slippage each time.
TEST_F(RestingOrders, ARefusalAboveTheLimitUsesUpAnAttempt) {
  raydium.quoted_out = 160'000'000;
  raydium.script.assign(100, Act::refuse_slippage);
  const OrderId id = place_limit(1, TimeInForce::gtc, [](OrderAccepted& e) { e.slippage_bps = 0; });
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_EQ(order(id).attempts_made, 3U);
}

TEST_F(RestingOrders, AreNotAskedForAfterARestartUntilTheirPriceComes) {
  move_price(raydium, 149'500);
  move_price(meteora, 148'500);
  const OrderId id = place_at_rest(1);
  restart();
  const int asked = raydium.quotes;
  run_for(Micros{10'000'000});
  EXPECT_EQ(raydium.quotes, asked);
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

// The venue is gone, and an operator states that the part has settled.
class ResolvedParts : public RestingOrders {
 protected:
  OrderId place_and_resolve(TimeInForce time, std::optional<Micros> expires_in) {
    raydium.quoted_out = 149'000'000;
    raydium.part_in = 400'000'000;
    raydium.part_out = 60'400'000;
    raydium.script = {Act::accept_first};
    const OrderId id = place_limit(1, time, [&](OrderAccepted& e) {
      e.allow_partial = true;
      if (expires_in) e.expires_at = clock.now() + *expires_in;
    });
    settle_now();
    EXPECT_TRUE(is_live_attempt(order(id).phase)) << types(id);
    venues = {&meteora};
    restart();
    ResolveOutcome stated;
    stated.by = "ops";
    stated.why = "mail";
    stated.attempt = 1;
    stated.settled = true;
    stated.tx_hash = *order(id).tx_hash;
    stated.amount_out = Decimal{60'400'000, 6};
    stated.fee = Decimal{0, 9};
    AppendRequest request;
    request.order_id = id;
    request.expected_version = order(id).version;
    request.events = *decide(order(id), stated, clock.now());
    log.append(std::move(request), sink, nullptr);
    settle_now();
    return id;
  }
};

TEST_F(ResolvedParts, TheRestIsTradedWithoutARestart) {
  meteora.quoted_out = 148'000'000;
  const OrderId id = place_and_resolve(TimeInForce::gtc, std::nullopt);
  meteora.quoted_out = 152'000'000;
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(ResolvedParts, TheRestExpires) {
  const OrderId id = place_and_resolve(TimeInForce::gtt, Micros{30'000'000});
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::expired) << types(id);
}

}  // namespace
}  // namespace oee
