// The contract of ReadModel and OrderQueries, for the embedded read model and a real PostgreSQL.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "projections/embedded/read_model.h"
#include "projections/postgres/adapters.h"
#include "projections/projector.h"
#include "tests/support/limit_life.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"

namespace oee {
namespace {

using test::all_orders;
using test::contents;
using test::fold_of;
using test::listed;
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
  // The batch of the range [from, end), made without a projector.
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
  EXPECT_EQ(subject_->queries().dead_letter_counts("")->dead, 0U);
  EXPECT_TRUE(subject_->queries().dead_letters(10, "", "")->items.empty());
}

TEST_P(ReadModelContract, ListsAreTheFoldWhateverTheBatches) {
  RandomOrders random_orders(1);
  RecordLog log(random_orders.take(60));
  for (const std::size_t batch : {1U, 7U, 100U, 1'000U}) {
    project(log, batch);
    const Seq at = log.durable_head();
    EXPECT_EQ(subject_->queries().cursor()->last_seq, at);
    EXPECT_EQ(subject_->queries().cursor()->log_id, log_id(1));
    EXPECT_EQ(contents(subject_->queries()), fold_of(log, at));
    log.add(random_orders.take(batch * 4));
  }
  project(log);
  subject_->reopen();
  EXPECT_EQ(contents(subject_->queries()), fold_of(log, log.durable_head()));
}

TEST_P(ReadModelContract, ALimitOrderIsListedByItsStatusAfterEachEvent) {
  const std::vector<Record> records = test::limit_life();
  RecordLog log({});
  bool rested = false;
  for (const Record& record : records) {
    SCOPED_TRACE(to_string(type_of(record.event)));
    log.add({record});
    project(log);
    EXPECT_EQ(contents(subject_->queries()), fold_of(log, record.seq));
    const Order order = orders_at(log, record.seq)[0];
    OrderFilter filter;
    filter.status = order.status();
    EXPECT_EQ(all_orders(subject_->queries(), filter).size(), 1U);
    filter.status = OrderStatus::resting;
    EXPECT_EQ(all_orders(subject_->queries(), filter).size(), order.phase == Phase::resting);
    const auto counts = subject_->queries().dead_letter_counts("");
    ASSERT_TRUE(counts.ok());
    const bool waits = order.phase == Phase::pending || order.phase == Phase::resting;
    EXPECT_EQ(counts->pending, waits);
    EXPECT_EQ(counts->active, order.open() && !waits);
    rested |= order.phase == Phase::resting;
    if (order.phase == Phase::resting) subject_->reopen();
  }
  EXPECT_TRUE(rested);
}

TEST_P(ReadModelContract, OnlyTheNextBatchOfTheSameLogIsApplied) {
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
      expected.push_back(listed(order));
    }
    for (const std::uint32_t limit : {3U, 500U}) {
      filter.limit = limit;
      std::vector<std::string> found;
      for (const Order& order : all_orders(subject_->queries(), filter))
        found.push_back(listed(order));
      EXPECT_EQ(found, expected) << "status " << (filter.status ? to_string(*filter.status) : "any")
                                 << " limit " << limit;
    }
  }
}

