// What every read model promises (ReadModel and OrderQueries), embedded and on a real PostgreSQL;
// and what every OrderHistory answers, folded from the log and read from PostgreSQL.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/order/order_json.h"
#include "eventlog/memory_log.h"
#include "projections/embedded/read_model.h"
#include "projections/log_history.h"
#include "projections/postgres/postgres.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"
#include "tests/support/virtual_clock.h"

namespace oee {
namespace {

using test::all_orders;
using test::contents;
using test::encoded;
using test::fold_of;
using test::log_id;
using test::orders_at;
using test::RandomOrders;
using test::RecordLog;

// One implementation of the two seams over one store.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual ReadModel& model() = 0;
  virtual OrderQueries& queries() = 0;
  virtual void reopen() = 0;
};

class EmbeddedSubject final : public Subject {
 public:
  EmbeddedSubject() { EmbeddedSubject::reopen(); }
  ReadModel& model() override { return *model_; }
  OrderQueries& queries() override { return *model_; }
  void reopen() override {
    model_.reset();
    auto opened = EmbeddedReadModel::open(dir_.path() / "read_model");
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    model_ = *std::move(opened);
  }

 private:
  test::TemporaryDirectory dir_;
  std::unique_ptr<EmbeddedReadModel> model_;
};

class PostgresSubject final : public Subject {
 public:
  PostgresSubject() {
    options_.url = test::PostgresServer::shared_database();
    PostgresSubject::reopen();
  }
  ReadModel& model() override { return *model_; }
  OrderQueries& queries() override { return *queries_; }
  void reopen() override {
    model_.reset();
    model_ = make_postgres_read_model(options_);
    // A busy machine may take longer for the first connection than one call waits.
    for (int tries = 0; tries < 10 && !model_->cursor().ok(); ++tries) {
    }
    EXPECT_TRUE(model_->cursor().ok());
    queries_ = make_postgres_queries(options_);
  }

 private:
  PostgresOptions options_;
  std::unique_ptr<ReadModel> model_;
  std::unique_ptr<OrderQueries> queries_;
};

class ReadModelContract : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "embedded") {
      subject_ = std::make_unique<EmbeddedSubject>();
    } else {
      subject_ = std::make_unique<PostgresSubject>();
    }
  }
  void project(RecordLog& log, std::size_t batch = 500) {
    ProjectorOptions options;
    options.batch_records_max = batch;
    Projector projector(log, log_id(1), subject_->model(), options);
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
  }
  // The batch of one stretch, made by hand.
  static ProjectionBatch batch_of(const std::vector<Record>& records, Seq from, Seq end) {
    ProjectionBatch batch;
    batch.log_id = log_id(1);
    batch.from = from;
    batch.end = end;
    std::map<OrderId, Order> orders;
    for (const Record& record : records) {
      if (record.seq >= end) break;
      EXPECT_TRUE(evolve(orders[record.order_id], record).ok());
      if (record.seq >= from) batch.records.push_back(&record);
    }
    for (const auto& [id, order] : orders)
      if (order.last_seq >= from) batch.orders.push_back(order);
    return batch;
  }
  std::unique_ptr<Subject> subject_;
};

TEST_P(ReadModelContract, AnEmptyModelHasNoLogAndNoOrders) {
  const auto cursor = subject_->model().cursor();
  ASSERT_TRUE(cursor.ok()) << cursor.error().detail;
  EXPECT_TRUE(cursor->log_id.is_zero());
  EXPECT_EQ(cursor->last_seq, 0U);
  EXPECT_TRUE(contents(subject_->queries()).empty());
  EXPECT_EQ(subject_->queries().dead_letter_stats()->dead, 0U);
  EXPECT_TRUE(subject_->queries().dead_letters(10, "")->items.empty());
}

