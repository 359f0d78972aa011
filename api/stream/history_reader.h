// HistoryReader: reads past updates from the OrderHistory on a Worker. A history may lag behind the
// stream (a gateway's PostgreSQL). The reader then returns no value, never an incomplete result.
// Owned by a StreamHub; loop's thread.
#pragma once

#include <optional>
#include <vector>

#include "core/base/task.h"
#include "core/order/update.h"
#include "core/runtime/worker.h"
#include "core/seams/read_model.h"

namespace oee {

class HistoryReader {
 public:
  // `history` is used on `read`'s thread only. Results resume on `loop`.
  HistoryReader(Loop& loop, Worker& read, OrderHistory& history)
      : loop_(loop), read_(read), history_(history) {}

  // Updates of all orders: after + 1, after + 2, ..., at most `limit`. Empty: the history has not
  // reached after + 1. corrupt: the history has a hole. Other errors: as the history returns.
  Task<Result<UpdateBatch>> range(Seq after, std::uint32_t limit);

  // One order's updates with after < seq <= until, at most `limit`, rising.
  struct OrderPage {
    UpdateBatch updates;
    Seq scanned = 0;  // no update of the order is missing up to here; > after
  };
  // No value: the history has not reached `until`. Errors: as the history returns.
  Task<Result<std::optional<OrderPage>>> order_page(OrderId id, Seq after, Seq until,
                                                    std::uint32_t limit);

 private:
  Loop& loop_;
  Worker& read_;
  OrderHistory& history_;
};

}  // namespace oee
