// The orders that a read model contains, and the orders that it must contain, as comparable bytes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/order/order_codec.h"
#include "core/seams/read_model.h"
#include "tests/support/log/record_log.h"
#include "tests/support/orders.h"

namespace oee::test {

// Without what only the executor needs: no table has it.
inline std::string encoded(Order order) {
  order.requeued_at.reset();
  order.interrupted_asks = 0;
  order.path.clear();
  order.split_failed = order.needs_requeue = false;
  std::string bytes;
  append_order(bytes, order);
  return bytes;
}

// An order as lists show it: without the legs of a live split attempt, which are folded from its
// events.
inline std::string listed(Order order) {
  order.legs.clear();
  return encoded(order);
}

// All pages of a list, newest first.
inline std::vector<Order> all_orders(OrderQueries& queries, OrderFilter filter) {
  std::vector<Order> out;
  do {
    auto page = queries.orders(filter);
    EXPECT_TRUE(page.ok()) << page.error().detail;
    if (!page) break;
    for (Order& order : page->items) out.push_back(std::move(order));
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return out;
}

inline std::vector<std::string> contents(OrderQueries& queries) {
  OrderFilter filter;
  filter.limit = 500;
  std::vector<std::string> out;
  for (const Order& order : all_orders(queries, filter)) out.push_back(listed(order));
  return out;
}

// Every order after the first `last` records, newest first.
inline std::vector<Order> orders_at(RecordLog& log, Seq last) {
  std::map<OrderId, Order> orders;
  for (const Record& record : log.records_to(last))
    EXPECT_TRUE(evolve(orders[record.order_id], record).ok());
  std::map<Seq, Order, std::greater<>> newest_first;
  for (auto& [id, order] : orders) newest_first.emplace(order.accepted_seq, order);
  std::vector<Order> out;
  for (auto& [seq, order] : newest_first) out.push_back(std::move(order));
  return out;
}

inline std::vector<std::string> fold_of(RecordLog& log, Seq last) {
  std::vector<std::string> out;
  for (const Order& order : orders_at(log, last)) out.push_back(listed(order));
  return out;
}

}  // namespace oee::test
