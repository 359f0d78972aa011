// Replay: folds a stretch of the log and says what came out, in figures that are equal on every
// machine. Blocking; the log is the caller's again when it returns.
#pragma once

#include <array>
#include <functional>

#include "core/order/order.h"
#include "eventlog/log_reader.h"

namespace oee {

struct ReplayReport {
  Seq from = 0;  // the stretch, both included; from == to + 1 when it is empty
  Seq to = 0;
  std::uint64_t events = 0;  // of the stretch
  std::uint64_t orders = 0;  // with an event in the stretch
  std::array<std::uint64_t, order_status_count>
      by_status{};  // of these orders, as they stood at `to`
  // Beginning with SHA-256("oee/replay/1"), for each of these orders by rising order id:
  //   state = SHA-256(state || order id [16] || SHA-256(the order's JSON as it stood at `to`, the
  //   bytes that
  //                   write_order() gives and GET /v1/orders/ID answers)).
  // A function of the log's records alone. About 100 bytes are kept for an order that has ended,
  // whatever its history.
  Hash256 state{};
};

struct ReplayOptions {
  Seq from = 1;
  Seq to = 0;                                      // 0: the durable head
  std::function<void(Seq done, Seq to)> progress;  // may be empty
};

// Folds on the caller's thread, which calls `progress` too; one thread reads ahead of it, one
// writes and hashes what it has finished.
// Orders that were accepted before `from` are folded from their own records, so that every order
// reported is whole. corrupt: an unreadable record or an illegal transition, with its seq.
Result<ReplayReport> replay(LogReader& log, const ReplayOptions& options);

// An order as it was after seq `at` (0: now). not_found: unknown, or accepted after `at`.
Result<Order> order_at(LogReader& log, const OrderId& id, Seq at);

}  // namespace oee
