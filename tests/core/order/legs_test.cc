// The legs of an order over each of its lives.
#include "core/order/legs.h"

#include <gtest/gtest.h>

#include <map>

#include "core/order/decide.h"
#include "core/order/fold.h"
#include "core/order/order_json.h"
#include "tests/support/limit_life.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using E = EventType;
using enum LegStatus;

// An order and its records, each of them legal.
struct Life {
  Order order;
  std::vector<Record> records;

  Life() { order.id = test::order_id(7); }
  Life(std::initializer_list<EventType> events) : Life() { add(events); }
  void add(Event event) {
    Record record = test::make_record(order, std::move(event));
    record.order_id = test::order_id(7);
    const auto done = evolve(order, record);
    ASSERT_TRUE(done.ok()) << done.error().detail;
    records.push_back(std::move(record));
  }
  void add(std::initializer_list<EventType> events) {
    for (const EventType type : events) add(test::sample_event(type, order));
  }
  std::vector<Leg> legs() const { return legs_of(records); }
  std::vector<LegStatus> statuses() const {
    std::vector<LegStatus> all;
    for (const Leg& leg : legs()) all.push_back(leg.status);
    return all;
  }
};
using Statuses = std::vector<LegStatus>;

const auto live = {E::order_accepted, E::routing_started, E::route_selected, E::transaction_built,
                   E::transaction_submitted};
const auto again = {E::routing_started, E::route_selected, E::transaction_built};

TEST(Legs, AreThereFromTheBuildOn) {
  Life life{E::order_accepted, E::routing_started, E::route_selected};
  EXPECT_TRUE(life.legs().empty());
  life.add({E::transaction_built});
  const TransactionBuilt built = test::built_event(life.order.id, 1);
  Leg expected{1,
               LegStatus::built,
               built.venue,
               built.venue_order_id,
               built.amount_in,
               built.min_out,
               built.expected_out,
               {},
               {},
               {},
               {},
               {}};
  EXPECT_EQ(life.legs(), std::vector{expected});
  life.add({E::transaction_submitted});
  expected.status = submitted;
  expected.tx_hash = test::submitted_event(1).tx_hash;
  EXPECT_EQ(life.legs(), std::vector{expected});
  life.add({E::order_confirmed});
  const OrderConfirmed end = test::confirmed_event(1);
  expected.status = filled;
  expected.fill = LegFill{end.amount_out, end.executed_price, end.fee};
  EXPECT_EQ(life.legs(), std::vector{expected});
}

TEST(Legs, ARetryIsALegOfItsOwn) {
  Life life(live);
  life.add({E::attempt_failed});
  life.add(again);
  EXPECT_EQ(life.statuses(), (Statuses{rejected, LegStatus::built}));
  life.add({E::order_confirmed});  // a reply in place of TransactionSubmitted
  const std::vector<Leg> legs = life.legs();
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].status, rejected);
  EXPECT_EQ(legs[0].error, ErrorClass::slippage_exceeded);
  EXPECT_EQ(legs[0].detail, "below min out");
  EXPECT_FALSE(legs[0].fill);
  EXPECT_EQ(legs[1].number, 2u);
  EXPECT_EQ(legs[1].status, filled);
  EXPECT_EQ(legs[1].tx_hash, test::confirmed_event(2).tx_hash);
  EXPECT_FALSE(legs[1].error);
  EXPECT_NE(legs[0].venue_order_id, legs[1].venue_order_id);
}

TEST(Legs, AnAttemptThatIsNotBuiltHasNone) {
  Life life{E::order_accepted, E::routing_started};
  life.add(AttemptFailed{1, ErrorClass::no_quote, "no venue quotes it", WallTime{}});
  EXPECT_TRUE(life.legs().empty());
  life.add(again);
  life.add({E::order_confirmed});
  ASSERT_EQ(life.legs().size(), 1u);
  EXPECT_EQ(life.legs()[0].number, 2u);
}

// The second attempt ends before it is built: the first leg stays as it ended.
TEST(Legs, TheEndOfAnAttemptThatIsNotBuiltChangesNoEarlierLeg) {
  Life life(live);
  life.add(AttemptFailed{1, ErrorClass::attempt_expired, "above height 1000", WallTime{}});
  const std::vector<Leg> before = life.legs();
  EXPECT_EQ(before.at(0).status, expired);
  life.add({E::routing_started});
  life.add(AttemptFailed{2, ErrorClass::no_quote, "no venue quotes it", WallTime{}});
  EXPECT_EQ(life.legs(), before);
}

