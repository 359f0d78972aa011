// The lifecycle table, evolve() and decide(): every event in every phase.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/order/decide.h"
#include "core/order/order_json.h"
#include "tests/support/log/sample_records.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::make_record;
using test::order_at;

TEST(Lifecycle, TableRowsStandInEventOrder) {
  for (std::size_t i = 0; i < lifecycle.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(lifecycle[i].event), i);
}

TEST(Lifecycle, FinalPhasesTakeNothing) {
  for (const Phase final_phase :
       {Phase::confirmed, Phase::cancelled, Phase::expired, Phase::discarded})
    for (const Transition& row : lifecycle) EXPECT_FALSE(is_legal(final_phase, row.event));
}

TEST(Lifecycle, AfterFailedOnlyDeadLetterEventsFollow) {
  for (const Transition& row : lifecycle) {
    const bool dead_letter = row.event == EventType::dead_letter_requeued ||
                             row.event == EventType::dead_letter_discarded;
    EXPECT_EQ(is_legal(Phase::failed, row.event), dead_letter) << to_string(row.event);
  }
}

// The table of the design, written by hand. The code's table must agree with it in every cell.
TEST(Lifecycle, LegalityIsWhatTheDesignSays) {
  const std::string columns[] = {"none",      "pending",   "routing", "routed",    "building",
                                 "submitted", "confirmed", "failed",  "discarded", "cancelled",
                                 "expired",   "resting",   "engine"};
  const std::pair<EventType, std::string> rows[] = {
      {EventType::order_accepted, "none"},
      {EventType::routing_started, "pending routing routed resting"},
      {EventType::route_selected, "routing"},
      {EventType::transaction_built, "routed"},
      {EventType::transaction_submitted, "building submitted"},
      {EventType::outcome_unknown, "building submitted"},
      {EventType::order_confirmed, "building submitted"},
      {EventType::attempt_failed, "routing routed building submitted"},
      {EventType::order_failed, "pending routing routed building submitted"},
      {EventType::order_cancelled, "pending routing routed resting"},
      {EventType::order_expired, "pending routing routed resting"},
      {EventType::dead_letter_requeued, "failed"},
      {EventType::dead_letter_discarded, "failed"},
      {EventType::outcome_resolved, "building submitted"},
      {EventType::order_rested, "pending routing"},
      {EventType::order_partially_filled, "building submitted"},
      {EventType::cancel_requested, "building submitted"},
      {EventType::order_amended, "pending routing routed resting"},
      {EventType::trading_halted, "engine"},
      {EventType::trading_resumed, "engine"},
      {EventType::order_triggered, "pending resting"},
      {EventType::risk_limits_changed, "engine"},
      {EventType::leg_built, "building"},
      {EventType::leg_submitted, "building submitted"},
      {EventType::leg_outcome_unknown, "building submitted"},
      {EventType::leg_filled, "building submitted"},
      {EventType::leg_ended, "building submitted"},
  };
  EXPECT_EQ(std::size(rows), event_type_count);
  EXPECT_EQ(std::size(columns), phase_count);
  for (const auto& [event, legal] : rows) {
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
      const bool expected =
          (" " + legal + " ").find(" " + columns[phase] + " ") != std::string::npos;
      EXPECT_EQ(is_legal(static_cast<Phase>(phase), event), expected)
          << to_string(event) << " in " << columns[phase];
    }
  }
}

TEST(Lifecycle, EventsOfNoOrderAreLegalInTheEnginesOwnStreamAndNoOthersAre) {
  EXPECT_EQ(first_phase(engine_stream), Phase::engine);
  EXPECT_EQ(first_phase(test::order_id(1)), Phase::none);
  for (const Transition& row : lifecycle) {
    EXPECT_EQ(is_legal(Phase::engine, row.event), is_of_engine(row.event)) << to_string(row.event);
    Record record;
    record.version = 1;
    record.event = test::sample_event(row.event, engine_stream, 1);
    Order order;
    EXPECT_FALSE(evolve(order, record).ok()) << to_string(row.event);
    EXPECT_EQ(to_string(status_after(row.event)).empty(), is_of_engine(row.event));
  }
}

