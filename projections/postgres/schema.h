// The schema of PostgreSQL's tables: its name, its advisory locks and its migrations
// (schemas/postgres/*.sql). Stateless; the caller's thread.
#pragma once

#include <string>

namespace oee {

class PostgresConnection;

inline const std::string postgres_schema = "oee";

// Advisory locks of a database, one number each ("oee" and a counter).
inline constexpr long postgres_lock_projector = 0x6f656501;
inline constexpr long postgres_lock_migration = 0x6f656502;
inline constexpr long postgres_lock_rebuild = 0x6f656503;

// The version of the newest migration that this program knows.
int postgres_schema_version();

// Applies the migrations that `schema` does not have yet, in order, without a limit of time. Each
// is a transaction of its own, or an index that is built beside writers. Waits for another process
// that migrates. After a crash the next call continues. Called inside PostgresSession::run():
// throws what libpqxx throws, and SetupError(unsupported) when the schema is newer than this
// program.
void apply_migrations(PostgresConnection& connection, const std::string& schema);

}  // namespace oee
