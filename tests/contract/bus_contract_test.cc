// The laws of core/seams/bus.h, for both implementations of Bus; for Redis, with the sinks of the
// engine and with those of a gateway.
#include <gtest/gtest.h>

#include <thread>

#include "core/seams/bus.h"
#include "projections/in_process_bus.h"
#include "projections/redis/bus.h"
#include "tests/support/bus_sinks.h"
#include "tests/support/log/sample_log.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using namespace std::chrono_literals;

const LogId log_id = test::log_id(1);

struct InProcessFixture {
  std::unique_ptr<Bus> make() { return std::make_unique<InProcessBus>(); }
};

struct RedisFixture {
  std::unique_ptr<Bus> make() {
    RedisBusOptions options;
    options.url = server.url();
    options.log_id = log_id;
    auto bus = make_redis_bus(std::move(options));
    EXPECT_TRUE(bus.ok());
    return std::move(*bus);
  }
  test::RedisServer server;
};

// Publishes as an engine and delivers as a gateway.
class EngineAndGateway final : public Bus {
 public:
  EngineAndGateway(std::unique_ptr<Bus> engine, std::unique_ptr<Bus> gateway)
      : engine_(std::move(engine)), gateway_(std::move(gateway)) {}
  void publish(UpdateBatch batch) override { engine_->publish(std::move(batch)); }
  void publish_head(const LogIdentity& id, Seq head) override { engine_->publish_head(id, head); }
  void subscribe(UpdateSink& sink) override { gateway_->subscribe(sink); }
  void start() override {
    gateway_->start();
    engine_->start();
  }
  void stop() override {
    engine_->stop();
    gateway_->stop();
  }
  std::string unhealthy_reason() const override {
    const std::string reason = engine_->unhealthy_reason();
    return reason.empty() ? gateway_->unhealthy_reason() : reason;
  }

 private:
  std::unique_ptr<Bus> engine_;
  std::unique_ptr<Bus> gateway_;
};

struct RedisGatewayFixture {
  std::unique_ptr<Bus> make() {
    RedisBusOptions options;
    options.url = engine.server.url();
    options.publish = false;
    auto gateway = make_redis_bus(std::move(options));
    EXPECT_TRUE(gateway.ok());
    return std::make_unique<EngineAndGateway>(engine.make(), std::move(*gateway));
  }
  RedisFixture engine;
};

template <class Fixture>
struct BusContract : testing::Test {
  BusContract() {
    sample.add_usual_orders(1, 200);
    bus = fixture.make();
    bus->subscribe(first);
    bus->subscribe(second);
  }
  void start() {
    bus->start();
    ASSERT_TRUE(test::eventually([&] { return bus->unhealthy_reason().empty(); }))
        << bus->unhealthy_reason();
  }
  Fixture fixture;
  test::SampleLog sample;
  test::CollectingSink first;
  test::CollectingSink second;
  std::unique_ptr<Bus> bus;
};
using Fixtures = testing::Types<InProcessFixture, RedisFixture, RedisGatewayFixture>;
TYPED_TEST_SUITE(BusContract, Fixtures);

TYPED_TEST(BusContract, EverySinkGetsEveryUpdateInOrderAsItWasPublished) {
  this->start();
  const Seq end = this->sample.head() + 1;
  for (Seq from = 1; from < end; from += 7)
    this->bus->publish(this->sample.batch(from, std::min(from + 7, end)));
  for (test::CollectingSink* sink : {&this->first, &this->second}) {
    ASSERT_TRUE(sink->wait_updates(end - 1));
    const std::vector<Update> updates = sink->updates();
    ASSERT_EQ(updates.size(), end - 1);
    EXPECT_TRUE(sink->contiguous_batches());
    for (Seq seq = 1; seq < end; ++seq) {
      const Update expected = this->sample.update_at(seq);
      const Update& got = updates[seq - 1];
      ASSERT_EQ(got.seq, seq);
      ASSERT_EQ(got.json, expected.json);
      ASSERT_EQ(got.order_id, expected.order_id);
      ASSERT_EQ(got.version, expected.version);
      ASSERT_EQ(got.type, expected.type);
      ASSERT_EQ(got.time, expected.time);
      ASSERT_EQ(got.correlation, expected.correlation);
      ASSERT_EQ(got.venue, expected.venue);
      ASSERT_EQ(got.input, expected.input);
      ASSERT_EQ(got.output, expected.output);
    }
  }
}

TYPED_TEST(BusContract, AHeadArrivesAfterTheUpdatesPublishedBeforeIt) {
  this->start();
  for (Seq seq = 1; seq <= 100; ++seq) {
    this->bus->publish(this->sample.batch(seq, seq + 1));
    this->bus->publish_head(log_id, seq);
    if (seq % 25 != 0) continue;
    ASSERT_TRUE(this->first.wait_head(log_id, seq));
    ASSERT_EQ(this->first.updates().size(), seq);
  }
  EXPECT_EQ(this->first.heads().size(), 100U);
}

TYPED_TEST(BusContract, AGapInThePublishedUpdatesIsDeliveredAsAGap) {
  this->start();
  this->bus->publish(this->sample.batch(1, 4));
  this->bus->publish(this->sample.batch(10, 12));
  ASSERT_TRUE(this->first.wait_updates(5));
  EXPECT_EQ(this->first.updates()[3].seq, 10U);
  EXPECT_TRUE(this->first.contiguous_batches());
}

TYPED_TEST(BusContract, AfterStopNoSinkIsCalledAndPublishingIsHarmless) {
  this->start();
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    while (!done) this->bus->publish(this->sample.batch(1, 51));
  });
  EXPECT_TRUE(this->first.wait_updates(100));
  this->bus->stop();
  const std::size_t first_calls = this->first.calls();
  const std::size_t second_calls = this->second.calls();
  std::this_thread::sleep_for(30ms);
  done = true;
  publisher.join();
  this->bus->publish_head(log_id, 1);
  EXPECT_EQ(this->first.calls(), first_calls);
  EXPECT_EQ(this->second.calls(), second_calls);
  this->bus->stop();
}

TYPED_TEST(BusContract, NothingIsDeliveredBeforeStart) {
  this->bus->publish(this->sample.batch(1, 11));
  this->bus->publish_head(log_id, 10);
  EXPECT_EQ(this->first.calls(), 0U);
  this->start();
  this->bus->publish(this->sample.batch(11, 12));
  ASSERT_TRUE(this->first.wait_updates(1));
  EXPECT_EQ(this->first.updates().front().seq, 11U);
}

TYPED_TEST(BusContract, StopWithoutStartIsHarmless) {
  this->bus->stop();
  this->bus->stop();
  EXPECT_EQ(this->first.calls(), 0U);
}

}  // namespace
}  // namespace oee
