// The legs whose venue is not configured: an operator states their outcomes.
#include "tests/core/exec/split_fixture.h"

namespace oee {
namespace {

using test::ScriptedVenue;
using test::sol;

// Two legs of 5 SOL are in flight, and a start does not know the venue of one of them.
class SplitResolve : public test::SplitFixture {
 protected:
  SplitResolve() : id(place_in_flight(1)) {
    lost = venue_of(id, 0).name() == "meteora" ? 0 : 1;
    known = static_cast<LegIndex>(1 - lost);
  }
  void start_without_meteora() {
    venues = {&raydium};
    source.pools.pop_back();  // meteora's
    kill();
    run_for(Micros{1'000});
  }
  ResolveOutcome not_settled(LegIndex leg) const {
    ResolveOutcome stated;
    stated.by = "ops";
    stated.why = "the explorer shows no transaction";
    stated.attempt = 1;
    stated.leg = leg;
    return stated;
  }
  void resolve(const ResolveOutcome& stated) {
    const auto events = decide(order(id), stated, clock.now());
    ASSERT_TRUE(events.ok()) << events.error().detail;
    append_all(*events);
  }
  void append_all(std::vector<Event> events) {
    AppendRequest request;
    request.order_id = id;
    request.expected_version = order(id).version;
    request.events = std::move(events);
    log.append(std::move(request), sink, nullptr);
    run_for(Micros{2'000'000});
  }
  void requeue() {
    RequeueDeadLetter command;
    command.by = "ops";
    const auto event = decide(order(id), command);
    ASSERT_TRUE(event.ok());
    append_all({*event});
  }
  const OrderId id;
  LegIndex lost = 0;
  LegIndex known = 0;
};

TEST_F(SplitResolve, OnlyALegThatNoVenueAnswersForIsResolved) {
  start_without_meteora();
  EXPECT_TRUE(executor->handles(id, known));
  EXPECT_FALSE(executor->handles(id, lost));
  raydium.land(leg_id(id, known));
  run_for(Micros{2'000'000});
  EXPECT_EQ(order(id).phase, Phase::submitted);
  EXPECT_EQ(executor->metrics().unknown.load(), 1u);
  ResolveOutcome stated = not_settled(lost);
  stated.leg.reset();
  EXPECT_EQ(decide(order(id), stated, clock.now()).error().code, Errc::invalid);
  EXPECT_EQ(decide(order(id), not_settled(known), clock.now()).error().code, Errc::conflict);
}

// Its amount may be in flight for all that the engine knows, so a requeue trades it, and nothing
// else does.
TEST_F(SplitResolve, ALegThatNeverSettledIsADeadLetterBesideAFilledOne) {
  start_without_meteora();
  raydium.land(leg_id(id, known));
  run_for(Micros{2'000'000});
  quote(raydium, 142'000'000, 142'000'000);
  resolve(not_settled(lost));
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_EQ(order(id).error, ErrorClass::attempt_expired);
  EXPECT_NEAR(order(id).filled_in, 5 * sol, 10);
  EXPECT_EQ(executor->metrics().unknown.load(), 0u);
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).attempt, 1u) << types(id);
  requeue();
  EXPECT_EQ(order(id).phase, Phase::confirmed) << types(id);
  EXPECT_EQ(order(id).filled_in, 10 * sol);
}

TEST_F(SplitResolve, TheSameWhenTheOtherLegIsFilledLater) {
  start_without_meteora();
  resolve(not_settled(lost));
  EXPECT_EQ(order(id).phase, Phase::submitted) << types(id);
  raydium.land(leg_id(id, known));
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_NEAR(order(id).filled_in, 5 * sol, 10);
  EXPECT_EQ(order(id).attempt, 1u);
}

TEST_F(SplitResolve, TheSameWhenTheOtherLegEndsWithoutAFill) {
  start_without_meteora();
  resolve(not_settled(lost));
  VenueReport report;
  report.status = VenueStatus::rejected;
  report.refusal = ErrorClass::slippage_exceeded;
  report.detail = "moved";
  raydium.push(leg_id(id, known), report);
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_EQ(order(id).filled_in, 0u);
  EXPECT_EQ(order(id).attempt, 1u);
}

TEST_F(SplitResolve, TheSameAcrossAKill) {
  start_without_meteora();
  resolve(not_settled(lost));
  kill();
  raydium.land(leg_id(id, known));
  run_for(Micros{60'000'000});
  EXPECT_EQ(order(id).phase, Phase::failed) << types(id);
  EXPECT_EQ(order(id).attempt, 1u);
}

TEST_F(SplitResolve, ACancelledOrderIsCancelledInstead) {
  start_without_meteora();
  ASSERT_EQ(cancel(id), EventType::cancel_requested);
  run_for(Micros{2'000'000});
  resolve(not_settled(lost));
  EXPECT_EQ(order(id).phase, Phase::cancelled) << types(id);
}

// Each start counts an interruption as long as a leg has no answer. The lost leg never has one.
TEST_F(SplitResolve, ALegWithoutAVenueDoesNotKeepTheOthersFromBeingAsked) {
  for (std::uint32_t start = 0; start <= interruptions_max; ++start) {
    clock.advance(ask_interrupted_after * 2);
    start_without_meteora();
    source.pools.push_back(source.pools.front());  // the next start takes it away again
    run_for(Micros{1'000'000});
    ASSERT_EQ(order(id).interrupted_asks, 0u) << types(id);
  }
  raydium.land(leg_id(id, known));
  run_for(Micros{2'000'000});
  EXPECT_EQ(all<LegFilled>(id).size(), 1u) << types(id);
}

// The sums of an order's fills have 64 bits.
TEST_F(SplitResolve, AFillThatCannotBeIsNoFill) {
  quote(raydium, 136'000'000, ~Units{0} / 10);
  quote(meteora, 136'000'000, ~Units{0} / 10);
  raydium.land(leg_id(id, venue_of(id, 0).name() == "raydium" ? 0 : 1));
  run_for(Micros{1'000'000});
  ASSERT_EQ(all<LegFilled>(id).size(), 1u) << types(id);
  for (int i = 0; i < 2; ++i) {
    quote(meteora, 136'000'000, ~Units{0} / 6);
    if (i == 0) meteora.land(leg_id(id, lost));
    run_for(Micros{5'000'000});
    EXPECT_EQ(all<LegFilled>(id).size(), 1u) << types(id);
    EXPECT_EQ(order(id).phase, Phase::submitted);
  }
  const auto unknown = all<LegOutcomeUnknown>(id);
  ASSERT_EQ(unknown.size(), 1u) << types(id);
  EXPECT_NE(unknown[0].seen.find("exceed 2^64"), std::string::npos) << unknown[0].seen;
}

}  // namespace
}  // namespace oee
