// PostgresQueries: the lists of the API, read from PostgreSQL.
#include <algorithm>
#include <pqxx/nontransaction>

#include "projections/page_cursor.h"
#include "projections/postgres/adapters.h"
#include "projections/postgres/batch_write.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/query_session.h"

namespace oee {
namespace {

constexpr std::uint32_t page_limit_max = 500;

// SQL with numbered parameters: values never become part of the SQL text.
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
      // Times rise with seqs: the seq of the oldest order since that time bounds the page, and
      // every B-tree index of the filters ends with the seq.
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

  Result<DeadLetterCounts> dead_letter_counts() override {
    return session_.run([](PostgresConnection& connection) -> Result<DeadLetterCounts> {
      pqxx::nontransaction tx(connection);
      // The projector counts confirmed and discarded orders as it writes them. The query counts
      // only open and dead orders, which are few.
      const pqxx::result rows = tx.exec(
          "SELECT 'confirmed' AS what, orders_confirmed AS n FROM oee.projection_state"
          " UNION ALL SELECT 'discarded', orders_discarded FROM oee.projection_state"
          " UNION ALL SELECT CASE status WHEN 'pending' THEN 'pending' ELSE 'active' END, count(*)"
          "  FROM oee.orders WHERE status IN ('pending','routing','building','submitted') GROUP BY "
          "1"
          " UNION ALL SELECT error, count(*) FROM oee.orders WHERE phase = 'failed' GROUP BY 1");
      DeadLetterCounts counts;
      for (const auto& row : rows) count(view_of(row[0]), row[1].as<std::uint64_t>(), counts);
      std::sort(counts.by_error.begin(), counts.by_error.end());
      return counts;
    });
  }

 private:
  static std::string select_orders() {
    // The selected texts have the columns' names: ORDER BY must name the table's columns.
    return "SELECT " + canonical_select(orders_table) + " FROM oee.orders";
  }

  static void count(std::string_view what, std::uint64_t n, DeadLetterCounts& counts) {
    if (what == "confirmed") {
      counts.confirmed = n;
    } else if (what == "discarded") {
      counts.discarded = n;
    } else if (what == "pending") {
      counts.pending = n;
    } else if (what == "active") {
      counts.active = n;
    } else if (const auto error = parse_error_class(what)) {
      counts.by_error.emplace_back(*error, n);
      counts.dead += n;
    }
  }

  // Reads one row more than the page contains: it shows whether there is another page.
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
