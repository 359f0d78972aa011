// ReadModelWait: lets requests of one shard wait until the read model contains a seq. One query at
// a time reads the read model's position for all of them, at most every 10 ms while no new request
// comes. Owned by the shard's Orders; loop's thread.
#pragma once

#include <vector>

#include "core/base/task.h"
#include "core/runtime/gate.h"
#include "core/runtime/sleep.h"
#include "core/runtime/worker.h"
#include "core/seams/read_model.h"

namespace oee {

class ReadModelWait {
 public:
  // `worker`: its thread is the only one that uses `queries`. References outlive the object.
  ReadModelWait(Loop& loop, Clock& clock, OrderQueries& queries, Worker& worker)
      : loop_(loop), clock_(clock), queries_(queries), worker_(worker), wake_(clock) {}

  // Returns when a query that began after this call finds `seq` in the read model.
  //   unavailable  it is not there within 2 s
  //   closed       stop() was called
  // Other errors: those of OrderQueries::cursor(), and `full` of the worker.
  Task<Result<void>> reach(Seq seq);

  // Ends every wait with `closed` at once, then waits for the query under way. Idempotent.
  Task<void> stop();

 private:
  struct Waiter {
    Seq seq;
    Alarm done;
    bool asked = false;  // the query under way began after this wait
    Result<void> result = {};
  };
  Task<void> poll();
  void answer(const Result<ProjectionCursor>& cursor);

  Loop& loop_;
  Clock& clock_;
  OrderQueries& queries_;
  Worker& worker_;
  Gate gate_;
  Alarm wake_;                    // of poll(): a new request came, or stop()
  bool polling_ = false;          // poll() runs
  std::vector<Waiter*> waiters_;  // each in the frame of its reach()
};

}  // namespace oee
