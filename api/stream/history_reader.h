// HistoryReader: past updates from the OrderHistory, read on a Worker. A history may lag behind the
// stream (a gateway's PostgreSQL): it says so instead of giving an incomplete answer. One loop's
// thread.
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
  // `history` is used on `read`, with results resumed on `loop`.
  HistoryReader(Loop& loop, Worker& read, OrderHistory& history)
      : loop_(loop), read_(read), history_(history) {}

  // Updates of all orders: after + 1, after + 2, ... at most `limit`. Empty: the history is not
  // there yet. corrupt: it has a hole.
  Task<Result<UpdateBatch>> stretch(Seq after, std::uint32_t limit);

  // One order's updates with after < seq <= until, at most `limit`; complete up to `scanned`. No
  // value: the history has not got as far as `until`.
  struct Story {
    UpdateBatch updates;
    Seq scanned = 0;
  };
  Task<Result<std::optional<Story>>> story(OrderId id, Seq after, Seq until, std::uint32_t limit);

 private:
  Loop& loop_;
  Worker& read_;
  OrderHistory& history_;
};

}  // namespace oee
