// check_projections(), declared in rebuild.h: compares every row of the tables with the fold of the
// log, as a merge by key.
#include <algorithm>
#include <boost/json.hpp>
#include <pqxx/transaction>
#include <thread>
#include <utility>

#include "core/order/fold.h"
#include "projections/postgres/batch_write.h"
#include "projections/postgres/rebuild/rebuild.h"
#include "projections/postgres/rebuild/rebuild_fold.h"
#include "projections/postgres/session.h"

namespace oee {
namespace {

constexpr std::size_t records_per_read = 4'096;
constexpr std::size_t rows_per_fetch = 2'000;
constexpr std::size_t differences_max = 10;
constexpr auto head_wait = std::chrono::seconds(2);

// The key of a row as a text that sorts like the key.
std::string sort_key(const TableShape& table, const RowBuffer& rows, std::size_t row) {
  if (&table == &orders_table) return std::string(*rows.field(row, 0));
  const auto padded = [&](std::size_t column) {
    const std::string_view digits = rows.field(row, column).value_or("");
    return std::string(20 - std::min<std::size_t>(20, digits.size()), '0') + std::string(digits);
  };
  return &table == &quotes_table ? padded(0) + padded(1) : padded(0);
}

std::string name_of_row(const TableShape& table, const RowBuffer& rows, std::size_t row) {
  std::string name = std::string(table.name) + " " + std::string(*rows.field(row, 0));
  if (&table == &quotes_table) name += "/" + std::string(*rows.field(row, 1));
  return name;
}

// The rows of one table in key order, fetched in portions through a cursor of the transaction.
class TableScan {
 public:
  TableScan(pqxx::transaction_base& tx, const TableShape& table)
      : tx_(tx),
        table_(table),
        rows_(table.columns.size()),
        name_("scan_" + std::string(table.name)) {
    // The selected texts have the columns' names: ORDER BY must name the table's columns.
    std::string order;
    for (const std::string& column : key_columns(table))
      order += (order.empty() ? "t." : ", t.") + column;
    tx_.exec("DECLARE " + name_ + " NO SCROLL CURSOR FOR SELECT " + canonical_select(table) +
             " FROM oee." + std::string(table.name) + " t ORDER BY " + order);
    advance();
  }

  bool valid() const { return row_ < rows_.rows(); }
  const RowBuffer& rows() const { return rows_; }
  std::size_t row() const { return row_; }
  const std::string& key() const { return key_; }
  std::uint64_t count() const { return count_; }
  void next() {
    ++count_;
    ++row_;
    advance();
  }

 private:
  static std::vector<std::string> key_columns(const TableShape& table) {
    if (&table == &quotes_table) return {"seq", "position"};
    return {std::string(table.columns[0].name)};
  }

  void advance() {
    if (row_ == rows_.rows()) {
      rows_.clear();
      row_ = 0;
      for (const auto& fetched :
           tx_.exec("FETCH " + std::to_string(rows_per_fetch) + " FROM " + name_)) {
        for (const auto& field : fetched) {
          if (const auto text = optional_view_of(field)) {
            rows_.ascii(*text);  // unchanged: the database contains valid text only
          } else {
            rows_.null();
          }
        }
      }
    }
    if (valid()) key_ = sort_key(table_, rows_, row_);
  }

  pqxx::transaction_base& tx_;
  const TableShape& table_;
  RowBuffer rows_;
  std::size_t row_ = 0;
  std::string key_;
  const std::string name_;
  std::uint64_t count_ = 0;
};

bool equal_json(std::string_view a, std::string_view b) {
  boost::json::error_code bad_a, bad_b;
  const auto value_a = boost::json::parse({a.data(), a.size()}, bad_a);
  const auto value_b = boost::json::parse({b.data(), b.size()}, bad_b);
  return !bad_a && !bad_b && value_a == value_b;
}

// Earlier releases stored the update of an OrderAccepted without the order's terms, which are the
// last members of `wanted` (order_json.h). `data` of the same row contains them.
bool equal_without_terms(std::string_view wanted, std::string_view found) {
  const std::size_t terms = wanted.find(R"(,"inputToken":)");
  return terms != wanted.npos && found.size() == terms + 1 && found.back() == '}' &&
         found.starts_with(wanted.substr(0, terms));
}

class Check {
 public:
  Check(pqxx::transaction_base& tx, const LogSource& log, const RebuildProgress& progress)
      : tx_(tx), log_(log), progress_(progress) {}