TEST_P(ReadModelContract, ListsAreTheFoldWhateverTheBatches) {
  RandomOrders lives(1);
  RecordLog log(lives.take(60));
  for (const std::size_t batch : {1U, 7U, 100U, 1'000U}) {
    project(log, batch);
    const Seq at = log.durable_head();
    EXPECT_EQ(subject_->queries().cursor()->last_seq, at);
    EXPECT_EQ(subject_->queries().cursor()->log_id, log_id(1));
    EXPECT_EQ(contents(subject_->queries()), fold_of(log, at));
    log.add(lives.take(batch * 4));
  }
  project(log);
  subject_->reopen();
  EXPECT_EQ(contents(subject_->queries()), fold_of(log, log.durable_head()));
}

TEST_P(ReadModelContract, OnlyTheNextBatchOfTheSameLogIsTaken) {
  const std::vector<Record> records = RandomOrders(2).take(200);
  ReadModel& model = subject_->model();
  EXPECT_EQ(model.apply(batch_of(records, 2, 10)).error().code, Errc::conflict);
  ASSERT_TRUE(model.apply(batch_of(records, 1, 101)).ok());
  const auto before = contents(subject_->queries());
  EXPECT_EQ(model.apply(batch_of(records, 1, 101)).error().code, Errc::conflict);  // again
  EXPECT_EQ(model.apply(batch_of(records, 100, 150)).error().code, Errc::conflict);
  EXPECT_EQ(model.apply(batch_of(records, 102, 150)).error().code, Errc::conflict);
  ProjectionBatch foreign = batch_of(records, 101, 150);
  foreign.log_id = log_id(2);
  EXPECT_EQ(model.apply(foreign).error().code, Errc::conflict);
  EXPECT_EQ(contents(subject_->queries()), before);
  EXPECT_EQ(model.cursor()->last_seq, 100U);
  EXPECT_TRUE(model.apply(batch_of(records, 101, 201)).ok());
  EXPECT_EQ(model.cursor()->last_seq, 200U);
}

TEST_P(ReadModelContract, FiltersAndPagesCutTheSameList) {
  RecordLog log(RandomOrders(3, 60).take(1'200));
  project(log);
  const std::vector<Order> all = orders_at(log, 1'200);
  ASSERT_GT(all.size(), 60U);
  std::vector<OrderFilter> filters(1);
  for (std::size_t status = 0; status < order_status_count; ++status) {
    OrderFilter filter;
    filter.status = static_cast<OrderStatus>(status);
    filters.push_back(filter);
    filter.input_token = "SOL";
    filters.push_back(filter);
    filter.since = all[all.size() / 2].accepted_at;
    filters.push_back(filter);
  }
  OrderFilter tokens;
  tokens.input_token = "USDC";
  tokens.output_token = "BONK";
  filters.push_back(tokens);
  tokens.output_token = "NONE";
  filters.push_back(tokens);
  OrderFilter since;
  since.since = all[10].accepted_at;
  filters.push_back(since);
  since.since = all.front().accepted_at + Micros(1);  // newer than every order
  filters.push_back(since);
  for (OrderFilter filter : filters) {
    std::vector<std::string> expected;
    for (const Order& order : all) {
      if (filter.status && order.status() != *filter.status) continue;
      if (!filter.input_token.empty() && order.input.symbol.view() != filter.input_token) continue;
      if (!filter.output_token.empty() && order.output.symbol.view() != filter.output_token)
        continue;
      if (filter.since && order.accepted_at < *filter.since) continue;
      expected.push_back(encoded(order));
    }
    for (const std::uint32_t limit : {3U, 500U}) {
      filter.limit = limit;
      std::vector<std::string> found;
      for (const Order& order : all_orders(subject_->queries(), filter))
        found.push_back(encoded(order));
      EXPECT_EQ(found, expected) << "status " << (filter.status ? to_string(*filter.status) : "any")
                                 << " limit " << limit;
    }
  }
}

TEST_P(ReadModelContract, OrdersAreFoundByTokenVenueClientIdAndTransactionHash) {
  RecordLog log(RandomOrders(8, 60).take(1'200));
  project(log);
  const std::vector<Order> all = orders_at(log, 1'200);
  const auto expect_found = [&](OrderFilter filter, const auto& wanted) {
    std::vector<std::string> expected;
    for (const Order& order : all)
      if (wanted(order)) expected.push_back(encoded(order));
    filter.limit = 3;
    std::vector<std::string> found;
    for (const Order& order : all_orders(subject_->queries(), filter))
      found.push_back(encoded(order));
    EXPECT_EQ(found, expected);
    return expected.size();
  };
  OrderFilter by_token;
  by_token.token = "USDC";
  const std::size_t traded = expect_found(by_token, [](const Order& order) {
    return order.input.symbol.view() == "USDC" || order.output.symbol.view() == "USDC";
  });
  EXPECT_GT(traded, 0U);
  EXPECT_LT(traded, all.size());
  std::size_t by_id = 0;
  std::size_t by_hash = 0;
  std::size_t by_venue = 0;
  for (std::size_t i = 0; i < all.size(); i += 7) {
    const Order& order = all[i];
    OrderFilter filter;
    filter.status = i % 2 == 0 ? std::optional(order.status()) : std::nullopt;
    const auto in_status = [&](const Order& each) {
      return !filter.status || each.status() == *filter.status;
    };
    if (!order.client_order_id.empty()) {
      filter.client_order_id = order.client_order_id;
      by_id += expect_found(filter, [&](const Order& each) {
        return in_status(each) && each.client_order_id == order.client_order_id;
      });
      filter.client_order_id.clear();
    }
    if (order.tx_hash) {
      filter.tx_hash = order.tx_hash;
      by_hash += expect_found(filter, [&](const Order& each) {
        return in_status(each) && each.tx_hash == order.tx_hash;
      });
      filter.tx_hash.reset();
    }
    if (order.attempt_built) {
      filter.venue = order.venue.view();
      by_venue += expect_found(filter, [&](const Order& each) {
        return in_status(each) && each.attempt_built && each.venue == order.venue;
      });
    }
  }
  EXPECT_GT(by_id, 0U);
  EXPECT_GT(by_hash, 0U);
  EXPECT_GT(by_venue, 0U);
  OrderFilter none;
  for (const char* id : {"no such id", "'; DROP TABLE oee.orders; --", "%"}) {
    none.client_order_id = id;
    EXPECT_EQ(expect_found(none, [](const Order&) { return false; }), 0U);
  }
}

TEST_P(ReadModelContract, APageThatHoldsTheRestHasNoCursor) {
  RecordLog log(RandomOrders(4).take(300));
  project(log);
  OrderFilter filter;
  filter.limit = static_cast<std::uint32_t>(orders_at(log, 300).size());
  const auto whole = subject_->queries().orders(filter);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->items.size(), filter.limit);
  EXPECT_EQ(whole->next_cursor, "");
  --filter.limit;
  EXPECT_NE(subject_->queries().orders(filter)->next_cursor, "");
}

TEST_P(ReadModelContract, ForeignPageCursorsAreInvalid) {
  RecordLog log(RandomOrders(5).take(300));
  project(log);
  OrderFilter filter;
  for (const char* cursor : {"x", "'; DROP TABLE oee.orders; --", "d000000000000000000000000"}) {
    filter.cursor = cursor;
    EXPECT_EQ(subject_->queries().orders(filter).error().code, Errc::invalid) << cursor;
    EXPECT_EQ(subject_->queries().dead_letters(10, cursor).error().code, Errc::invalid) << cursor;
  }
  filter.cursor.clear();
  filter.input_token = "'; DROP TABLE oee.orders; --";
  EXPECT_TRUE(subject_->queries().orders(filter)->items.empty());
  EXPECT_FALSE(contents(subject_->queries()).empty());
}

TEST_P(ReadModelContract, DeadLettersAndTheirCountsFollowRequeueAndDiscard) {
  RandomOrders lives(6, 200);
  RecordLog log(std::vector<Record>{});
  for (int round = 0; round < 12; ++round) {
    log.add(lives.take(400));
    project(log, 150);
    DeadLetterStats expected;
    std::map<ErrorClass, std::uint64_t> by_error;
    std::vector<std::string> dead;
    for (const Order& order : orders_at(log, log.durable_head())) {
      if (order.phase == Phase::failed) {
        ++expected.dead;
        ++by_error[*order.error];
        dead.push_back(encoded(order));
      }
      expected.discarded += order.phase == Phase::discarded;
      expected.confirmed += order.phase == Phase::confirmed;
      expected.pending += order.status() == OrderStatus::pending;
      expected.active += order.open() && order.status() != OrderStatus::pending;
    }
    const auto stats = subject_->queries().dead_letter_stats();
    ASSERT_TRUE(stats.ok()) << stats.error().detail;
    EXPECT_EQ(stats->dead, expected.dead);
    EXPECT_EQ(stats->discarded, expected.discarded);
    EXPECT_EQ(stats->confirmed, expected.confirmed);
    EXPECT_EQ(stats->pending, expected.pending);
    EXPECT_EQ(stats->active, expected.active);
    const std::vector<std::pair<ErrorClass, std::uint64_t>> errors(by_error.begin(),
                                                                   by_error.end());
    EXPECT_EQ(stats->by_error, errors);

    std::vector<std::string> found;
    std::string cursor;
    do {
      const auto page = subject_->queries().dead_letters(7, cursor);
      ASSERT_TRUE(page.ok()) << page.error().detail;
      for (const Order& order : page->items) found.push_back(encoded(order));
      cursor = page->next_cursor;
    } while (!cursor.empty());
    EXPECT_EQ(found, dead);
    if (round == 5) subject_->reopen();
  }
  EXPECT_GT(subject_->queries().dead_letter_stats()->dead, 0U);
  EXPECT_GT(subject_->queries().dead_letter_stats()->discarded, 0U);
}

INSTANTIATE_TEST_SUITE_P(Models, ReadModelContract, ::testing::Values("embedded", "postgres"),
                         [](const auto& param_info) { return std::string(param_info.param); });

// --- OrderHistory --------------------------------------------------------------------------------

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

// The one thing that only the log's records know.
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
    const auto model = make_postgres_read_model(options_);
    Projector projector(log_, log_.id(), *model, {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
    ASSERT_EQ(projector.stats().applied, 1'500U);
    postgres_ = make_postgres_history(options_);
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
      EXPECT_EQ(b.update.input, a.update.input);
      EXPECT_EQ(b.update.output, a.update.output);
      EXPECT_FALSE(b.update.input.empty());
    }
  }

  test::VirtualClock clock_;
  NoSink sink_;
  MemoryLog log_{clock_};
  PostgresOptions options_;
  LogHistory folded_{log_};
  std::unique_ptr<OrderHistory> postgres_;
};

TEST_F(OrderHistoryContract, AnOrderIsTheSameNowAndAtEverySeqOfItsLife) {
  const BlockPtr first = *log_.read(1, 1);
  std::size_t looked_at = 0;
  for (Seq seq = 1; seq <= 1'500; seq += 37) {
    const OrderId id =
        log_.read(seq, 1).operator*()->records[seq - (*log_.read(seq, 1))->first].order_id;
    const auto records = *log_.read_order(id);
    std::vector<std::optional<Seq>> moments{std::nullopt, Seq{0}, Seq{10'000}};
    for (const Record& record : records) {
      moments.emplace_back(record.seq);
      moments.emplace_back(record.seq - 1);
    }
    for (const auto& at : moments) {
      const auto folded = folded_.order(id, at);
      const auto read = postgres_->order(id, at);
      ASSERT_TRUE(folded.ok() && read.ok()) << (read.ok() ? "" : read.error().detail);
      ASSERT_EQ(json_of(*read), json_of(*folded)) << "at " << (at ? *at : 0);
      if (*folded) {
        EXPECT_EQ(encoded(**read), encoded(**folded));
      }
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 200U);
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
      filter.order_id = OrderId{};
      filters.push_back(filter);
    }
  }
  for (const EventFilter& filter : filters) {
    SCOPED_TRACE("after " + std::to_string(filter.after) + " limit " +
                 std::to_string(filter.limit) +
                 (filter.type ? " " + std::string(to_string(*filter.type)) : "") +
                 (filter.order_id ? " " + to_text(*filter.order_id) : ""));
    expect_equal_events(filter);
  }
}

}  // namespace
}  // namespace oee
