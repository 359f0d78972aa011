// SimBus: the Bus of one SimEngine over the environment's Redis. The engine's own sinks get
// everything. Redis can be away. One thread.
#pragma once

#include <algorithm>

#include "core/seams/bus.h"
#include "tests/sim/environment/redis.h"

namespace oee::sim {

class SimBus final : public Bus {
 public:
  SimBus(SimRedis& redis, const LogIdentity& log_id) : redis_(redis), log_id_(log_id) {}

  // Away: everything that gateways should get is lost, without an error.
  void set_away(bool away) { away_ = away; }

  void publish(UpdateBatch batch) override {
    if (!running_) return;
    for (UpdateSink* sink : sinks_) sink->on_updates(batch);
    if (away_ || redis_.gateways.empty()) return;
    RedisChunk chunk;
    for (const Update& update : *batch)
      append_push(chunk.messages.emplace_back().text, log_id_, update);
    redis_.publish(std::move(chunk));
  }
  void publish_head(const LogIdentity& log_id, Seq head) override {
    if (!running_) return;
    for (UpdateSink* sink : sinks_) sink->on_head(log_id, head);
    if (away_ || redis_.gateways.empty()) return;
    RedisChunk chunk;
    chunk.messages.push_back({true, encode_head_message(log_id, head)});
    redis_.publish(std::move(chunk));
  }
  bool wanted() override {
    const auto wants = [](const UpdateSink* sink) { return sink->wants_updates(); };
    return std::any_of(sinks_.begin(), sinks_.end(), wants) ||
           std::any_of(redis_.gateways.begin(), redis_.gateways.end(),
                       [](const auto& gateway) { return gateway.sink.wants_updates(); });
  }
  void subscribe(UpdateSink& sink) override { sinks_.push_back(&sink); }
  void start() override { running_ = true; }
  void stop() override { running_ = false; }
  std::string unhealthy_reason() const override { return away_ ? "redis: away" : ""; }

 private:
  SimRedis& redis_;
  const LogIdentity log_id_;
  std::vector<UpdateSink*> sinks_;
  bool running_ = false;
  bool away_ = false;
};

}  // namespace oee::sim
