#include "projections/in_process_bus.h"

namespace oee {

// This sets publishing_ and then reads running_; stop() clears running_ and then reads publishing_.
// Both are sequentially consistent, so at least one of the two sees the other's store: after stop()
// no sink is called.
template <class Call>
void InProcessBus::for_each_sink(Call call) {
  publishing_ = true;
  if (running_)
    for (UpdateSink* sink : sinks_) call(*sink);
  publishing_ = false;
  publishing_.notify_all();
}

void InProcessBus::publish(UpdateBatch batch) {
  for_each_sink([&batch](UpdateSink& sink) { sink.on_updates(batch); });
}

void InProcessBus::publish_head(const LogIdentity& log_id, Seq head) {
  for_each_sink([&](UpdateSink& sink) { sink.on_head(log_id, head); });
}

bool InProcessBus::wanted() {
  bool wanted = false;
  for_each_sink([&wanted](const UpdateSink& sink) { wanted = wanted || sink.wants_updates(); });
  return wanted;
}

void InProcessBus::stop() {
  running_ = false;
  publishing_.wait(true);
}

}  // namespace oee