TEST(Evolve, RefusesIllegalEventsAndLeavesTheOrderAlone) {
  for (std::size_t phase = 1; phase < test::order_phases_end; ++phase) {
    for (const Transition& row : lifecycle) {
      Order order = order_at(static_cast<Phase>(phase));
      const bool of_open_leg = row.event > EventType::leg_built;
      if (of_open_leg && is_live_attempt(order.phase)) order.legs.resize(2);
      // Behind a fill the order fails only after an operator's statement.
      if (row.event == EventType::order_failed) order.needs_requeue = order.phase == Phase::pending;
      const Order before = order;
      Record record = make_record(order, test::sample_event(row.event, order));
      const bool legal = is_legal(order.phase, row.event);
      EXPECT_EQ(evolve(order, record).ok(), legal) << to_string(row.event) << " in phase " << phase;
      if (!legal) {
        EXPECT_EQ(order.version, before.version);
        EXPECT_EQ(order.phase, before.phase);
      } else {
        EXPECT_EQ(order.status(), status_after(row.event));
      }
    }
  }
}

TEST(Evolve, RefusesAVersionGapAndAnotherOrdersEvent) {
  Order order = order_at(Phase::pending);
  Record record = make_record(order, RoutingStarted{1});
  record.version += 1;
  EXPECT_FALSE(evolve(order, record).ok());
  record.version -= 1;
  record.order_id.bytes[3] ^= 1;
  EXPECT_FALSE(evolve(order, record).ok());
}

TEST(Evolve, RefusesAnEventOfAnotherAttempt) {
  Order order = order_at(Phase::routing);
  EXPECT_FALSE(evolve(order, make_record(order, RouteSelected{order.attempt + 1, {}, 0})).ok());
  EXPECT_FALSE(evolve(order, make_record(order, RoutingStarted{order.attempt + 1})).ok());
  EXPECT_TRUE(evolve(order, make_record(order, RoutingStarted{order.attempt})).ok());
  EXPECT_EQ(order.interruptions, 1U);
}

TEST(Decide, ACancelEndsTheOrderAtOnceOrAfterItsLiveAttempt) {
  for (std::size_t phase = 1; phase < test::order_phases_end; ++phase) {
    const Order order = order_at(static_cast<Phase>(phase));
    const auto event = decide(order, CancelOrder{"a", "b"});
    ASSERT_EQ(event.ok(), order.open()) << phase;
    if (!event.ok()) continue;
    EXPECT_EQ(type_of(*event), is_live_attempt(order.phase) ? EventType::cancel_requested
                                                            : EventType::order_cancelled);
  }
}

ResolveOutcome settled_as(const Order& order) {
  ResolveOutcome command;
  command.by = "ops";
  command.why = "the venue's support";
  command.idempotency_key = "key";
  command.attempt = order.attempt;
  command.settled = true;
  command.tx_hash = order.tx_hash.value_or(TxHash{});
  command.amount_out = order.min_out;
  return command;
}

TEST(Decide, AnOperatorResolvesALiveAttemptOnly) {
  for (std::size_t phase = 1; phase < test::order_phases_end; ++phase) {
    const Order order = order_at(static_cast<Phase>(phase));
    ResolveOutcome command = settled_as(order);
    const auto events = decide(order, command, order.updated_at);
    EXPECT_EQ(events.ok(), is_live_attempt(order.phase)) << phase;
    ++command.attempt;
    EXPECT_EQ(decide(order, command, order.updated_at).error().code, Errc::conflict);
  }
}

TEST(Decide, AResolvedOutcomeIsFollowedByItsEnd) {
  const Order live = order_at(Phase::submitted);
  const auto after = [](Order order, const Result<std::vector<Event>>& events) {
    for (const Event& event : *events)
      EXPECT_TRUE(evolve(order, make_record(order, event)).ok()) << to_string(type_of(event));
    return order;
  };
  ResolveOutcome command = settled_as(live);
  const Order confirmed = after(live, decide(live, command, live.updated_at));
  EXPECT_EQ(confirmed.phase, Phase::confirmed);
  EXPECT_EQ(confirmed.amount_out, live.min_out);
  EXPECT_EQ(confirmed.tx_hash, live.tx_hash);
  command.settled = false;
  const Order failed = after(live, decide(live, command, live.updated_at));
  EXPECT_EQ(failed.phase, Phase::failed);
  EXPECT_EQ(failed.error, ErrorClass::attempt_expired);
  EXPECT_EQ(failed.attempts_made, 1U);
  Order late = live;
  late.expires_at = live.updated_at;
  EXPECT_EQ(after(late, decide(late, command, live.updated_at)).phase, Phase::expired);
}

