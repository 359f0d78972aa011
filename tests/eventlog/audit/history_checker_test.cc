// One history per invariant that violates only it: the checker reports that invariant by its name.
// The same history without the violation passes.
#include "tests/support/log/history_checker.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/log/raw_log.h"

namespace oee {
namespace {

using test::HistoryChecker;
using test::order_id;
using test::RawLog;
using Submit = HistoryChecker::Submit;
using Settlement = HistoryChecker::Settlement;
using Subscriber = HistoryChecker::Subscriber;

// Order 1 of key "key-1" is confirmed (seqs 1-6), order 2 of client order id "client-2" failed
// (7-9). Each test changes one point of it.
class HistoryCheckerTest : public testing::Test {
 protected:
  HistoryCheckerTest() {
    log_.add_all(one_, forge::confirmed_events(one_, "key-1"));
    log_.add_all(two_,
                 {forge::accepted({}, "client-2"), RoutingStarted{1}, forge::order_failed(1)});
  }

  static Submit submit(std::string key) {
    return {std::move(key), "SOL", "USDC", Decimal{15, 1}, 100};
  }
  Settlement settlement() const {
    const OrderConfirmed confirmed = forge::order_confirmed(1);
    return {venue_order_id_of(one_, 1),
            confirmed.venue,
            "SOL",
            "USDC",
            confirmed.amount_in.units,
            confirmed.amount_out.units,
            confirmed.fee.units,
            confirmed.tx_hash,
            1'000};
  }
  // The names of the violations of a history whose only settlement is this one, changed.
  std::vector<std::string> violations_after(const std::function<void(Settlement&)>& change) const {
    HistoryChecker checker;
    checker.saw_log(1, log_.views());
    Settlement other = settlement();
    change(other);
    checker.venue_settled(other);
    checker.at_rest();
    std::vector<std::string> names;
    for (const Violation& each : checker.violations())
      names.emplace_back(to_string(each.invariant));
    return names;
  }
  // The call that the intent of order 1 requires.
  VenueOrder call() const {
    const TransactionBuilt built = forge::transaction_built(one_, 1);
    const OrderAccepted order = forge::accepted();
    return {built.venue_order_id,  order.input,         order.output,
            built.amount_in.units, built.min_out.units, built.valid_until_height};
  }
  void acknowledge(const std::string& key, const OrderId& id, Seq seq) {
    checker_.answered_accepted(checker_.sending(submit(key)), id, seq);
  }
  void acknowledge_both() {
    acknowledge("key-1", one_, 1);
    acknowledge("client-2", two_, 7);
  }
  void see_log() { checker_.saw_log(1, log_.views()); }
  void stream(Subscriber& subscriber, Seq seq) {
    const auto record = *decode_record(log_.at(seq));
    checker_.streamed(subscriber, seq, record.order_id, record.version, type_of(record.event));
  }
  // The names and seqs of the violations, in order.
  std::string found() const {
    std::string names;
    for (const Violation& each : checker_.violations())
      names += (names.empty() ? "" : " ") + std::string(to_string(each.invariant)) + "@" +
               std::to_string(each.seq);
    return names;
  }
  // The same, after the rest of the history has run without a violation.
  std::string found_at_rest() {
    if (checker_.log_head() == 0) see_log();
    if (!settled_) checker_.venue_settled(settlement());
    checker_.at_rest();
    return found();
  }

  RawLog log_;
  HistoryChecker checker_;
  bool settled_ = false;  // the test reports the settlements itself
  const OrderId one_ = order_id(1);
  const OrderId two_ = order_id(2);
  const OrderId three_ = order_id(3);
};

TEST_F(HistoryCheckerTest, CleanHistoryPasses) {
  acknowledge_both();
  checker_.answered_refused(checker_.sending(submit("refused")));
  checker_.sending(submit("lost"));
  see_log();
  acknowledge("key-1", one_, 1);
  checker_.venue_called("raydium", call());
  Subscriber all;
  for (Seq seq = 1; seq <= 9; ++seq) stream(all, seq);
  checker_.stream_complete(all, 9);
  Subscriber of_two{two_};
  for (Seq seq = 7; seq <= 8; ++seq) stream(of_two, seq);
  Subscriber resumed{two_, of_two.last};
  stream(resumed, 9);
  checker_.stream_complete(resumed, 9);
  checker_.saw_log(4, log_.views(4));
  EXPECT_EQ(found_at_rest(), "");
  EXPECT_TRUE(checker_.ok());
  EXPECT_EQ(checker_.log_head(), 9u);
  EXPECT_EQ(checker_.orders(), 2u);
  EXPECT_EQ(checker_.standing(one_)->phase, Phase::confirmed);
  EXPECT_EQ(checker_.standing(two_)->version, 3u);
  EXPECT_EQ(checker_.standing(two_)->last_seq, 9u);
  EXPECT_FALSE(checker_.standing(three_));
}

TEST_F(HistoryCheckerTest, AnythingWrongInTheLogItselfIsFound) {
  log_.at(5)[130] ^= 1;
  see_log();
  EXPECT_EQ(found(), "log.record@5");
}

// --- log.acknowledged
TEST_F(HistoryCheckerTest, AcknowledgedOrderThatTheLogDoesNotReach) {
  acknowledge("gone", three_, 10);
  EXPECT_EQ(found_at_rest(), "log.acknowledged@10");
}
TEST_F(HistoryCheckerTest, AcknowledgedOrderWhoseSeqHoldsSomethingElse) {
  acknowledge("gone", three_, 7);
  see_log();
  EXPECT_EQ(found(), "log.acknowledged@7");
}
TEST_F(HistoryCheckerTest, AcknowledgedUnderAnotherKey) {
  acknowledge("other", one_, 1);
  EXPECT_EQ(found_at_rest(), "log.acknowledged@1");
}
TEST_F(HistoryCheckerTest, AcknowledgedAndStoredWithAnotherAmount) {
  Submit other = submit("key-1");
  other.amount_in = Decimal{16, 1};
  checker_.answered_accepted(checker_.sending(other), one_, 1);
  EXPECT_EQ(found_at_rest(), "log.acknowledged@1");
}
TEST_F(HistoryCheckerTest, AcknowledgedAndStoredWithAnotherSlippage) {
  Submit other = submit("key-1");
  other.slippage_bps = 99;
  see_log();
  checker_.answered_accepted(checker_.sending(other), one_, 1);
  EXPECT_EQ(found(), "log.acknowledged@1");
}
TEST_F(HistoryCheckerTest, AcknowledgedBeforeItIsDurable) {
  checker_.log_is_current();
  acknowledge("key-1", one_, 1);
  EXPECT_EQ(found(), "log.acknowledged@1");
}

// --- log.ack_order, log.refused_absent, key.equal_answers
TEST_F(HistoryCheckerTest, SentAfterAHigherSeqWasAcknowledged) {
  acknowledge("client-2", two_, 7);
  acknowledge("key-1", one_, 1);
  EXPECT_EQ(found_at_rest(), "log.ack_order@1");
}
TEST_F(HistoryCheckerTest, RefusedAndInTheLog) {
  checker_.answered_refused(checker_.sending(submit("key-1")));
  EXPECT_EQ(found_at_rest(), "log.refused_absent@1");
}
TEST_F(HistoryCheckerTest, RefusedOnceAndPerhapsTakenBeforeIsNoViolation) {
  checker_.sending(submit("key-1"));  // the answer was lost
  checker_.answered_refused(checker_.sending(submit("key-1")));
  EXPECT_EQ(found_at_rest(), "");
}
TEST_F(HistoryCheckerTest, OneKeyTwoOrders) {
  acknowledge("key-1", one_, 1);
  acknowledge("key-1", two_, 1);
  EXPECT_EQ(found(), "key.equal_answers@1");
}
TEST_F(HistoryCheckerTest, OneKeyTwoSeqs) {
  acknowledge("key-1", one_, 1);
  acknowledge("key-1", one_, 2);
  EXPECT_EQ(found(), "key.equal_answers@2");
}

// --- log.prefix
TEST_F(HistoryCheckerTest, TwoReadingsThatDisagree) {
  see_log();
  RawLog other;
  other.add_all(one_, forge::confirmed_events(one_, "another"));
  checker_.saw_log(1, {other.views()[0]});
  EXPECT_EQ(found(), "log.prefix@1");
}
TEST_F(HistoryCheckerTest, RecordThatIsDamagedAtTheSecondReading) {
  see_log();
  log_.at(4)[110] ^= 4;
  checker_.saw_log(3, log_.views(3));
  EXPECT_EQ(found(), "log.prefix@4");
}

// --- Venues
TEST_F(HistoryCheckerTest, VenueCalledWithoutIntent) {
  see_log();
  VenueOrder other = call();
  other.id = venue_order_id_of(one_, 2);
  checker_.venue_called("raydium", other);
  EXPECT_EQ(found(), "venue.intent_first@0");
}
TEST_F(HistoryCheckerTest, VenueCalledOnOtherTermsThanItsIntent) {
  see_log();
  const auto violation_after = [this](const char* venue,
                                      const std::function<void(VenueOrder&)>& change) {
    HistoryChecker checker;
    checker.saw_log(1, log_.views());
    VenueOrder other = call();
    change(other);
    checker.venue_called(venue, other);
    return checker.ok() ? "" : to_string(checker.violations()[0].invariant);
  };
  EXPECT_EQ(violation_after("raydium", [](VenueOrder&) {}), "");
  EXPECT_EQ(violation_after("meteora", [](VenueOrder&) {}), "venue.intent_kept");
  for (const auto& change : std::vector<std::function<void(VenueOrder&)>>{
           [](VenueOrder& o) { o.min_out = 0; }, [](VenueOrder& o) { ++o.amount_in; },
           [](VenueOrder& o) { o.output.symbol = "BONK"; },
           [](VenueOrder& o) { ++o.valid_until_height; }})
    EXPECT_EQ(violation_after("raydium", change), "venue.intent_kept");
}
TEST_F(HistoryCheckerTest, SettlementOnOtherTermsThanItsIntent) {
  const Units min_out = forge::transaction_built(one_, 1).min_out.units;
  for (const auto& change : std::vector<std::function<void(Settlement&)>>{
           [](Settlement& s) { s.venue = "meteora"; }, [](Settlement& s) { s.input = "BONK"; },
           [](Settlement& s) { ++s.amount_in; }, [](Settlement& s) { ++s.height; },
           [min_out](Settlement& s) { s.amount_out = min_out - 1; }})
    EXPECT_EQ(violations_after(change).at(0), "venue.intent_kept");
}
TEST_F(HistoryCheckerTest, AttemptBeyondTheBudget) {
  log_.add_all(three_, {forge::accepted(), RoutingStarted{1}, forge::attempt_failed(1),
                        RoutingStarted{2}, forge::attempt_failed(2), RoutingStarted{3}});
  HistoryChecker checker(2);
  checker.saw_log(1, log_.views());
  ASSERT_FALSE(checker.ok());
  EXPECT_EQ(to_string(checker.violations()[0].invariant), "order.budget");
}
TEST_F(HistoryCheckerTest, SettlementWithoutIntent) {
  Settlement other = settlement();
  other.id = venue_order_id_of(two_, 1);
  checker_.venue_settled(other);
  EXPECT_EQ(found_at_rest(), "venue.intent_first@0");
}
TEST_F(HistoryCheckerTest, SettledTwice) {
  checker_.venue_settled(settlement());
  EXPECT_EQ(found_at_rest(), "venue.settled_once@0");
}
TEST_F(HistoryCheckerTest, ConfirmationWithoutSettlement) {
  settled_ = true;
  EXPECT_EQ(found_at_rest(), "venue.confirmed_equal@6");
}
TEST_F(HistoryCheckerTest, ConfirmationWithOtherAmounts) {
  const std::vector<std::string> unequal = {"venue.confirmed_equal"};
  EXPECT_EQ(violations_after([](Settlement& s) { --s.amount_out; }), unequal);
  EXPECT_EQ(violations_after([](Settlement& s) { ++s.fee; }), unequal);
  EXPECT_EQ(violations_after([](Settlement& s) { ++s.tx_hash.bytes[0]; }), unequal);
}
TEST_F(HistoryCheckerTest, SettlementWithoutConfirmation) {
  log_.add_all(three_, {forge::accepted(), RoutingStarted{1}, forge::route_selected(1),
                        forge::transaction_built(three_, 1), forge::order_failed(1)});
  Settlement forgotten = settlement();
  forgotten.id = venue_order_id_of(three_, 1);
  checker_.venue_settled(forgotten);
  EXPECT_EQ(found_at_rest(), "venue.settled_confirmed@0");
}
TEST_F(HistoryCheckerTest, EarlierAttemptThatWasSettledToo) {
  log_.add_all(three_, {forge::accepted(), RoutingStarted{1}, forge::route_selected(1),
                        forge::transaction_built(three_, 1), forge::attempt_failed(1),
                        RoutingStarted{2}, forge::route_selected(2),
                        forge::transaction_built(three_, 2), forge::order_confirmed(2)});
  for (const Attempt attempt : {1U, 2U}) {
    Settlement each = settlement();
    each.id = venue_order_id_of(three_, attempt);
    checker_.venue_settled(each);
  }
  EXPECT_EQ(found_at_rest(), "venue.settled_confirmed@0");
}
// Order 3 is sold in two parts.
TEST_F(HistoryCheckerTest, EachPartHasASettlementOfItsOwn) {
  OrderAccepted order = forge::accepted();
  order.allow_partial = true;
  RouteSelected route = forge::route_selected(1);
  route.quotes[0].amount_in = Decimal{500'000'000, 9};
  route.quotes[0].amount_out = Decimal{74'900'000, 6};
  TransactionBuilt built = forge::transaction_built(three_, 1);
  built.amount_in = Decimal{500'000'000, 9};
  built.expected_out = Decimal{74'900'000, 6};
  built.min_out = Decimal{74'151'000, 6};
  const OrderPartiallyFilled part = test::partial_fill_event(1);
  log_.add_all(three_,
               {order, RoutingStarted{1}, route, built, part, OrderCancelled{"default", "enough"}});
  Settlement first = settlement();
  first.id = venue_order_id_of(three_, 1);
  first.amount_in = part.amount_in.units;
  first.amount_out = part.amount_out.units;
  first.fee = part.fee.units;
  first.tx_hash = part.tx_hash;
  const auto names = [&](const std::optional<Settlement>& of_the_part) {
    HistoryChecker checker;
    checker.saw_log(1, log_.views());
    checker.venue_settled(settlement());
    if (of_the_part) checker.venue_settled(*of_the_part);
    checker.at_rest();
    std::string out;
    for (const Violation& each : checker.violations()) out += to_string(each.invariant);
    return out;
  };
  EXPECT_EQ(names(first), "");
  EXPECT_EQ(names(std::nullopt), "venue.confirmed_equal");
  ++first.amount_out;
  EXPECT_EQ(names(first), "venue.confirmed_equal");
  --first.amount_out;
  ++first.amount_in;
  EXPECT_EQ(names(first), "venue.intent_keptvenue.confirmed_equal");
}
TEST_F(HistoryCheckerTest, AccountsThatDoNotBalance) {
  checker_.venue_unbalanced("SOL is off by 1");
  EXPECT_EQ(found(), "venue.conservation@0");
}

// --- Streams
TEST_F(HistoryCheckerTest, SkippedUpdate) {
  see_log();
  Subscriber all;
  for (const Seq seq : {1U, 2U, 4U, 5U}) stream(all, seq);
  EXPECT_EQ(found(), "stream.gapless@4");
}
TEST_F(HistoryCheckerTest, RepeatedUpdate) {
  see_log();
  Subscriber all;
  for (const Seq seq : {1U, 2U, 2U, 3U}) stream(all, seq);
  EXPECT_EQ(found(), "stream.gapless@2");
}
TEST_F(HistoryCheckerTest, SkippedUpdateOfOneOrder) {
  Subscriber of_two{two_};
  for (const Seq seq : {7U, 9U}) stream(of_two, seq);
  EXPECT_EQ(found(), "") << "not checked before the log is read";
  see_log();
  EXPECT_EQ(found(), "stream.gapless@8");
}
TEST_F(HistoryCheckerTest, UpdateOfAnotherOrder) {
  see_log();
  Subscriber of_two{two_};
  stream(of_two, 7);
  checker_.streamed(of_two, 8, one_, 2, EventType::routing_started);
  EXPECT_EQ(found(), "stream.gapless@8 stream.durable@8");
}
TEST_F(HistoryCheckerTest, StreamThatIsNotComplete) {
  see_log();
  Subscriber all;
  for (Seq seq = 1; seq <= 8; ++seq) stream(all, seq);
  checker_.stream_complete(all, 9);
  EXPECT_EQ(found(), "stream.gapless@9");
}
TEST_F(HistoryCheckerTest, StreamOfOneOrderThatIsNotComplete) {
  Subscriber of_two{two_};
  stream(of_two, 7);
  stream(of_two, 8);
  checker_.stream_complete(of_two, 9);
  see_log();
  EXPECT_EQ(found(), "stream.gapless@9");
}
TEST_F(HistoryCheckerTest, ResumedPastTheNextUpdate) {
  see_log();
  Subscriber all{{}, 3};
  stream(all, 5);
  EXPECT_EQ(found(), "stream.resumable@5");
}
TEST_F(HistoryCheckerTest, ResumedWithWhatWasSeen) {
  see_log();
  Subscriber of_one{one_, 3};
  stream(of_one, 3);
  EXPECT_EQ(found(), "stream.resumable@3");
}
TEST_F(HistoryCheckerTest, StreamedAndNotInTheLog) {
  Subscriber all{{}, 9};
  checker_.streamed(all, 10, three_, 1, EventType::order_accepted);
  EXPECT_EQ(found_at_rest(), "stream.durable@10");
}
TEST_F(HistoryCheckerTest, StreamedAndSomethingElseInTheLog) {
  Subscriber all;
  checker_.streamed(all, 1, one_, 1, EventType::order_cancelled);
  EXPECT_EQ(found_at_rest(), "stream.durable@1");
}
TEST_F(HistoryCheckerTest, StreamedBeforeItIsDurable) {
  checker_.log_is_current();
  Subscriber all;
  stream(all, 1);
  EXPECT_EQ(found(), "stream.durable@1");
}

// --- The end
TEST_F(HistoryCheckerTest, OrderThatNeverEnds) {
  log_.add(three_, forge::accepted());
  see_log();
  EXPECT_EQ(checker_.open_orders(), std::vector{three_});
  EXPECT_EQ(found_at_rest(), "live.orders_end@10");
}
TEST_F(HistoryCheckerTest, ViolationThatTheCallerReports) {
  checker_.report({Invariant::projection_is_fold, 4, "a row differs"});
  EXPECT_EQ(found(), "projection.is_fold@4");
}

}  // namespace
}  // namespace oee
