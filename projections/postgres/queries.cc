// PostgresQueries: the lists of the API, read from PostgreSQL.
#include <algorithm>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "projections/page_cursor.h"
#include "projections/postgres/adapters.h"
#include "projections/postgres/batch_write.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/query_session.h"

namespace oee {
namespace {

constexpr std::uint32_t page_limit_max = 500;
// The most rows that a page reads when its filter matches little: about 10 ms. The page then ends
// early, with a cursor that continues it. The embedded read model has the same number.
constexpr std::uint32_t rows_scanned_max = 10'000;

// Values never become part of the SQL text.
class Parameters {
 public:
  std::string add(std::string value) {
    values_.push_back(std::move(value));
    return "$" + std::to_string(values_.size());
  }
  std::size_t size() const { return values_.size(); }
  // Runs with the first `count` values. The SQL text must use each of them.
  pqxx::result run(pqxx::transaction_base& tx, const std::string& sql, std::size_t count) const {
    const auto end = values_.begin() + static_cast<std::ptrdiff_t>(count);
    return tx.exec_params(sql, pqxx::prepare::make_dynamic_params(values_.begin(), end));
  }

 private:
  std::vector<std::string> values_;
};

std::string select_orders() {
  // The selected texts have the columns' names: ORDER BY must name the table's columns.
  return "SELECT " + canonical_select(orders_table) + " FROM ";
}

// A condition of a filter: one of the columns has the value.
struct Condition {
  std::vector<std::string> columns;
  std::string value;
  // walked: each column has an index with accepted_seq, which yields the orders newest first;
  // found: an index finds the few orders; none: the rows of the other conditions are searched.
  enum class Index : std::uint8_t { walked, found, none };
  Index index = Index::walked;
  std::string parameter = {};  // names `value` in the SQL text

  std::string sql() const {
    std::string any;
    for (const std::string& column : columns)
      any += (any.empty() ? "(" : " OR ") + parameter + " = " + column;
    return any + ")";
  }
};

// In the order of preference: the rows that a page reads are those of the first one's index.
std::vector<Condition> conditions_of(const OrderFilter& filter) {
  std::vector<Condition> out;
  const auto add = [&](std::vector<std::string> columns, std::string_view value,
                       Condition::Index index = Condition::Index::walked) {
    if (!value.empty()) out.push_back({std::move(columns), std::string(value), index});
  };
  const std::string_view status = filter.status ? to_string(*filter.status) : std::string_view();
  const bool usual = filter.status == OrderStatus::confirmed;  // most orders are
  if (filter.tx_hash) add({"tx_hash"}, to_text(*filter.tx_hash), Condition::Index::found);
  add({"client_order_id"}, filter.client_order_id, Condition::Index::found);
  add({"account"}, filter.account);
  if (!usual) add({"status"}, status);
  add({"input_token"}, filter.input_token);
  add({"output_token"}, filter.output_token);
  add({"input_token", "output_token"}, filter.token);
  add({"venue"}, filter.venue);
  if (usual) add({"status"}, status);
  add({"ANY (tags)"}, filter.tag, Condition::Index::none);
  return out;
}

// The orders of a filter that were accepted before a seq, as SQL.
class OrderList {
 public:
  OrderList(const OrderFilter& filter, Seq before)
      : before_(parameters_.add(std::to_string(before))), conditions_(conditions_of(filter)) {
    indexed_ = conditions_.empty() || conditions_[0].index == Condition::Index::none ? 0 : 1;
    if (indexed_ > 0) conditions_[0].parameter = parameters_.add(conditions_[0].value);
    // Times rise with seqs: the seq of the oldest order since that time bounds the list.
    if (filter.since)
      oldest_ = "(SELECT accepted_seq FROM oee.orders WHERE accepted_at >= " +
                parameters_.add(format_rfc3339(*filter.since)) +
                " ORDER BY accepted_at, accepted_seq LIMIT 1)";
    parameters_of_rows_ = parameters_.size();
    for (std::size_t i = indexed_; i < conditions_.size(); ++i)
      conditions_[i].parameter = parameters_.add(conditions_[i].value);
  }

