// The stream hub: whatever the bus does, subscribers get every update once and in order, or their
// subscription ends with on_stream_lost().
#include "api/stream/hub.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "core/runtime/spawn.h"
#include "tests/api/stream/stream_fixture.h"

namespace oee {
namespace {

using namespace std::chrono_literals;
using test::seqs_between;

Task<void> stop_hub(StreamHub& hub) {
  co_await hub.stop();
}

Task<void> read_history(StreamHub& hub, std::optional<OrderId> order, Seq after, Seq until,
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
  bool run_until(Condition holds, std::chrono::milliseconds wait = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    loop.restart();
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.restart();
      loop.run_one_for(5ms);
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
  test::SampleLog sample;
  test::SampleHistory history{sample};
  Worker read{"read", 64};
  StreamOptions options;
  Gate gate;
  test::CollectingSubscriber all;
  test::CollectingSubscriber one;
  std::unique_ptr<StreamHub> hub;
};

TEST_F(StreamHubTest, SubscribersGetWhatTheyAskedForOnceAndInOrder) {
  start(0);
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 0U);
  hub->subscribe(one, test::order_id(3));
  for (Seq from = 1; from < 6'001; from += 100) hub->on_updates(sample.batch(from, from + 100));
  ASSERT_TRUE(run_until([&] { return hub->position() == 6'000; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 6'001));
  EXPECT_EQ(one.seqs(), (std::vector<Seq>{3, 1'003, 2'003, 3'003, 4'003, 5'003}));
  EXPECT_EQ(one.updates[0]->json, update_of(sample.records()[2]).json);
  EXPECT_EQ(history.reads(), 0U);
}

TEST_F(StreamHubTest, TheEncodedUpdateIsSharedNotCopied) {
  start(0);
  test::CollectingSubscriber other;
  hub->subscribe(all, std::nullopt);
  hub->subscribe(other, std::nullopt);
  const UpdateBatch batch = sample.batch(1, 11);
  hub->on_updates(batch);
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  EXPECT_EQ(all.updates[4].get(), &(*batch)[4]);
  EXPECT_EQ(other.updates[4].get(), &(*batch)[4]);
  stop();
}

TEST_F(StreamHubTest, RepeatsAndOverlapsAreDropped) {
  start(5);
  hub->subscribe(all, std::nullopt);
  for (const auto& [from, end] :
       {std::pair<Seq, Seq>{1, 4}, {3, 9}, {3, 9}, {6, 12}, {11, 12}, {9, 21}})
    hub->on_updates(sample.batch(from, end));
  ASSERT_TRUE(run_until([&] { return hub->position() == 20; }));
  EXPECT_EQ(all.seqs(), seqs_between(6, 21));
}

TEST_F(StreamHubTest, AGapIsFilledFromTheHistory) {
  history.reach(6'000);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(1, 11));
  hub->on_updates(sample.batch(3'000, 3'011));
  hub->on_updates(sample.batch(3'011, 3'021));
  ASSERT_TRUE(run_until([&] { return hub->position() >= 3'020; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, hub->position() + 1));
  EXPECT_EQ(all.lost, 0);
}

TEST_F(StreamHubTest, ALostTailShowsInTheHeadAndIsFilled) {
  history.reach(50);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(1, 11));
  hub->on_head(test::log_id(1), 10);
  run_for(30ms);
  EXPECT_EQ(history.reads(), 0U);
  hub->on_head(test::log_id(1), 50);
  ASSERT_TRUE(run_until([&] { return hub->position() == 50; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 51));
}

TEST_F(StreamHubTest, WhileNobodySubscribesItFollowsTheHeadAndReadsNothing) {
  history.reach(6'000);
  start(0);
  EXPECT_FALSE(hub->wants_updates());
  hub->on_head(test::log_id(1), 1'000);
  ASSERT_TRUE(run_until([&] { return hub->position() == 1'000; }));
  EXPECT_EQ(history.reads(), 0U);
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 1'000U);
  EXPECT_TRUE(hub->wants_updates());
  // The publisher has not yet seen the subscription when it sends 1,001..1,020 as a head only.
  hub->on_head(test::log_id(1), 1'020);
  hub->on_updates(sample.batch(1'021, 1'031));
  ASSERT_TRUE(run_until([&] { return hub->position() >= 1'030; }));
  EXPECT_EQ(all.seqs(), seqs_between(1'001, hub->position() + 1));
  EXPECT_EQ(all.lost, 0);
}

TEST_F(StreamHubTest, ASubscriberThatReturnsSoonReadsTheRingAndLaterTheHistory) {
  history.reach(6'000);
  options.idle_after = Micros(400'000);
  start(0);
  for (const bool soon : {true, false}) {
    const Seq before = hub->position();
    const std::uint64_t reads = history.reads();
    hub->subscribe(all, std::nullopt);
    hub->on_updates(sample.batch(before + 1, before + 101));
    ASSERT_TRUE(run_until([&] { return hub->position() == before + 100; }));
    hub->unsubscribe(all, std::nullopt);
    if (soon) {
      run_for(50ms);
    } else {
      ASSERT_TRUE(run_until([&] { return !hub->wants_updates(); }));
      hub->on_head(test::log_id(1), before + 150);
      ASSERT_TRUE(run_until([&] { return hub->position() == before + 150; }));
    }
    const Seq position = hub->subscribe(one, test::order_id(3));
    const auto found = page_of(std::nullopt, before, position, 1'000);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(found->updates.size(), position - before);
    EXPECT_EQ(history.reads() == reads, soon);
    hub->unsubscribe(one, test::order_id(3));
  }
}

TEST_F(StreamHubTest, AHistoryThatLagsIsWaitedFor) {
  history.reach(0);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(100, 111));
  for (Seq reached = 20; reached <= 100; reached += 20) {
    run_for(120ms);  // together longer than gap_wait_max: progress renews it
    EXPECT_EQ(all.lost, 0);
    history.reach(reached);
  }
  ASSERT_TRUE(run_until([&] { return hub->position() == 110; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 111));
}

TEST_F(StreamHubTest, AGapThatCannotBeFilledEndsTheSubscriptionsAndTheStreamGoesOn) {
  history.reach(10);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->subscribe(one, test::order_id(3));
  hub->on_updates(sample.batch(100, 111));
  ASSERT_TRUE(run_until([&] { return all.lost == 1 && one.lost == 1; }));
  EXPECT_EQ(all.lost_after, 10U);
  EXPECT_EQ(all.seqs(), seqs_between(1, 11));
  EXPECT_EQ(hub->subscriptions(), 0U);
  test::CollectingSubscriber later;
  EXPECT_EQ(hub->subscribe(later, std::nullopt), 110U);
  hub->on_updates(sample.batch(111, 121));
  ASSERT_TRUE(run_until([&] { return later.updates.size() == 10; }));
  EXPECT_EQ(later.seqs(), seqs_between(111, 121));
  stop();
}

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

TEST_F(GatewayHubTest, AHeadFarAheadIsIgnoredAndTheStreamGoesOn) {
  start_with_ten();
  hub->on_head(test::log_id(1), far);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  EXPECT_EQ(hub->position(), 10U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, TheNextHeadCorrectsAFalseOne) {
  start_with_ten();
  hub->on_head(test::log_id(1), far);
  hub->on_head(test::log_id(1), 10);
  run_for(400ms);  // longer than gap_wait_max
  EXPECT_EQ(ignored(), 0U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, AnUpdateFarAheadIsIgnoredWhenTheHeadShowsItIsFalse) {
  start_with_ten();
  hub->on_updates(batch_at(far));
  hub->on_head(test::log_id(1), 10);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  expect_goes_on();
}

TEST_F(GatewayHubTest, AnUpdateAndAHeadFarAheadTogetherEndNothing) {
  start_with_ten();
  hub->on_updates(batch_at(far));
  hub->on_head(test::log_id(1), far + 1);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  expect_goes_on();
}

TEST_F(GatewayHubTest, WithoutSubscribersAHeadDoesNotMoveThePosition) {
  history.reach(10);
  start(0);
  EXPECT_TRUE(hub->wants_updates());
  hub->on_head(test::log_id(1), far);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 10U);
}

TEST_F(GatewayHubTest, AGapThatTheHeadConfirmsEndsTheSubscriptions) {
  start_with_ten();
  hub->on_updates(sample.batch(100, 111));
  hub->on_head(test::log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_after, 10U);
  EXPECT_EQ(hub->subscribe(one, std::nullopt), 110U);
  EXPECT_EQ(ignored(), 0U);
}

TEST_F(GatewayHubTest, UpdatesThatWereIgnoredAreReadWhenTheHistoryHasThem) {
  options.ring_updates_max = 50;
  start_with_ten();
  hub->on_updates(sample.batch(100, 111));
  hub->on_head(test::log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  history.reach(110);
  hub->on_head(test::log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return hub->position() == 110; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 111));
  EXPECT_EQ(all.lost, 0);
}

TEST_F(StreamHubTest, AFailingHistoryIsAskedAgain) {
  history.reach(100);
  history.fail(true);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(50, 101));
  run_for(100ms);
  EXPECT_EQ(all.updates.size(), 0U);
  history.fail(false);
  ASSERT_TRUE(run_until([&] { return hub->position() == 100; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 101));
}

TEST_F(StreamHubTest, ASilentBusIsReplacedByTheHistory) {
  options.bus_silence_max = Micros(50'000);
  start(0);
  hub->subscribe(all, std::nullopt);
  history.reach(2'500);
  ASSERT_TRUE(run_until([&] { return hub->position() == 2'500; }));
  history.reach(2'600);
  ASSERT_TRUE(run_until([&] { return hub->position() == 2'600; }));
  hub->on_updates(sample.batch(2'590, 2'651));
  ASSERT_TRUE(run_until([&] { return hub->position() == 2'650; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 2'651));
  EXPECT_EQ(all.lost, 0);
}

TEST_F(StreamHubTest, AHeadOfAnotherLogEndsTheSubscriptions) {
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(1, 11));
  hub->on_head(test::log_id(1), 10);
  hub->on_head(test::log_id(2), 3);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_after, 10U);
  EXPECT_EQ(hub->position(), 3U);
  hub->subscribe(one, std::nullopt);
  hub->on_updates(sample.batch(4, 8));
  ASSERT_TRUE(run_until([&] { return hub->position() == 7; }));
  EXPECT_EQ(one.seqs(), seqs_between(4, 8));
}

LogIdentity restored(std::uint8_t epoch) {
  return {test::log_id(1), LogEpoch{{epoch}}};
}

TEST_F(StreamHubTest, ANewEpochEndsTheSubscriptionsAlsoAtALaterHead) {
  start(0);
  hub->on_head(test::log_id(1), 0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(1, 11));
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  EXPECT_EQ(hub->epoch(), LogEpoch{});
  hub->on_head(restored(7), 20);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_NE(all.lost_why.find("new epoch"), std::string::npos) << all.lost_why;
  EXPECT_EQ(all.seqs(), seqs_between(1, 11));
  EXPECT_EQ(hub->position(), 20U);
  EXPECT_EQ(hub->epoch(), restored(7).epoch);
  EXPECT_EQ(hub->log_changes(), 1U);
}

TEST_F(StreamHubTest, AHubThatStartsWithALogNoticesThatTheFirstHeadIsOfAnother) {
  hub = std::make_unique<StreamHub>(loop, clock, read, history, options);
  hub->start(10, restored(1));
  hub->subscribe(all, std::nullopt);
  hub->on_head(restored(1), 10);
  run_for(20ms);
  EXPECT_EQ(all.lost, 0);
  hub->on_head(restored(2), 10);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
}

TEST_F(StreamHubTest, AHeadThatWentBackEndsTheSubscriptions) {
  history.reach(50);
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_head(test::log_id(1), 50);
  ASSERT_TRUE(run_until([&] { return hub->position() == 50; }));
  hub->on_head(test::log_id(1), 50);
  run_for(20ms);
  EXPECT_EQ(all.lost, 0);
  hub->on_head(test::log_id(1), 40);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_why, "the head of the log went back");
  EXPECT_EQ(hub->position(), 40U);
}

TEST_F(GatewayHubTest, FalseHeadsBehindThePositionEndNothing) {
  start_with_ten();
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  for (int i = 0; i < 30; ++i) {  // longer than gap_wait_max
    hub->on_head(test::log_id(1), 3);
    run_for(10ms);
    hub->on_head(test::log_id(1), 10);
    run_for(10ms);
  }
  EXPECT_EQ(hub->log_changes(), 0U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, OneFalseHeadAfterASilenceEndsNothing) {
  options.bus_silence_max = Micros(100'000);
  start_with_ten();
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  for (int i = 0; i < 3; ++i) {
    hub->on_head(test::log_id(1), 3);
    run_for(200ms);
  }
  EXPECT_EQ(hub->log_changes(), 0U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, AHeadThatStaysBehindEndsTheSubscriptions) {
  start_with_ten();
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  ASSERT_TRUE(run_until([&] {
    hub->on_head(test::log_id(1), 4);
    return all.lost == 1;
  }));
  EXPECT_EQ(all.lost_why, "the head of the log went back");
  EXPECT_EQ(hub->position(), 4U);
  EXPECT_EQ(hub->log_changes(), 1U);
}

TEST_F(GatewayHubTest, AFalseHeadOfANewEpochIsCorrectedByThoseThatFollow) {
  start_with_ten();
  hub->on_head(test::log_id(1), 10);
  hub->on_head(restored(7), far);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_NE(all.lost_why.find("new epoch"), std::string::npos) << all.lost_why;
  ASSERT_TRUE(run_until([&] {
    hub->on_head(restored(7), 12);
    return hub->position() == 12;
  }));
  EXPECT_EQ(hub->epoch(), restored(7).epoch);
}

TEST_F(StreamHubTest, ALoopThatStoodStillLosesNothingToItsBoundedMailbox) {
  options.ring_updates_max = 500;
  history.reach(6'000);
  start(0);
  hub->subscribe(all, std::nullopt);
  for (Seq from = 1; from < 6'001; from += 100) hub->on_updates(sample.batch(from, from + 100));
  ASSERT_TRUE(run_until([&] { return hub->position() == 6'000; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 6'001));
  EXPECT_GT(history.reads(), 0U);
}

TEST_F(StreamHubTest, NothingArrivesAfterUnsubscribe) {
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->subscribe(one, test::order_id(3));
  hub->on_updates(sample.batch(1, 1'001));
  ASSERT_TRUE(run_until([&] { return hub->position() == 1'000; }));
  hub->unsubscribe(all, std::nullopt);
  hub->unsubscribe(one, test::order_id(3));
  hub->unsubscribe(one, test::order_id(4));
  EXPECT_EQ(hub->subscriptions(), 0U);
  hub->on_updates(sample.batch(1'001, 2'001));
  ASSERT_TRUE(run_until([&] { return hub->position() == 2'000; }));
  EXPECT_EQ(all.updates.size(), 1'000U);
  EXPECT_EQ(one.updates.size(), 1U);
}

TEST_F(StreamHubTest, StopEndsTheSubscriptionsThatAreLeft) {
  start(7);
  hub->subscribe(all, std::nullopt);
  stop();
  EXPECT_EQ(all.lost, 1);
  EXPECT_EQ(all.lost_after, 7U);
  EXPECT_EQ(all.updates.size(), 0U);
}

std::vector<Seq> seqs_of(const StreamHub::HistoryPage& page) {
  std::vector<Seq> seqs;
  for (const UpdatePtr& update : page.updates) seqs.push_back(update->seq);
  return seqs;
}

TEST_F(StreamHubTest, TheRecentPastComesFromTheRingAndTheOlderFromTheHistory) {
  options.ring_updates_max = 1'000;
  history.reach(6'000);
  start(0);
  for (Seq from = 1; from < 6'001; from += 100) {
    hub->on_updates(sample.batch(from, from + 100));
    ASSERT_TRUE(run_until([&] { return hub->position() == from + 99; }));
  }
  const std::size_t reads = history.reads();
  const auto recent = page_of(std::nullopt, 5'500, 5'900, 1'000);
  ASSERT_TRUE(recent.ok());
  EXPECT_EQ(seqs_of(*recent), seqs_between(5'501, 5'901));
  EXPECT_EQ(recent->scanned, 5'900U);
  const auto of_order = page_of(test::order_id(3), 5'000, 6'000, 10);
  ASSERT_TRUE(of_order.ok());
  EXPECT_EQ(seqs_of(*of_order), (std::vector<Seq>{5'003}));
  EXPECT_EQ(of_order->scanned, 6'000U);
  EXPECT_EQ(history.reads(), reads);

  const auto old = page_of(std::nullopt, 100, 6'000, 50);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(seqs_of(*old), seqs_between(101, 151));
  EXPECT_EQ(old->scanned, 150U);
  const auto order_page = page_of(test::order_id(3), 3, 5'002, 100);
  ASSERT_TRUE(order_page.ok());
  EXPECT_EQ(seqs_of(*order_page), (std::vector<Seq>{1'003, 2'003, 3'003, 4'003}));
  EXPECT_EQ(order_page->scanned, 5'002U);
  const auto page = page_of(test::order_id(3), 0, 5'002, 2);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(seqs_of(*page), (std::vector<Seq>{3, 1'003}));
  EXPECT_EQ(page->scanned, 1'003U);
}

TEST_F(StreamHubTest, ThePastIsNeverIncompleteBecauseTheHistoryLags) {
  options.ring_updates_max = 100;
  history.reach(500);
  start(6'000);
  std::optional<Result<StreamHub::HistoryPage>> answer;
  spawn(gate, "history", read_history(*hub, test::order_id(3), 0, 2'100, 100, &answer));
  run_for(60ms);
  EXPECT_FALSE(answer.has_value());
  history.reach(2'100);
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ(seqs_of(**answer), (std::vector<Seq>{3, 1'003, 2'003}));

  const auto too_late = page_of(test::order_id(3), 0, 5'000, 100);
  ASSERT_FALSE(too_late.ok());
  EXPECT_EQ(too_late.error().code, Errc::unavailable);
}

TEST_F(StreamHubTest, RandomLossAndRepetitionNeverShow) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    test::CollectingSubscriber subscriber;
    history.reach(0);
    start(0);
    hub->subscribe(subscriber, std::nullopt);
    Seq next = 1;
    while (next <= 2'000) {
      const Seq end = std::min<Seq>(next + 1 + random() % 40, 2'001);
      history.reach(std::max<Seq>(1, next - random() % 3));  // lags a little, or not
      if (random() % 4 != 0) hub->on_updates(sample.batch(next, end));
      if (random() % 5 == 0 && next > 30) hub->on_updates(sample.batch(next - 20, end));
      if (random() % 6 == 0) hub->on_head(test::log_id(1), end - 1);
      next = end;
      if (random() % 3 == 0) run_for(1ms);
    }
    history.reach(2'000);
    hub->on_head(test::log_id(1), 2'000);
    ASSERT_TRUE(run_until([&] { return hub->position() == 2'000; }));
    ASSERT_EQ(subscriber.seqs(), seqs_between(1, 2'001));
    ASSERT_EQ(subscriber.lost, 0);
    stop();
  }
}

TEST_F(StreamHubTest, CarriesManyUpdatesASecond) {
  start(0);
  hub->subscribe(one, test::order_id(3));
  std::vector<UpdateBatch> batches;
  for (Seq from = 1; from < 6'001; from += 500) batches.push_back(sample.batch(from, from + 500));
  // Copies of the same range with rising seqs: cheap to make.
  constexpr int rounds = 40;
  std::vector<UpdateBatch> rising;
  for (int round = 0; round < rounds; ++round) {
    for (const UpdateBatch& batch : batches) {
      auto copy = std::make_shared<std::vector<Update>>(*batch);
      for (Update& update : *copy) update.seq += static_cast<Seq>(round) * 6'000;
      rising.push_back(std::move(copy));
    }
  }
  const auto before = std::chrono::steady_clock::now();
  for (const UpdateBatch& batch : rising) {
    hub->on_updates(batch);
    loop.restart();
    loop.poll();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  EXPECT_EQ(hub->position(), 6'000U * rounds);
  std::printf("through one hub: %.0f updates/s\n", 6'000 * rounds / seconds);
}

}  // namespace
}  // namespace oee
