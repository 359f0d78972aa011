// The PostgreSQL adapters of the seams in core/seams/read_model.h, over libpqxx (schema oee,
// schemas/postgres/*.sql). The read model owns one connection and belongs to one thread at a time;
// the readers own one for each call under way. A lost connection is reported as `unavailable` and
// reopened by the next call, never silently in the middle of a transaction.
#pragma once

#include <memory>

#include "core/seams/read_model.h"
#include "projections/postgres/options.h"

namespace oee {

// Applies the schema migrations that are missing (advisory lock, no limit of time).
// unavailable: no connection; unsupported: the schema is newer than this program.
Result<void> migrate_postgres(const PostgresOptions& options);

// The projector writes through it. Every new connection takes the projector's advisory lock (one
// projector at a time; `unavailable` while another one holds it) and migrates the schema.
std::unique_ptr<ReadModel> make_postgres_read_model(PostgresOptions options);

// The readers of an engine and a gateway. Any thread. They change nothing. A newer schema serves
// them unless it is for newer readers only (`unsupported`). `unavailable` until a projector has
// created or migrated the schema.
std::unique_ptr<OrderQueries> make_postgres_queries(PostgresOptions options);
std::unique_ptr<OrderHistory> make_postgres_history(PostgresOptions options);

}  // namespace oee
