// The fold of an order's stored records up to a seq.
#include "core/order/fold.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/order/order_codec.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using E = EventType;

// Legal records of order_id(7), at every second seq from 10 on.
std::vector<Record> records_of(std::initializer_list<EventType> events) {
  std::vector<Record> records;
  Order order;
  order.id = test::order_id(7);
  for (const EventType type : events) {
    records.push_back(
        test::make_record(order, test::sample_event(type, order), 10 + 2 * records.size()));
    EXPECT_TRUE(evolve(order, records.back()).ok());
  }
  return records;
}

const auto usual = {E::order_accepted,    E::routing_started,       E::route_selected,
                    E::transaction_built, E::transaction_submitted, E::order_confirmed};

std::string encoded(const Order& order) {
  std::string bytes;
  append_order(bytes, order);
  return bytes;
}

TEST(Fold, WithoutAHeadEveryRecordIsFolded) {
  const auto order = fold_order(records_of(usual));
  ASSERT_TRUE(order.ok() && order->has_value());
  EXPECT_EQ((*order)->phase, Phase::confirmed);
  EXPECT_EQ((*order)->version, 6U);
  EXPECT_EQ((*order)->last_seq, 20U);
}

TEST(Fold, TheHeadIsInclusive) {
  const std::vector<Record> records = records_of(usual);
  for (Seq head = 10; head <= 21; ++head) {
    const auto order = fold_order(records, head);
    ASSERT_TRUE(order.ok() && order->has_value()) << head;
    EXPECT_EQ((*order)->version, (head - 8) / 2) << head;
    EXPECT_EQ((*order)->last_seq, head / 2 * 2) << head;
  }
}

TEST(Fold, BeforeTheFirstRecordThereIsNoOrderAndNoError) {
  const auto before = fold_order(records_of(usual), 9);
  ASSERT_TRUE(before.ok());
  EXPECT_FALSE(before->has_value());
  const auto none = fold_order({});
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

TEST(Fold, AnIllegalRecordIsCorruptAndNamesSeqOrderAndTransition) {
  std::vector<Record> records = records_of({E::order_accepted, E::routing_started});
  records[1].event = OrderConfirmed{};
  const auto order = fold_order(records);
  ASSERT_FALSE(order.ok());
  EXPECT_EQ(order.error().code, Errc::corrupt);
  EXPECT_EQ(order.error().detail, "seq 12: order " + to_text(test::order_id(7)) +
                                      " version 2 (OrderConfirmed): not legal when pending");
}

TEST(Fold, ARecordThatIsMissingInTheMiddleIsCorrupt) {
  std::vector<Record> records = records_of(usual);
  records.erase(records.begin() + 2);
  EXPECT_EQ(fold_order(records).error().code, Errc::corrupt);
  records.erase(records.begin());
  EXPECT_EQ(fold_order(records).error().code, Errc::corrupt);
}

TEST(Fold, RecordsAfterTheHeadAreNotLookedAt) {
  std::vector<Record> records = records_of(usual);
  records[3].event = OrderConfirmed{};
  EXPECT_TRUE(fold_order(records, records[3].seq - 1).ok());
  EXPECT_FALSE(fold_order(records, records[3].seq).ok());
}

TEST(Fold, ARefusedRecordLeavesTheOrderAsItWas) {
  const std::vector<Record> records = records_of(usual);
  Order order;
  ASSERT_TRUE(fold_record(order, records[0]).ok());
  const std::string before = encoded(order);
  EXPECT_EQ(fold_record(order, records[2]).error().code, Errc::corrupt);
  EXPECT_EQ(encoded(order), before);
}

TEST(Fold, ABorrowedRecordFoldsToTheSameOrder) {
  const std::string text = "by hand";
  Order owned;
  ASSERT_TRUE(fold_record(owned, records_of({E::order_accepted})[0]).ok());
  Order borrowed = owned;
  Record record = test::make_record(owned, OrderCancelled{text, text});
  BorrowedRecord view;
  view.seq = record.seq;
  view.order_id = record.order_id;
  view.version = record.version;
  view.time = record.time;
  view.event = OrderCancelledOf<std::string_view>{text, text};
  ASSERT_TRUE(fold_record(owned, record).ok());
  ASSERT_TRUE(fold_record(borrowed, view).ok());
  EXPECT_EQ(encoded(borrowed), encoded(owned));
  EXPECT_EQ(fold_record(borrowed, view).error().detail, fold_record(owned, record).error().detail);
}

TEST(Fold, EveryPrefixIsTheOrderAfterItsLastRecord) {
  struct Life {
    Order order;
    std::vector<Record> records;
  };
  test::RandomOrders lives(3);
  std::map<OrderId, Life> all;
  for (const Record& record : lives.take(1'000)) {
    Life& life = all[record.order_id];
    life.records.push_back(record);
    ASSERT_TRUE(fold_record(life.order, record).ok());
    const auto folded = fold_order(life.records, record.seq);
    ASSERT_TRUE(folded.ok() && folded->has_value());
    EXPECT_EQ(encoded(**folded), encoded(life.order));
  }
}

}  // namespace
}  // namespace oee
