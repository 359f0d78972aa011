#include "projections/postgres/batch_write.h"

#include <pqxx/result>

#include "projections/postgres/exact_text.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/session.h"

namespace oee {
namespace {

struct Counted {
  std::uint64_t confirmed = 0;
  std::uint64_t discarded = 0;
};

std::string batch_table(const TableShape& table) {
  return "batch_" + std::string(table.name);
}

void copy_rows(PostgresConnection& connection, pqxx::transaction_base& tx, const std::string& table,
               const TableShape& shape, const RowBuffer& rows) {
  if (rows.empty()) return;
  std::string text;
  rows.append_copy_text(text);
  connection.copy_in(tx, table, column_list(shape), text);
}

// Inserts rows that are new according to the cursor.
void insert_rows(PostgresConnection& connection, pqxx::transaction_base& tx, const BatchWrite& how,
                 const TableShape& shape, const RowBuffer& rows) {
  if (rows.empty()) return;
  const std::string target = how.schema + "." + std::string(shape.name);
  if (!how.tolerant) {
    copy_rows(connection, tx, target, shape, rows);
    return;
  }
  const std::string columns = column_list(shape);
  tx.exec("CREATE TEMP TABLE " + batch_table(shape) + " (LIKE " + target + ") ON COMMIT DROP");
  copy_rows(connection, tx, batch_table(shape), shape, rows);
  tx.exec("INSERT INTO " + target + "(" + columns + ") SELECT " + columns + " FROM " +
          batch_table(shape) + " ON CONFLICT (" + std::string(shape.key) + ") DO NOTHING");
}

// Inserts or updates orders. An order never goes back to an earlier version. A confirmed or
// discarded order is final, so it is counted once however often its batch is applied.
Counted upsert_orders(PostgresConnection& connection, pqxx::transaction_base& tx,
                      const std::string& schema, const RowBuffer& rows) {
  if (rows.empty()) return {};
  copy_rows(connection, tx, batch_table(orders_table), orders_table, rows);
  std::string assignments;
  for (const Column& column : orders_table.columns) {
    if (!assignments.empty()) assignments += ',';
    assignments += column.name;
    assignments += "=excluded.";
    assignments += column.name;
  }
  const std::string columns = column_list(orders_table);
  const pqxx::result counted =
      tx.exec("WITH written AS (INSERT INTO " + schema + ".orders AS o (" + columns + ") SELECT " +
              columns + " FROM " + batch_table(orders_table) +
              " ON CONFLICT (order_id) DO UPDATE SET " + assignments +
              " WHERE o.last_seq < excluded.last_seq RETURNING phase)"
              " SELECT count(*) FILTER (WHERE phase = 'confirmed'), count(*) FILTER (WHERE phase = "
              "'discarded')"
              " FROM written");
  return {counted[0][0].as<std::uint64_t>(), counted[0][1].as<std::uint64_t>()};
}

void resolve_dead_letters(PostgresConnection& connection, pqxx::transaction_base& tx,
                          const std::string& schema, const RowBuffer& rows) {
  if (rows.empty()) return;
  copy_rows(connection, tx, batch_table(resolutions_table), resolutions_table, rows);
  // At most one row for each order: a dead letter of this batch already contains its resolution.
  tx.exec(
      "UPDATE " + schema +
      ".dead_letters d SET state = r.state, resolved_seq = r.resolved_seq,"
      " resolved_at = r.resolved_at, resolved_by = r.resolved_by, resolved_why = r.resolved_why"
      " FROM " +
      batch_table(resolutions_table) +
      " r WHERE d.order_id = r.order_id AND d.state = 'dead' AND d.failed_seq < r.resolved_seq");
}

}  // namespace

ProjectionCursor read_cursor(pqxx::transaction_base& tx, const std::string& schema, bool lock) {
  // As JSON, because the tables of an earlier release have no such column.
  const pqxx::result row = tx.exec("SELECT last_seq, log_id, to_jsonb(s)->>'epoch' FROM " + schema +
                                   ".projection_state s" + (lock ? " FOR UPDATE" : ""));
  if (row.size() != 1)
    throw SetupError{Error{Errc::unavailable, "postgres: " + schema +
                                                  ".projection_state has lost its row: run "
                                                  "rebuild-projections"}};
  ProjectionCursor cursor;
  cursor.last_seq = row[0][0].as<std::uint64_t>();
  if (const auto id = optional_view_of(row[0][1])) {
    const auto parsed = parse_hex_id<LogIdTag>(*id);
    if (!parsed)
      throw SetupError{Error{Errc::unavailable, "postgres: projection_state.log_id is not an id"}};
    cursor.log_id = *parsed;
  }
  if (const auto epoch = optional_view_of(row[0][2])) {
    const auto parsed = parse_log_epoch(*epoch);
    if (!parsed)
      throw SetupError{
          Error{Errc::unavailable, "postgres: projection_state.epoch is not an epoch"}};
    cursor.log_id.epoch = *parsed;
  }
  return cursor;
}

void prepare_batch_tables(pqxx::transaction_base& tx, const std::string& schema) {
  tx.exec("DROP TABLE IF EXISTS " + batch_table(orders_table) + ", " +
          batch_table(resolutions_table));
  tx.exec("CREATE TEMP TABLE " + batch_table(orders_table) + " (LIKE " + schema +
          ".orders) ON COMMIT DELETE ROWS");
  tx.exec("CREATE TEMP TABLE " + batch_table(resolutions_table) +
          " (order_id uuid, state text, resolved_seq bigint, resolved_at timestamptz,"
          " resolved_by text, resolved_why text) ON COMMIT DELETE ROWS");
}

void write_batch(PostgresConnection& connection, pqxx::transaction_base& tx, const BatchWrite& how,
                 const ProjectionBatch& batch) {
  const ProjectionRows rows = rows_for(batch);
  insert_rows(connection, tx, how, order_events_table, rows.order_events);
  insert_rows(connection, tx, how, quotes_table, rows.quotes);
  Counted counted{rows.new_confirmed, rows.new_discarded};
  if (how.tolerant) {
    counted = upsert_orders(connection, tx, how.schema, rows.new_orders);
    tx.exec("DELETE FROM " + batch_table(orders_table));
  } else {
    insert_rows(connection, tx, how, orders_table, rows.new_orders);
  }
  const Counted changed = upsert_orders(connection, tx, how.schema, rows.changed_orders);
  resolve_dead_letters(connection, tx, how.schema, rows.resolutions);
  insert_rows(connection, tx, how, dead_letters_table, rows.dead_letters);
  tx.exec_params(
      "UPDATE " + how.schema +
          ".projection_state SET log_id = $1, last_seq = $2, updated_at = now(),"
          " orders_confirmed = orders_confirmed + $3, orders_discarded = orders_discarded + $4,"
          " epoch = $5",
      to_text(batch.log_id.id), batch.end - 1, counted.confirmed + changed.confirmed,
      counted.discarded + changed.discarded, to_text(batch.log_id.epoch));
}

}  // namespace oee
