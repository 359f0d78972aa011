// Lists for the API, from PostgreSQL.
#include <algorithm>
#include <pqxx/nontransaction>

#include "projections/page_cursor.h"
#include "projections/postgres/reader.h"
#include "projections/postgres/schema.h"
#include "projections/postgres/session.h"

namespace oee {
namespace {

constexpr std::uint32_t page_limit_max = 500;

// SQL with numbered parameters; texts never become part of the SQL.
class Query {
 public:
  explicit Query(std::string sql) : sql_(std::move(sql)) {}
  Query& add(std::string_view sql) {
    sql_ += sql;
    return *this;
  }
  Query& parameter(std::string value) {
    values_.push_back(std::move(value));
    sql_ += "$" + std::to_string(values_.size());
    return *this;
  }
  pqxx::result run(pqxx::transaction_base& tx) const {
    return tx.exec_params(sql_, pqxx::prepare::make_dynamic_params(values_));
  }

 private:
  std::string sql_;
  std::vector<std::string> values_;
};

class PostgresQueries final : public OrderQueries {
 public:
  explicit PostgresQueries(PostgresOptions options)
      : session_(query_options(std::move(options)), "order-engine queries", require_schema) {}

  Result<ProjectionCursor> cursor() override {
    return session_.run([](PostgresConnection& connection) -> Result<ProjectionCursor> {
      pqxx::nontransaction tx(connection);
      return read_cursor(tx, postgres_schema, false);
    });
  }

  Result<Page<Order>> orders(const OrderFilter& filter) override {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::orders, filter.cursor));
    Query query(select_orders());
    query.add(" WHERE accepted_seq < ").parameter(std::to_string(before));
    if (filter.status)
      query.add(" AND status = ").parameter(std::string(to_string(*filter.status)));
    if (!filter.input_token.empty()) query.add(" AND input_token = ").parameter(filter.input_token);
    if (!filter.output_token.empty())
      query.add(" AND output_token = ").parameter(filter.output_token);
    if (!filter.token.empty()) {
      query.add(" AND (input_token = ").parameter(filter.token);
      query.add(" OR output_token = ").parameter(filter.token).add(")");
    }
    if (!filter.venue.empty()) query.add(" AND venue = ").parameter(filter.venue);
    if (!filter.client_order_id.empty())
      query.add(" AND client_order_id = ").parameter(filter.client_order_id);
    if (filter.tx_hash) query.add(" AND tx_hash = ").parameter(to_text(*filter.tx_hash));
    if (filter.since) {
      // Times rise with seqs: the oldest order of that time bounds the page by seq, which the
      // indexes of every filter end with.
      query.add(" AND accepted_seq >= (SELECT accepted_seq FROM oee.orders WHERE accepted_at >= ")
          .parameter(format_rfc3339(*filter.since))
          .add(" ORDER BY accepted_at, accepted_seq LIMIT 1)");
    }
    return page(query, filter.limit, ListKind::orders);
  }

  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor) override {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::dead_letters, cursor));
    Query query(select_orders());
    query.add(" WHERE phase = 'failed' AND accepted_seq < ").parameter(std::to_string(before));
    return page(query, limit, ListKind::dead_letters);
  }

  Result<DeadLetterStats> dead_letter_stats() override {
    return session_.run([](PostgresConnection& connection) -> Result<DeadLetterStats> {
      pqxx::nontransaction tx(connection);
      // Ends are counted as they are written; what is counted here is open or dead, and small.
      const pqxx::result rows = tx.exec(
          "SELECT 'confirmed' AS what, orders_confirmed AS n FROM oee.projection_state"
          " UNION ALL SELECT 'discarded', orders_discarded FROM oee.projection_state"
          " UNION ALL SELECT CASE status WHEN 'pending' THEN 'pending' ELSE 'active' END, count(*)"
          "  FROM oee.orders WHERE status IN ('pending','routing','building','submitted') GROUP BY "
          "1"
          " UNION ALL SELECT error, count(*) FROM oee.orders WHERE phase = 'failed' GROUP BY 1");
      DeadLetterStats stats;
      for (const auto& row : rows) count(view_of(row[0]), row[1].as<std::uint64_t>(), stats);
      std::sort(stats.by_error.begin(), stats.by_error.end());
      return stats;
    });
  }

 private:
  static std::string select_orders() {
    // Its columns are texts under the columns' names: sort by the table's, not by these.
    return "SELECT " + canonical_select(orders_table) + " FROM oee.orders";
  }

  static void count(std::string_view what, std::uint64_t n, DeadLetterStats& stats) {
    if (what == "confirmed") {
      stats.confirmed = n;
    } else if (what == "discarded") {
      stats.discarded = n;
    } else if (what == "pending") {
      stats.pending = n;
    } else if (what == "active") {
      stats.active = n;
    } else if (const auto error = parse_error_class(what)) {
      stats.by_error.emplace_back(*error, n);
      stats.dead += n;
    }
  }

  // One row more than the page holds tells whether there is another page.
  Result<Page<Order>> page(Query& query, std::uint32_t limit, ListKind kind) {
    limit = std::clamp(limit, 1U, page_limit_max);
    query.add(" ORDER BY orders.accepted_seq DESC LIMIT " + std::to_string(limit + 1));
    return session_.run([&](PostgresConnection& connection) -> Result<Page<Order>> {
      pqxx::nontransaction tx(connection);
      const pqxx::result rows = query.run(tx);
      Page<Order> out;
      for (const auto& row : rows) {
        if (out.items.size() == limit) {
          out.next_cursor = page_cursor(kind, out.items.back().accepted_seq);
          break;
        }
        OEE_TRY_ASSIGN(Order order, order_of(row, 0));
        out.items.push_back(std::move(order));
      }
      return out;
    });
  }

  PostgresSession session_;
};

}  // namespace

std::unique_ptr<OrderQueries> make_postgres_queries(PostgresOptions options) {
  return std::make_unique<PostgresQueries>(std::move(options));
}

}  // namespace oee
