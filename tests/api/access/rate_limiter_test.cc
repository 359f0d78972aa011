#include "api/access/rate_limiter.h"

#include <gtest/gtest.h>

#include <thread>

namespace oee::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime start{seconds(1'000)};

TEST(RateLimiter, ABucketIsABurstAndFillsWithTime) {
  RateLimiter limiter({10, 5}, 1);
  struct Step {
    int at_ms;
    bool allowed;
    unsigned remaining;
    int full_in;
    int retry_after;
  };
  // 10 a second: one more every 100 ms, at most 5.
  const Step steps[] = {
      {0, true, 4, 1, 0},   {0, true, 3, 1, 0},       {0, true, 2, 1, 0},
      {0, true, 1, 1, 0},   {0, true, 0, 1, 0},       {0, false, 0, 1, 1},
      {99, false, 0, 1, 1}, {100, true, 0, 1, 0},     {100, false, 0, 1, 1},
      {350, true, 1, 1, 0}, {600'000, true, 4, 1, 0}, {600'000, true, 3, 1, 0},
  };
  int number = 0;
  for (const Step& step : steps) {
    SCOPED_TRACE(number++);
    const RateVerdict verdict = limiter.take(7, start + milliseconds(step.at_ms));
    EXPECT_EQ(verdict.allowed, step.allowed);
    EXPECT_EQ(verdict.remaining, step.remaining);
    EXPECT_EQ(verdict.full_in.count(), step.full_in);
    EXPECT_EQ(verdict.retry_after.count(), step.retry_after);
  }
}

TEST(RateLimiter, ARefusalNamesTheTimeOfTheNextAllowedRequest) {
  RateLimiter limiter({1, 3}, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take(7, start).allowed);
  const RateVerdict refused = limiter.take(7, start);
  EXPECT_EQ(refused.retry_after, seconds(1));
  EXPECT_EQ(refused.full_in, seconds(3));
  EXPECT_FALSE(limiter.take(7, start + refused.retry_after - Micros(1)).allowed);
  EXPECT_TRUE(limiter.take(7, start + refused.retry_after).allowed);
}

TEST(RateLimiter, ARefusedRequestCostsNothing) {
  RateLimiter limiter({1, 1}, 1);
  EXPECT_TRUE(limiter.take(7, start).allowed);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limiter.take(7, start).allowed);
  EXPECT_TRUE(limiter.take(7, start + seconds(1)).allowed);
}

TEST(RateLimiter, ClientsDoNotShareABucket) {
  RateLimiter limiter({1, 1}, 1);
  const auto address = [](const char* text) { return boost::asio::ip::make_address(text); };
  struct Case {
    const char* name;
    std::uint64_t client;
    bool fresh;
  };
  const Case cases[] = {
      {"a", limiter.client_of("a"), true},
      {"b", limiter.client_of("b"), true},
      {"a again", limiter.client_of("a"), false},
      {"IPv4", limiter.client_of(address("10.0.0.1")), true},
      {"its neighbour", limiter.client_of(address("10.0.0.2")), true},
      {"IPv4 in IPv6", limiter.client_of(address("::ffff:10.0.0.1")), false},
      {"IPv6", limiter.client_of(address("2001:db8:1:2::1")), true},
      {"the same /64", limiter.client_of(address("2001:db8:1:2:ffff::9")), false},
      {"the next /64", limiter.client_of(address("2001:db8:1:3::1")), true},
  };
  for (const Case& each : cases)
    EXPECT_EQ(limiter.take(each.client, start).allowed, each.fresh) << each.name;
}

TEST(RateLimiter, MoreClientsThanSlotsReplaceTheLeastRecentlyUsed) {
  RateLimiter limiter({1, 10}, 1);
  const std::uint64_t busy = limiter.client_of("busy");
  for (int i = 0; i < 10; ++i) limiter.take(busy, start);
  // One request of as many other clients as there are slots: their buckets are fuller than the busy
  // one.
  for (std::size_t i = 0; i < RateLimiter::clients_max; ++i)
    limiter.take(limiter.client_of("other " + std::to_string(i)), start);
  EXPECT_FALSE(limiter.take(busy, start).allowed);
}

TEST(RateLimiter, TheLimitIsExactOverThreads) {
  RateLimiter limiter({1, 1'000}, 1);
  EXPECT_TRUE(limiter.take(7, start).allowed);
  std::atomic<int> allowed{1};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) allowed += limiter.take(7, start).allowed ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 1'000);
}

TEST(RateLimiter, TheHeadersFollowTheDraft) {
  EXPECT_EQ(rate_policy_text({10, 25}), R"("default";q=25;w=3)");
  RateVerdict verdict;
  verdict.remaining = 4;
  verdict.full_in = seconds(2);
  EXPECT_EQ(rate_state_text(verdict), R"("default";r=4;t=2)");
}

}  // namespace
}  // namespace oee::test
