// The stream hub: whatever the bus does, subscribers get every update once and in order, or their
// subscription ends with on_stream_lost().
#include "api/stream/hub.h"

#include <cstdio>
#include <random>

#include "tests/api/stream/hub_fixture.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

TEST_F(StreamHubTest, SubscribersGetWhatTheyAskedForOnceAndInOrder) {
  start(0);
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 0U);
  hub->subscribe(one, order_id(3));
  for (Seq from = 1; from < 6'001; from += 100) hub->on_updates(sample.batch(from, from + 100));
  ASSERT_TRUE(run_until([&] { return hub->position() == 6'000; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 6'001));
  EXPECT_EQ(one.seqs(), (std::vector<Seq>{3, 1'003, 2'003, 3'003, 4'003, 5'003}));
  EXPECT_EQ(one.updates[0]->json, update_of(sample.records()[2]).json);
  EXPECT_EQ(history.reads(), 0U);
}

TEST_F(StreamHubTest, TheEncodedUpdateIsSharedNotCopied) {
  start(0);
  CollectingSubscriber other;
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
  hub->on_head(log_id(1), 10);
  run_for(30ms);
  EXPECT_EQ(history.reads(), 0U);
  hub->on_head(log_id(1), 50);
  ASSERT_TRUE(run_until([&] { return hub->position() == 50; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 51));
}

TEST_F(StreamHubTest, WhileNobodySubscribesItFollowsTheHeadAndReadsNothing) {
  history.reach(6'000);
  start(0);
  EXPECT_FALSE(hub->wants_updates());
  hub->on_head(log_id(1), 1'000);
  ASSERT_TRUE(run_until([&] { return hub->position() == 1'000; }));
  EXPECT_EQ(history.reads(), 0U);
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 1'000U);
  EXPECT_TRUE(hub->wants_updates());
  // The publisher has not yet seen the subscription when it sends 1,001..1,020 as a head only.
  hub->on_head(log_id(1), 1'020);
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
      hub->on_head(log_id(1), before + 150);
      ASSERT_TRUE(run_until([&] { return hub->position() == before + 150; }));
    }
    const Seq position = hub->subscribe(one, order_id(3));
    const auto found = page_of(std::nullopt, before, position, 1'000);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(found->updates.size(), position - before);
    EXPECT_EQ(history.reads() == reads, soon);
    hub->unsubscribe(one, order_id(3));
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
  hub->subscribe(one, order_id(3));
  hub->on_updates(sample.batch(100, 111));
  ASSERT_TRUE(run_until([&] { return all.lost == 1 && one.lost == 1; }));
  EXPECT_EQ(all.lost_after, 10U);
  EXPECT_EQ(all.seqs(), seqs_between(1, 11));
  EXPECT_EQ(hub->subscriptions(), 0U);
  CollectingSubscriber later;
  EXPECT_EQ(hub->subscribe(later, std::nullopt), 110U);
  hub->on_updates(sample.batch(111, 121));
  ASSERT_TRUE(run_until([&] { return later.updates.size() == 10; }));
  EXPECT_EQ(later.seqs(), seqs_between(111, 121));
  stop();
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
  hub->subscribe(one, order_id(3));
  hub->on_updates(sample.batch(1, 1'001));
  ASSERT_TRUE(run_until([&] { return hub->position() == 1'000; }));
  hub->unsubscribe(all, std::nullopt);
  hub->unsubscribe(one, order_id(3));
  hub->unsubscribe(one, order_id(4));
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
  const auto of_order = page_of(order_id(3), 5'000, 6'000, 10);
  ASSERT_TRUE(of_order.ok());
  EXPECT_EQ(seqs_of(*of_order), (std::vector<Seq>{5'003}));
  EXPECT_EQ(of_order->scanned, 6'000U);
  EXPECT_EQ(history.reads(), reads);

  const auto old = page_of(std::nullopt, 100, 6'000, 50);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(seqs_of(*old), seqs_between(101, 151));
  EXPECT_EQ(old->scanned, 150U);
  const auto order_page = page_of(order_id(3), 3, 5'002, 100);
  ASSERT_TRUE(order_page.ok());
  EXPECT_EQ(seqs_of(*order_page), (std::vector<Seq>{1'003, 2'003, 3'003, 4'003}));
  EXPECT_EQ(order_page->scanned, 5'002U);
  const auto page = page_of(order_id(3), 0, 5'002, 2);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(seqs_of(*page), (std::vector<Seq>{3, 1'003}));
  EXPECT_EQ(page->scanned, 1'003U);
}

TEST_F(StreamHubTest, ThePastIsNeverIncompleteBecauseTheHistoryLags) {
  options.ring_updates_max = 100;
  history.reach(500);
  start(6'000);
  std::optional<Result<StreamHub::HistoryPage>> answer;
  spawn(gate, "history", read_history(*hub, order_id(3), 0, 2'100, 100, &answer));
  run_for(60ms);
  EXPECT_FALSE(answer.has_value());
  history.reach(2'100);
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ(seqs_of(**answer), (std::vector<Seq>{3, 1'003, 2'003}));

  const auto too_late = page_of(order_id(3), 0, 5'000, 100);
  ASSERT_FALSE(too_late.ok());
  EXPECT_EQ(too_late.error().code, Errc::unavailable);
}

TEST_F(StreamHubTest, RandomLossAndRepetitionNeverShow) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    CollectingSubscriber subscriber;
    history.reach(0);
    start(0);
    hub->subscribe(subscriber, std::nullopt);
    Seq next = 1;
    while (next <= 2'000) {
      const Seq end = std::min<Seq>(next + 1 + random() % 40, 2'001);
      history.reach(std::max<Seq>(1, next - random() % 3));  // lags a little, or not
      if (random() % 4 != 0) hub->on_updates(sample.batch(next, end));
      if (random() % 5 == 0 && next > 30) hub->on_updates(sample.batch(next - 20, end));
      if (random() % 6 == 0) hub->on_head(log_id(1), end - 1);
      next = end;
      if (random() % 3 == 0) run_for(1ms);
    }
    history.reach(2'000);
    hub->on_head(log_id(1), 2'000);
    ASSERT_TRUE(run_until([&] { return hub->position() == 2'000; }));
    ASSERT_EQ(subscriber.seqs(), seqs_between(1, 2'001));
    ASSERT_EQ(subscriber.lost, 0);
    stop();
  }
}

TEST_F(StreamHubTest, CarriesManyUpdatesASecond) {
  start(0);
  hub->subscribe(one, order_id(3));
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
}  // namespace oee::test
