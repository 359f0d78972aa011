// The rows of PostgreSQL's tables (schemas/postgres/*.sql) that a range of the log makes, and an
// order read back from its row. Pure: values in, values out. Any thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/seams/read_model.h"
#include "projections/postgres/row_buffer.h"

namespace oee {

// The SQL expression that makes a column's canonical text (row_buffer.h).
enum class ColumnKind : std::uint8_t { plain, decimal, time, jsonb };
struct Column {
  std::string_view name;
  ColumnKind kind = ColumnKind::plain;
};
// One projected table. `key`: the columns of its primary key. `columns`: the columns that are
// written, in the order of the fields of a row.
struct TableShape {
  std::string_view name;
  std::string_view key;
  std::span<const Column> columns;
};
extern const TableShape orders_table;
extern const TableShape order_events_table;
extern const TableShape quotes_table;
extern const TableShape dead_letters_table;
// requeues and discards of dead letters; a temporary table, not part of the schema
extern const TableShape resolutions_table;

std::string column_list(const TableShape& table);  // "order_id,status,..."
// The expressions of a SELECT that return the canonical texts, in the columns' order.
std::string canonical_select(const TableShape& table);
// 64 bits of SHA-256 over a row's canonical texts, and the SQL expression with the same result.
// order_events.data is left out because jsonb does not keep its text. It is written from the same
// record as `update`, and check_projections() compares it by value.
std::int64_t row_hash(const TableShape& table, const RowBuffer& rows, std::size_t row);
std::string row_hash_sql(const TableShape& table);

// The rows of one batch. An order that was accepted in the batch is a new row; every other order
// changes an existing row.
struct ProjectionRows {
  RowBuffer new_orders{orders_table.columns.size()};
  RowBuffer changed_orders{orders_table.columns.size()};
  RowBuffer order_events{order_events_table.columns.size()};
  RowBuffer quotes{quotes_table.columns.size()};
  RowBuffer dead_letters{dead_letters_table.columns.size()};
  // requeues and discards of dead letters that earlier batches wrote
  RowBuffer resolutions{resolutions_table.columns.size()};
  std::uint64_t new_confirmed = 0;  // the rows of new_orders in phase confirmed
  std::uint64_t new_discarded = 0;  // the rows of new_orders in phase discarded
};
ProjectionRows rows_for(const ProjectionBatch& batch);

// The parts of rows_for(). Each appends whole rows.
void append_order_row(RowBuffer& rows, const Order& order);
void append_event_row(RowBuffer& rows, const Record& record);
void append_quote_rows(RowBuffer& rows, const Record& record);  // a RouteSelected; others: none

// A dead letter and its resolution.
struct DeadLetterRow {
  const Record* failed = nullptr;    // an OrderFailed
  const Record* resolved = nullptr;  // the requeue or discard that followed, if any
};
void append_dead_letter_row(RowBuffer& rows, const DeadLetterRow& letter);

// The order of a row. `fields`: by orders_table.columns. corrupt: a field cannot be read; the
// message names its column.
using RowFields = std::span<const std::optional<std::string_view>>;
Result<Order> order_of_row(RowFields fields);

}  // namespace oee
