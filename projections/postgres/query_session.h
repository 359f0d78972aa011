// The session of a PostgreSQL adapter that only reads: its options, the setup of its connections,
// and an order read from a result. Called inside PostgresSession::run() where libpqxx may throw.
#pragma once

#include <pqxx/row>

#include "core/order/order.h"
#include "projections/postgres/session.h"

namespace oee {

// The options of a reader: its statements end within 5 s, whatever the projector's limit is,
// because an API call waits for them.
PostgresOptions query_options(PostgresOptions options);

// The setup of a reader's connection: read-only, on a schema of this program's version or of a newer
// one that this program can read (schema_migrations.min_reader_version). Throws SetupError:
// unavailable until a projector has created or migrated the schema; unsupported when the schema is
// for newer readers only.
void require_schema(PostgresConnection& connection);

// The order in a row whose columns from `first` on are canonical_select(orders_table). unavailable:
// a field cannot be read; rebuild-projections repairs the table.
Result<Order> order_of(const pqxx::row& row, int first);

}  // namespace oee
