// The in-process Bus: hands each batch to every sink on the publisher's thread. The default.
#pragma once

#include <atomic>
#include <vector>

#include "core/seams/bus.h"

namespace oee {

class LocalBus final : public Bus {
 public:
  void publish(UpdateBatch batch) override;
  void publish_head(const LogId& log_id, Seq head) override;
  bool wanted() override;
  void subscribe(UpdateSink& sink) override { sinks_.push_back(&sink); }
  void start() override { running_ = true; }
  // Any thread but a sink's call. Waits for a publish that is under way.
  void stop() override;
  std::string unhealthy_reason() const override { return {}; }

 private:
  template <class Tell>
  void tell_sinks(Tell tell);

  std::vector<UpdateSink*> sinks_;
  std::atomic<bool> running_{false};
  std::atomic<bool> publishing_{false};
};

}  // namespace oee