TEST(Legs, EachPartIsALegWithItsOwnFill) {
  const std::vector<Record> records = test::limit_life();
  const std::vector<Leg> legs = legs_of(records);
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].status, filled);
  EXPECT_EQ(legs[0].amount_in, (Decimal{1'000'000'000, 9}));
  EXPECT_EQ(legs[0].fill->amount_out, (Decimal{149'000'001, 6}));
  EXPECT_EQ(legs[1].status, filled);
  EXPECT_EQ(legs[1].amount_in, (Decimal{2'000'000'000, 9}));
  // The second leg is live until the last record. A request to cancel leaves it as it is.
  const std::span<const Record> before(records.data(), records.size() - 1);
  EXPECT_EQ(legs_of(before)[1].status, LegStatus::built);
  EXPECT_FALSE(legs_of(before)[1].tx_hash);
}

TEST(Legs, AnUnknownOutcomeSettlesLater) {
  Life life(live);
  life.add({E::outcome_unknown});
  EXPECT_EQ(life.statuses(), Statuses{unknown});
  EXPECT_TRUE(life.legs()[0].tx_hash);
  life.add({E::transaction_submitted});  // the venue has it
  EXPECT_EQ(life.statuses(), Statuses{submitted});
  life.add({E::outcome_unknown, E::order_confirmed});
  EXPECT_EQ(life.statuses(), Statuses{filled});
}

ResolveOutcome statement(bool settled) {
  ResolveOutcome command;
  command.attempt = 1;
  command.by = "ops";
  command.why = "mail of 1 May";
  command.settled = settled;
  if (!settled) return command;
  command.tx_hash = test::submitted_event(1).tx_hash;
  command.amount_out = Decimal{224'000'000, 6};
  command.fee = Decimal{2'500'000, 9};
  return command;
}

TEST(Legs, AnOperatorEndsALegAsItsVenueDoes) {
  for (const bool settled : {true, false}) {
    Life life(live);
    life.add({E::outcome_unknown});
    const auto events = decide(life.order, statement(settled), WallTime{Micros{1'000}});
    ASSERT_TRUE(events.ok()) << events.error().detail;
    life.add(events->front());
    EXPECT_EQ(life.statuses(), Statuses{unknown}) << "the end follows in the same append";
    for (std::size_t i = 1; i < events->size(); ++i) life.add((*events)[i]);
    const std::vector<Leg> legs = life.legs();
    ASSERT_EQ(legs.size(), 1u);
    if (settled) {
      EXPECT_EQ(legs[0].status, filled);
      EXPECT_EQ(legs[0].fill->amount_out, (Decimal{224'000'000, 6}));
      EXPECT_EQ(legs[0].fill->fee, (Decimal{2'500'000, 9}));
    } else {
      EXPECT_EQ(legs[0].status, expired);
      EXPECT_EQ(legs[0].error, ErrorClass::attempt_expired);
      EXPECT_EQ(legs[0].detail, "an operator states that it never settled: mail of 1 May");
    }
  }
}

TEST(Legs, ACancelledOrderHasTheLegThatItsVenueHasCancelled) {
  Life life(live);
  life.add({E::cancel_requested});
  EXPECT_EQ(life.statuses(), Statuses{submitted});
  life.add(AttemptFailed{1, ErrorClass::attempt_cancelled, "tombstone", WallTime{}});
  life.add({E::order_cancelled});
  EXPECT_EQ(life.statuses(), Statuses{cancelled});
  EXPECT_TRUE(Life({E::order_accepted, E::order_cancelled}).legs().empty());
}

TEST(Legs, ADeadLetterKeepsItsLegsWhenItIsRequeued) {
  Life life(live);
  life.add({E::order_failed});
  EXPECT_EQ(life.statuses(), Statuses{rejected});
  life.add({E::dead_letter_requeued});
  life.add(again);
  EXPECT_EQ(life.statuses(), (Statuses{rejected, LegStatus::built}));
}

// Over many orders with every event: the legs add up to the order, and the last one is the order's.
TEST(Legs, AgreeWithTheFoldAfterEveryRecord) {
  std::map<OrderId, std::vector<Record>> lives;
  std::size_t several = 0, split = 0;
  for (Record& record : test::RandomOrders(11, 20).take(120'000)) {
    std::vector<Record>& records = lives[record.order_id];
    records.push_back(std::move(record));
    const auto folded = fold_order(records);
    ASSERT_TRUE(folded.ok() && folded->has_value());
    const Order& order = **folded;
    const std::vector<Leg> legs = legs_of(records);
    Units in = 0, out = 0, fee = 0;
    bool any_live = false, any_unknown = false;
    for (const Leg& leg : legs) {
      EXPECT_EQ(leg.status == filled, leg.fill.has_value());
      const bool ended = leg.status == rejected || leg.status == expired || leg.status == cancelled;
      EXPECT_EQ(ended, leg.error.has_value());
      any_live |= !ended && !leg.fill;
      any_unknown |= leg.status == unknown;
      if (&leg != &legs.back()) {
        const Leg& next = (&leg)[1];
        EXPECT_TRUE(ended || leg.fill || leg.number == next.number) << "two attempts are live";
        EXPECT_LT(std::pair(leg.number, leg.index), std::pair(next.number, next.index));
      }
      if (!leg.fill) continue;
      in += leg.amount_in.units;
      out += leg.fill->amount_out.units;
      fee += leg.fill->fee.units;
    }
    several += legs.size() > 1 ? 1 : 0;
    split += order.legs.size() > 1 ? 1 : 0;
    // The fills of a split attempt are the order's when the attempt ends.
    for (const OrderLeg& leg : order.legs) {
      if (!leg.filled) continue;
      in -= leg.amount_in.units;
      out -= leg.amount_out;
      fee -= leg.fee;
    }
    EXPECT_EQ(in, order.filled_in);
    EXPECT_EQ(out, order.amount_out.units);
    EXPECT_EQ(fee, order.fee.units);
    ASSERT_EQ(order.attempt_built, !legs.empty());
    if (legs.empty()) continue;
    EXPECT_EQ(any_live || order.legs_ended(), is_live_attempt(order.phase));
    EXPECT_EQ(any_unknown, order.outcome_unknown);
    const Leg& last = legs.back();
    if (last.index) continue;
    EXPECT_EQ(last.venue_order_id, order.venue_order_id);
    EXPECT_EQ(last.venue, order.venue);
    EXPECT_EQ(last.min_out, order.min_out);
    EXPECT_EQ(last.path, order.path);
    EXPECT_EQ(last.tx_hash, order.tx_hash);
  }
  EXPECT_GT(split, 50u);
  EXPECT_GT(several, 50u);
}

TEST(Legs, AreTheLastMemberOfTheOrdersJson) {
  Life life(live);
  life.add({E::attempt_failed});
  life.add(again);
  std::string list, one;
  JsonWriter list_json(list);
  write_order(list_json, life.order);
  const std::vector<Leg> legs = life.legs();
  JsonWriter json(one);
  write_order(json, life.order, &legs);
  list.pop_back();
  ASSERT_TRUE(one.starts_with(list));
  const std::string hash = to_text(test::submitted_event(1).tx_hash);
  const auto id = [](Attempt attempt) {
    return to_text(venue_order_id_of(test::order_id(7), attempt));
  };
  EXPECT_EQ(
      one.substr(list.size()),
      R"(,"legs":[{"number":1,"status":"rejected","venue":"raydium","venueOrderId":")" + id(1) +
          R"(","amountIn":"1.5","minOut":"222.188692","expectedOut":"224.433022","txHash":")" +
          hash +
          R"(","amountOut":null,"executedPrice":null,"fee":null,"error":"below min out",)"
          R"("errorClass":"slippage_exceeded"},)"
          R"({"number":2,"status":"built","venue":"raydium","venueOrderId":")" +
          id(2) +
          R"(","amountIn":"1.5","minOut":"222.188692","expectedOut":"224.433022","txHash":null,)"
          R"("amountOut":null,"executedPrice":null,"fee":null,"error":null,"errorClass":null}]})");
}

TEST(Legs, HaveThePathOfTheirTransaction) {
  Life life{E::order_accepted, E::routing_started, E::route_selected};
  TransactionBuilt built = test::built_event(life.order.id, 1);
  built.path = {{"raydium-3", "USDT"}, {"raydium-5", "USDC"}};
  life.add(built);
  EXPECT_EQ(life.order.path, built.path);
  life.add({E::attempt_failed});
  life.add(again);  // through one pool
  EXPECT_TRUE(life.order.path.empty());
  const std::vector<Leg> legs = life.legs();
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].path, built.path);
  EXPECT_TRUE(legs[1].path.empty());
  std::string text;
  JsonWriter json(text);
  write_order(json, life.order, &legs);
  const std::string path =
      R"("expectedOut":"224.433022","path":[{"pool":"raydium-3","outputToken":"USDT"},)"
      R"({"pool":"raydium-5","outputToken":"USDC"}],"txHash":)";
  EXPECT_NE(text.find(path), std::string::npos) << text;
  EXPECT_EQ(text.find("path", text.find(path) + path.size()), std::string::npos) << text;
}

}  // namespace
}  // namespace oee