TEST_P(ReadModelContract, OrdersAreFoundByTokenVenueAccountClientIdAndTransactionHash) {
  RecordLog log(RandomOrders(8, 60).take(1'200));
  project(log);
  const std::vector<Order> all = orders_at(log, 1'200);
  const auto expect_found = [&](OrderFilter filter, const auto& wanted) {
    std::vector<std::string> expected;
    for (const Order& order : all)
      if (wanted(order)) expected.push_back(listed(order));
    filter.limit = 3;
    std::vector<std::string> found;
    for (const Order& order : all_orders(subject_->queries(), filter))
      found.push_back(listed(order));
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
  for (const std::string& account : {std::string("default"), all.back().account}) {
    OrderFilter of_account;
    of_account.account = account;
    const auto wanted = [&](const Order& order) { return order.account == account; };
    EXPECT_GT(expect_found(of_account, wanted), 0U);
    of_account.status = OrderStatus::confirmed;
    expect_found(of_account, [&](const Order& order) {
      return order.account == account && order.status() == OrderStatus::confirmed;
    });
  }
  std::size_t by_id = 0;
  std::size_t by_hash = 0;
  std::size_t by_venue = 0;
  for (std::size_t i = 0; i < all.size(); i += 3) {
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
  none.account = "nobody";
  EXPECT_EQ(expect_found(none, [](const Order&) { return false; }), 0U);
  none.account.clear();
  for (const char* id : {"no such id", "'; DROP TABLE oee.orders; --", "%"}) {
    none.client_order_id = id;
    EXPECT_EQ(expect_found(none, [](const Order&) { return false; }), 0U);
  }
}

TEST_P(ReadModelContract, OrdersAreFoundByTheirTagsAloneAndWithOtherFilters) {
  RecordLog log(RandomOrders(9, 60).take(600));
  project(log);
  const std::vector<Order> all = orders_at(log, 600);
  std::set<std::string> tags{"no such tag", "'; DROP TABLE oee.orders; --"};
  for (const Order& order : all) tags.insert(order.tags.begin(), order.tags.end());
  EXPECT_GT(tags.size(), 10U);
  for (const std::string& tag : tags)
    for (const char* account : {"", "default"}) {
      OrderFilter filter;
      filter.tag = tag;
      filter.account = account;
      filter.limit = 3;
      std::vector<std::string> expected;
      for (const Order& order : all)
        if ((filter.account.empty() || order.account == filter.account) &&
            std::find(order.tags.begin(), order.tags.end(), tag) != order.tags.end())
          expected.push_back(listed(order));
      std::vector<std::string> found;
      for (const Order& order : all_orders(subject_->queries(), filter))
        found.push_back(listed(order));
      EXPECT_EQ(found, expected) << tag;
    }
}

TEST_P(ReadModelContract, TheLastPageHasNoCursor) {
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
    EXPECT_EQ(subject_->queries().dead_letters(10, cursor, "").error().code, Errc::invalid)
        << cursor;
  }
  filter.cursor.clear();
  filter.input_token = "'; DROP TABLE oee.orders; --";
  EXPECT_TRUE(subject_->queries().orders(filter)->items.empty());
  EXPECT_FALSE(contents(subject_->queries()).empty());
}

TEST_P(ReadModelContract, DeadLettersAndTheirCountsFollowRequeueAndDiscard) {
  RandomOrders random_orders(6, 200);
  RecordLog log(std::vector<Record>{});
  for (int round = 0; round < 12; ++round) {
    log.add(random_orders.take(400));
    project(log, 150);
    const std::vector<Order> all = orders_at(log, log.durable_head());
    // "": of all accounts. Some orders have an account of their own.
    for (const std::string& account :
         {std::string(), std::string("default"), all.front().account, std::string("nobody")}) {
      SCOPED_TRACE("account " + account);
      DeadLetterCounts expected;
      std::map<ErrorClass, std::uint64_t> by_error;
      std::vector<std::string> dead;
      for (const Order& order : all) {
        if (!account.empty() && order.account != account) continue;
        if (order.phase == Phase::failed) {
          ++expected.dead;
          ++by_error[*order.error];
          dead.push_back(listed(order));
        }
        expected.discarded += order.phase == Phase::discarded;
        expected.confirmed += order.phase == Phase::confirmed;
        const bool waits =
            order.status() == OrderStatus::pending || order.status() == OrderStatus::resting;
        expected.pending += waits;
        expected.active += order.open() && !waits;
      }
      const auto counts = subject_->queries().dead_letter_counts(account);
      ASSERT_TRUE(counts.ok()) << counts.error().detail;
      EXPECT_EQ(counts->dead, expected.dead);
      EXPECT_EQ(counts->discarded, expected.discarded);
      EXPECT_EQ(counts->confirmed, expected.confirmed);
      EXPECT_EQ(counts->pending, expected.pending);
      EXPECT_EQ(counts->active, expected.active);
      const std::vector<std::pair<ErrorClass, std::uint64_t>> errors(by_error.begin(),
                                                                     by_error.end());
      EXPECT_EQ(counts->by_error, errors);

      std::vector<std::string> found;
      std::string cursor;
      do {
        const auto page = subject_->queries().dead_letters(7, cursor, account);
        ASSERT_TRUE(page.ok()) << page.error().detail;
        for (const Order& order : page->items) found.push_back(listed(order));
        cursor = page->next_cursor;
      } while (!cursor.empty());
      EXPECT_EQ(found, dead);
    }
    if (round == 5) subject_->reopen();
  }
  EXPECT_GT(subject_->queries().dead_letter_counts("default")->dead, 0U);
  EXPECT_GT(subject_->queries().dead_letter_counts("default")->discarded, 0U);
}

INSTANTIATE_TEST_SUITE_P(Models, ReadModelContract, ::testing::Values("embedded", "postgres"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace oee
