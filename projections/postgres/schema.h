// What the PostgreSQL adapters and the rebuild share about the database: names, locks, migrations,
// rows. All throw what libpqxx throws; callers are inside PostgresSession::run().
#pragma once

#include <pqxx/transaction_base>
#include <string>

#include "core/seams/read_model.h"
#include "projections/postgres/order_rows.h"

namespace oee {

class PostgresConnection;

inline const std::string postgres_schema = "oee";

// Advisory locks of a database, one number each ("oee" and a counter).
inline constexpr long postgres_lock_projector = 0x6f656501;
inline constexpr long postgres_lock_migration = 0x6f656502;
inline constexpr long postgres_lock_rebuild = 0x6f656503;

int postgres_schema_version();

// Applies what is missing in `schema`. Throws SetupError(unsupported) when the schema is newer.
void apply_migrations(PostgresConnection& connection, const std::string& schema);

// The cursor of `schema`; `lock`: its row stays locked until the transaction ends.
ProjectionCursor read_cursor(pqxx::transaction_base& tx, const std::string& schema, bool lock);

// Writes a batch's rows and moves the cursor, without committing.
struct BatchWrite {
  std::string schema = postgres_schema;
  // Rows may be there already (somebody set the cursor back): everything goes through temporary
  // tables and ON CONFLICT. Otherwise new rows are copied straight in, and a row that is there is
  // an error.
  bool tolerant = false;
};
// Creates the temporary tables that write_batch() uses. Once per connection.
void prepare_batch_tables(pqxx::transaction_base& tx, const std::string& schema);
void write_batch(PostgresConnection& connection, pqxx::transaction_base& tx, const BatchWrite& how,
                 const ProjectionBatch& batch);

}  // namespace oee
