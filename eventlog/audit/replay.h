// Replay: folds a range of the log and reports figures that are equal on every machine. Blocking;
// the log is the caller's again when it returns.
#pragma once

#include <array>
#include <functional>

#include "core/order/order.h"
#include "eventlog/audit/log_reader.h"

namespace oee {

struct ReplayReport {
  Seq from = 0;  // the range, both included; from == to + 1 when it is empty
  Seq to = 0;
  std::uint64_t events = 0;  // in the range
  std::uint64_t orders = 0;  // with an event in the range
  // of these orders, as they stood at `to`
  std::array<std::uint64_t, order_status_count> by_status{};
  // The state hash. It begins as SHA-256("oee/replay/1"). Then, for each of these orders by rising
  // order id:
  //   state = SHA-256(state || order id [16] || SHA-256(order JSON))
  // `order JSON` is the order as it stood at `to`: the bytes of write_order(), which are also the
  // body of GET /v1/orders/ID. The hash is a function of the log's records alone. An order that has
  // ended keeps about 100 bytes of memory, whatever its history.
  Hash256 state{};
};

struct ReplayOptions {
  Seq from = 1;
  Seq to = 0;                                      // 0: the durable head
  std::function<void(Seq done, Seq to)> progress;  // may be empty
};

// Folds on the caller's thread, which also calls `progress`. A second thread reads ahead of it, a
// third writes and hashes the finished orders. Orders that were accepted before `from` are folded
// from their own records, so that every reported order is whole. corrupt: an unreadable record or
// an illegal transition, with its seq.
Result<ReplayReport> replay(LogReader& log, const ReplayOptions& options);

// An order as it was after seq `at` (0: now). not_found: unknown, or accepted after `at`.
Result<Order> order_at(LogReader& log, const OrderId& id, Seq at);

}  // namespace oee
