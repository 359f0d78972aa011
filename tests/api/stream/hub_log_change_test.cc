// The stream hub when the log behind the bus is another one, or has another epoch or an earlier
// head: the subscriptions end, and false heads end nothing.
#include "tests/api/stream/hub_fixture.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

TEST_F(StreamHubTest, AHeadOfAnotherLogEndsTheSubscriptions) {
  start(0);
  hub->subscribe(all, std::nullopt);
  hub->on_updates(sample.batch(1, 11));
  hub->on_head(log_id(1), 10);
  hub->on_head(log_id(2), 3);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_after, 0U);  // 10 would be another record
  EXPECT_EQ(hub->position(), 3U);
  hub->subscribe(one, std::nullopt);
  hub->on_updates(sample.batch(4, 8));
  ASSERT_TRUE(run_until([&] { return hub->position() == 7; }));
  EXPECT_EQ(one.seqs(), seqs_between(4, 8));
}

LogIdentity restored(std::uint8_t epoch) {
  return {log_id(1), LogEpoch{{epoch}}};
}

TEST_F(StreamHubTest, ANewEpochEndsTheSubscriptionsAlsoAtALaterHead) {
  start(0);
  hub->on_head(log_id(1), 0);
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
  hub->on_head(log_id(1), 50);
  ASSERT_TRUE(run_until([&] { return hub->position() == 50; }));
  hub->on_head(log_id(1), 50);
  run_for(20ms);
  EXPECT_EQ(all.lost, 0);
  hub->on_head(log_id(1), 40);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_why, "the head of the log went back");
  EXPECT_EQ(hub->position(), 40U);
}

TEST_F(GatewayHubTest, FalseHeadsBehindThePositionEndNothing) {
  start_with_ten();
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  for (int i = 0; i < 30; ++i) {  // longer than gap_wait_max
    hub->on_head(log_id(1), 3);
    run_for(10ms);
    hub->on_head(log_id(1), 10);
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
    hub->on_head(log_id(1), 3);
    run_for(200ms);
  }
  EXPECT_EQ(hub->log_changes(), 0U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, AHeadThatStaysBehindEndsTheSubscriptions) {
  start_with_ten();
  ASSERT_TRUE(run_until([&] { return hub->position() == 10; }));
  ASSERT_TRUE(run_until([&] {
    hub->on_head(log_id(1), 4);
    return all.lost == 1;
  }));
  EXPECT_EQ(all.lost_why, "the head of the log went back");
  EXPECT_EQ(hub->position(), 4U);
  EXPECT_EQ(hub->log_changes(), 1U);
}

TEST_F(GatewayHubTest, AFalseHeadOfANewEpochIsCorrectedByThoseThatFollow) {
  start_with_ten();
  hub->on_head(log_id(1), 10);
  hub->on_head(restored(7), far);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_NE(all.lost_why.find("new epoch"), std::string::npos) << all.lost_why;
  ASSERT_TRUE(run_until([&] {
    hub->on_head(restored(7), 12);
    return hub->position() == 12;
  }));
  EXPECT_EQ(hub->epoch(), restored(7).epoch);
}

}  // namespace
}  // namespace oee::test
