#include "projections/postgres/schema.h"

#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <thread>

#include "core/base/log.h"
#include "projections/postgres/adapters.h"
#include "projections/postgres/session.h"

namespace oee {

namespace embedded {
extern const char* const migration_001_orders;
extern const char* const migration_002_order_search;
extern const char* const migration_003_min_reader_version;
extern const char* const migration_004_orders_by_venue;
extern const char* const migration_005_epoch;
extern const char* const migration_006_no_quote;
extern const char* const migration_007_outcome_resolved;
extern const char* const migration_008_orders_by_account;
extern const char* const migration_009_limit_orders;
extern const char* const migration_010_order_events_fills;
extern const char* const migration_011_halts;
extern const char* const migration_012_order_types;
extern const char* const migration_013_tags;
extern const char* const migration_014_quote_id;
extern const char* const migration_015_risk_limits;
extern const char* const migration_016_legs;
extern const char* const migration_017_order_events_legs;
extern const char* const migration_018_exact_output;
extern const char* const migration_019_orders_dead_by_account;
extern const char* const migration_020_paths;
extern const char* const migration_021_split_legs;
extern const char* const migration_022_order_events_transactions;
extern const char* const migration_023_drop_order_events_legs;
}  // namespace embedded

namespace {

enum class Kind : std::uint8_t {
  transaction,  // statements of one transaction
  // One CREATE INDEX CONCURRENTLY IF NOT EXISTS, for a table that may be large: the table can be
  // written meanwhile. The index has the migration's name.
  concurrent_index,
};
struct Migration {
  int version;
  const char* name;
  const char* const* sql;
  Kind kind = Kind::transaction;
};
// In order. A released migration never changes: a change is a new file and a new line here.
constexpr Migration migrations[] = {
    {1, "orders", &embedded::migration_001_orders},
    {2, "order_search", &embedded::migration_002_order_search},
    {3, "min_reader_version", &embedded::migration_003_min_reader_version},
    {4, "orders_by_venue", &embedded::migration_004_orders_by_venue, Kind::concurrent_index},
    {5, "epoch", &embedded::migration_005_epoch},
    {6, "no_quote", &embedded::migration_006_no_quote},
    {7, "outcome_resolved", &embedded::migration_007_outcome_resolved},
    {8, "orders_by_account", &embedded::migration_008_orders_by_account, Kind::concurrent_index},
    {9, "limit_orders", &embedded::migration_009_limit_orders},
    {10, "order_events_fills", &embedded::migration_010_order_events_fills, Kind::concurrent_index},
    {11, "halts", &embedded::migration_011_halts},
    {12, "order_types", &embedded::migration_012_order_types},
    {13, "tags", &embedded::migration_013_tags},
    {14, "quote_id", &embedded::migration_014_quote_id},
    {15, "risk_limits", &embedded::migration_015_risk_limits},
    {16, "legs", &embedded::migration_016_legs},
    {17, "order_events_legs", &embedded::migration_017_order_events_legs, Kind::concurrent_index},
    {18, "exact_output", &embedded::migration_018_exact_output},
    {19, "orders_dead_by_account", &embedded::migration_019_orders_dead_by_account,
     Kind::concurrent_index},
    {20, "paths", &embedded::migration_020_paths},
    {21, "split_legs", &embedded::migration_021_split_legs},
    {22, "order_events_transactions", &embedded::migration_022_order_events_transactions,
     Kind::concurrent_index},
    {23, "drop_order_events_legs", &embedded::migration_023_drop_order_events_legs},
};

constexpr std::chrono::milliseconds lock_poll{100};
constexpr std::chrono::milliseconds lock_try{500};
constexpr std::chrono::milliseconds lock_pause{500};
constexpr int warn_tries = 60;  // a warning a minute

// One process migrates at a time, however long it takes: its connection has no limit of time. It is
// a session lock, because it spans transactions. It is polled: a statement that waits for the lock
// has a snapshot, and CREATE INDEX CONCURRENTLY of the lock's holder would wait for that statement.
class MigrationLock {
 public:
  explicit MigrationLock(PostgresConnection& connection) : connection_(connection) {
    connection_.lift_time_limit();
    while (!call("pg_try_advisory_lock")) std::this_thread::sleep_for(lock_poll);
  }
  ~MigrationLock() {
    try {
      call("pg_advisory_unlock");
      connection_.restore_time_limit();
    } catch (const std::exception&) {
      // The connection is lost, and the lock with it.
    }
  }
  MigrationLock(const MigrationLock&) = delete;

