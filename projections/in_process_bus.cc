#include "projections/in_process_bus.h"

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

bool LocalBus::wanted() {
  bool wanted = false;
  tell_sinks([&wanted](const UpdateSink& sink) { wanted = wanted || sink.wants_updates(); });
  return wanted;
}

void LocalBus::stop() {
  running_ = false;
  publishing_.wait(true);
}

}  // namespace oee
