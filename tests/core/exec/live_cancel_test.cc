// The executor cancels attempts that are live at their venue.
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::LimitFixture;
using test::sol;

class LiveCancel : public testing::Test, protected LimitFixture {
 protected:
  LiveCancel() { raydium.quoted_out = 151'000'000; }

  // An order whose attempt is in flight at the venue.
  OrderId place_live(std::uint64_t n, const std::function<void(OrderAccepted&)>& change = {}) {
    raydium.script.push_back(Act::accept_first);
    const OrderId id = place_limit(n, TimeInForce::gtc, change);
    settle_now();
    EXPECT_TRUE(is_live_attempt(order(id).phase));
    return id;
  }
  static constexpr Micros at_once_{1'000};
  static constexpr const char* live_ =
      "OrderAccepted RoutingStarted RouteSelected TransactionBuilt TransactionSubmitted";
  std::string after_live(const OrderId& id) {
    const std::string all = types(id);
    EXPECT_TRUE(all.starts_with(live_)) << all;
    return all.substr(std::min(all.size(), std::string(live_).size() + 1));
  }
};

TEST_F(LiveCancel, TheVenueCancelsTheAttemptAndTheOrderEnds) {
  const OrderId id = place_live(1);
  EXPECT_EQ(cancel(id), EventType::cancel_requested);
  run_for(at_once_);
  EXPECT_EQ(after_live(id), "CancelRequested AttemptFailed OrderCancelled");
  EXPECT_EQ(raydium.cancels.size(), 1U);
  const auto end = std::get<OrderCancelled>(records_of(id).back().event);
  EXPECT_EQ(end.by, "desk");
  EXPECT_EQ(end.why, "enough");
  run_for(Micros{60'000'000});
  EXPECT_EQ(sold(id), 0U);
  EXPECT_EQ(raydium.submits.size(), 1U);
}

TEST_F(LiveCancel, ASwapThatWasFasterWins) {
  const OrderId id = place_live(1);
  raydium.land(order(id).venue_order_id, false);
  cancel(id);
  run_for(at_once_);
  EXPECT_EQ(after_live(id), "CancelRequested OrderConfirmed");
  EXPECT_EQ(sold(id), sol);
}

TEST_F(LiveCancel, APartThatWasFasterIsKeptAndTheRestIsCancelled) {
  raydium.quoted_out = 149'000'000;
  raydium.part_in = 400'000'000;
  raydium.part_out = 60'400'000;
  const OrderId id = place_live(1, test::in_parts);
  raydium.land(order(id).venue_order_id, false);
  cancel(id);
  run_for(Micros{60'000'000});
  EXPECT_EQ(after_live(id), "CancelRequested OrderPartiallyFilled OrderCancelled");
  EXPECT_EQ(sold(id), 400'000'000U);
  EXPECT_EQ(order(id).filled_in, 400'000'000U);
}

TEST_F(LiveCancel, ASettlementWhoseReplyWasLostIsFound) {
  raydium.script = {Act::lose_reply};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  settle_now();
  EXPECT_TRUE(order(id).outcome_unknown);
  cancel(id);
  run_for(at_once_);
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(sold(id), sol);
}

// The request did not reach the venue. It is not sent again.
TEST_F(LiveCancel, AnAttemptThatTheVenueDoesNotFindIsCancelledThere) {
  raydium.script = {Act::lose_request};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  settle_now();
  EXPECT_TRUE(order(id).outcome_unknown);
  cancel(id);
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::cancelled);
  EXPECT_EQ(raydium.submits.size(), 1U);
  EXPECT_EQ(raydium.ledger.at(order(id).venue_order_id).status, VenueStatus::cancelled);
}

TEST_F(LiveCancel, ASilentVenueIsAskedUntilItAnswers) {
  const OrderId id = place_live(1);
  raydium.cancel_error = Error{Errc::timeout, "silent"};
  cancel(id);
  run_for(Micros{30'000'000});
  EXPECT_EQ(after_live(id), "CancelRequested OutcomeUnknown");
  EXPECT_GT(raydium.cancels.size(), 2U);
  EXPECT_EQ(raydium.submits.size(), 1U);
  raydium.cancel_error.reset();
  run_for(Micros{10'000'000});
  EXPECT_EQ(after_live(id), "CancelRequested OutcomeUnknown AttemptFailed OrderCancelled");
}

