// A shard's open orders: packing an order changes nothing.
#include "core/exec/open_orders.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/order/order_codec.h"
#include "tests/support/log/random_orders.h"

namespace oee {
namespace {

std::string bytes_of(const Order& order) {
  std::string bytes;
  append_order(bytes, order);
  return bytes;
}

OpenOrders::Change apply(OpenOrders& orders, const Record& record) {
  OpenOrders::Before before;
  return orders.apply(record, before);
}

// Two instances get the same records; one packs every order after every event.
TEST(OpenOrders, PackedOrdersAreTheSameOrders) {
  test::RandomOrders random(7, 50);
  OpenOrders plain(0, 1), packed(0, 1);
  std::size_t advanced = 0;
  for (const Record& record : random.take(5'000)) {
    const auto change = apply(plain, record);
    EXPECT_EQ(apply(packed, record), change) << "seq " << record.seq;
    advanced += change == OpenOrders::Change::advanced ? 1 : 0;
    packed.pack(record.order_id);
    packed.pack(record.order_id);
    ASSERT_EQ(packed.size(), plain.size());
    // A record that is folded already changes nothing.
    EXPECT_EQ(apply(packed, record), apply(plain, record));
    packed.pack(record.order_id);
  }
  EXPECT_GT(advanced, 1'000U);
  auto ids = plain.ids();
  auto same = packed.ids();
  std::sort(ids.begin(), ids.end());
  std::sort(same.begin(), same.end());
  ASSERT_EQ(same, ids);
  for (const OrderId& id : ids) {
    const std::optional<Order> copy = packed.copy_of(id);
    ASSERT_TRUE(copy.has_value());
    EXPECT_EQ(bytes_of(*copy), bytes_of(*plain.copy_of(id)));
    ASSERT_NE(packed.find(id), nullptr);
    EXPECT_EQ(bytes_of(*packed.find(id)), bytes_of(*plain.find(id)));
  }
  EXPECT_EQ(packed.size(), plain.size());
  EXPECT_EQ(packed.copy_of(OrderId{}), std::nullopt);
}

TEST(OpenOrders, ANewerOrderReplacesAPackedOne) {
  test::RandomOrders random(3, 1);
  const Record accepted = random.next();
  OpenOrders orders(0, 1);
  apply(orders, accepted);
  Order newer = *orders.find(accepted.order_id);
  newer.version = 5;
  orders.pack(accepted.order_id);
  orders.put(newer);
  EXPECT_EQ(orders.find(accepted.order_id)->version, 5U);
  EXPECT_EQ(apply(orders, accepted), OpenOrders::Change::none);
  EXPECT_EQ(orders.size(), 1U);
}

}  // namespace
}  // namespace oee