  // The newest `limit` orders among the first rows_scanned_max rows.
  pqxx::result newest(pqxx::transaction_base& tx, std::size_t limit) const {
    std::string rest;
    for (std::size_t i = indexed_; i < conditions_.size(); ++i)
      rest += (rest.empty() ? " WHERE " : " AND ") + conditions_[i].sql();
    return parameters_.run(tx,
                           select_orders() + rows(rows_scanned_max) + rest + order() + " LIMIT " +
                               std::to_string(limit),
                           parameters_.size());
  }

  // The accepted_seq of the last of the first rows_scanned_max rows; empty: no row follows it, or
  // no row is left out.
  std::optional<Seq> scan_end(pqxx::transaction_base& tx) const {
    if (conditions_.size() == indexed_) return std::nullopt;
    const pqxx::result last =
        parameters_.run(tx,
                        "SELECT accepted_seq FROM " + rows(rows_scanned_max + 1) + order() +
                            " OFFSET " + std::to_string(rows_scanned_max - 1),
                        parameters_of_rows_);
    if (last.size() < 2) return std::nullopt;
    return last[0][0].as<Seq>();
  }

 private:
  bool walked() const { return indexed_ > 0 && conditions_[0].index == Condition::Index::walked; }
  std::string order() const {
    return walked() ? " ORDER BY orders.walked DESC, orders.accepted_seq DESC"
                    : " ORDER BY orders.accepted_seq DESC";
  }

  // The first `limit` rows that match the first condition, as a table named orders.
  std::string rows(std::uint32_t limit) const {
    const std::string end = " LIMIT " + std::to_string(limit);
    std::string any;
    if (walked()) {
      for (const std::string& column : conditions_[0].columns)
        any += (any.empty() ? "(" : " UNION ALL (") + walk(column) + end + ")";
      return "(SELECT * FROM (" + any + ") orders" + order() + end + ") orders";
    }
    const std::string found = indexed_ == 0 ? "" : " AND " + conditions_[0].sql();
    return "(SELECT * FROM oee.orders WHERE accepted_seq < " + before_ +
           " AND accepted_seq >= " + oldest_ + found + order() + end + ") orders";
  }

  // The comparisons of rows, and the column in ORDER BY, leave PostgreSQL one choice: the index of
  // (column, accepted_seq), from the newest matching order on. With an equality it may expect many
  // matches, walk the index of accepted_seq alone, and find none in millions of rows.
  std::string walk(const std::string& column) const {
    const std::string key = "(" + column + ", accepted_seq)";
    const std::string& value = conditions_[0].parameter;
    return "SELECT *, " + column + " AS walked FROM oee.orders WHERE " + key + " < (" + value +
           ", " + before_ + ") AND " + key + " >= (" + value + ", " + oldest_ + ") ORDER BY " +
           column + " DESC, accepted_seq DESC";
  }

  Parameters parameters_;
  const std::string before_;
  std::string oldest_ = "0";
  std::vector<Condition> conditions_;
  std::size_t indexed_ = 0;  // 1: the rows that a page reads are those of the first condition
  std::size_t parameters_of_rows_ = 0;  // the first ones, which rows() uses
};

class PostgresQueries final : public OrderQueries {
 public:
  explicit PostgresQueries(PostgresOptions options)
      : sessions_(std::move(options), "order-engine queries") {}

  Result<ProjectionCursor> cursor() override {
    return sessions_.run([](PostgresConnection& connection) -> Result<ProjectionCursor> {
      pqxx::nontransaction tx(connection);
      return read_cursor(tx, postgres_schema, false);
    });
  }

