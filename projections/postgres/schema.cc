#include "projections/postgres/schema.h"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "projections/postgres/adapters.h"
#include "projections/postgres/session.h"

namespace oee {

namespace embedded {
extern const char* const migration_001_orders;
extern const char* const migration_002_order_search;
}  // namespace embedded

namespace {

struct Migration {
  int version;
  const char* name;
  const char* const* sql;
};
// In order. A released migration never changes: a change is a new file and a new line here.
constexpr Migration migrations[] = {
    {1, "orders", &embedded::migration_001_orders},
    {2, "order_search", &embedded::migration_002_order_search},
};

// Serialises processes that migrate at the same time. It is a session lock, because it spans
// transactions.
class MigrationLock {
 public:
  explicit MigrationLock(PostgresConnection& connection) : connection_(connection) {
    pqxx::nontransaction tx(connection_);
    tx.exec("SELECT pg_advisory_lock(" + std::to_string(postgres_lock_migration) + ")");
  }
  ~MigrationLock() {
    try {
      pqxx::nontransaction tx(connection_);
      tx.exec("SELECT pg_advisory_unlock(" + std::to_string(postgres_lock_migration) + ")");
    } catch (const std::exception&) {
      // The connection is lost, and the lock with it.
    }
  }
  MigrationLock(const MigrationLock&) = delete;

 private:
  PostgresConnection& connection_;
};

int version_of(PostgresConnection& connection, const std::string& schema) {
  pqxx::work tx(connection);
  const auto present =
      tx.exec_params("SELECT to_regclass($1) IS NOT NULL", schema + ".schema_migrations");
  if (!present[0][0].as<bool>()) return 0;
  return tx.exec("SELECT coalesce(max(version), 0) FROM " + schema + ".schema_migrations")[0][0]
      .as<int>();
}

}  // namespace

int postgres_schema_version() {
  return std::end(migrations)[-1].version;
}

void apply_migrations(PostgresConnection& connection, const std::string& schema) {
  if (version_of(connection, schema) == postgres_schema_version()) return;
  const MigrationLock lock(connection);
  const int present = version_of(connection, schema);
  if (present > postgres_schema_version())
    throw SetupError{Error{Errc::unsupported, "the database's schema " + schema +
                                                  " is of version " + std::to_string(present) +
                                                  ", this program knows up to version " +
                                                  std::to_string(postgres_schema_version()) +
                                                  ": use a newer program"}};
  for (const Migration& migration : migrations) {
    if (migration.version <= present) continue;
    pqxx::work tx(connection);
    if (migration.version == 1) tx.exec("CREATE SCHEMA IF NOT EXISTS " + schema);
    tx.exec("SET LOCAL search_path = " + schema + ", pg_catalog");
    tx.exec(*migration.sql);
    tx.exec_params("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
                   migration.version, std::string(migration.name));
    tx.commit();
  }
}

Result<void> migrate_postgres(const PostgresOptions& options) {
  PostgresSession session(options, "order-engine migration");
  return session.run([](PostgresConnection& connection) -> Result<void> {
    apply_migrations(connection, postgres_schema);
    return {};
  });
}

}  // namespace oee