TEST(Decide, AResolvedOutcomeContradictsNoRecord) {
  const Order live = order_at(Phase::submitted);
  ResolveOutcome command = settled_as(live);
  command.tx_hash.bytes[0] ^= 1;
  EXPECT_EQ(decide(live, command, live.updated_at).error().code, Errc::invalid);
  command = settled_as(live);
  --command.amount_out.units;
  EXPECT_EQ(decide(live, command, live.updated_at).error().code, Errc::invalid);
  // The sums of the fills fit 64 bits.
  Order filled = live;
  filled.amount_out.units = 100;
  command.amount_out.units = ~Units{0} - 99;
  EXPECT_EQ(decide(filled, command, live.updated_at).error().code, Errc::invalid);
  command = settled_as(live);
  filled.fee.units = 100;
  command.fee.units = ~Units{0} - 99;
  EXPECT_EQ(decide(filled, command, live.updated_at).error().code, Errc::invalid);
}

TEST(Decide, TheKeyOfAResolutionIsBoundToTheWholeStatement) {
  const Order live = order_at(Phase::submitted);
  const ResolveOutcome command = settled_as(live);
  const Hash256 first = fingerprint_of(live.id, command);
  ResolveOutcome other = command;
  other.why = "another reason";
  EXPECT_EQ(fingerprint_of(live.id, other), first);
  other.amount_out.units += 1;
  EXPECT_NE(fingerprint_of(live.id, other), first);
  other = command;
  other.settled = false;
  EXPECT_NE(fingerprint_of(live.id, other), first);
}

