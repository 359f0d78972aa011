// HistoryReader: reads past updates from the OrderHistory on a Worker. A history may lag behind the
// stream (a gateway's PostgreSQL). The reader then returns no value, never an incomplete result.
// Owned by a StreamHub; loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/task.h"
#include "core/order/update.h"
#include "core/runtime/worker.h"
#include "core/seams/read_model.h"

namespace oee {

// The client for whom history is read.
struct HistoryUse {
  // Clients take turns, a page each; 0: the stream itself. See Principal::client().
  std::uint64_t client = 0;
  bool tokens = true;  // the updates get their tokens and account, which a filter compares
};

class HistoryReader {
 public:
  // `history` is used on `read`'s threads only. Results resume on `loop`.
  HistoryReader(Loop& loop, Worker& read, OrderHistory& history)
      : loop_(loop), read_(read), history_(history) {}

  // Updates of all orders: after + 1, after + 2, ..., at most `limit`. Empty: the history has not
  // reached after + 1. corrupt: the history has a hole. Other errors: as the history returns.
  Task<Result<UpdateBatch>> range(Seq after, std::uint32_t limit, HistoryUse use);

  // One order's updates with after < seq <= until, at most `limit`, rising.
  struct OrderPage {
    UpdateBatch updates;
    Seq scanned = 0;  // no update of the order is missing up to here; > after
  };
  // No value: the history has not reached `until`. Errors: as the history returns.
  Task<Result<std::optional<OrderPage>>> order_page(OrderId id, Seq after, Seq until,
                                                    std::uint32_t limit, HistoryUse use);

 private:
  Loop& loop_;
  Worker& read_;
  OrderHistory& history_;
};

}  // namespace oee
