// The history that streams read: clients take turns, tokens are read only for filters that compare
// them, and a page of the log before a restore is dropped.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <semaphore>

#include "api/stream/cursor.h"
#include "core/runtime/spawn.h"
#include "tests/api/stream/stream_fixture.h"

namespace oee {
namespace {

// Each list of events waits for allow(), and is recorded when it begins.
class SlowHistory final : public OrderHistory {
 public:
  explicit SlowHistory(const test::SampleLog& sample) : history_(sample) {
    history_.reach(sample.head());
  }
  void allow(int lists) { allowed_.release(lists); }
  std::vector<EventFilter> lists() const {
    std::lock_guard lock(mutex_);
    return lists_;
  }

  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override {
    return history_.order(id, at);
  }
  Result<Events> events(const EventFilter& filter) override {
    {
      std::lock_guard lock(mutex_);
      lists_.push_back(filter);
    }
    allowed_.acquire();
    return history_.events(filter);
  }
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override {
    return history_.records(id, at);
  }

 private:
  test::SampleHistory history_;
  std::counting_semaphore<> allowed_{0};
  mutable std::mutex mutex_;
  std::vector<EventFilter> lists_;
};

class CountingReader final : public StreamReader {
 public:
  void on_update(const UpdatePtr&, const SubscriptionOffset&) override { ++updates; }
  void on_stream_lost(Seq, std::string_view) override {}
  Task<bool> room() override { co_return true; }
  int updates = 0;
};

Task<void> read_page(StreamHub& hub, Seq after, HistoryUse use, int* answers) {
  const auto page = co_await hub.history(std::nullopt, after, hub.position(), 10, use);
  EXPECT_TRUE(page.ok());
  ++*answers;
}

Task<void> catch_up(StreamCursor& cursor, bool* live) {
  const bool begun = co_await cursor.begin();
  EXPECT_TRUE(begun);
  *live = co_await cursor.catch_up();
}

Task<void> stop_hub(StreamHub& hub) {
  co_await hub.stop();
}

struct HubClients : testing::Test {
  HubClients() {
    sample.add_usual_orders(1, 100);  // seqs 1..600
    history.emplace(sample);
  }
  void start(Seq position) {
    hub.emplace(loop, clock, worker, *history,
                StreamOptions{.bus_silence_max = Micros(60'000'000)});
    hub->start(position);
  }
  ~HubClients() override {
    history->allow(10'000);
    spawn(gate, "stop", stop_hub(*hub));
    EXPECT_TRUE(run_until([&] { return gate.inside() == 0; }));
  }
  template <class Condition>
  bool run_until(Condition holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  Loop loop{1};
  SystemClock clock{loop};
  test::SampleLog sample;
  std::optional<SlowHistory> history;
  Worker worker{"backfill", 4'096};
  std::optional<StreamHub> hub;
  Gate gate;
  // Pages that were answered. They end with the fixture.
  int many = 0;
  int one = 0;
};

TEST_F(HubClients, APageIsReadBeforeTheThousandPagesOfAnotherClient) {
  start(600);
  for (int i = 0; i < 1'000; ++i)
    spawn(gate, "page", read_page(*hub, 0, {.client = 1, .tokens = false}, &many));
  spawn(gate, "page", read_page(*hub, 500, {.client = 2, .tokens = false}, &one));
  history->allow(3);
  EXPECT_TRUE(run_until([&] { return one == 1; }));
  EXPECT_LE(many, 2);
  history->allow(998);
  EXPECT_TRUE(run_until([&] { return many == 1'000; }));
}

// The hub's own reads bring updates to all subscribers: they take turns with the clients too.
TEST_F(HubClients, AGapIsFilledBesideTheThousandPagesOfAClient) {
  start(300);
  test::CollectingSubscriber subscriber;
  hub->subscribe(subscriber, std::nullopt);
  for (int i = 0; i < 1'000; ++i)
    spawn(gate, "page", read_page(*hub, 0, {.client = 1, .tokens = false}, &many));
  hub->on_head(test::log_id(1), 600);
  for (int lists = 0; lists < 20 && hub->position() < 600; ++lists) {
    history->allow(1);
    loop.restart();
    loop.run_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(subscriber.seqs(), test::seqs_between(301, 601));
  EXPECT_LE(many, 20);
  hub->unsubscribe(subscriber, std::nullopt);
}

TEST_F(HubClients, TokensAreReadForAFilterByTokenAlone) {
  start(600);
  history->allow(1'000);
  FilterNames by_status;
  by_status.status = {"confirmed"};
  FilterNames by_token = by_status;
  by_token.token = {"SOL"};
  for (const FilterNames& names : {FilterNames(), by_status, by_token}) {
    StreamFilter filter;
    ASSERT_FALSE(StreamFilter::make(names, TokenRegistry::defaults(), {}, &filter));
    CountingReader reader;
    StreamCursor cursor(*hub, reader, std::nullopt, Seq{0}, std::move(filter), 1);
    const std::size_t before = history->lists().size();
    bool live = false;
    spawn(gate, "catch up", catch_up(cursor, &live));
    ASSERT_TRUE(run_until([&] { return live; }));
    EXPECT_EQ(reader.updates, names.status.empty() ? 600 : 100);
    const auto lists = history->lists();
    ASSERT_GT(lists.size(), before);
    for (std::size_t i = before; i < lists.size(); ++i)
      EXPECT_EQ(lists[i].tokens, !names.token.empty());
  }
}

TEST_F(HubClients, APageOfTheLogBeforeIsNotTakenForTheNewOne) {
  start(10);
  test::CollectingSubscriber before;
  test::CollectingSubscriber after;
  hub->subscribe(before, std::nullopt);
  hub->on_head(test::log_id(1), 50);
  ASSERT_TRUE(run_until([&] { return history->lists().size() == 1; }));  // the hub reads 11..50
  hub->on_head({test::log_id(1), LogEpoch{{7}}}, 20);
  ASSERT_TRUE(run_until([&] { return before.lost == 1; }));
  EXPECT_EQ(hub->subscribe(after, std::nullopt), 20U);
  history->allow(1);
  std::atomic<bool> read = false;
  worker.post([&read] { read = true; });
  ASSERT_TRUE(run_until([&] { return read.load(); }));
  loop.restart();
  loop.poll();
  EXPECT_EQ(hub->position(), 20U);
  hub->on_updates(sample.batch(21, 23));
  ASSERT_TRUE(run_until([&] { return hub->position() == 22; }));
  EXPECT_EQ(after.seqs(), (std::vector<Seq>{21, 22}));
  hub->unsubscribe(after, std::nullopt);
}

}  // namespace
}  // namespace oee
