// Writing one batch to the tables of a schema: the live one (oee) or the one that a rebuild fills
// beside it. All functions are called inside PostgresSession::run() and throw what libpqxx throws.
#pragma once

#include <pqxx/transaction_base>
#include <string>

#include "core/seams/read_model.h"
#include "projections/postgres/schema.h"

namespace oee {

// The cursor of `schema`; with `lock` its row stays locked until the transaction ends. Throws
// SetupError(unavailable) when the row is missing or damaged.
ProjectionCursor read_cursor(pqxx::transaction_base& tx, const std::string& schema, bool lock);

struct BatchWrite {
  std::string schema = postgres_schema;
  // True: the rows may exist already (someone set the cursor back), so every row goes through
  // temporary tables and ON CONFLICT. False: new rows are copied straight in, and a row that exists
  // is an error.
  bool tolerant = false;
};
// Creates the temporary tables that write_batch() uses. Once per connection.
void prepare_batch_tables(pqxx::transaction_base& tx, const std::string& schema);
// Writes the batch's rows and moves the cursor, without committing.
void write_batch(PostgresConnection& connection, pqxx::transaction_base& tx, const BatchWrite& how,
                 const ProjectionBatch& batch);

}  // namespace oee
