// The executor beside a venue that fails repeatedly: its circuit breakers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/exec/limit_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;
using test::LimitFixture;
using testing::HasSubstr;
using State = CircuitBreaker::State;

constexpr Micros a_while{1'000};
constexpr Micros forever{3'600'000'000};

class ExecutorBreaker : public testing::Test, protected LimitFixture {
 protected:
  State state(VenueMetrics::Call call, std::size_t venue = 0) {
    return executor->metrics().venues[venue]->breakers[call].state;
  }
  std::uint64_t openings(VenueMetrics::Call call) {
    return executor->metrics().venues[0]->breakers[call].openings.get();
  }
  // Places orders, one after the other, until raydium's breaker of quotes opens.
  std::uint64_t open_quotes() {
    raydium.quote_error = Error{Errc::unavailable, "down"};
    for (std::uint64_t n = 1; n <= options.quote_breaker.failures_max; ++n) {
      EXPECT_EQ(state(VenueMetrics::quote), State::closed);
      place(n);
      run_for(a_while);
    }
    EXPECT_EQ(state(VenueMetrics::quote), State::open);
    return options.quote_breaker.failures_max;
  }
  OrderId place_and_run(std::uint64_t n) {
    const OrderId id = place(n);
    run_for(a_while);
    return id;
  }
  // The error of raydium's quote in the order's newest route.
  std::string quote_error(const OrderId& id) {
    std::string error = "no route";
    for (const Record& record : records_of(id))
      if (const auto* selected = std::get_if<RouteSelected>(&record.event))
        error = selected->quotes[0].error;
    return error;
  }
};

TEST_F(ExecutorBreaker, AVenueWhoseQuotesFailIsLeftOutIsProbedAndComesBack) {
  std::uint64_t n = open_quotes();
  EXPECT_EQ(openings(VenueMetrics::quote), 1U);
  const int asked = raydium.quotes;
  const OrderId id = place_and_run(++n);
  EXPECT_EQ(raydium.quotes, asked) << "it is left out";
  EXPECT_EQ(order(id).venue, "meteora");
  EXPECT_THAT(quote_error(id), HasSubstr("circuit breaker (quote) is open, opened at 20"));
  EXPECT_THAT(quote_error(id), HasSubstr(", next probe in 9"));  // 999 ms
  EXPECT_THAT(quote_error(id), HasSubstr("; last error: down"));
  run_for(Micros{1'000'000});
  place_and_run(++n);
  place_and_run(++n);
  EXPECT_EQ(raydium.quotes, asked + 1) << "one probe, which fails";
  EXPECT_EQ(state(VenueMetrics::quote), State::open);
  raydium.quote_error.reset();
  run_for(Micros{1'900'000});
  place_and_run(++n);
  EXPECT_EQ(raydium.quotes, asked + 1) << "the wait is twice as long";
  run_for(Micros{100'000});
  EXPECT_EQ(order(place_and_run(++n)).venue, "raydium");
  EXPECT_EQ(state(VenueMetrics::quote), State::closed);
  EXPECT_EQ(order(place_and_run(++n)).venue, "raydium");
  EXPECT_EQ(openings(VenueMetrics::quote), 1U) << "a failed probe is no opening";
}

// Of a venue that does not answer a few orders wait for the deadline of its quotes, and no others.
TEST_F(ExecutorBreaker, OrdersOfAnotherVenueWaitForNoQuoteOfASilentOne) {
  raydium.quote_delay = forever;
  for (std::uint64_t n = 1; n <= options.quote_breaker.failures_max; ++n) {
    place(n);
    run_for(options.quote_max + a_while);
  }
  EXPECT_EQ(state(VenueMetrics::quote), State::open);
  const int asked = raydium.quotes;
  const std::uint64_t executed_us = executor->metrics().executed_us;
  for (std::uint64_t n = 100; n < 400; ++n) {
    const OrderId id = place_and_run(n);
    EXPECT_EQ(order(id).phase, Phase::confirmed) << "order " << n;
    run_for(Micros{100'000});
  }
  EXPECT_EQ(executor->metrics().executed_us, executed_us) << "no decision took time";
  // In 30 s after 1, 2, 4 s and then every 5 s.
  EXPECT_GE(raydium.quotes, asked + 6);
  EXPECT_LE(raydium.quotes, asked + 9);
}

TEST_F(ExecutorBreaker, AProbeThatNobodyWaitsForCountsAlsoWhenItIsLate) {
  std::uint64_t n = open_quotes();
  raydium.quote_error.reset();
  raydium.quote_delay = Micros{500'000};
  run_for(Micros{1'000'000});
  EXPECT_EQ(order(place_and_run(++n)).venue, "meteora");
  EXPECT_EQ(state(VenueMetrics::quote), State::half_open);
  EXPECT_THAT(quote_error(test::order_id(n)), HasSubstr("half-open"));
  run_for(Micros{500'000});
  EXPECT_EQ(state(VenueMetrics::quote), State::closed) << "it came in time";

  n += 10;
  raydium.quote_delay = Micros{0};
  raydium.quote_error = Error{Errc::timeout, "slow"};
  for (std::uint32_t i = 0; i < options.quote_breaker.failures_max; ++i) place_and_run(++n);
  raydium.quote_error.reset();
  raydium.quote_delay = Micros{2'500'000};
  run_for(Micros{1'000'000});
  place_and_run(++n);
  EXPECT_EQ(state(VenueMetrics::quote), State::half_open);
  run_for(Micros{2'500'000});
  EXPECT_EQ(state(VenueMetrics::quote), State::open) << "it came too late";
}

TEST_F(ExecutorBreaker, LawfulAnswersOpenNothing) {
  raydium.quote_error = Error{Errc::invalid, "no such pair"};
  for (std::uint64_t n = 1; n <= 20; ++n) place_and_run(n);
  EXPECT_EQ(raydium.quotes, 20);
  raydium.quote_error.reset();
  raydium.script.assign(20, Act::refuse_invalid);
  for (std::uint64_t n = 21; n <= 40; ++n) place_and_run(n);
  EXPECT_EQ(raydium.submits.size(), 20U);
  EXPECT_EQ(state(VenueMetrics::quote), State::closed);
  EXPECT_EQ(state(VenueMetrics::submit), State::closed);
}

// --- One venue alone -----------------------------------------------------------------------------

TEST_F(ExecutorBreaker, OrdersOfASingleVenueWaitAndGoOnWhenItIsBack) {
  venues = {&raydium};
  restart();
  raydium.quote_error = Error{Errc::unavailable, "down"};
  for (std::uint64_t n = 1; n <= 50; ++n) place(n);
  run_for(Micros{40'000'000});
  EXPECT_LE(raydium.quotes, 70) << "one probe for all of them";
  for (std::uint64_t n = 1; n <= 50; ++n) {
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::pending);
    EXPECT_EQ(order(test::order_id(n)).attempts_made, 0U);
  }
  raydium.quote_error.reset();
  run_for(Micros{12'000'000});
  for (std::uint64_t n = 1; n <= 50; ++n)
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::confirmed) << types(test::order_id(n));
}

TEST_F(ExecutorBreaker, OrdersOfASingleVenueThatStaysAwayExpireAtTheirDeadline) {
  venues = {&raydium};
  restart();
  raydium.quote_delay = forever;
  for (std::uint64_t n = 1; n <= 5; ++n) place(n);
  run_for(Micros{66'000'000});
  for (std::uint64_t n = 1; n <= 5; ++n)
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::expired) << types(test::order_id(n));
  EXPECT_EQ(executor->metrics().open, 0U);
}

// --- Submissions ---------------------------------------------------------------------------------

TEST_F(ExecutorBreaker, AVenueThatTakesNoOrdersIsLeftOutAndProbedWithOneOrder) {
  raydium.submit_error = Error{Errc::timeout, "no answer"};
  const std::uint32_t max = options.submit_breaker.failures_max;
  for (std::uint64_t n = 1; n <= max; ++n) {
    EXPECT_EQ(state(VenueMetrics::submit), State::closed);
    place(n);
    settle_now();
  }
  EXPECT_EQ(state(VenueMetrics::submit), State::open);
  EXPECT_EQ(state(VenueMetrics::quote), State::closed) << "it quotes";
  const int quotes = raydium.quotes;
  EXPECT_EQ(order(place_and_run(50)).venue, "meteora");
  EXPECT_EQ(raydium.quotes, quotes);
  EXPECT_THAT(quote_error(test::order_id(50)), HasSubstr("circuit breaker (submit) is open"));

  raydium.find_error = Error{Errc::timeout, "no answer"};  // the live attempts get no further
  run_for(Micros{1'000'000});
  raydium.submit_error.reset();
  raydium.script = {Act::accept_first};
  const std::size_t submits = raydium.submits.size();
  for (std::uint64_t n = 60; n < 70; ++n) place(n);  // they are quoted at once
  settle_now();
  EXPECT_EQ(raydium.submits.size(), submits + 1);
  EXPECT_EQ(order(test::order_id(60)).venue, "raydium");
  EXPECT_EQ(order(test::order_id(69)).phase, Phase::confirmed);
  EXPECT_EQ(state(VenueMetrics::submit), State::half_open) << "accepted is no end";
  raydium.land(venue_order_id_of(test::order_id(60), 1));
  settle_now();
  EXPECT_EQ(state(VenueMetrics::submit), State::closed);
  EXPECT_EQ(order(place_and_run(70)).venue, "raydium");
}

TEST_F(ExecutorBreaker, ACallWithoutAnAnswerCountsAtItsDeadline) {
  raydium.submit_delay = forever;
  raydium.find_error = Error{Errc::timeout, "no answer"};
  for (std::uint64_t n = 1; n <= 5; ++n) place(n);
  run_for(options.call_max - a_while);
  EXPECT_EQ(state(VenueMetrics::submit), State::closed);
  run_for(2 * a_while);
  EXPECT_EQ(state(VenueMetrics::submit), State::open);
  EXPECT_EQ(order(place_and_run(6)).venue, "meteora");
}

TEST_F(ExecutorBreaker, RefusalsOfAnUnavailableVenueOpenIt) {
  options.retry.attempts_max = 10;  // an order that is the probe loses an attempt
  restart();
  raydium.script.assign(100, Act::refuse_unavailable);
  for (std::uint64_t n = 1; n <= 20; ++n) place_and_run(n);
  EXPECT_EQ(state(VenueMetrics::submit), State::open);
  EXPECT_EQ(raydium.submits.size(), options.submit_breaker.failures_max);
  run_for(Micros{30'000'000});
  EXPECT_GT(raydium.submits.size(), options.submit_breaker.failures_max) << "it was probed";
  EXPECT_LT(raydium.submits.size(), 12U);
  raydium.script.clear();
  run_for(Micros{60'000'000});
  for (std::uint64_t n = 1; n <= 20; ++n)
    EXPECT_EQ(order(test::order_id(n)).phase, Phase::confirmed) << types(test::order_id(n));
}

// An end that is pushed and found while its append is under way is one failure.
TEST_F(ExecutorBreaker, OneAttemptCountsOnce) {
  options.submit_breaker.failures_max = 2;
  restart();
  raydium.script = {Act::accept_first};
  const OrderId id = place_and_run(1);
  VenueReport report;
  report.status = VenueStatus::rejected;
  report.refusal = ErrorClass::venue_unavailable;
  raydium.push(venue_order_id_of(id, 1), report);
  raydium.push(venue_order_id_of(id, 1), report);
  settle_now();
  EXPECT_EQ(order(id).attempts_made, 1U);
  EXPECT_EQ(state(VenueMetrics::submit), State::closed);
}

TEST_F(ExecutorBreaker, LiveAttemptsOfAVenueThatIsLeftOutAreStillAskedFor) {
  raydium.script = {Act::accept_first};
  const OrderId live = place_and_run(99);
  open_quotes();
  run_for(Micros{5'000'000});
  EXPECT_GE(raydium.finds.size(), 5U);
  raydium.land(venue_order_id_of(live, 1), false);
  run_for(Micros{1'100'000});
  EXPECT_EQ(order(live).phase, Phase::confirmed);
}

// --- Halts and orders at rest --------------------------------------------------------------------

TEST_F(ExecutorBreaker, AHaltedVenueIsNotProbed) {
  std::uint64_t n = open_quotes();
  const Seq of_raydium = halt(HaltScope::venue, "raydium");
  const int asked = raydium.quotes;
  raydium.quote_error.reset();
  for (int i = 0; i < 10; ++i) {
    run_for(Micros{5'000'000});
    place_and_run(++n);
  }
  EXPECT_EQ(raydium.quotes, asked);
  EXPECT_EQ(state(VenueMetrics::quote), State::open);
  resume(of_raydium);
  EXPECT_EQ(order(place_and_run(++n)).venue, "raydium");
  EXPECT_EQ(state(VenueMetrics::quote), State::closed);
}

TEST_F(ExecutorBreaker, AnOrderAtRestActsWhenTheVenueIsBack) {
  raydium.quoted_out = 149'000'000;
  move_price(raydium, 149'500);
  meteora.quoted_out = 140'000'000;
  move_price(meteora, 140'500);
  const OrderId id = place_limit(500, TimeInForce::gtc);
  run_for(a_while);
  ASSERT_EQ(order(id).phase, Phase::resting);
  std::uint64_t n = open_quotes();
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);  // while it is left out
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
  raydium.quote_error.reset();
  run_for(Micros{12'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(order(id).venue, "raydium");
  EXPECT_EQ(order(place_and_run(++n)).venue, "raydium");
}

// Its probe is under way with another order when the price comes.
TEST_F(ExecutorBreaker, AnOrderAtRestIsNotForgottenWhileAnotherOrderIsTheProbe) {
  raydium.quoted_out = 149'000'000;
  move_price(raydium, 149'500);
  meteora.quoted_out = 140'000'000;
  move_price(meteora, 140'500);
  const OrderId id = place_limit(500, TimeInForce::gtc);
  run_for(a_while);
  ASSERT_EQ(order(id).phase, Phase::resting);
  raydium.script.assign(5, Act::refuse_unavailable);
  for (std::uint64_t n = 1; n <= 5; ++n) place_and_run(n);
  EXPECT_EQ(state(VenueMetrics::submit), State::open);
  run_for(Micros{1'000'000});
  raydium.script = {Act::accept_first};
  const OrderId probe = place_and_run(6);
  EXPECT_EQ(state(VenueMetrics::submit), State::half_open);
  raydium.quoted_out = 151'000'000;
  move_price(raydium, 151'500);
  run_for(Micros{10'000'000});
  EXPECT_EQ(order(id).phase, Phase::resting) << types(id);
  raydium.land(venue_order_id_of(probe, 1));
  run_for(Micros{6'000'000});
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
}

TEST_F(ExecutorBreaker, ARestartForgetsWhatFailed) {
  open_quotes();
  restart();
  EXPECT_EQ(state(VenueMetrics::quote), State::closed);
}

}  // namespace
}  // namespace oee
