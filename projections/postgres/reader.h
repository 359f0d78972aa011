// What the reading adapters of PostgreSQL share.
#pragma once

#include <pqxx/row>

#include "projections/postgres/session.h"

namespace oee {

// Readers answer or fail within seconds, whatever the projector is granted: an API call waits for
// them.
PostgresOptions query_options(PostgresOptions options);

// Set-up of a reader's connection. unavailable until a projector has made the schema, unsupported
// when it is newer than this program.
void require_schema(PostgresConnection& connection);

// The order in a row's columns from `first` on, which are canonical_select(orders_table).
// unavailable: the row makes no sense (rebuild-projections mends it).
Result<Order> order_of(const pqxx::row& row, int first);

}  // namespace oee
