// StreamHubTest: a StreamHub over a SampleLog, driven on the test's own thread. GatewayHubTest: the
// same with the bus of a gateway.
#pragma once

#include <gtest/gtest.h>

#include "api/stream/hub.h"
#include "core/runtime/spawn.h"
#include "tests/api/stream/stream_fixture.h"

namespace oee::test {

inline Task<void> stop_hub(StreamHub& hub) {
  co_await hub.stop();
}

inline Task<void> read_history(StreamHub& hub, std::optional<OrderId> order, Seq after, Seq until,
                               std::uint32_t limit,
                               std::optional<Result<StreamHub::HistoryPage>>* answer) {
  answer->emplace(co_await hub.history(order, after, until, limit));
}

struct StreamHubTest : testing::Test {
  StreamHubTest() {
    sample.add_usual_orders(1, 1'000);  // seqs 1..6,000, step by step over 1,000 orders
    options.gap_wait_max = Micros(300'000);
    options.bus_silence_max = Micros(10'000'000);
  }
  ~StreamHubTest() override {
    stop();
    read.stop();
  }
  void start(Seq position) {
    hub = std::make_unique<StreamHub>(loop, clock, read, history, options);
    hub->start(position);
  }
  void stop() {
    if (!hub) return;
    spawn(gate, "stop", stop_hub(*hub));
    ASSERT_TRUE(run_until([&] { return gate.inside() == 0; }));
    loop.poll();  // what was posted to the hub
    hub.reset();
  }
  template <class Condition>
  bool run_until(Condition holds, std::chrono::milliseconds wait = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    loop.restart();
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  void run_for(std::chrono::milliseconds wait) {
    run_until([] { return false; }, wait);
  }
  Result<StreamHub::HistoryPage> page_of(std::optional<OrderId> order, Seq after, Seq until,
                                         std::uint32_t limit) {
    std::optional<Result<StreamHub::HistoryPage>> answer;
    spawn(gate, "history", read_history(*hub, order, after, until, limit, &answer));
    EXPECT_TRUE(run_until([&] { return answer.has_value(); }));
    return *std::move(answer);
  }

  Loop loop{1};
  SystemClock clock{loop};
  SampleLog sample;
  SampleHistory history{sample};
  Worker read{"read", 64};
  StreamOptions options;
  Gate gate;
  CollectingSubscriber all;
  CollectingSubscriber one;
  std::unique_ptr<StreamHub> hub;
};

// A gateway's bus, on which others can publish.
struct GatewayHubTest : StreamHubTest {
  static constexpr Seq far = 9'000'000'000'000'000'000;
  GatewayHubTest() { options.trusts_bus = false; }
  void start_with_ten() {
    history.reach(10);
    start(0);
    hub->subscribe(all, std::nullopt);
    hub->on_updates(sample.batch(1, 11));
  }
  UpdateBatch batch_at(Seq seq) {
    auto batch = std::make_shared<std::vector<Update>>(*sample.batch(1, 3));
    for (Update& update : *batch) update.seq = seq++;
    return batch;
  }
  std::uint64_t ignored() const { return hub->metrics().ignored.get(); }
  void expect_goes_on() {
    hub->on_updates(sample.batch(11, 21));
    ASSERT_TRUE(run_until([&] { return hub->position() == 20; }));
    EXPECT_EQ(all.seqs(), seqs_between(1, 21));
    EXPECT_EQ(all.lost, 0);
  }
};

}  // namespace oee::test
