// Lists over a table that is larger than one page may read, and queries at the same time.
#include <gtest/gtest.h>

#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "projections/postgres/adapters.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"

namespace oee {
namespace {

using test::log_id;
using test::RandomOrders;
using test::RecordLog;

class QueryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.url = test::PostgresServer::shared_database();
    RecordLog log(RandomOrders(1).take(600));  // one is confirmed
    const auto model = make_postgres_read_model(options_);
    Projector projector(log, log_id(1), *model, {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
  }
  void sql(const std::string& text) {
    pqxx::connection connection(options_.url);
    pqxx::nontransaction tx(connection);
    tx.exec(text);
  }
  // The orders with accepted_seq from `first` to `last`: copies of a confirmed one, with other
  // members.
  void add_orders(Seq first, Seq last, const std::string& members) {
    sql("INSERT INTO oee.orders SELECT r.* FROM"
        " oee.orders o, generate_series(" +
        std::to_string(first) + "," + std::to_string(last) +
        ") seq, LATERAL jsonb_populate_record(o, jsonb_build_object('order_id', gen_random_uuid(),"
        " 'accepted_seq', seq, 'last_seq', seq, 'client_order_id', null, " +
        members +
        ")) r WHERE o.order_id ="
        " (SELECT order_id FROM oee.orders WHERE phase = 'confirmed' LIMIT 1)");
  }
  struct Walked {
    std::size_t pages = 0;
    std::size_t orders = 0;
    std::size_t empty_pages = 0;
    std::vector<Seq> seqs;
  };
  Walked walk(OrderFilter filter) {
    const auto queries = make_postgres_queries(options_);
    Walked out;
    do {
      const auto page = queries->orders(filter);
      EXPECT_TRUE(page.ok()) << page.error().detail;
      if (!page.ok() || ++out.pages > 100) break;
      out.orders += page->items.size();
      out.empty_pages += page->items.empty();
      for (const Order& order : page->items) out.seqs.push_back(order.accepted_seq);
      filter.cursor = page->next_cursor;
    } while (!filter.cursor.empty());
    EXPECT_TRUE(std::is_sorted(out.seqs.rbegin(), out.seqs.rend()));
    EXPECT_EQ(std::adjacent_find(out.seqs.begin(), out.seqs.end()), out.seqs.end());
    return out;
  }
  // Of the table of orders, by its indexes.
  std::int64_t rows_fetched() const {
    pqxx::connection connection(options_.url);
    pqxx::nontransaction tx(connection);
    return tx
        .exec(
            "SELECT sum(idx_tup_fetch)::bigint FROM pg_stat_user_indexes WHERE"
            " schemaname = 'oee' AND relname = 'orders'")[0][0]
        .as<std::int64_t>();
  }
  // The server counts what a session did when it has ended.
  void expect_rows_fetched_since(std::int64_t before, std::int64_t least, std::int64_t most) const {
    std::int64_t rows = 0;
    for (int i = 0; i < 200 && rows < least; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      rows = rows_fetched() - before;
    }
    EXPECT_GE(rows, least);
    EXPECT_LE(rows, most);
  }
  PostgresOptions options_;
};

TEST_F(QueryTest, APageReadsABoundedNumberOfRowsAndItsCursorContinues) {
  add_orders(1'000, 1'002, "'input_token','WIF','output_token','JUP','venue','rare'");
  add_orders(2'000, 25'999, "'input_token','WIF','output_token','JUP','venue','usual'");
  OrderFilter filter;
  filter.input_token = "WIF";
  filter.limit = 500;
  EXPECT_EQ(walk(filter).orders, 24'003U);
  // 24,003 rows have the token; 10,000 are read for one page.
  filter.venue = "rare";
  const Walked rare = walk(filter);
  EXPECT_EQ(rare.seqs, (std::vector<Seq>{1'002, 1'001, 1'000}));
  EXPECT_EQ(rare.pages, 3U);
  EXPECT_EQ(rare.empty_pages, 2U);
  filter.venue = "none";
  EXPECT_EQ(walk(filter).pages, 3U);
  EXPECT_EQ(walk(filter).orders, 0U);
  // A single condition has an index: no page is empty but a last one.
  for (const char* venue : {"rare", "none"}) {
    OrderFilter of_venue;
    of_venue.venue = venue;
    EXPECT_EQ(walk(of_venue).pages, 1U) << venue;
  }
  OrderFilter token;
  token.token = "JUP";
  token.venue = "rare";
  EXPECT_EQ(walk(token).seqs, rare.seqs);
  token.since = WallTime{};
  EXPECT_EQ(walk(token).seqs, rare.seqs);
}

TEST_F(QueryTest, ExactlyAsManyRowsAsAPageReadsAreOnePage) {
  OrderFilter filter;
  filter.input_token = "WIF";
  filter.venue = "none";
  add_orders(2'000, 11'999, "'input_token','WIF','venue','usual'");
  EXPECT_EQ(walk(filter).pages, 1U);
  add_orders(1'999, 1'999, "'input_token','WIF','venue','none'");
  const Walked walked = walk(filter);
  EXPECT_EQ(walked.pages, 2U);
  EXPECT_EQ(walked.seqs, std::vector<Seq>{1'999});
}

// The planner expects half of the newest rows to match, and none does.
TEST_F(QueryTest, AVenueWithoutNewOrdersIsFoundByItsIndex) {
  add_orders(2'000, 21'999, "'venue','earlier'");
  add_orders(40'000, 59'999, "'venue','later'");
  sql("ANALYZE oee.orders");
  const std::int64_t before = rows_fetched();
  OrderFilter filter;
  filter.venue = "earlier";
  {
    const auto queries = make_postgres_queries(options_);
    const auto page = queries->orders(filter);
    ASSERT_TRUE(page.ok()) << page.error().detail;
    ASSERT_EQ(page->items.size(), 50U);
    EXPECT_EQ(page->items.front().accepted_seq, 21'999U);
  }
  expect_rows_fetched_since(before, 51, 999);
}

TEST_F(QueryTest, TheDeadLettersOfAnAccountAreFoundByTheirIndex) {
  const std::string dead = "'phase','failed','status','failed','error','no_liquidity'";
  add_orders(2'000, 2'009, dead + ",'account','desk'");
  add_orders(3'000, 22'999, dead + ",'account','other'");
  add_orders(40'000, 59'999, "'account','desk'");  // confirmed
  sql("ANALYZE oee.orders");
  const std::int64_t before = rows_fetched();
  {
    const auto queries = make_postgres_queries(options_);
    const auto page = queries->dead_letters(50, "", "desk");
    ASSERT_TRUE(page.ok()) << page.error().detail;
    ASSERT_EQ(page->items.size(), 10U);
    EXPECT_EQ(page->items.front().accepted_seq, 2'009U);
    EXPECT_TRUE(page->next_cursor.empty());
    const auto first = queries->dead_letters(4, "", "desk");
    ASSERT_TRUE(first.ok()) << first.error().detail;
    const auto second = queries->dead_letters(4, first->next_cursor, "desk");
    ASSERT_TRUE(second.ok()) << second.error().detail;
    EXPECT_EQ(second->items.front().accepted_seq, 2'005U);
  }
  expect_rows_fetched_since(before, 10, 999);
}

TEST_F(QueryTest, ASlowQueryDelaysNoOther) {
  const auto queries = make_postgres_queries(options_);
  pqxx::connection locker(options_.url);
  pqxx::work tx(locker);
  tx.exec("LOCK TABLE oee.orders IN ACCESS EXCLUSIVE MODE");
  std::vector<std::future<Result<Page<Order>>>> slow;
  for (int i = 0; i < 3; ++i)
    slow.push_back(std::async(std::launch::async, [&] { return queries->orders({}); }));
  ASSERT_EQ(slow[0].wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(queries->cursor().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  tx.abort();
  for (auto& page : slow) EXPECT_TRUE(page.get().ok());
}

TEST_F(QueryTest, ARestartOfPostgresFailsOneCall) {
  const auto queries = make_postgres_queries(options_);
  {  // several connections
    pqxx::connection locker(options_.url);
    pqxx::work tx(locker);
    tx.exec("LOCK TABLE oee.orders IN ACCESS EXCLUSIVE MODE");
    std::vector<std::future<Result<Page<Order>>>> pages;
    for (int i = 0; i < 3; ++i)
      pages.push_back(std::async(std::launch::async, [&] { return queries->orders({}); }));
    ASSERT_EQ(pages[0].wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
    tx.abort();
    for (auto& page : pages) ASSERT_TRUE(page.get().ok());
  }
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
      " AND application_name = 'order-engine queries'");
  EXPECT_EQ(queries->cursor().error().code, Errc::unavailable);
  std::vector<std::future<Result<ProjectionCursor>>> after;
  for (int i = 0; i < 3; ++i)
    after.push_back(std::async(std::launch::async, [&] { return queries->cursor(); }));
  for (auto& cursor : after) EXPECT_TRUE(cursor.get().ok());
}

}  // namespace
}  // namespace oee