 private:
  bool call(const std::string& function) {
    pqxx::nontransaction tx(connection_);
    const std::string number = std::to_string(postgres_lock_migration);
    return tx.exec("SELECT " + function + "(" + number + ")")[0][0].as<bool>();
  }
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

void record(pqxx::transaction_base& tx, const Migration& migration) {
  tx.exec_params("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", migration.version,
                 std::string(migration.name));
}

// false, and nothing has changed: others hold a table's lock, or a reader and this transaction
// waited for each other.
bool try_in_transaction(PostgresConnection& connection, const std::string& schema,
                        const Migration& migration, const std::string& sql) {
  pqxx::work tx(connection);
  tx.exec("SET LOCAL lock_timeout = " + std::to_string(lock_try.count()));
  try {
    if (migration.version == 1) tx.exec("CREATE SCHEMA IF NOT EXISTS " + schema);
    tx.exec("SET LOCAL search_path = " + schema + ", pg_catalog");
    tx.exec(sql);
    record(tx, migration);
    tx.commit();
    return true;
  } catch (const pqxx::sql_error& e) {
    if (e.sqlstate() == "55P03" || e.sqlstate() == "40P01") return false;
    throw;
  }
}

// Readers queue behind a statement that waits for a table's lock. It waits for a moment only, again
// and again: a long read (pg_dump, an open transaction) delays the migration and nobody else.
void apply_in_transaction(PostgresConnection& connection, const std::string& schema,
                          const Migration& migration, const std::string& sql) {
  for (int tries = 0; !try_in_transaction(connection, schema, migration, sql); ++tries) {
    if (tries % warn_tries == 0)
      log::warn("a migration waits for other sessions to release its tables",
                log::field("schema", schema), log::field("migration", migration.name));
    std::this_thread::sleep_for(lock_pause);
  }
}

// PostgreSQL refuses the statement inside a transaction. When it is interrupted, it leaves an
// invalid index, which is dropped here.
void build_index(PostgresConnection& connection, const std::string& schema,
                 const Migration& migration) {
  pqxx::nontransaction tx(connection);
  const std::string name = schema + "." + migration.name;
  const auto invalid = tx.exec_params(
      "SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid", name);
  if (!invalid.empty()) tx.exec("DROP INDEX CONCURRENTLY " + name);
  tx.exec("SET search_path = " + schema + ", pg_catalog");
  tx.exec(*migration.sql);
  record(tx, migration);
  tx.exec("RESET search_path");
}

// In a schema that was just created nobody writes, and CONCURRENTLY would wait for transactions of
// other schemas.
std::string without_concurrently(std::string sql) {
  static const std::string word = "CONCURRENTLY ";
  const std::size_t at = sql.find(word);
  return at == sql.npos ? sql : sql.erase(at, word.size());
}

}  // namespace

int postgres_schema_version() {
  return std::end(migrations)[-1].version;
}

void apply_migrations(PostgresConnection& connection, const std::string& schema) {
  const int newest = postgres_schema_version();
  if (version_of(connection, schema) == newest) return;
  const MigrationLock lock(connection);
  const int present = version_of(connection, schema);
  if (present > newest)
    throw SetupError{
        Error{Errc::unsupported, "the database's schema " + schema + " is of version " +
                                     std::to_string(present) + ", this program writes version " +
                                     std::to_string(newest) + ": use a newer program"}};
  if (present == newest) return;
  if (present > 0)
    log::info("migrating PostgreSQL's schema", log::field("schema", schema),
              log::field("from", present), log::field("to", newest));
  for (const Migration& migration : migrations) {
    if (migration.version <= present) continue;
    if (migration.kind == Kind::concurrent_index && present > 0) {
      build_index(connection, schema, migration);
    } else {
      apply_in_transaction(connection, schema, migration, without_concurrently(*migration.sql));
    }
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
