// InProcessBus: hands each batch to every sink on the publisher's thread. The default Bus; the
// engine owns it. It stores nothing.
#pragma once

#include <atomic>
#include <vector>

#include "core/seams/bus.h"

namespace oee {

class InProcessBus final : public Bus {
 public:
  void publish(UpdateBatch batch) override;
  void publish_head(const LogIdentity& log_id, Seq head) override;
  bool wanted() override;
  void subscribe(UpdateSink& sink) override { sinks_.push_back(&sink); }
  void start() override { running_ = true; }
  // Any thread, but not inside a call of a sink: it waits for a running publish to return.
  void stop() override;
  std::string unhealthy_reason() const override { return {}; }

 private:
  template <class Call>
  void for_each_sink(Call call);

  std::vector<UpdateSink*> sinks_;
  std::atomic<bool> running_{false};
  std::atomic<bool> publishing_{false};
};

}  // namespace oee
