// One shard's executor over a memory log, a virtual clock and scripted venues. It runs on one
// thread and never waits.
#pragma once

#include <gtest/gtest.h>

#include "core/exec/executor.h"
#include "core/order/fold.h"
#include "eventlog/memory_log.h"
#include "tests/support/orders.h"
#include "tests/support/scripted_venue.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {

class ZeroEntropy final : public Entropy {
 public:
  std::uint64_t next() override { return 0; }
};

// One shard. restart() builds it again over the same log and venues.
class ExecutorFixture {
 public:
  ExecutorFixture() : log(clock), raydium("raydium", clock), meteora("meteora", clock) {
    meteora.quoted_out = 148'000'000;
    build({});
  }
  ~ExecutorFixture() {
    stop();
    while (clock.fire_next()) settle_now();  // answers of venues that come later
  }

  void restart() {
    stop();
    Seq as_of = 0;
    auto open = recover_open_orders(log, &as_of);
    ASSERT_TRUE(open.ok()) << open.error().detail;
    build(*std::move(open));
  }

  // kill -9, then a start.
  void kill() {
    seen_log.cut = true;
    restart();
  }

  OrderId place(std::uint64_t n, std::optional<WallTime> expires_at = std::nullopt,
                Decimal amount_in = {1'000'000'000, 9}) {
    OrderAccepted event = accepted_event();
    event.amount_in = amount_in;  // the scripted venues quote for 1 SOL
    event.expires_at = expires_at;
    AppendRequest request;
    request.order_id = order_id(n);
    request.events.push_back(event);
    log.append(std::move(request), sink, nullptr);
    return order_id(n);
  }
  void append(const OrderId& id, Event event) {
    AppendRequest request;
    request.order_id = id;
    request.expected_version = records_of(id).back().version;
    request.correlation = trace;
    request.events.push_back(std::move(event));
    log.append(std::move(request), sink, nullptr);
  }

  // An event of no order.
  void append_trading(Event event) {
    AppendRequest request;
    request.expected_version = static_cast<Version>(records_of(engine_stream).size());
    request.events.push_back(std::move(event));
    log.append(std::move(request), sink, nullptr);
    settle_now();
  }
  // The seq of the halt.
  Seq halt(HaltScope scope = HaltScope::all, std::string value = {}) {
    append_trading(TradingHalted{scope, std::move(value), "ops", "depeg"});
    return records_of(engine_stream).back().seq;
  }
  void resume(Seq halt) { append_trading(TradingResumed{halt, "ops", "over"}); }

  // Runs until there is no more work at the present time; returns the number of group commits.
  int settle_now() {
    int commits = 0;
    for (;;) {
      loop.restart();
      read_loop.restart();
      const auto ran = loop.poll() + (reader_held ? 0 : read_loop.poll());
      const auto wrote = log.write();
      if (wrote > 0) {
        log.sync();
        ++commits;
      }
      if (ran == 0 && wrote == 0) return commits;
    }
  }
  void run_for(Micros time) {
    const SteadyTime until = clock.steady_now() + time;
    bool due = false;
    const auto marker = clock.call_at(until, [&due] { due = true; });
    settle_now();
    while (!due && clock.fire_next()) settle_now();
    clock.cancel(marker);
  }

  std::vector<Record> records_of(const OrderId& id) { return *log.read_order(id); }
  std::string types(const OrderId& id) {
    std::string out;
    for (const Record& record : records_of(id))
      out += std::string(out.empty() ? "" : " ") + std::string(to_string(type_of(record.event)));
    return out;
  }
  Order order(const OrderId& id) { return **fold_order(records_of(id)); }

  VirtualClock clock;
  MemoryLog log;
  ScriptedVenue raydium, meteora;
  std::vector<Venue*> venues{&raydium, &meteora};  // of the next start
  PoolSource* pools = nullptr;                     // the same
  ExecutorOptions options;
  Loop loop{1};
  Loop read_loop{1};
  ZeroEntropy entropy;

  struct NullSink final : BlockSink {
    void deliver(BlockPtr, std::vector<Answer>) override {}
  } sink;
  std::unique_ptr<Worker> read;
  std::unique_ptr<Appender> appender;
  std::unique_ptr<OpenOrders> orders;
  std::unique_ptr<Executor> executor;

  bool reader_held = false;  // reads of the log are held back
  CorrelationId trace;       // of the records of append()

  // The executor's log, in which the records of orders can be damaged.
  struct SeenLog final : EventLog {
    explicit SeenLog(MemoryLog& log) : inner(log) {}
    void append(AppendRequest request, BlockSink& origin, void* ticket) override {
      if (cut) {
        std::vector<Answer> answers;
        answers.push_back({ticket, Error{Errc::closed, "the process was killed"}});
        return origin.deliver(nullptr, std::move(answers));
      }
      inner.append(std::move(request), origin, ticket);
    }
    Result<BlockPtr> read(Seq from, std::size_t limit) override { return inner.read(from, limit); }
    Result<std::vector<Record>> read_order(const OrderId& id) override {
      if (damaged) return Error{Errc::corrupt, "the block's checksum is wrong"};
      return inner.read_order(id);
    }
    Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
      return inner.wait_past(seq, wait);
    }
    OpenOrderHint load_hint() override { return inner.load_hint(); }
    void store_hint(OpenOrderHint hint) override { inner.store_hint(std::move(hint)); }
    MemoryLog& inner;
    bool damaged = false;
    bool cut = false;  // nothing is appended any more
  } seen_log{log};

 private:
  void build(std::vector<Order> open) {
    seen_log.cut = false;
    read = std::make_unique<Worker>(read_loop, 16);
    appender = std::make_unique<Appender>(seen_log, loop);
    orders = std::make_unique<OpenOrders>(0, 1);
    executor = std::make_unique<Executor>(ExecutorContext{.orders = *orders,
                                                          .log = seen_log,
                                                          .appender = *appender,
                                                          .loop = loop,
                                                          .clock = clock,
                                                          .entropy = entropy,
                                                          .read = *read,
                                                          .venues = venues,
                                                          .pools = pools},
                                          options);
    appender->observe(*executor);
    BlockSink* sinks[] = {appender.get(), &sink};
    log.start(sinks);
    const Seq as_of = log.wait_past(0, std::chrono::milliseconds(0));
    executor->recover(std::move(open), as_of, Halts::of(records_of(engine_stream)));
    executor->start();
  }
  void stop() {
    Gate gate;
    bool stopped = false;
    spawn(gate, "stop", stop_executor(&stopped));
    settle_now();
    while (!stopped && clock.fire_next()) settle_now();
    ASSERT_TRUE(stopped);
    executor.reset();
    orders.reset();
    read.reset();
  }
  Task<void> stop_executor(bool* stopped) {
    co_await executor->stop();
    *stopped = true;
  }
};

}  // namespace oee::test