TEST_F(LiveCancel, ASettlementThatIsReportedWhileTheVenueIsSilentEndsTheOrder) {
  const OrderId id = place_live(1);
  raydium.cancel_error = Error{Errc::timeout, "silent"};
  cancel(id);
  run_for(Micros{3'000'000});
  raydium.land(order(id).venue_order_id);
  settle_now();
  EXPECT_EQ(order(id).phase, Phase::confirmed);
  EXPECT_EQ(sold(id), sol);
}

TEST_F(LiveCancel, ACancelAndAnExpiryTogetherEndTheOrderOnceAsCancelled) {
  const WallTime expiry = clock.now() + Micros{5'000'000};
  const OrderId id = place_live(1, [&](OrderAccepted& event) { event.expires_at = expiry; });
  raydium.cancel_error = Error{Errc::timeout, "silent"};
  run_for(Micros{4'000'000});
  cancel(id);
  run_for(Micros{4'000'000});
  raydium.cancel_error.reset();
  run_for(Micros{10'000'000});
  EXPECT_EQ(after_live(id), "CancelRequested OutcomeUnknown AttemptFailed OrderCancelled");
}

TEST_F(LiveCancel, ACancelWhileTheRequestIsUnderWayStopsIt) {
  raydium.submit_delay = Micros{500'000};
  const OrderId id = place_limit(1, TimeInForce::gtc);
  run_for(Micros{100'000});
  EXPECT_EQ(order(id).phase, Phase::building);
  EXPECT_EQ(cancel(id), EventType::cancel_requested);
  run_for(Micros{5'000'000});
  EXPECT_EQ(order(id).phase, Phase::cancelled);
  EXPECT_EQ(sold(id), 0U) << "the tombstone was there first";
}

TEST_F(LiveCancel, SurvivesARestart) {
  const OrderId id = place_live(1);
  raydium.cancel_error = Error{Errc::timeout, "silent"};
  cancel(id);
  settle_now();
  restart();
  raydium.cancels.clear();
  raydium.cancel_error.reset();
  run_for(at_once_);
  EXPECT_EQ(raydium.cancels.size(), 1U) << "the venue is asked to cancel, not for the outcome";
  EXPECT_TRUE(raydium.finds.empty());
  EXPECT_EQ(order(id).phase, Phase::cancelled);
}

// A cancel and, some steps later, a restart come at every step of an order's life.
TEST_F(LiveCancel, AtAnyStepAndWithARestartAfterItTheOrderEndsAndTradesNothingLater) {
  int live = 0, waiting = 0;
  for (std::uint64_t steps = 0; steps < 12; ++steps) {
    for (std::uint64_t more = 0; more < 4; ++more) {
      raydium.script = {steps % 3 == 0   ? Act::lose_reply
                        : steps % 3 == 1 ? Act::lose_request
                                         : Act::settle};
      raydium.quote_delay = Micros{30'000};
      raydium.submit_delay = Micros{30'000};
      const OrderId id = place_limit(1 + steps * 10 + more, TimeInForce::gtc);
      settle_now();
      for (std::uint64_t step = 0; step < steps; ++step) {
        settle_now();
        clock.fire_next();
      }
      const auto asked = cancel(id);
      live += asked == EventType::cancel_requested;
      waiting += asked == EventType::order_cancelled;
      for (std::uint64_t step = 0; step < more; ++step) {
        settle_now();
        clock.fire_next();
      }
      restart();
      run_for(Micros{60'000'000});
      const Order ended = order(id);
      ASSERT_FALSE(ended.open()) << types(id);
      ASSERT_EQ(sold(id), ended.filled_in) << types(id);
      ASSERT_TRUE(!asked || (ended.phase == Phase::cancelled) == (sold(id) == 0)) << types(id);
    }
  }
  EXPECT_GT(live, 3);
  EXPECT_GT(waiting, 3);
}

}  // namespace
}  // namespace oee
