// Limit orders, orders that trade once, fills in parts, amendments and cancels of live attempts:
// decide() and evolve().
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>
#include <set>

#include "core/order/decide.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::make_record;
using test::order_at;
using Big = boost::multiprecision::cpp_int;

constexpr WallTime now_{Micros{1'000}};

void add(Order& order, Event event) {
  const auto done = evolve(order, make_record(order, std::move(event)));
  ASSERT_TRUE(done.ok()) << done.error().detail;
}

// 1.5 SOL at 150 USDC or more.
Order limit_order(TimeInForce time = TimeInForce::gtc, bool allow_partial = true) {
  OrderAccepted event = test::accepted_event();
  event.type = OrderType::limit;
  event.time_in_force = time;
  event.limit_price = Decimal{150, 0};
  event.allow_partial = allow_partial;
  event.slippage_bps = 10'000;
  Order order;
  order.id = test::order_id(7);
  Record record = make_record(order, std::move(event));
  record.order_id = order.id;
  check(evolve(order, record).ok(), "limit_order");
  return order;
}

VenueQuote quote_of(std::optional<Units> amount_in, Units out) {
  VenueQuote quote;
  quote.venue = "raydium";
  quote.amount_out = Decimal{out, 6};
  if (amount_in) quote.amount_in = Decimal{*amount_in, 9};
  return quote;
}

// An attempt for this part of the order, live at the venue.
void build(Order& order, std::optional<Units> amount_in, Units out) {
  const Attempt attempt = attempt_to_start(order);
  add(order, RoutingStarted{attempt});
  RouteSelected route;
  route.attempt = attempt;
  route.quotes.push_back(quote_of(amount_in, out));
  add(order, route);
  add(order, build_transaction(order, attempt, route.quotes[0], 1'000));
}

TxHash hash_of(std::uint8_t fill) {
  TxHash hash;
  hash.bytes.fill(fill);
  return hash;
}

// --- The output at a price -----------------------------------------------------------------------

TEST(OutputAt, IsTheProductRoundedUpOrFullInUnboundedArithmetic) {
  std::mt19937_64 random(20'261'123);
  const auto scale = [&random] { return static_cast<std::uint8_t>(random() % 19); };
  const auto number = [&random] { return random() >> random() % 64; };
  const auto power = [](unsigned digits) -> Big {
    return boost::multiprecision::pow(Big(10), digits);
  };
  int fit = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Decimal price{number(), scale()};
    const Decimal amount{number(), scale()};
    const std::uint8_t decimals = scale();
    const Big up = Big(price.units) * amount.units * power(decimals);
    const Big down = power(unsigned{price.scale} + amount.scale);
    const Big exact = (up + down - 1) / down;
    const auto out = output_at(price, amount, decimals);
    ASSERT_EQ(out.ok(), exact <= ~Units{0}) << exact;
    if (out.ok()) {
      ASSERT_EQ(Big(*out), exact);
      ++fit;
    } else {
      ASSERT_EQ(out.error().code, Errc::full);
    }
  }
  EXPECT_TRUE(fit > 20'000 && fit < 80'000) << fit;
}

// The product times ten exceeds 2^128, and its low 128 bits fit 64.
TEST(OutputAt, AProductThatWrapsAtTheNextDigitIsFull) {
  const Decimal price{1844674407370955162U, 0};
  const Decimal amount{18446744073709551613U, 0};
  const U128 wrapped = U128{price.units} * amount.units * 10;
  ASSERT_LE(wrapped, ~Units{0});
  EXPECT_FALSE(output_at(price, amount, 1).ok());
}

// --- The least output ----------------------------------------------------------------------------

TEST(LeastOut, OfALimitOrderIsItsPriceTimesTheAmount) {
  Order order = limit_order();
  EXPECT_EQ(least_out(order, 1'500'000'000), 225'000'000U);
  EXPECT_EQ(least_out(order, 1), 1U);  // 0.00015 rounded up
  order.first_expected_out = ~Units{0};
  order.first_quoted_in = 1;
  EXPECT_EQ(least_out(order, 500'000'000), 75'000'000U) << "its quotes do not count";
  order.min_out_floor = 230'000'000;
  EXPECT_EQ(least_out(order, 1'500'000'000), 230'000'000U);
  EXPECT_EQ(least_out(order, 500'000'000), 76'666'667U) << "the amount's share of the floor";
}

TEST(LeastOut, PartsNeverSumToLessThanTheWholesLimit) {
  rc::check([] {
    Order order = limit_order();
    order.amount_in.units = *rc::gen::inRange<Units>(1, Units{1} << 40);
    order.limit_price = *rc::gen::arbitrary<bool>()
                            ? std::optional(Decimal{*rc::gen::inRange<Units>(1, 1'000'000), 6})
                            : std::nullopt;
    if (*rc::gen::arbitrary<bool>()) {
      order.first_expected_out = *rc::gen::inRange<Units>(1, Units{1} << 40);
      order.first_quoted_in = *rc::gen::inRange<Units>(1, order.amount_in.units + 1);
    }
    order.slippage_bps = *rc::gen::inRange(0U, 10'001U);
    if (*rc::gen::arbitrary<bool>())
      order.min_out_floor = *rc::gen::inRange<Units>(0, Units{1} << 40);
    const Units whole = least_out(order, order.amount_in.units);
    U128 sum = 0;
    for (int part = 0; order.remaining() > 0; ++part) {
      const Units amount =
          part == 9 ? order.remaining() : *rc::gen::inRange<Units>(1, order.remaining() + 1);
      sum += least_out(order, amount);
      order.filled_in += amount;
    }
    RC_ASSERT(sum >= whole);
  });
}

TEST(LeastPart, IsOnePercentOrWhatRemains) {
  Order order = limit_order();
  EXPECT_EQ(least_part(order, order.remaining()), 15'000'000U);
  order.filled_in = 1'490'000'000;
  EXPECT_EQ(least_part(order, order.remaining()), 10'000'000U);
  order.filled_in = 0;
  order.amount_in.units = 99;
  EXPECT_EQ(least_part(order, order.remaining()), 1U);
  EXPECT_EQ(least_part(limit_order(TimeInForce::gtc, false), 1'500'000'000), 1'500'000'000U);
  EXPECT_EQ(least_part(limit_order(TimeInForce::ioc), 1'500'000'000), 1U);
  EXPECT_EQ(least_part(limit_order(TimeInForce::ioc, false), 1'500'000'000), 1'500'000'000U);
  EXPECT_EQ(least_part(limit_order(TimeInForce::fok), 1'500'000'000), 1'500'000'000U)
      << "all or nothing";
}

// --- Fills ---------------------------------------------------------------------------------------

TEST(Fills, AddUpToTheOrderAndItsAveragePrice) {
  Order order = limit_order();
  build(order, 500'000'000, 80'000'000);
  EXPECT_EQ(order.attempt_in, 500'000'000U);
  EXPECT_EQ(order.min_out.units, 75'000'000U);
  const Event first = settle(order, {hash_of(1), 0, 80'000'000, 1'000'000});
  ASSERT_EQ(type_of(first), EventType::order_partially_filled);
  EXPECT_EQ(std::get<OrderPartiallyFilled>(first).amount_in, (Decimal{500'000'000, 9}));
  EXPECT_EQ(to_text(std::get<OrderPartiallyFilled>(first).executed_price), "160");
  add(order, first);
  EXPECT_EQ(order.phase, Phase::pending);
  EXPECT_EQ(order.remaining(), 1'000'000'000U);
  EXPECT_EQ(to_text(order.executed_price), "160");

  build(order, std::nullopt, 151'000'000);
  EXPECT_EQ(order.attempt, 2U);
  EXPECT_EQ(order.attempt_in, 1'000'000'000U);
  const Event last = settle(order, {hash_of(2), 0, 151'000'000, 2'000'000});
  ASSERT_EQ(type_of(last), EventType::order_confirmed);
  EXPECT_EQ(std::get<OrderConfirmed>(last).amount_in, (Decimal{1'000'000'000, 9}));
  EXPECT_EQ(to_text(std::get<OrderConfirmed>(last).executed_price), "151");
  add(order, last);
  EXPECT_EQ(order.remaining(), 0U);
  EXPECT_EQ(order.amount_out, (Decimal{231'000'000, 6}));
  EXPECT_EQ(order.fee, (Decimal{3'000'000, 9}));
  EXPECT_EQ(to_text(order.executed_price), "154");
  EXPECT_EQ(*order.tx_hash, hash_of(2));
}

TEST(Fills, OfAnyPartsInAnyOrderSumToTheSameOrder) {
  rc::check([] {
    Order order = limit_order();
    Units in = 0, out = 0, fee = 0;
    for (int part = 0; order.open(); ++part) {
      const Units remaining = order.remaining();
      const Units amount = part == 9 ? remaining : *rc::gen::inRange<Units>(1, remaining + 1);
      const Units least = least_out(order, amount);
      build(order, amount == remaining ? std::nullopt : std::optional(amount), least);
      const Units paid = least + *rc::gen::inRange<Units>(0, 1'000);
      const Event event = settle(order, {hash_of(static_cast<std::uint8_t>(part)), 0, paid, 7});
      RC_ASSERT(type_of(event) == (amount == remaining ? EventType::order_confirmed
                                                       : EventType::order_partially_filled));
      add(order, event);
      in += amount;
      out += paid;
      fee += 7;
      RC_ASSERT(order.filled_in == in);
      RC_ASSERT(order.amount_out == (Decimal{out, 6}));
      RC_ASSERT(order.fee == (Decimal{fee, 9}));
      RC_ASSERT(order.executed_price == price_of(Decimal{out, 6}, Decimal{in, 9}));
    }
    RC_ASSERT(in == order.amount_in.units);
    RC_ASSERT(out >= 225'000'000U);
  });
}

TEST(Fills, OfAPartRenewTheBudgetOfAttempts) {
  Order order = limit_order();
  build(order, 500'000'000, 80'000'000);
  add(order, AttemptFailed{1, ErrorClass::venue_unavailable, "", {}});
  EXPECT_EQ(order.attempts_made, 1U);
  build(order, 500'000'000, 80'000'000);
  add(order, settle(order, {hash_of(1), 0, 80'000'000, 0}));
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_FALSE(order.error);
  EXPECT_EQ(attempt_to_start(order), 3U);
}

TEST(Fills, RealisedSlippageOfAPartIsAgainstItsShareOfTheFirstQuote) {
  Order order = limit_order();
  build(order, 500'000'000, 100'000'000);
  add(order, settle(order, {hash_of(1), 0, 99'000'000, 0}));
  build(order, std::nullopt, 190'000'000);
  const Event last = settle(order, {hash_of(2), 0, 190'000'000, 0});
  EXPECT_EQ(std::get<OrderConfirmed>(last).slippage_realised_bps, 500);  // of 200
}

// --- Resting and failures ------------------------------------------------------------------------

TEST(Resting, WaitsUntilItsExpiryAndThenStartsTheNextAttempt) {
  Order order = limit_order();
  add(order, OrderRested{"below"});
  EXPECT_EQ(order.status(), OrderStatus::resting);
  EXPECT_TRUE(order.open());
  EXPECT_EQ(next_step(order, now_, false), Step::wait);
  EXPECT_EQ(next_step(order, now_, true), Step::wait);
  EXPECT_EQ(attempt_to_start(order), 1U);
  order.expires_at = now_;
  EXPECT_EQ(next_step(order, now_ - Micros{1}, false), Step::wait);
  EXPECT_EQ(next_step(order, now_, false), Step::expire);
  add(order, RoutingStarted{1});
  add(order, OrderRested{"below again"});
  EXPECT_EQ(attempt_to_start(order), 2U);
  EXPECT_FALSE(evolve(order, make_record(order, RoutingStarted{1})).ok());
}

TEST(Resting, AMarketThatLeavesTheLimitUsesUpNoAttempt) {
  Order order = limit_order();
  const RetryRules rules{.attempts_max = 2};
  AttemptEnd end;
  end.error = ErrorClass::slippage_exceeded;
  for (int i = 0; i < 5; ++i) {
    build(order, std::nullopt, 230'000'000);
    const Event event = end_attempt(order, end, rules, now_, 0);
    ASSERT_EQ(type_of(event), EventType::attempt_failed) << i;
    add(order, event);
    EXPECT_EQ(order.attempts_made, 0U);
  }
  end.error = ErrorClass::venue_unavailable;
  build(order, std::nullopt, 230'000'000);
  add(order, end_attempt(order, end, rules, now_, 0));
  build(order, std::nullopt, 230'000'000);
  const Event last = end_attempt(order, end, rules, now_, 0);
  ASSERT_EQ(type_of(last), EventType::order_failed);
  EXPECT_EQ(std::get<OrderFailed>(last).attempts_made, 2U);
}

TEST(Resting, WithoutAQuoteAnOrderWaitsRestsOrEnds) {
  EXPECT_EQ(without_quote(order_at(Phase::pending)), WithoutQuote::wait);
  EXPECT_EQ(without_quote(limit_order()), WithoutQuote::rest);
  EXPECT_EQ(without_quote(limit_order(TimeInForce::gtt)), WithoutQuote::rest);
  EXPECT_EQ(without_quote(limit_order(TimeInForce::ioc)), WithoutQuote::cancel);
  EXPECT_EQ(without_quote(limit_order(TimeInForce::fok)), WithoutQuote::cancel);
  Order market = order_at(Phase::pending);
  market.time_in_force = TimeInForce::ioc;
  EXPECT_EQ(without_quote(market), WithoutQuote::cancel);
}

// --- The end of what remains ---------------------------------------------------------------------

// Every time in force, with and without a requested cancel and a past expiry, after a failed
// attempt and after a part.
TEST(EndOfRest, OfEveryTimeInForceAfterEveryEndOfAnAttempt) {
  using T = TimeInForce;
  for (const T time : {T::by_type, T::gtc, T::gtt, T::ioc, T::fok}) {
    for (const bool cancelled : {false, true}) {
      for (const bool expired : {false, true}) {
        for (const bool filled : {false, true}) {
          Order order = limit_order(time);
          if (expired) order.expires_at = now_;
          build(order, 500'000'000, 80'000'000);
          if (cancelled) add(order, CancelRequested{"desk", "enough"});
          AttemptEnd end;
          end.error = ErrorClass::venue_unavailable;
          const RetryRules rules{.attempts_max = 1};
          const Event ended = filled ? settle(order, {hash_of(1), 0, 80'000'000, 0})
                                     : end_attempt(order, end, rules, now_, 0);
          const bool immediate = time == T::ioc || time == T::fok;
          const bool ends = cancelled || expired || immediate;
          const auto name = ::testing::Message()
                            << to_string(time) << cancelled << expired << filled;
          const auto failed = ends ? EventType::attempt_failed : EventType::order_failed;
          EXPECT_EQ(type_of(ended), filled ? EventType::order_partially_filled : failed) << name;
          add(order, ended);
          const auto rest = end_of_rest(order, now_);
          ASSERT_EQ(rest.has_value(), ends) << name;
          if (!rest) continue;
          EXPECT_EQ(type_of(*rest),
                    cancelled || immediate ? EventType::order_cancelled : EventType::order_expired)
              << name;
          if (cancelled) {
            EXPECT_EQ(std::get<OrderCancelled>(*rest).by, "desk");
            EXPECT_EQ(std::get<OrderCancelled>(*rest).why, "enough");
          }
          add(order, *rest);
          EXPECT_FALSE(order.open());
        }
      }
    }
  }
}

TEST(EndOfRest, OfAnOrderThatIsFilledIsNothing) {
  Order order = limit_order(TimeInForce::ioc);
  build(order, std::nullopt, 230'000'000);
  add(order, CancelRequested{"desk", ""});
  add(order, settle(order, {hash_of(1), 0, 230'000'000, 0}));
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_FALSE(end_of_rest(order, now_));
}

// --- Cancels -------------------------------------------------------------------------------------

TEST(CancelWhileLive, IsRequestedOnceAndIsAskedForAfterARestart) {
  Order order = limit_order();
  build(order, std::nullopt, 230'000'000);
  const auto event = decide(order, CancelOrder{"desk", "enough", "key"});
  ASSERT_TRUE(event.ok());
  const auto& requested = std::get<CancelRequested>(*event);
  EXPECT_EQ(requested.idempotency_key, "key");
  EXPECT_EQ(requested.fingerprint,
            keys_of(event_of(order.id, CancelOrder{"desk", "enough", "key"})).fingerprint);
  add(order, *event);
  EXPECT_EQ(order.status(), OrderStatus::submitted);
  EXPECT_EQ(next_step(order, now_, true), Step::ask);
  EXPECT_EQ(decide(order, CancelOrder{"desk", ""}).error().code, Errc::conflict);
  const auto again = decide(order, CancelOrder{"boss", "too late", "other key"});
  ASSERT_TRUE(again.ok()) << "a key is bound to its answer";
  add(order, *again);
  EXPECT_EQ(order.cancel_requested->by, "desk");
  add(order, TransactionSubmitted{1, "raydium", hash_of(1)});
  add(order, OutcomeUnknown{1, "?"});
  EXPECT_TRUE(order.cancel_requested);
}

// --- Amendments ----------------------------------------------------------------------------------

OrderAmended amended(const Order& order, Amendment terms) {
  AmendOrder command;
  command.by = "desk";
  command.version = order.version;
  command.terms = std::move(terms);
  const auto event = decide(order, command);
  check(event.ok(), "amended");
  return std::get<OrderAmended>(*event);
}

TEST(Amend, IsLegalExactlyWhileTheOrderIsOpenAndNoAttemptIsLive) {
  for (std::size_t phase = 1; phase < test::order_phases_end; ++phase) {
    const Order order = order_at(static_cast<Phase>(phase));
    AmendOrder command;
    command.terms.slippage_bps = 5;
    const auto event = decide(order, command);
    EXPECT_EQ(event.ok(), order.open() && !is_live_attempt(order.phase)) << phase;
    EXPECT_TRUE(event.ok() || event.error().code == Errc::conflict);
  }
}

TEST(Amend, ChangesTheNamedTermsAloneAndRenewsTheBudget) {
  Order order = limit_order();
  build(order, std::nullopt, 230'000'000);
  add(order, AttemptFailed{1, ErrorClass::venue_unavailable, "", now_ + Micros{5'000'000}});
  Amendment price;
  price.limit_price = Decimal{149, 0};
  add(order, amended(order, price));
  EXPECT_EQ(order.phase, Phase::pending);
  EXPECT_EQ(order.limit_price, (Decimal{149, 0}));
  EXPECT_EQ(order.amount_in.units, 1'500'000'000U);
  EXPECT_EQ(order.slippage_bps, 10'000U);
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_EQ(next_step(order, now_, false), Step::route) << "its retry time is renewed";
  EXPECT_EQ(attempt_to_start(order), 2U);

  Amendment others;
  others.amount_in = Decimal{2'000'000'000, 9};
  others.slippage_bps = 7;
  others.min_out_floor = Decimal{11, 6};
  others.expires_at = now_ + Micros{9};
  add(order, amended(order, others));
  EXPECT_EQ(order.amount_in, (Decimal{2'000'000'000, 9}));
  EXPECT_EQ(order.limit_price, (Decimal{149, 0}));
  EXPECT_EQ(order.slippage_bps, 7U);
  EXPECT_EQ(order.min_out_floor, 11U);
  EXPECT_EQ(order.expires_at, now_ + Micros{9});
  Amendment never;
  never.expires_never = true;
  add(order, amended(order, never));
  EXPECT_FALSE(order.expires_at);
}

TEST(Amend, OfAnAttemptThatIsRoutedStartsTheNextOne) {
  Order order = limit_order();
  add(order, RoutingStarted{1});
  Amendment terms;
  terms.slippage_bps = 1;
  add(order, amended(order, terms));
  EXPECT_EQ(order.phase, Phase::pending);
  EXPECT_EQ(attempt_to_start(order), 2U);
}

std::string amend_error(const Order& order, const Amendment& terms) {
  AmendOrder command;
  command.terms = terms;
  const auto event = decide(order, command);
  return event.ok() ? std::string() : event.error().detail;
}

TEST(Amend, AnOrderByAQuoteKeepsWhatTheQuotePromised) {
  Order order = limit_order();
  order.quote_id = "id";
  order.min_out_floor = 225'000'000;
  Amendment terms;
  terms.amount_in = Decimal{2'000'000'000, 9};
  EXPECT_EQ(amend_error(order, terms), "amount: the order is bound to the quote of 1.5");
  terms.amount_in = order.amount_in;
  terms.min_out_floor = Decimal{224'999'999, 6};
  EXPECT_EQ(amend_error(order, terms),
            "minOut: the order is bound to a quote, and its least output is 225");
  terms.min_out_floor = Decimal{225'000'001, 6};
  EXPECT_EQ(amend_error(order, terms), "");
}

TEST(Amend, RefusesTermsThatTheOrderCannotHave) {
  Order order = limit_order();
  build(order, 500'000'000, 80'000'000);
  add(order, settle(order, {hash_of(1), 0, 80'000'000, 0}));
  Amendment terms;
  terms.amount_in = Decimal{500'000'000, 9};
  EXPECT_EQ(amend_error(order, terms), "amount: 0.5 is filled already");
  terms.amount_in = Decimal{500'000'001, 9};
  EXPECT_EQ(amend_error(order, terms), "");
  terms = {};
  terms.limit_price = Decimal{~Units{0}, 0};
  EXPECT_EQ(amend_error(order, terms),
            "limitPrice: the amount at this price exceeds 2^64 base units");
  terms = {};
  terms.amount_in = Decimal{~Units{0}, 9};
  EXPECT_EQ(amend_error(order, terms), "");  // 18.4e9 SOL at 150 are 2.8e18 units of USDC
  order.limit_price = Decimal{1'500, 0};
  EXPECT_EQ(amend_error(order, terms),
            "limitPrice: the amount at this price exceeds 2^64 base units");
  terms = {};
  terms.limit_price = Decimal{1, 0};
  EXPECT_EQ(amend_error(order_at(Phase::pending), terms), "limitPrice: a market order has none");
  terms = {};
  terms.expires_never = true;
  EXPECT_EQ(amend_error(order_at(Phase::pending), terms), "expiresAt: a market order needs one");
  EXPECT_EQ(amend_error(limit_order(TimeInForce::gtt), terms), "expiresAt: a gtt order needs one");
  EXPECT_EQ(amend_error(limit_order(), terms), "");
}

// --- Fingerprints --------------------------------------------------------------------------------

// An order of an earlier client has the fingerprint that the log holds for it.
TEST(Fingerprints, OfOldCommandsAreThoseOfEarlierPrograms) {
  PlaceOrder command;
  command.account = "default";
  command.input = Token{"SOL", 9};
  command.output = Token{"USDC", 6};
  command.amount_in = Decimal{1'500'000'000, 9};
  EXPECT_EQ(to_hex(as_bytes(fingerprint_of(command))),
            "0ad953b1fc963e402596b551c4c5515a28c449d5f28f2e144428abb4ffbf5b42");
  command.slippage_bps = 250;
  command.expires_at = WallTime(Micros(1'780'000'600'000'001));
  command.min_out_floor = 12'345;
  EXPECT_EQ(to_hex(as_bytes(fingerprint_of(command))),
            "e75d0f3947161cb566b7133a113d2bc86bea332d5bd0ce3f9ef11c1a86626293");
  EXPECT_EQ(to_hex(as_bytes(
                keys_of(event_of(test::order_id(7), CancelOrder{"ops", "why", "k"})).fingerprint)),
            "a89e7dc52d43616fbb6cd30414be1d3f31ed6ccf1a516f7853821b7c0363d11d");
}

TEST(Fingerprints, DifferByEveryNewTerm) {
  PlaceOrder command;
  command.account = "default";
  command.input = Token{"SOL", 9};
  command.output = Token{"USDC", 6};
  command.amount_in = Decimal{1'500'000'000, 9};
  std::set<Hash256> seen{fingerprint_of(command)};
  const auto fresh = [&](const PlaceOrder& of) { return seen.insert(fingerprint_of(of)).second; };
  PlaceOrder other = command;
  other.type = OrderType::limit;
  EXPECT_TRUE(fresh(other));
  other.limit_price = Decimal{150, 0};
  EXPECT_TRUE(fresh(other));
  other.limit_price = Decimal{1'500, 1};
  EXPECT_FALSE(fresh(other)) << "150.0 is 150";
  for (const TimeInForce time :
       {TimeInForce::gtc, TimeInForce::gtt, TimeInForce::ioc, TimeInForce::fok}) {
    other.time_in_force = time;
    EXPECT_TRUE(fresh(other)) << to_string(time);
  }
  other.allow_partial = true;
  EXPECT_TRUE(fresh(other));

  AmendOrder amend;
  amend.by = "desk";
  const auto fresh_amend = [&](const OrderId& id) {
    return seen.insert(fingerprint_of(id, amend)).second;
  };
  EXPECT_TRUE(fresh_amend(test::order_id(1)));
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.why = "another reason";
  EXPECT_FALSE(fresh_amend(test::order_id(2)));
  amend.version = 3;
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.amount_in = Decimal{1, 9};
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.limit_price = Decimal{1, 0};
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.slippage_bps = 1;
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.min_out_floor = Decimal{1, 6};
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.expires_at = WallTime{};
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
  amend.terms.expires_at.reset();
  amend.terms.expires_never = true;
  EXPECT_TRUE(fresh_amend(test::order_id(2)));
}

}  // namespace
}  // namespace oee