  Result<CheckReport> run() {
    const ProjectionCursor cursor = read_cursor(tx_, postgres_schema, false);
    report_.counts.last_seq = cursor.last_seq;
    OEE_TRY_ASSIGN(const bool comparable, same_log(cursor));
    if (!comparable) return report_;
    OEE_TRY(compare_events(cursor.last_seq));
    OEE_TRY(compare_final_rows(cursor.last_seq));
    compare_counters();
    return report_;
  }

 private:
  bool full() const { return report_.differences.size() >= differences_max; }
  void differs(std::string what) {
    if (!full()) report_.differences.push_back(std::move(what));
  }

  Result<bool> same_log(const ProjectionCursor& cursor) {
    if (!cursor.log_id.is_zero() && cursor.log_id != log_.id) {
      differs("the tables are of log " + to_text(cursor.log_id) + ", this is log " +
              to_text(log_.id));
      return false;
    }
    // A reader of the log may see the newest records slightly later than the projector did.
    const auto deadline = std::chrono::steady_clock::now() + head_wait;
    OEE_TRY_ASSIGN(Seq head, log_.head());
    while (head < cursor.last_seq && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      OEE_TRY_ASSIGN(head, log_.head());
    }
    if (head >= cursor.last_seq) return true;
    differs("the tables are at seq " + std::to_string(cursor.last_seq) + ", but the log ends at " +
            std::to_string(head));
    return false;
  }

  // order_events and quotes have the log's order: they are compared while the log is read.
  Result<void> compare_events(Seq last) {
    TableScan events(tx_, order_events_table);
    TableScan quotes(tx_, quotes_table);
    RowBuffer expected_events(order_events_table.columns.size());
    RowBuffer expected_quotes(quotes_table.columns.size());
    for (Seq done = 0; done < last && !full();) {
      OEE_TRY_ASSIGN(const std::vector<Record> records,
                     log_.read(done + 1, std::min<std::size_t>(records_per_read, last - done)));
      if (records.empty() || records.front().seq != done + 1)
        return Error{Errc::corrupt, "the log has no record with seq " + std::to_string(done + 1)};
      OEE_TRY(fold_.fold(records, &final_rows_, nullptr));
      for (const Record& record : records) {
        append_event_row(expected_events, record);
        append_quote_rows(expected_quotes, record);
      }
      done = records.back().seq;
      compare(order_events_table, expected_events, events);
      compare(quotes_table, expected_quotes, quotes);
      take_order_hashes();
      progress_("comparing", done, last);
    }
    rest_is_extra(order_events_table, events);
    rest_is_extra(quotes_table, quotes);
    report_.counts.events = events.count();
    report_.counts.quotes = quotes.count();
    return {};
  }

  // orders and dead_letters are the fold of the whole log.
  Result<void> compare_final_rows(Seq last) {
    if (full()) return {};
    OEE_TRY(fold_.append_unfinished(final_rows_, [this] { take_order_hashes(); }));
    TableScan orders(tx_, orders_table);
    OEE_TRY(compare_orders(orders, last));
    TableScan dead_letters(tx_, dead_letters_table);
    compare_sorted(dead_letters_table, final_rows_.dead_letters, dead_letters);
    report_.counts.orders = orders.count();
    report_.counts.dead_letters = dead_letters.count();
    return {};
  }

  // Only 24 bytes are kept of each of millions of orders. An order that differs is folded again to
  // find the column.
  void take_order_hashes() {
    for (std::size_t row = 0; row < final_rows_.orders.rows(); ++row) {
      const auto id = parse_order_id(*final_rows_.orders.field(row, 0));
      oee::check(id.ok(), "an order's row begins with its id");
      order_hashes_.emplace_back(*id, row_hash(orders_table, final_rows_.orders, row));
    }
    final_rows_.orders.clear();
  }

