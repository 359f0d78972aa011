#include "projections/local_bus.h"

#include <algorithm>

namespace oee {

// publishing_ is raised before running_ is looked at, and stop() does the reverse (both
// sequentially consistent), so one of the two sees the other: after stop() no sink is called.
template <class Tell>
void LocalBus::tell_sinks(Tell tell) {
  publishing_ = true;
  if (running_)
    for (UpdateSink* sink : sinks_) tell(*sink);
  publishing_ = false;
  publishing_.notify_all();
}

void LocalBus::publish(UpdateBatch batch) {
  tell_sinks([&batch](UpdateSink& sink) { sink.on_updates(batch); });
}

void LocalBus::publish_head(const LogId& log_id, Seq head) {
  tell_sinks([&](UpdateSink& sink) { sink.on_head(log_id, head); });
}

bool LocalBus::wanted() const {
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [](const UpdateSink* sink) { return sink->wants_updates(); });
}

void LocalBus::stop() {
  running_ = false;
  publishing_.wait(true);
}

}  // namespace oee
