// One forged log per invariant that violates only it: the checker reports that invariant by its
// name.
#include "eventlog/audit/log_checker.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/raw_log.h"

namespace oee {
namespace {

using forge::accepted;
using test::order_id;
using test::RawLog;

std::string described(const std::optional<Violation>& violation) {
  if (!violation) return "nothing";
  return std::string(to_string(violation->invariant)) + " at " + std::to_string(violation->seq);
}

class LogCheck : public testing::Test {
 protected:
  LogCheck() { log_.add_all(one_, forge::confirmed_events(one_, "key-1", "client-1")); }

  std::optional<Violation> check_log(bool keys = true) {
    LogChecker checker({.keys = keys});
    for (const std::string_view bytes : log_.views())
      if (auto violation = checker.take(bytes)) return violation;
    EXPECT_EQ(checker.head(), log_.head());
    return std::nullopt;
  }
  void expect(const std::string& expected) {
    const auto violation = check_log();
    EXPECT_EQ(described(violation), expected) << (violation ? violation->what : "");
  }
  void start_two(const std::vector<Event>& more) {
    log_.add_all(two_, {accepted(), RoutingStarted{1}, forge::route_selected(1)});
    log_.add_all(two_, more);
  }

  RawLog log_;
  const OrderId one_ = order_id(1);
  const OrderId two_ = order_id(2);
};

TEST_F(LogCheck, SoundLogPasses) {
  start_two({forge::transaction_built(two_, 1), OutcomeUnknown{1, ""}, forge::attempt_failed(1),
             RoutingStarted{2}, RoutingStarted{2}, forge::order_failed(2),
             DeadLetterRequeued{"ops", ""}, RoutingStarted{3}, forge::route_selected(3),
             forge::transaction_built(two_, 3), forge::order_confirmed(3)});
  expect("nothing");
}

TEST_F(LogCheck, RandomLivesPass) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    LogChecker checker({});
    RawLog log;
    std::set<OrderId> ids;
    for (const Record& record : test::RandomOrders(seed).take(3'000)) {
      log.add(record);
      ids.insert(record.order_id);
    }
    for (const std::string_view bytes : log.views()) {
      const auto violation = checker.take(bytes);
      ASSERT_FALSE(violation) << seed << " " << violation->what;
    }
    EXPECT_EQ(checker.head(), 3'000u);
    EXPECT_EQ(checker.orders(), ids.size());
    EXPECT_EQ(checker.last().seq, 3'000u);
    EXPECT_EQ(checker.chain(), log.chain());
  }
}

TEST_F(LogCheck, DamagedRecord) {
  log_.at(3)[120] ^= 1;
  expect("log.record at 3");
}
TEST_F(LogCheck, AmountOfNothing) {
  OrderAccepted event = accepted();
  event.amount_in.units = 0;
  log_.add(two_, event);
  expect("log.record at 7");
}
TEST_F(LogCheck, ChosenQuoteThatIsAnError) {
  RouteSelected route = forge::route_selected(1);
  route.chosen = 1;
  log_.add_all(two_, {accepted(), RoutingStarted{1}, route});
  expect("log.record at 9");
}
TEST_F(LogCheck, SkippedSeq) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { ++header.seq; });
  expect("log.contiguous at 7");
}
TEST_F(LogCheck, RepeatedSeq) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { --header.seq; });
  expect("log.contiguous at 7");
}
TEST_F(LogCheck, ForeignChain) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.previous_chain[5] = 9; });
  expect("log.chain at 7");
}
TEST_F(LogCheck, TimeThatStepsBack) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.time -= Micros(2); });
  expect("log.time at 7");
}
TEST_F(LogCheck, SkippedVersion) {
  log_.add(two_, accepted(), [](RecordHeader& header, Event&) { header.version = 2; });
  expect("order.version at 7");
}
TEST_F(LogCheck, RepeatedVersion) {
  log_.add(two_, accepted());
  log_.add(two_, RoutingStarted{1}, [](RecordHeader& header, Event&) { header.version = 1; });
  expect("order.version at 8");
}
TEST_F(LogCheck, EventBeforeAcceptance) {
  log_.add(two_, RoutingStarted{1});
  expect("order.transition at 7");
}
TEST_F(LogCheck, SubmissionWithoutIntent) {
  start_two({forge::transaction_submitted(1)});
  expect("order.transition at 10");
}
TEST_F(LogCheck, EventAfterConfirmation) {
  log_.add(one_, OutcomeUnknown{1, "?"});
  expect("order.after_end at 7");
}
TEST_F(LogCheck, CancellationOfAFailedOrder) {
  start_two({forge::order_failed(1), OrderCancelled{"user", ""}});
  expect("order.after_end at 11");
}
TEST_F(LogCheck, RequeueOfADiscardedOrder) {
  start_two({forge::order_failed(1), DeadLetterDiscarded{"ops", ""}, DeadLetterRequeued{}});
  expect("order.after_end at 12");
}
TEST_F(LogCheck, ForeignAttempt) {
  start_two({forge::attempt_failed(2)});
  expect("order.attempt at 10");
}
TEST_F(LogCheck, SkippedAttempt) {
  start_two({forge::attempt_failed(1), RoutingStarted{3}});
  expect("order.attempt at 11");
}
TEST_F(LogCheck, SameAttemptAfterItsEnd) {
  start_two({forge::attempt_failed(1), RoutingStarted{1}});
  expect("order.attempt at 11");
}
TEST_F(LogCheck, VenueOrderIdBuiltTwice) {
  start_two({forge::transaction_built(two_, 1), forge::transaction_built(two_, 1)});
  expect("order.venue_id_once at 11");
}
TEST_F(LogCheck, VenueOrderIdOfAnotherAttempt) {
  TransactionBuilt built = forge::transaction_built(two_, 1);
  built.venue_order_id = venue_order_id_of(two_, 2);
  start_two({built});
  expect("order.venue_id_once at 10");
}
TEST_F(LogCheck, VenueOrderIdOfAnotherOrder) {
  start_two({forge::transaction_built(one_, 1)});
  expect("order.venue_id_once at 10");
}
TEST_F(LogCheck, KeyOfTwoOrders) {
  log_.add(two_, accepted("key-1"));
  expect("key.one_order at 7");
  EXPECT_EQ(described(check_log(false)), "nothing")
      << "keys are checked only when the options require it";
}
TEST_F(LogCheck, ClientOrderIdOfTwoOrders) {
  log_.add(two_, accepted({}, "client-1"));
  expect("key.one_order at 7");
}
TEST_F(LogCheck, KeyOfTwoChanges) {
  log_.add(two_, accepted());
  log_.add(two_, RoutingStarted{1});
  log_.add(two_, forge::order_failed(1));
  log_.add(two_, DeadLetterRequeued{"ops", "", "retry", {}});
  log_.add(two_, RoutingStarted{2});
  log_.add(two_, forge::order_failed(2));
  EXPECT_EQ(described(check_log()), "nothing");
  log_.add(two_, DeadLetterRequeued{"ops", "", "retry", {}});
  expect("key.one_order at 13");
}
TEST_F(LogCheck, KeyOfAnOrderAndOfAChange) {
  log_.add(two_, accepted());
  log_.add(two_, OrderCancelled{"default", "", "key-1", {}});
  expect("key.one_order at 8");
}
TEST_F(LogCheck, OneTextAsTwoKindsOfKeyOrOfTwoAccounts) {
  log_.add(two_, accepted("client-1", "key-1"));
  OrderAccepted other = accepted("key-1", "client-1");
  other.account = "other";
  log_.add(order_id(3), other);
  expect("nothing");
}

TEST(Invariants, EachHasAName) {
  std::set<std::string_view> names;
  for (const InvariantText& each : invariants) names.insert(each.name);
  EXPECT_EQ(names.size(), invariants.size());
  EXPECT_EQ(to_string(Invariant::log_record), "log.record");
  EXPECT_EQ(to_string(Invariant::key_one_order), "key.one_order");
  EXPECT_EQ(to_string(Invariant::log_index), "log.index");
  EXPECT_EQ(to_string(Invariant::stream_gapless), "stream.gapless");
  EXPECT_EQ(to_string(Invariant::live_nothing_left), "live.nothing_left");
}

}  // namespace
}  // namespace oee
