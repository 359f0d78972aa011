// What a stretch of the log is in PostgreSQL's tables (schemas/postgres/*.sql), and an order's row
// read back. Pure: values in, values out.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/seams/read_model.h"
#include "projections/postgres/row_buffer.h"

namespace oee {

// How a column's canonical text is read from the database.
enum class ColumnKind : std::uint8_t { plain, decimal, time, jsonb };
struct Column {
  std::string_view name;
  ColumnKind kind = ColumnKind::plain;
};
// One projected table. `key`: the columns of its primary key. `columns` are those that are written,
// in the order in which the rows below carry them.
struct TableShape {
  std::string_view name;
  std::string_view key;
  std::span<const Column> columns;
};
extern const TableShape orders_table;
extern const TableShape order_events_table;
extern const TableShape quotes_table;
extern const TableShape dead_letters_table;
// of dead letters; a temporary table, not part of the schema
extern const TableShape resolutions_table;

std::string column_list(const TableShape& table);  // "order_id,status,..."
// Expressions that yield the canonical texts, in the columns' order, for a SELECT.
std::string canonical_select(const TableShape& table);
// 64 bits of SHA-256 over a row's canonical texts, and the SQL expression that yields the same
// number in the database. jsonb does not keep its text: order_events.data is left out (it is
// written from the same record as `update`, and check_projections() compares it by value).
std::int64_t row_hash(const TableShape& table, const RowBuffer& rows, std::size_t row);
std::string row_hash_sql(const TableShape& table);

// The rows of one batch. Orders accepted in the batch are new rows; others change a row that is
// there.
struct ProjectionRows {
  RowBuffer new_orders{orders_table.columns.size()};
  RowBuffer changed_orders{orders_table.columns.size()};
  RowBuffer order_events{order_events_table.columns.size()};
  RowBuffer quotes{quotes_table.columns.size()};
  RowBuffer dead_letters{dead_letters_table.columns.size()};
  RowBuffer resolutions{resolutions_table.columns.size()};  // of dead letters of earlier batches
  std::uint64_t new_confirmed = 0;                          // of new_orders, by phase
  std::uint64_t new_discarded = 0;
};
ProjectionRows rows_for(const ProjectionBatch& batch);

// The parts that rows_for() is made of.
void append_order_row(RowBuffer& rows, const Order& order);
void append_event_row(RowBuffer& rows, const Record& record);
void append_quote_rows(RowBuffer& rows, const Record& record);  // none unless it is a RouteSelected

// A dead letter and what became of it.
struct DeadLetterRow {
  const Record* failed = nullptr;    // an OrderFailed
  const Record* resolved = nullptr;  // the requeue or discard that followed, if any
};
void append_dead_letter_row(RowBuffer& rows, const DeadLetterRow& letter);

// The order of a row whose fields are `fields`, by orders_table.columns. corrupt: names the column.
using RowFields = std::span<const std::optional<std::string_view>>;
Result<Order> order_of_row(RowFields fields);

}  // namespace oee
