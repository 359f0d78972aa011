// The contract of OrderHistory, folded from the log and read from PostgreSQL.
#include <gtest/gtest.h>

#include "core/order/fold.h"
#include "core/order/legs.h"
#include "core/order/order_json.h"
#include "eventlog/memory_log.h"
#include "projections/log_history.h"
#include "projections/postgres/adapters.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

using test::encoded;
using test::RandomOrders;

class NoSink final : public BlockSink {
 public:
  void deliver(BlockPtr, std::vector<Answer> answers) override {
    for (const Answer& answer : answers)
      ASSERT_TRUE(answer.result.ok()) << answer.result.error().detail;
  }
};

std::string json_of(const std::optional<Order>& order) {
  if (!order) return "none";
  std::string text;
  JsonWriter json(text);
  write_order(json, *order);
  return text;
}

// Removes the hash, which only the records of the log contain.
std::string without_hash(std::string event) {
  constexpr std::string_view key = ",\"hash\":\"";
  const std::size_t at = event.find(key);
  EXPECT_NE(at, event.npos) << event;
  return at == event.npos ? event : event.erase(at, key.size() + 64 + 1);
}

class OrderHistoryContract : public ::testing::Test {
 protected:
  void SetUp() override {
    BlockSink* const sinks[] = {&sink_};
    log_.start(sinks);
    for (Record& record : RandomOrders(7, 30).take(1'500)) {
      AppendRequest request;
      request.order_id = record.order_id;
      request.expected_version = record.version - 1;
      request.events.push_back(std::move(record.event));
      request.correlation = record.correlation;
      log_.append(std::move(request), sink_, nullptr);
      clock_.advance(Micros(record.seq % 3));
      log_.commit();
    }
    options_.url = test::PostgresServer::shared_database();
    model_ = make_postgres_read_model(options_);
    ASSERT_NO_FATAL_FAILURE(project());
    ASSERT_EQ(applied_, 1'500U);
    postgres_ = make_postgres_history(options_);
  }

  void project() {
    Projector projector(log_, log_.id(), *model_, {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
    applied_ += projector.metrics().applied;
  }

  void expect_equal_events(const EventFilter& filter) {
    const auto folded = folded_.events(filter);
    const auto read = postgres_->events(filter);
    ASSERT_TRUE(folded.ok()) << folded.error().detail;
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->scanned, folded->scanned);
    ASSERT_EQ(read->items.size(), folded->items.size());
    for (std::size_t i = 0; i < read->items.size(); ++i) {
      const EventView& a = folded->items[i];
      const EventView& b = read->items[i];
      EXPECT_EQ(b.json, without_hash(a.json));
      EXPECT_EQ(b.update.json, a.update.json);
      EXPECT_EQ(b.update.seq, a.update.seq);
      EXPECT_EQ(b.update.order_id, a.update.order_id);
      EXPECT_EQ(b.update.version, a.update.version);
      EXPECT_EQ(b.update.type, a.update.type);
      EXPECT_EQ(b.update.time, a.update.time);
      EXPECT_EQ(b.update.correlation, a.update.correlation);
      EXPECT_EQ(b.update.venue, a.update.venue);
      if (!filter.tokens) continue;  // an event's own tokens may be there
      EXPECT_FALSE(b.update.input.empty());
      EXPECT_EQ(b.update.input, a.update.input);
      EXPECT_EQ(b.update.output, a.update.output);
      EXPECT_FALSE(b.update.account.empty());
      EXPECT_EQ(b.update.account, a.update.account);
    }
  }

  test::VirtualClock clock_;
  NoSink sink_;
  MemoryLog log_{clock_};
  PostgresOptions options_;
  // One for the whole test: PostgreSQL frees the lock of a closed connection a little later.
  std::unique_ptr<ReadModel> model_;
  std::uint64_t applied_ = 0;
  LogHistory folded_{log_};
  std::unique_ptr<OrderHistory> postgres_;
};

TEST_F(OrderHistoryContract, AnOrderIsTheSameNowAndAtEverySeq) {
  const BlockPtr first = *log_.read(1, 1);
  std::size_t looked_at = 0;
  std::size_t with_legs = 0;
  for (Seq seq = 1; seq <= 1'500; seq += 37) {
    const OrderId id =
        log_.read(seq, 1).operator*()->records[seq - (*log_.read(seq, 1))->first].order_id;
    const auto records = *log_.read_order(id);
    std::vector<std::optional<Seq>> positions{std::nullopt, Seq{0}, Seq{10'000}};
    for (const Record& record : records) {
      positions.emplace_back(record.seq);
      positions.emplace_back(record.seq - 1);
    }
    for (const auto& at : positions) {
      const auto folded = folded_.order(id, at);
      const auto read = postgres_->order(id, at);
      ASSERT_TRUE(folded.ok() && read.ok()) << (read.ok() ? "" : read.error().detail);
      ASSERT_EQ(json_of(*read), json_of(*folded)) << "at " << (at ? *at : 0);
      if (*folded) {
        EXPECT_EQ(encoded(**read), encoded(**folded));
      }
      const auto folded_records = folded_.records(id, at);
      const auto read_records = postgres_->records(id, at);
      ASSERT_TRUE(folded_records.ok() && read_records.ok())
          << (read_records.ok() ? "" : read_records.error().detail);
      EXPECT_EQ(json_of(*fold_order(*folded_records)), json_of(*folded));
      EXPECT_EQ(json_of(*fold_order(*read_records)), json_of(*folded));
      const std::vector<Leg> legs = legs_of(*folded_records);
      EXPECT_EQ(legs_of(*read_records), legs) << "at " << (at ? *at : 0);
      with_legs += legs.empty() ? 0 : 1;
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 200U);
  EXPECT_GT(with_legs, 0U);
  EXPECT_EQ(*folded_.order(OrderId{}, std::nullopt), std::nullopt);
  EXPECT_EQ(*postgres_->order(OrderId{}, std::nullopt), std::nullopt);
}

TEST_F(OrderHistoryContract, EventsAreTheSameByOrderTypeAndPosition) {
  std::vector<EventFilter> filters;
  for (const Seq after : {Seq{0}, Seq{1}, Seq{777}, Seq{1'490}, Seq{1'500}, Seq{9'999}, ~Seq{0}}) {
    for (const std::uint32_t limit : {1U, 50U, 2'000U}) {
      EventFilter filter;
      filter.after = after;
      filter.limit = limit;
      filters.push_back(filter);
      filter.type = EventType::order_failed;
      filters.push_back(filter);
      filter.type = EventType::dead_letter_discarded;
      filters.push_back(filter);
      const BlockPtr block = *log_.read(700, 1);
      filter.order_id = block->records.front().order_id;
      filters.push_back(filter);
      filter.type.reset();
      filters.push_back(filter);
      filter.account = "default";
      filters.push_back(filter);
      filter.account = "nobody";
      filters.push_back(filter);
      filter.order_id.reset();
      filters.push_back(filter);
      filter.account = "default";
      filters.push_back(filter);
      filter.type = EventType::order_confirmed;
      filters.push_back(filter);
      filter.type.reset();
      filter.account.clear();
      filter.order_id = OrderId{};
      filters.push_back(filter);
    }
  }
  for (EventFilter& filter : filters) {
    SCOPED_TRACE("after " + std::to_string(filter.after) + " limit " +
                 std::to_string(filter.limit) +
                 (filter.type ? " " + std::string(to_string(*filter.type)) : "") +
                 (filter.order_id ? " " + to_text(*filter.order_id) : "") + " " + filter.account);
    expect_equal_events(filter);
    filter.tokens = true;
    expect_equal_events(filter);
  }
}

TEST_F(OrderHistoryContract, TheEventsOfAnAccountAreThoseOfItsOrders) {
  std::map<OrderId, std::string> account_of;
  std::vector<Seq> expected;
  for (Seq seq = 1; seq <= 1'500; ++seq) {
    const BlockPtr block = *log_.read(seq, 1);
    const Record& record = block->records[seq - block->first];
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
      account_of[record.order_id] = accepted->account;
    if (account_of[record.order_id] == "default") expected.push_back(seq);
  }
  EXPECT_GT(expected.size(), 100U);
  EXPECT_LT(expected.size(), 1'400U);
  for (OrderHistory* const history : {static_cast<OrderHistory*>(&folded_), postgres_.get()}) {
    std::vector<Seq> found;
    EventFilter filter;
    filter.account = "default";
    filter.limit = 70;
    for (;;) {
      const auto page = history->events(filter);
      ASSERT_TRUE(page.ok()) << page.error().detail;
      for (const EventView& event : page->items) found.push_back(event.update.seq);
      if (page->scanned == filter.after) break;
      filter.after = page->scanned;
    }
    EXPECT_EQ(found, expected);
  }
}

TEST_F(OrderHistoryContract, AnEventOfNoOrderIsListedWithoutAFilterByAccountAlone) {
  AppendRequest request;
  request.order_id = engine_stream;
  request.events.push_back(TradingHalted{HaltScope::token, "SOL", "ops", "depeg"});
  log_.append(std::move(request), sink_, nullptr);
  log_.commit();
  ASSERT_NO_FATAL_FAILURE(project());
  EventFilter filter;
  filter.after = 1'490;
  filter.limit = 100;
  expect_equal_events(filter);
  for (OrderHistory* const history : {static_cast<OrderHistory*>(&folded_), postgres_.get()}) {
    for (const bool tokens : {false, true}) {
      filter.tokens = tokens;
      filter.account.clear();
      const auto all = history->events(filter);
      ASSERT_TRUE(all.ok()) << all.error().detail;
      ASSERT_EQ(all->items.size(), 11U);
      const Update& halt = all->items.back().update;
      EXPECT_EQ(halt.type, EventType::trading_halted);
      EXPECT_EQ(halt.order_id, engine_stream);
      EXPECT_TRUE(halt.account.empty() && halt.input.empty() && halt.output.empty());
      for (const char* account : {"default", "ops"}) {
        filter.account = account;
        const auto own = history->events(filter);
        ASSERT_TRUE(own.ok()) << own.error().detail;
        for (const EventView& event : own->items)
          EXPECT_NE(event.update.order_id, engine_stream) << account;
        EXPECT_EQ(own->scanned, 1'501U) << "the page is read to its end";
      }
    }
    EXPECT_EQ(*history->order(engine_stream, std::nullopt), std::nullopt);
    EXPECT_TRUE(history->records(engine_stream, std::nullopt)->empty());
  }
}

}  // namespace
}  // namespace oee
