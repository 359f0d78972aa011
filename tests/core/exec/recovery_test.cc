// recover_open_orders(): the open orders of a log, however they lie in it.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/exec/open_orders.h"
#include "core/order/fold.h"
#include "eventlog/memory_log.h"
#include "tests/support/log/log_probe.h"
#include "tests/support/orders.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

using test::order_id;

// Counts the reads that recovery makes.
class CountedLog final : public EventLog {
 public:
  explicit CountedLog(MemoryLog& log) : log_(log) {}
  void append(AppendRequest request, BlockSink& origin, void* ticket) override {
    log_.append(std::move(request), origin, ticket);
  }
  Result<BlockPtr> read(Seq from, std::size_t limit) override {
    ++pages;
    return log_.read(from, limit);
  }
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    ++orders;
    return log_.read_order(id);
  }
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
    return log_.wait_past(seq, wait);
  }
  OpenOrderHint load_hint() override { return hint; }
  void store_hint(OpenOrderHint) override {}
  OpenOrderHint hint;
  int pages = 0;
  int orders = 0;

 private:
  MemoryLog& log_;
};

class Recovery : public testing::Test {
 protected:
  Recovery() {
    BlockSink* sinks[] = {&probe, &null_sink};
    log.start(sinks);
  }
  void append(const OrderId& id, std::vector<Event> events) {
    Version& version = versions[id];
    AppendRequest request;
    request.order_id = id;
    request.expected_version = version;
    version += static_cast<Version>(events.size());
    request.events = std::move(events);
    log.append(std::move(request), null_sink, nullptr);
    log.commit();
  }
  void accept(std::uint64_t n) { append(order_id(n), {test::accepted_event()}); }
  void end(std::uint64_t n) { append(order_id(n), {OrderCancelled{"ops", "enough"}}); }
  void fail(std::uint64_t n) {
    append(order_id(n), {RoutingStarted{1}, OrderFailed{1, ErrorClass::no_liquidity, "none", 1}});
  }
  void requeue(std::uint64_t n) { append(order_id(n), {DeadLetterRequeued{"ops", "again"}}); }

  using Versions = std::map<OrderId, Version>;
  // The open orders by the fold of the whole log.
  Versions open() {
    std::map<OrderId, std::vector<Record>> records;
    for (const Record& record : probe.records()) records[record.order_id].push_back(record);
    Versions open;
    for (const auto& [id, of_order] : records)
      if (const auto order = *fold_order(of_order); order->open()) open[id] = order->version;
    return open;
  }
  Versions recovered() {
    counted.pages = counted.orders = 0;
    Seq head = 0;
    const auto orders = recover_open_orders(counted, &head);
    EXPECT_TRUE(orders.ok()) << orders.error().detail;
    EXPECT_EQ(head, probe.records().size());
    Versions versions_of_open;
    for (const Order& order : *orders) versions_of_open[order.id] = order.version;
    EXPECT_EQ(versions_of_open.size(), orders->size());
    return versions_of_open;
  }
  // A hint of the log as it is now.
  void store_hint() {
    counted.hint = {};
    counted.hint.seq = probe.records().size();
    for (const auto& [id, version] : open()) counted.hint.open.push_back(id);
  }

  test::VirtualClock clock;
  MemoryLog log{clock};
  test::LogProbe probe;
  struct NullSink final : BlockSink {
    void deliver(BlockPtr, std::vector<Answer>) override {}
  } null_sink;
  CountedLog counted{log};
  Versions versions;
};

TEST_F(Recovery, OrdersThatLieCloseTogetherAreReadInOneGo) {
  for (std::uint64_t n = 1; n <= 1'000; ++n) accept(n);
  for (std::uint64_t n = 1; n <= 1'000; n += 3) end(n);
  for (std::uint64_t n = 2; n <= 1'000; n += 3) append(order_id(n), {OrderRested{"below"}});
  store_hint();
  accept(1'001);
  EXPECT_EQ(recovered(), open());
  EXPECT_LE(counted.orders, 1);
}

TEST_F(Recovery, FewOrdersInALongLogAreReadOneByOne) {
  accept(1);
  for (std::uint64_t n = 2; n <= 500; ++n) {
    accept(n);
    end(n);
  }
  accept(501);
  store_hint();
  EXPECT_EQ(recovered(), open());
  EXPECT_EQ(counted.pages, 0);
  EXPECT_EQ(counted.orders, 3);  // one of them to see where the first begins
}

TEST_F(Recovery, AnOrderBeforeTheScanAndARequeuedOneAreFound) {
  // Its id is of a later time than the first one in the log, as after a step back of the clock.
  accept(50);
  for (std::uint64_t n = 1; n <= 20; ++n) accept(n);
  fail(3);
  fail(50);
  requeue(50);
  store_hint();
  fail(4);
  requeue(3);
  requeue(4);
  EXPECT_EQ(recovered(), open());
}

TEST_F(Recovery, OfRandomLogsItFindsWhatTheFoldFinds) {
  std::mt19937 random(7);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  std::uint64_t last = 0;
  std::map<std::uint64_t, int> state;  // 1 open, 2 failed
  for (int step = 0; step < 3'000; ++step) {
    const std::uint64_t n = last == 0 ? 0 : 1 + below(last);
    if (n == 0 || below(3) == 0) {
      accept(++last);
      state[last] = 1;
    } else if (state[n] == 1) {
      const bool fails = below(2) == 0;
      fails ? fail(n) : end(n);
      state[n] = fails ? 2 : 0;
    } else if (state[n] == 2 && versions[order_id(n)] < 4) {
      requeue(n);
      state[n] = 3;
    }
    if (below(200) == 0) store_hint();
    if (step % 300 == 299) {
      EXPECT_EQ(recovered(), open()) << step;
    }
  }
}

}  // namespace
}  // namespace oee
