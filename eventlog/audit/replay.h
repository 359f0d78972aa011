// Replay: folds a range of the log and returns a report that is equal on every machine. Blocking;
// nothing else may use the log until it returns.
#pragma once

#include <array>
#include <functional>

#include "core/order/order.h"
#include "eventlog/audit/log_reader.h"

namespace oee {

struct ReplayReport {
  Seq from = 0;  // the range from..to, both included; from == to + 1 when it is empty
  Seq to = 0;
  std::uint64_t events = 0;  // in the range
  std::uint64_t orders = 0;  // with an event in the range
  // The number of these orders by their status at `to`.
  std::array<std::uint64_t, order_status_count> by_status{};
  // The state hash. It begins as SHA-256("oee/replay/1"). Then, for each of these orders by rising
  // order id:
  //   state = SHA-256(state || order id [16] || SHA-256(order JSON))
  // `order JSON` is the order at `to`: the bytes of write_order(), which are also the body of
  // GET /v1/orders/ID without its legs. The hash depends on the log's records alone. An order that
  // has ended takes about 100 bytes of memory, however many events it has.
  Hash256 state{};
};

struct ReplayOptions {
  Seq from = 1;
  Seq to = 0;                                      // 0: the durable head
  std::function<void(Seq done, Seq to)> progress;  // may be empty
};

// Folds on the caller's thread, which also calls `progress`. A second thread reads ahead of it, a
// third writes and hashes the finished orders. Orders that were accepted before `from` are folded
// from all their records, so that every reported order is complete. corrupt: an unreadable record
// or an illegal transition; the detail names its seq.
Result<ReplayReport> replay(LogReader& log, const ReplayOptions& options);

// The order after the record `at` (0: the durable head). not_found: unknown, or accepted after
// `at`.
Result<Order> order_at(LogReader& log, const OrderId& id, Seq at);

}  // namespace oee
