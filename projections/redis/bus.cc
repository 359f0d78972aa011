#include "projections/redis/bus.h"

#include <boost/asio/executor_work_guard.hpp>
#include <optional>
#include <thread>

#include "core/runtime/spawn.h"
#include "core/runtime/system_clock.h"
#include "core/runtime/thread.h"
#include "projections/in_process_bus.h"
#include "projections/redis/channels.h"
#include "projections/redis/context.h"
#include "projections/redis/publish.h"
#include "projections/redis/status.h"
#include "projections/redis/subscribe_link.h"
#include "projections/redis/url.h"

namespace oee {

namespace {

class RedisBus final : public Bus {
 public:
  RedisBus(RedisBusOptions options, RedisUrl url)
      : options_(std::move(options)),
        url_(std::move(url)),
        channels_(options_.prefix),
        metrics_(options_.metrics ? options_.metrics : std::make_shared<RedisBusMetrics>()),
        status_(redis_name(url_)),
        clock_(loop_),
        publish_(context()),
        subscribe_(context()) {
    if (options_.publish) status_.set_connecting(RedisStatus::Side::publish);
    status_.set_connecting(RedisStatus::Side::subscribe);
  }
  ~RedisBus() override { stop(); }

  // The own sinks first: they do not wait for Redis.
  void publish(UpdateBatch batch) override {
    own_sinks_.publish(batch);
    if (!batch->empty()) publish_.publish(*batch);
  }
  void publish_head(const LogIdentity& log_id, Seq head) override {
    own_sinks_.publish_head(log_id, head);
    publish_.publish_head(log_id, head);
  }
  void subscribe(UpdateSink& sink) override {
    options_.publish ? own_sinks_.subscribe(sink) : subscribe_.add_sink(sink);
  }
  void follow(const LogIdentity& log_id) override {
    if (!options_.publish) subscribe_.follow(log_id);
  }
  std::string unhealthy_reason() const override { return status_.unhealthy_reason(); }

  void start() override {
    if (thread_.joinable() || stopped_) return;
    own_sinks_.start();
    work_.emplace(loop_.get_executor());
    post(loop_, [this] {
      if (options_.publish) publish_.start();
      subscribe_.start();
    });
    thread_ = std::thread([this] {
      name_this_thread("redis");
      loop_.run();
    });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    stopped_ = true;
    own_sinks_.stop();
    post(loop_, [this] { spawn(gate_, "redis stop", shut_down()); });
    thread_.join();
  }

 private:
  Task<void> shut_down() {
    if (options_.publish) co_await publish_.stop();
    co_await subscribe_.stop();
    work_.reset();  // the loop runs out
  }

  // REQUIRES: every member up to entropy_ is constructed.
  RedisContext context() {
    return {.loop = loop_,
            .clock = clock_,
            .entropy = entropy_,
            .url = url_,
            .options = options_,
            .channels = channels_,
            .metrics = *metrics_,
            .status = status_};
  }

  const RedisBusOptions options_;
  const RedisUrl url_;
  const RedisChannels channels_;
  const std::shared_ptr<RedisBusMetrics> metrics_;
  RedisStatus status_;
  Loop loop_{1};
  SystemClock clock_;
  SystemEntropy entropy_;
  std::optional<boost::asio::executor_work_guard<Loop::executor_type>> work_;
  Gate gate_;
  RedisPublish publish_;
  RedisSubscribeLink subscribe_;
  InProcessBus own_sinks_;  // of an engine
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Bus>> make_redis_bus(RedisBusOptions options) {
  OEE_TRY_ASSIGN(RedisUrl url, parse_redis_url(options.url));
  return std::unique_ptr<Bus>(std::make_unique<RedisBus>(std::move(options), std::move(url)));
}

}  // namespace oee
