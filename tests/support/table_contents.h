// PostgreSQL's tables as text, and the expected tables: rows made from one fold of the log, without
// a projector.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "projections/postgres/order_rows.h"
#include "tests/support/log/record_log.h"

namespace oee::test {

// Table name → its rows in key order, fields separated by '|'. Columns of type jsonb are left out.
using Tables = std::map<std::string, std::vector<std::string>>;

inline const TableShape* const projected_tables[] = {&orders_table, &order_events_table,
                                                     &quotes_table, &dead_letters_table};

// All tables of one snapshot; `cursor` gets last_seq of the same snapshot.
inline Tables table_contents(pqxx::connection_base& connection, const std::string& schema,
                             Seq* cursor = nullptr) {
  Tables tables;
  pqxx::work tx(connection);
  tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'");
  if (tx.exec("SELECT to_regclass('" + schema + ".projection_state') IS NULL")[0][0].as<bool>()) {
    if (cursor != nullptr) *cursor = 0;
    for (const TableShape* table : projected_tables) tables[std::string(table->name)];
    return tables;
  }
  if (cursor != nullptr)
    *cursor = tx.exec("SELECT last_seq FROM " + schema + ".projection_state")[0][0].as<Seq>();
  for (const TableShape* table : projected_tables) {
    auto& rows = tables[std::string(table->name)];
    std::string order = "t." + std::string(table->key);
    if (const auto comma = order.find(", "); comma != std::string::npos)
      order.insert(comma + 2, "t.");
    for (const auto& row : tx.exec("SELECT " + canonical_select(*table) + " FROM " + schema + "." +
                                   std::string(table->name) + " t ORDER BY " + order)) {
      std::string text;
      for (std::size_t i = 0; i < table->columns.size(); ++i) {
        if (table->columns[i].kind == ColumnKind::jsonb) continue;
        const auto field = row[static_cast<int>(i)];
        text += field.is_null() ? "~" : field.c_str();
        text += '|';
      }
      rows.push_back(std::move(text));
    }
  }
  return tables;
}

inline void append_rows(Tables& tables, const TableShape& table, const RowBuffer& rows) {
  auto& out = tables[std::string(table.name)];
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::string text;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].kind == ColumnKind::jsonb) continue;
      const auto field = rows.field(row, i);
      text += field ? std::string(*field) : "~";
      text += '|';
    }
    out.push_back(std::move(text));
  }
}

inline Tables tables_of_fold(RecordLog& log, Seq last) {
  Tables tables;
  const std::vector<Record> records = log.records_to(last);
  std::map<OrderId, Order> orders;
  RowBuffer events(order_events_table.columns.size());
  RowBuffer quotes(quotes_table.columns.size());
  RowBuffer letters(dead_letters_table.columns.size());
  std::map<OrderId, std::size_t> dead;  // index into found
  std::vector<DeadLetterRow> found;
  for (const Record& record : records) {
    EXPECT_TRUE(evolve(orders[record.order_id], record).ok());
    append_event_row(events, record);
    append_quote_rows(quotes, record);
    if (type_of(record.event) == EventType::order_failed) {
      dead[record.order_id] = found.size();
      found.push_back({&record, nullptr});
    } else if (const auto letter = dead.find(record.order_id); letter != dead.end()) {
      found[letter->second].resolved = &record;  // nothing else can follow a failure
      dead.erase(letter);
    }
  }
  for (const DeadLetterRow& letter : found) append_dead_letter_row(letters, letter);
  RowBuffer order_rows(orders_table.columns.size());
  for (const auto& [id, order] : orders) append_order_row(order_rows, order);
  append_rows(tables, orders_table, order_rows);
  append_rows(tables, order_events_table, events);
  append_rows(tables, quotes_table, quotes);
  append_rows(tables, dead_letters_table, letters);
  return tables;
}

}  // namespace oee::test
