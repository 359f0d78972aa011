// Counts and histograms, and the metrics of one shard's orders and venue calls.
#include "core/base/metrics.h"

#include <gtest/gtest.h>

#include <map>

#include "core/exec/executor_metrics.h"
#include "tests/support/log/sample_log.h"

namespace oee {
namespace {

template <class H>
Distribution read(const H& histogram) {
  Distribution distribution;
  histogram.add_to(distribution);
  return distribution;
}
std::uint64_t all(const Distribution& distribution) {
  std::uint64_t sum = 0;
  for (const auto count : distribution.counts) sum += count;
  return sum;
}

TEST(Metrics, AValueFallsIntoTheFirstBucketThatHoldsIt) {
  SizeHistogram sizes;
  for (const std::int64_t value : {-5, 0, 1, 2, 3, 1'024, 1'025, 9'999}) sizes.add(value);
  const Distribution seen = read(sizes);
  ASSERT_EQ(seen.counts.size(), size_bounds.size() + 1);
  EXPECT_EQ(seen.counts[0], 3U);  // -5, 0, 1
  EXPECT_EQ(seen.counts[1], 1U);
  EXPECT_EQ(seen.counts[2], 1U);
  EXPECT_EQ(seen.counts[size_bounds.size() - 1], 1U);
  EXPECT_EQ(seen.counts[size_bounds.size()], 2U);
  EXPECT_EQ(seen.sum, 0U + 1 + 2 + 3 + 1'024 + 1'025 + 9'999);
}

TEST(Metrics, DistributionsOfSeveralShardsAddUp) {
  DurationHistogram one, other;
  one.add(Micros{40});
  other.add(Micros{60});
  other.add(Micros{120'000'000});
  Distribution sum = read(one);
  other.add_to(sum);
  EXPECT_EQ(sum.counts[0], 1U);
  EXPECT_EQ(sum.counts[1], 1U);
  EXPECT_EQ(sum.counts.back(), 1U);
  EXPECT_EQ(sum.sum, 120'000'100U);
}

TEST(Metrics, ACountFallsAsFarAsItRose) {
  Count count;
  count.add(3);
  count.subtract(2);
  EXPECT_EQ(count.get(), 1U);
  count.subtract();
  EXPECT_EQ(count.get(), 0U);
}

// Three orders step by step: after each record the counts are those of the orders themselves.
TEST(Metrics, OpenOrdersAreCountedByTheStatusTheyHave) {
  test::SampleLog log;
  log.add_usual_orders(1, 3);
  OpenOrders orders(0, 1);
  std::map<OrderId, Order> folded;
  for (const Record& record : log.records()) {
    OpenOrders::Before before;
    orders.apply(record, before);
    ASSERT_TRUE(evolve(folded[record.order_id], record).ok());
    std::array<std::uint64_t, order_status_count> wanted{};
    for (const auto& [id, order] : folded)
      if (order.open()) ++wanted[static_cast<std::size_t>(order.status())];
    for (std::size_t i = 0; i < order_status_count; ++i)
      EXPECT_EQ(orders.count(static_cast<OrderStatus>(i)), wanted[i]) << record.seq;
  }
  EXPECT_EQ(orders.size(), 0U);
}

TEST(Metrics, AnOrderPutInsteadOfAnOlderOneIsCountedOnce) {
  test::SampleLog log;
  const OrderId id = test::order_id(1);
  for (int i = 0; i < 4; ++i) log.step(id);
  Order order;
  OpenOrders orders(0, 1);
  for (const Record& record : log.records()) {
    ASSERT_TRUE(evolve(order, record).ok());
    orders.put(order);
    orders.put(order);  // no newer: ignored
  }
  EXPECT_EQ(orders.count(OrderStatus::pending), 0U);
  EXPECT_EQ(orders.count(OrderStatus::routing), 0U);
  EXPECT_EQ(orders.count(OrderStatus::building), 1U);
}

TEST(Metrics, EachStageOfAnOrderIsMeasuredOnce) {
  test::SampleLog log;  // a record each millisecond
  const OrderId id = test::order_id(1);
  for (std::uint32_t i = 0; i < test::usual_steps; ++i) log.step(id);
  OpenOrders orders(0, 1);
  StageMetrics metrics;
  for (const Record& record : log.records()) {
    OpenOrders::Before before;
    if (orders.apply(record, before) != OpenOrders::Change::opened) metrics.add(record, before);
  }
  for (std::size_t i = 0; i < StageMetrics::stage_names.size(); ++i) {
    const Distribution seen = read(metrics.stage(static_cast<StageMetrics::Stage>(i)));
    EXPECT_EQ(all(seen), 1U) << StageMetrics::stage_names[i];
    EXPECT_EQ(seen.sum, 1'000U) << StageMetrics::stage_names[i];
  }
  EXPECT_EQ(read(metrics.order_duration(OrderStatus::confirmed)).sum, 5'000U);
  EXPECT_EQ(all(read(metrics.order_duration(OrderStatus::failed))), 0U);
}

TEST(Metrics, VenueAnswersAreCountedByTheirOutcome) {
  VenueMetrics venue("raydium");
  venue.add(Result<Quote>(Quote{}), Micros{10});
  venue.add(Result<Quote>(Error{Errc::invalid, "no pool"}), Micros{10});
  // The labels are older than the names of the statuses, and dashboards rely on them.
  const std::pair<VenueStatus, std::string_view> labels[] = {
      {VenueStatus::accepted, "accepted"}, {VenueStatus::settled, "settled"},
      {VenueStatus::rejected, "refused"},  {VenueStatus::expired, "expired"},
      {VenueStatus::cancelled, "dead"},    {VenueStatus::not_found, "not_seen"}};
  for (const auto& [status, label] : labels) {
    VenueReport report;
    report.status = status;
    venue.add(VenueMetrics::find, Result<VenueReport>(report), Micros{10});
    const std::size_t outcome = 1 + static_cast<std::size_t>(status);
    EXPECT_EQ(VenueMetrics::outcome_names[outcome], label);
    EXPECT_EQ(venue.count(VenueMetrics::find, outcome), 1U) << label;
  }
  venue.add(VenueMetrics::submit, Result<VenueReport>(Error{Errc::timeout, ""}), Micros{10});
  venue.add(VenueMetrics::submit, Result<VenueReport>(Error{Errc::unavailable, ""}), Micros{10});
  EXPECT_EQ(venue.count(VenueMetrics::quote, 0), 1U);
  EXPECT_EQ(venue.count(VenueMetrics::quote, 9), 1U);
  EXPECT_EQ(venue.count(VenueMetrics::submit, 7), 1U);
  EXPECT_EQ(venue.count(VenueMetrics::submit, 8), 1U);
  EXPECT_EQ(all(read(venue.took(VenueMetrics::find))), 6U);
}

}  // namespace
}  // namespace oee
