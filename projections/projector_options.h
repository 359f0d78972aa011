// ProjectorOptions: the batches, the memory and the back-off of one projector.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/seams/clock.h"

namespace oee {

struct ProjectorOptions {
  std::string name = "view";              // thread and log name: "view" (embedded) or "pg"
  std::size_t batch_records_max = 8'192;  // per transaction
  // The least time between the begins of two batches; a full batch is never delayed. Most orders
  // then begin and end within one batch and are written once. The tables lag by as much more.
  Micros gather{0};
  // Open orders kept folded in memory (~250 B each); others are read from the log again.
  std::size_t orders_cached_max = 200'000;
  // Null: the system's steady clock. A simulation passes its own; only steady_now() is used.
  const Clock* clock = nullptr;
  Micros backoff_min{100'000};
  Micros backoff_max{5'000'000};
  // Called when the log went back in time (the cursor is above the durable head of the same log) or
  // is damaged: the engine must halt with exit code 4. On the projector's thread, once.
  std::function<void(const Error& why)> on_fail_stop;
};

}  // namespace oee