  Result<Page<Order>> orders(const OrderFilter& filter) override {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::orders, filter.cursor));
    const OrderList list(filter, before);
    const std::size_t limit = std::clamp(filter.limit, 1U, page_limit_max);
    return sessions_.run([&](PostgresConnection& connection) -> Result<Page<Order>> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);  // both reads see the same rows
      OEE_TRY(sessions_.check_tables(tx));
      OEE_TRY_ASSIGN(Page<Order> page,
                     page_of(list.newest(tx, limit + 1), limit, ListKind::orders));
      if (!page.next_cursor.empty()) return page;
      if (const auto last = list.scan_end(tx))
        page.next_cursor = page_cursor(ListKind::orders, *last);
      return page;
    });
  }

  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor,
                                   const std::string& account) override {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::dead_letters, cursor));
    limit = std::clamp(limit, 1U, page_limit_max);
    return sessions_.run([&](PostgresConnection& connection) -> Result<Page<Order>> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);
      OEE_TRY(sessions_.check_tables(tx));
      const std::string dead = select_orders() + "oee.orders WHERE phase = 'failed' AND ";
      const std::string from = std::to_string(before);
      const pqxx::result rows =
          account.empty()
              ? tx.exec_params(
                    dead + "accepted_seq < $1 ORDER BY orders.accepted_seq DESC LIMIT $2", from,
                    limit + 1)
              // Row comparisons, as in OrderList::walk(): only the account's index fits.
              : tx.exec_params(dead +
                                   "(account, accepted_seq) < ($3, $1)"
                                   " AND (account, accepted_seq) >= ($3, 0)"
                                   " ORDER BY orders.account DESC, orders.accepted_seq DESC"
                                   " LIMIT $2",
                               from, limit + 1, account);
      return page_of(rows, limit, ListKind::dead_letters);
    });
  }

  Result<DeadLetterCounts> dead_letter_counts(const std::string& account) override {
    return sessions_.run([&](PostgresConnection& connection) -> Result<DeadLetterCounts> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);
      OEE_TRY(sessions_.check_tables(tx));
      const pqxx::result rows = account.empty() ? counts_of_all(tx) : counts_of(tx, account);
      DeadLetterCounts counts;
      for (const auto& row : rows) count(view_of(row[0]), row[1].as<std::uint64_t>(), counts);
      std::sort(counts.by_error.begin(), counts.by_error.end());
      return counts;
    });
  }

 private:
  // The projector counts confirmed and discarded orders as it writes them. The query counts only
  // open and dead orders, which are few.
  static pqxx::result counts_of_all(pqxx::transaction_base& tx) {
    return tx.exec(
        "SELECT 'confirmed' AS what, orders_confirmed AS n FROM oee.projection_state"
        " UNION ALL SELECT 'discarded', orders_discarded FROM oee.projection_state"
        " UNION ALL SELECT CASE WHEN status IN ('pending','resting') THEN 'pending'"
        " ELSE 'active' END, count(*) FROM oee.orders"
        " WHERE status IN ('pending','resting','routing','building','submitted') GROUP BY 1"
        " UNION ALL SELECT error, count(*) FROM oee.orders WHERE phase = 'failed' GROUP BY 1");
  }

  // The index of the account's orders contains all columns: a million entries take about 0.2 s.
  static pqxx::result counts_of(pqxx::transaction_base& tx, const std::string& account) {
    return tx.exec_params(
        "SELECT CASE WHEN phase IN ('confirmed','discarded') THEN phase"
        " WHEN phase = 'failed' THEN error WHEN status IN ('pending','resting') THEN 'pending'"
        " WHEN status IN ('routing','building','submitted') THEN 'active' ELSE 'other' END,"
        " count(*) FROM oee.orders WHERE account = $1 GROUP BY 1",
        account);
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

  // `rows`: one more than the page contains shows that another page follows.
  static Result<Page<Order>> page_of(const pqxx::result& rows, std::size_t limit, ListKind kind) {
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
  }

  QuerySessions sessions_;
};

}  // namespace

std::unique_ptr<OrderQueries> make_postgres_queries(PostgresOptions options) {
  return std::make_unique<PostgresQueries>(std::move(options));
}

}  // namespace oee
