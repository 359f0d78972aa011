#include "core/exec/risk_recovery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unordered_map>

#include "core/exec/open_orders.h"
#include "eventlog/memory_log.h"
#include "tests/support/log/log_probe.h"
#include "tests/support/orders.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

using test::LogProbe;

const char* const accounts[] = {"a", "b", "c", "d", "e"};

using OrdersById = std::unordered_map<OrderId, Order, IdHash>;

// Folds a record into the use and into its order.
void fold_next(const Record& record, OrdersById& orders, RiskUse& use) {
  if (record.order_id == engine_stream) {
    use.fold(record);
    return;
  }
  Order& order = orders[record.order_id];
  if (record.seq > use.head()) use.fold(record, &order);
  const auto folded = evolve(order, record);
  ASSERT_TRUE(folded.ok()) << folded.error().detail;
}

// The log of random orders over some days, and the use that is folded from its first record on.
class RandomLog {
 public:
  explicit RandomLog(unsigned seed) : random_(seed) {
    BlockSink* sink = &probe_;
    log.start({&sink, 1});
  }

  void step() {
    clock_.advance(Micros(below(5) == 0 ? below(20) * 3'600'000'000ULL : below(600'000)));
    if (below(20) == 0) {
      send(engine_stream, halts_++, {TradingHalted{HaltScope::venue, "x", "ops", "why", {}, {}}});
    } else if (last_ == 0 || below(3) == 0) {
      accept();
    } else {
      change(orders_[test::order_id(1 + below(last_))]);
    }
    log.commit();
    const std::vector<Record> records = probe_.records();
    for (; folded_ < records.size(); ++folded_) fold_next(records[folded_], orders_, use);
  }

  RiskUse recovered() {
    Seq head = 0;
    const auto open = recover_open_orders(log, &head);
    EXPECT_TRUE(open.ok());
    auto recovered = recover_risk_use(log, *open, head);
    EXPECT_TRUE(recovered.ok()) << recovered.error().detail;
    return *std::move(recovered);
  }
  // Folds what another use has not folded yet.
  void bring_up(RiskUse& other) {
    OrdersById orders;
    for (const Record& record : probe_.records())
      if (record.order_id != engine_stream || record.seq > other.head())
        fold_next(record, orders, other);
  }
  std::size_t count(EventType type) {
    const std::vector<Record> records = probe_.records();
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(),
                      [&](const Record& record) { return type_of(record.event) == type; }));
  }

  test::VirtualClock clock_;
  MemoryLog log{clock_};
  RiskUse use;

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  void accept() {
    OrderAccepted order = test::accepted_event();
    order.account = accounts[below(std::size(accounts))];
    if (below(3) == 0) std::swap(order.input, order.output);
    order.amount_in = Decimal{1 + below(1'000), order.input.decimals};
    send(test::order_id(++last_), 0, {order});
  }
  void change(const Order& order) {
    if (order.open()) {
      switch (below(6)) {
        case 0:
          return send(order, {OrderCancelled{"a", "asked"}});
        case 1:
          return send(order, {RoutingStarted{order.attempt + 1},
                              OrderFailed{order.attempt + 1, ErrorClass::invalid_order, "x", 1}});
        case 2:
          return trade(order, order.remaining());
        case 3:
          return trade(order, 1 + below(order.remaining()));
        default:
          return amend(order);
      }
    }
    if (order.phase != Phase::failed) return;
    if (below(3) == 0) return send(order, {DeadLetterDiscarded{"ops", "no"}});
    send(order, {DeadLetterRequeued{"ops", "again"}});
  }
  void amend(const Order& order) {
    OrderAmended event;
    if (below(4) == 0) event.terms.slippage_bps = static_cast<std::uint32_t>(below(1'000));
    if (below(4) != 0)
      event.terms.amount_in = Decimal{order.filled_in + 1 + below(1'000), order.input.decimals};
    send(order, {event});
  }
  void trade(const Order& order, Units amount_in) {
    const Attempt attempt = order.attempt + 1;
    TransactionBuilt built = test::built_event(order.id, attempt);
    built.amount_in = Decimal{amount_in, order.input.decimals};
    std::vector<Event> events{RoutingStarted{attempt}, test::route_event(attempt), built};
    if (amount_in == order.remaining()) {
      OrderConfirmed whole = test::confirmed_event(attempt);
      whole.amount_in = built.amount_in;
      events.push_back(whole);
    } else {
      OrderPartiallyFilled part = test::partial_fill_event(attempt);
      part.amount_in = built.amount_in;
      events.push_back(part);
    }
    send(order, std::move(events));
  }
  void send(const Order& order, std::vector<Event> events) {
    send(order.id, order.version, std::move(events));
  }
  void send(const OrderId& id, Version expected, std::vector<Event> events) {
    AppendRequest request;
    request.order_id = id;
    request.expected_version = expected;
    request.events = std::move(events);
    log.append(std::move(request), probe_, &probe_.new_call());
  }

  std::mt19937_64 random_;
  LogProbe probe_;
  OrdersById orders_;
  std::uint64_t last_ = 0;
  Version halts_ = 0;
  std::size_t folded_ = 0;
};

void expect_equal(const RiskUse& folded, const RiskUse& other) {
  EXPECT_EQ(folded.head(), other.head());
  EXPECT_EQ(folded.time(), other.time());
  EXPECT_EQ(folded.accounts(), other.accounts());
  EXPECT_TRUE(folded.all() == other.all());
  for (const char* account : accounts)
    EXPECT_TRUE(folded.of(account) == other.of(account)) << account;
}

TEST(RiskRecovery, TheUseAfterAStartIsTheFoldOfTheWholeLog) {
  std::array<std::size_t, event_type_count> seen{};
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    RandomLog orders(seed);
    expect_equal(orders.use, orders.recovered());
    std::vector<RiskUse> earlier;
    for (int step = 0; step < 60; ++step) {
      orders.step();
      expect_equal(orders.use, orders.recovered());
      if (step % 7 == 0) earlier.push_back(orders.recovered());
      if (testing::Test::HasFailure()) return;
    }
    for (RiskUse& use : earlier) {  // a start in the middle, then the rest
      orders.bring_up(use);
      expect_equal(orders.use, use);
    }
    EXPECT_GT(orders.use.all().open_orders, 0U);
    for (const EventType type : {EventType::order_partially_filled, EventType::order_amended,
                                 EventType::dead_letter_requeued, EventType::trading_halted})
      seen[static_cast<std::size_t>(type)] += orders.count(type);
  }
  for (const EventType type : {EventType::order_partially_filled, EventType::order_amended,
                               EventType::dead_letter_requeued, EventType::trading_halted})
    EXPECT_GT(seen[static_cast<std::size_t>(type)], 10U) << to_string(type);
}

// A log of 5,000 records that ends in the first hours of a day.
TEST(RiskRecovery, AStartReadsOnlyTheRecordsOfTheDay) {
  class CountingLog final : public EventLog {
   public:
    explicit CountingLog(EventLog& log) : log_(log) {}
    void append(AppendRequest, BlockSink&, void*) override {}
    Result<BlockPtr> read(Seq from, std::size_t limit) override {
      auto block = log_.read(from, limit);
      if (block.ok()) records_read += (*block)->records.size();
      return block;
    }
    Result<std::vector<Record>> read_order(const OrderId& id) override {
      return log_.read_order(id);
    }
    Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
      return log_.wait_past(seq, wait);
    }
    OpenOrderHint load_hint() override { return {}; }
    void store_hint(OpenOrderHint) override {}
    std::size_t records_read = 0;

   private:
    EventLog& log_;
  };
  test::VirtualClock clock;
  LogProbe probe;
  BlockSink* sink = &probe;
  MemoryLog memory(clock);
  memory.start({&sink, 1});
  const auto put = [&](std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i) {
      AppendRequest request;
      request.order_id = test::order_id(i);
      request.events.push_back(test::accepted_event());
      memory.append(std::move(request), probe, &probe.new_call());
      memory.commit();
    }
  };
  put(1, 4'900);
  clock.advance(Micros(24 * 3'600'000'000ULL));
  put(4'901, 5'000);
  CountingLog log(memory);
  const auto use = recover_risk_use(log, {}, 5'000);
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->all().orders_today, 100U);
  EXPECT_LE(log.records_read, 100U + 14) << "2^13 > 5,000, and the head's time";
}

}  // namespace
}  // namespace oee