TEST(Decide, MinOutIsTheGreatestOfFirstQuoteChosenQuoteAndFloor) {
  Order order = order_at(Phase::pending);
  order.first_expected_out = 1'000;
  order.first_quoted_in = order.amount_in.units;
  order.slippage_bps = 100;
  VenueQuote quote;
  quote.venue = "meteora";
  quote.amount_out = Decimal{991, order.output.decimals};
  EXPECT_EQ(build_transaction(order, 2, quote, 10).min_out.units, 990U);
  order.first_expected_out = 999;  // less 1 % is 989.01
  EXPECT_EQ(build_transaction(order, 2, quote, 10).min_out.units, 990U);
  EXPECT_EQ(least_out(order, order.remaining()), 990U);
  quote.amount_out.units = 1'500;  // less 1 %: a better market tightens the limit
  EXPECT_EQ(build_transaction(order, 2, quote, 10).min_out.units, 1'485U);
  order.min_out_floor = 1'490;
  EXPECT_EQ(build_transaction(order, 2, quote, 10).min_out.units, 1'490U);
  EXPECT_EQ(least_out(order, order.remaining()), 1'490U);
}

TEST(Decide, QuotesAreAskedForWithABackOffBetweenTwoBounds) {
  const RetryRules rules;
  EXPECT_EQ(quote_backoff(0, rules, 0), Micros{250'000});
  EXPECT_EQ(quote_backoff(1, rules, 0), Micros{500'000});
  for (const std::uint32_t tries : {5U, 16U, 1'000'000U}) {
    EXPECT_EQ(quote_backoff(tries, rules, 0), Micros{5'000'000});
    EXPECT_LE(quote_backoff(tries, rules, ~std::uint64_t{0}), Micros{6'000'000});
  }
}

TEST(Decide, AnOrderWaitsForAQuoteUntilItsExpiryOrForAMinute) {
  Order order = order_at(Phase::pending);
  EXPECT_EQ(quote_deadline(order), order.accepted_at + Micros{60'000'000});
  order.requeued_at = order.accepted_at + Micros{3'600'000'000};
  EXPECT_EQ(quote_deadline(order), *order.requeued_at + Micros{60'000'000});
  order.expires_at = order.accepted_at + Micros{1};
  EXPECT_EQ(quote_deadline(order), *order.expires_at);
}

TEST(Decide, AnAttemptWithoutAQuoteCountsNot) {
  Order order = order_at(Phase::routing);
  ASSERT_TRUE(
      evolve(order, make_record(order, AttemptFailed{order.attempt, ErrorClass::no_quote, "", {}}))
          .ok());
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_EQ(order.phase, Phase::pending);
}

TEST(Decide, TheLastAttemptOfAnOrderPastItsExpiryIsNoDeadLetter) {
  Order order = order_at(Phase::submitted);
  order.attempts_made = 2;
  order.expires_at = WallTime{} + Micros{10};
  AttemptEnd end;
  end.error = ErrorClass::attempt_cancelled;
  const RetryRules rules{.attempts_max = 3};
  EXPECT_TRUE(std::holds_alternative<OrderFailed>(
      end_attempt(order, end, rules, WallTime{} + Micros{9}, 0)));
  EXPECT_TRUE(std::holds_alternative<AttemptFailed>(
      end_attempt(order, end, rules, WallTime{} + Micros{10}, 0)));
}

TEST(Decide, BackOffDoublesAndTheLastAttemptFails) {
  const RetryRules rules{.attempts_max = 3, .backoff = Micros{2'000'000}};
  Order order = order_at(Phase::submitted);
  AttemptEnd end;
  end.error = ErrorClass::slippage_exceeded;
  const WallTime now{};
  order.attempts_made = 0;
  const Event first = end_attempt(order, end, rules, now, 0);
  EXPECT_EQ(std::get<AttemptFailed>(first).retry_at, now + Micros{2'000'000});
  order.attempts_made = 1;
  const Event second = end_attempt(order, end, rules, now, 0);
  EXPECT_EQ(std::get<AttemptFailed>(second).retry_at, now + Micros{4'000'000});
  order.attempts_made = 2;
  const Event third = end_attempt(order, end, rules, now, 0);
  EXPECT_EQ(std::get<OrderFailed>(third).attempts_made, 3U);
}

TEST(Decide, JitterIsAtMostAFifth) {
  rc::check("jitter", [] {
    Order order = order_at(Phase::submitted);
    AttemptEnd end;
    end.error = ErrorClass::venue_unavailable;
    const Event event =
        end_attempt(order, end, RetryRules{}, WallTime{}, *rc::gen::arbitrary<std::uint64_t>());
    const auto wait = std::get<AttemptFailed>(event).retry_at - WallTime{};
    RC_ASSERT(wait >= Micros{2'000'000} && wait <= Micros{2'400'000});
  });
}

TEST(Decide, RateLimitTakesTheVenuesDelayAndNoLiquidityIsFinal) {
  Order order = order_at(Phase::submitted);
  AttemptEnd end;
  end.error = ErrorClass::rate_limited;
  end.venue_delay = Micros{7'000'000};
  const Event limited = end_attempt(order, end, RetryRules{}, WallTime{}, 99);
  EXPECT_EQ(std::get<AttemptFailed>(limited).retry_at, WallTime{} + Micros{7'000'000});
  end.venue_delay = Micros{1};
  EXPECT_EQ(std::get<AttemptFailed>(end_attempt(order, end, RetryRules{}, WallTime{}, 0)).retry_at,
            WallTime{} + RetryRules{}.venue_delay_min);
  end.venue_delay = Micros{86'400'000'000};
  EXPECT_EQ(std::get<AttemptFailed>(end_attempt(order, end, RetryRules{}, WallTime{}, 0)).retry_at,
            WallTime{} + RetryRules{}.venue_delay_max);
  end.error = ErrorClass::no_liquidity;
  EXPECT_TRUE(
      std::holds_alternative<OrderFailed>(end_attempt(order, end, RetryRules{}, WallTime{}, 0)));
}

TEST(Decide, TheFifthInterruptionGivesUpAndDoesNotCountAsAnAttempt) {
  Order order = order_at(Phase::routing);
  for (std::uint32_t i = 0; i + 1 < interruptions_max; ++i) {
    EXPECT_EQ(next_step(order, WallTime{}, true), Step::route);
    ASSERT_TRUE(evolve(order, make_record(order, RoutingStarted{order.attempt})).ok());
  }
  EXPECT_EQ(next_step(order, WallTime{}, true), Step::give_up);
  EXPECT_EQ(next_step(order, WallTime{}, false), Step::route) << "this process has counted it";
  AttemptEnd end;
  end.error = ErrorClass::interrupted;
  const Event event = end_attempt(order, end, RetryRules{}, WallTime{}, 0);
  EXPECT_EQ(std::get<OrderFailed>(event).attempts_made, 0U);
}

TEST(Decide, ALiveAttemptIsAskedForAfterARestartAndNeverRouted) {
  EXPECT_EQ(next_step(order_at(Phase::building), WallTime{}, true), Step::ask);
  EXPECT_EQ(next_step(order_at(Phase::building), WallTime{}, false), Step::submit);
  EXPECT_EQ(next_step(order_at(Phase::submitted), WallTime{}, false), Step::ask);
}

TEST(Decide, RequeueRenewsTheBudgetAndNotTheNumber) {
  Order order = order_at(Phase::failed);
  const Attempt last = order.attempt;
  auto event = decide(order, RequeueDeadLetter{"ops", "try again"});
  ASSERT_TRUE(event.ok());
  ASSERT_TRUE(evolve(order, make_record(order, *event)).ok());
  EXPECT_EQ(order.attempts_made, 0U);
  EXPECT_EQ(attempt_to_start(order), last + 1);
}

TEST(Fingerprint, IgnoresHowTheAmountWasWrittenAndTheKeys) {
  PlaceOrder a;
  a.input = Token{"SOL", 9};
  a.output = Token{"USDC", 6};
  a.amount_in = Decimal{*parse_units("1.5", 9), 9};
  PlaceOrder b = a;
  b.amount_in = Decimal{*parse_units("1.50", 9), 9};
  b.idempotency_key = "k";
  b.client_order_id = "c";
  EXPECT_EQ(fingerprint_of(a), fingerprint_of(b));
  b.slippage_bps = 101;
  EXPECT_NE(fingerprint_of(a), fingerprint_of(b));
}

TEST(Fingerprint, OfAChangeDependsOnItsOperationAccountAndOrder) {
  const auto of = [](const Event& event) { return keys_of(event).fingerprint; };
  const CancelOrder cancel{"ops", "why", "k"};
  const Hash256 first = of(event_of(test::order_id(1), cancel));
  EXPECT_EQ(first, of(event_of(test::order_id(1), CancelOrder{"ops", "another reason", "k2"})));
  EXPECT_NE(first, of(event_of(test::order_id(2), cancel)));
  EXPECT_NE(first, of(event_of(test::order_id(1), CancelOrder{"desk", "why", "k"})));
  EXPECT_NE(first, of(event_of(test::order_id(1), RequeueDeadLetter{"ops", "why", "k"})));
  EXPECT_NE(of(event_of(test::order_id(1), RequeueDeadLetter{"ops", "why", "k"})),
            of(event_of(test::order_id(1), DiscardDeadLetter{"ops", "why", "k"})));
  EXPECT_EQ(of(event_of(test::order_id(1), CancelOrder{"ops", "why"})), Hash256{});
}

TEST(OrderJson, UpdateBeginsWithItsTypeAndHasNoOther) {
  for (const Transition& row : lifecycle) {
    Order order = order_at(Phase::submitted);
    const std::string json = update_json(make_record(order, test::sample_event(row.event, order)));
    EXPECT_TRUE(json.starts_with(R"({"type":"update",)")) << json;
    EXPECT_EQ(json.find("\"type\":", 10), std::string::npos) << json;
  }
}

// A client can show a new order without a read.
TEST(OrderJson, TheFirstUpdateHasTheOrdersTermsWithTheExactAmount) {
  Record record = make_record(Order(), test::full_order());
  EXPECT_THAT(
      update_json(record),
      testing::EndsWith(R"("event":"OrderAccepted","inputToken":"SOL","outputToken":"USDC",)"
                        R"("amount":1.5,"orderType":"market","clientOrderId":"client-1"})"));
  auto& order = std::get<OrderAccepted>(record.event);
  order.client_order_id.clear();
  order.amount_in = {1, 9};
  EXPECT_THAT(update_json(record),
              testing::EndsWith(R"("amount":0.000000001,"orderType":"market"})"));
}

}  // namespace
}  // namespace oee
