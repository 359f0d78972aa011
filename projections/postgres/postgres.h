// PostgreSQL adapters over libpqxx (schema oee, schemas/postgres/*.sql). Each object owns one
// connection and belongs to one thread at a time; a lost connection is reported as `unavailable`
// and reopened on the next call (never silently in the middle of a transaction).
#pragma once

#include <memory>
#include <string>

#include "core/seams/read_model.h"

namespace oee {

struct PostgresOptions {
  std::string url;  // libpq URI or key=value text; never logged with its password
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds statement_timeout{30};
};

// Applies schema migrations that are missing (advisory lock, one transaction each). unavailable, or
// unsupported: the database is of a newer version than this program.
Result<void> migrate_postgres(const PostgresOptions& options);

// The projector's side. Takes the projector's advisory lock (one projector at a time; unavailable
// while another holds it). Migrates on (re)connect.
std::unique_ptr<ReadModel> make_postgres_read_model(PostgresOptions options);
std::unique_ptr<OrderQueries> make_postgres_queries(PostgresOptions options);
std::unique_ptr<OrderHistory> make_postgres_history(PostgresOptions options);

}  // namespace oee