  Result<void> compare_orders(TableScan& actual, Seq last) {
    std::sort(order_hashes_.begin(), order_hashes_.end());
    for (const auto& [id, hash] : order_hashes_) {
      if (full()) return {};
      const std::string key = to_text(id);
      while (actual.valid() && actual.key() < key && !full()) extra(orders_table, actual);
      if (actual.valid() && actual.key() == key &&
          row_hash(orders_table, actual.rows(), actual.row()) == hash) {
        actual.next();
        continue;
      }
      OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(id));
      OEE_TRY_ASSIGN(const auto order, fold_order(records, last));
      RowBuffer expected(orders_table.columns.size());
      append_order_row(expected, order.value_or(Order()));
      compare(orders_table, expected, actual);
    }
    rest_is_extra(orders_table, actual);
    return {};
  }

  void compare_counters() {
    const pqxx::row row =
        tx_.exec("SELECT orders_confirmed, orders_discarded FROM oee.projection_state")[0];
    const auto compare_counter = [&](int column, std::uint64_t expected) {
      if (row[column].as<std::uint64_t>() != expected && !full())
        differs("projection_state: " + std::string(row[column].name()) + " is " +
                row[column].as<std::string>() + ", by the log it is " + std::to_string(expected));
    };
    compare_counter(0, fold_.confirmed());
    compare_counter(1, fold_.discarded());
  }

  void compare(const TableShape& table, RowBuffer& expected, TableScan& actual) {
    for (std::size_t row = 0; row < expected.rows() && !full(); ++row)
      compare_row(table, expected, row, actual);
    expected.clear();
  }

  void compare_sorted(const TableShape& table, const RowBuffer& expected, TableScan& actual) {
    std::vector<std::size_t> order(expected.rows());
    for (std::size_t row = 0; row < order.size(); ++row) order[row] = row;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return sort_key(table, expected, a) < sort_key(table, expected, b);
    });
    for (const std::size_t row : order) {
      if (full()) return;
      compare_row(table, expected, row, actual);
    }
    rest_is_extra(table, actual);
  }

  // One step of the merge: rows of the table before this key are extra; the row of this key must
  // exist and be equal.
  void compare_row(const TableShape& table, const RowBuffer& expected, std::size_t row,
                   TableScan& actual) {
    const std::string key = sort_key(table, expected, row);
    while (actual.valid() && actual.key() < key && !full()) extra(table, actual);
    if (!actual.valid() || actual.key() != key) {
      differs(name_of_row(table, expected, row) + " is missing");
      return;
    }
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const auto wanted = expected.field(row, column);
      const auto found = actual.rows().field(actual.row(), column);
      if (wanted == found) continue;
      const bool is_json = table.columns[column].kind == ColumnKind::jsonb;
      if (is_json && wanted && found && equal_json(*wanted, *found)) continue;
      const bool is_update = table.columns[column].name == "update";
      if (is_update && wanted && found && equal_without_terms(*wanted, *found)) continue;
      const auto shown = [](const std::optional<std::string_view>& text) {
        return text ? "'" + std::string(text->substr(0, 200)) + "'" : std::string("null");
      };
      differs(name_of_row(table, expected, row) + ": " + std::string(table.columns[column].name) +
              " is " + shown(found) + ", by the log it is " + shown(wanted));
      break;
    }
    actual.next();
  }

  void rest_is_extra(const TableShape& table, TableScan& actual) {
    while (actual.valid() && !full()) extra(table, actual);
  }
  void extra(const TableShape& table, TableScan& actual) {
    differs(name_of_row(table, actual.rows(), actual.row()) + " is not in the log");
    actual.next();
  }

  pqxx::transaction_base& tx_;
  const LogSource& log_;
  const RebuildProgress& progress_;
  RebuildFold fold_;
  RebuildFold::FinalRows final_rows_;
  std::vector<std::pair<OrderId, std::int64_t>> order_hashes_;  // of each order's row by the log
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_projections(const PostgresOptions& options, const LogSource& log,
                                      const RebuildProgress& progress) {
  PostgresOptions unlimited = options;
  unlimited.statement_timeout = std::chrono::seconds(0);
  PostgresSession session(unlimited, "rebuild-projections check");
  return session.run([&](PostgresConnection& connection) -> Result<CheckReport> {
    pqxx::work tx(connection);
    tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (tx.exec("SELECT to_regclass('oee.projection_state') IS NULL")[0][0].as<bool>())
      return Error{Errc::not_found,
                   "the database has no schema oee: no projector ever wrote to it"};
    return Check(tx, log, progress).run();
  });
}

}  // namespace oee
