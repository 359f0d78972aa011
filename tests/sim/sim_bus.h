// SimRedis: the subscribers in other processes; each loses messages by itself. SimBus: the Bus of
// one SimEngine over that Redis. The engine's own sinks get everything. Redis can be away, lose
// batches and repeat them. It delivers in order. One thread.
#pragma once

#include <algorithm>

#include "core/seams/bus.h"
#include "tests/sim/coverage.h"
#include "tests/sim/plan.h"

namespace oee::sim {

struct SimRedis {
  std::vector<UpdateSink*> gateways;
};

class SimBus final : public Bus {
 public:
  SimBus(Dice& dice, Coverage& coverage, SimRedis& redis)
      : dice_(dice), coverage_(coverage), redis_(redis) {}

  // Away: everything that gateways should get is lost, without an error.
  void set_away(bool away) { away_ = away; }
  void set_faulty(std::uint32_t per_mille) { per_mille_ = per_mille; }

  void publish(UpdateBatch batch) override {
    if (!running_) return;
    for (UpdateSink* sink : sinks_) sink->on_updates(batch);
    if (away_) return;
    for (UpdateSink* sink : redis_.gateways) {
      if (dice_.chance(per_mille_ * 6)) {
        coverage_.hit(Point::bus_lost);
        continue;
      }
      sink->on_updates(batch);
      if (!dice_.chance(per_mille_ * 3)) continue;
      coverage_.hit(Point::bus_repeated);
      sink->on_updates(batch);
    }
  }
  void publish_head(const LogIdentity& log_id, Seq head) override {
    if (!running_) return;
    for (UpdateSink* sink : sinks_) sink->on_head(log_id, head);
    if (away_) return;
    for (UpdateSink* sink : redis_.gateways) sink->on_head(log_id, head);
  }
  bool wanted() override {
    const auto wants = [](const UpdateSink* sink) { return sink->wants_updates(); };
    return std::any_of(sinks_.begin(), sinks_.end(), wants) ||
           std::any_of(redis_.gateways.begin(), redis_.gateways.end(), wants);
  }
  void subscribe(UpdateSink& sink) override { sinks_.push_back(&sink); }
  void start() override { running_ = true; }
  void stop() override { running_ = false; }
  std::string unhealthy_reason() const override { return away_ ? "redis: away" : ""; }

 private:
  Dice& dice_;
  Coverage& coverage_;
  SimRedis& redis_;
  std::vector<UpdateSink*> sinks_;
  bool running_ = false;
  bool away_ = false;
  std::uint32_t per_mille_ = 0;
};

}  // namespace oee::sim
