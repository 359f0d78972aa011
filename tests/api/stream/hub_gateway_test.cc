// The stream hub on a gateway, on whose bus others can publish: it believes no head or update far
// ahead of the log that nothing confirms.
#include "tests/api/stream/hub_fixture.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

TEST_F(GatewayHubTest, AHeadFarAheadIsIgnoredAndTheStreamGoesOn) {
  start_with_ten();
  hub->on_head(log_id(1), far);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  EXPECT_EQ(hub->position(), 10U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, TheNextHeadCorrectsAFalseOne) {
  start_with_ten();
  hub->on_head(log_id(1), far);
  hub->on_head(log_id(1), 10);
  run_for(400ms);  // longer than gap_wait_max
  EXPECT_EQ(ignored(), 0U);
  expect_goes_on();
}

TEST_F(GatewayHubTest, AnUpdateFarAheadIsIgnoredWhenTheHeadShowsItIsFalse) {
  start_with_ten();
  hub->on_updates(batch_at(far));
  hub->on_head(log_id(1), 10);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  expect_goes_on();
}

TEST_F(GatewayHubTest, AnUpdateAndAHeadFarAheadTogetherEndNothing) {
  start_with_ten();
  hub->on_updates(batch_at(far));
  hub->on_head(log_id(1), far + 1);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  expect_goes_on();
}

TEST_F(GatewayHubTest, WithoutSubscribersAHeadDoesNotMoveThePosition) {
  history.reach(10);
  start(0);
  EXPECT_TRUE(hub->wants_updates());
  hub->on_head(log_id(1), far);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  EXPECT_EQ(hub->subscribe(all, std::nullopt), 10U);
}

TEST_F(GatewayHubTest, AGapThatTheHeadConfirmsEndsTheSubscriptions) {
  start_with_ten();
  hub->on_updates(sample.batch(100, 111));
  hub->on_head(log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return all.lost == 1; }));
  EXPECT_EQ(all.lost_after, 10U);
  EXPECT_EQ(hub->subscribe(one, std::nullopt), 110U);
  EXPECT_EQ(ignored(), 0U);
}

TEST_F(GatewayHubTest, UpdatesThatWereIgnoredAreReadWhenTheHistoryHasThem) {
  options.ring_updates_max = 50;
  start_with_ten();
  hub->on_updates(sample.batch(100, 111));
  hub->on_head(log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return ignored() == 1; }));
  history.reach(110);
  hub->on_head(log_id(1), 110);
  ASSERT_TRUE(run_until([&] { return hub->position() == 110; }));
  EXPECT_EQ(all.seqs(), seqs_between(1, 111));
  EXPECT_EQ(all.lost, 0);
}

}  // namespace
}  // namespace oee::test
