// PostgresReadModel: the projector writes the tables through it.
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "projections/postgres/adapters.h"
#include "projections/postgres/batch_write.h"
#include "projections/postgres/session.h"

namespace oee {
namespace {

// Runs on every new connection of the projector.
void set_up(PostgresConnection& connection) {
  {
    pqxx::nontransaction tx(connection);
    // The data is derived: a crash of PostgreSQL loses the cursor together with the rows.
    tx.exec("SET synchronous_commit = off; SET idle_in_transaction_session_timeout = '60s'");
    const auto locked =
        tx.exec("SELECT pg_try_advisory_lock(" + std::to_string(postgres_lock_projector) + ")");
    if (!locked[0][0].as<bool>())
      throw SetupError{Error{Errc::unavailable, "postgres: another projector uses this database"}};
  }
  apply_migrations(connection, postgres_schema);
  pqxx::work tx(connection);
  prepare_batch_tables(tx, postgres_schema);
  tx.commit();
}

class PostgresReadModel final : public ReadModel {
 public:
  explicit PostgresReadModel(PostgresOptions options)
      : session_(std::move(options), "order-engine projector", set_up) {}

  Result<ProjectionCursor> cursor() override {
    return session_.run([](PostgresConnection& connection) -> Result<ProjectionCursor> {
      pqxx::work tx(connection);
      return read_cursor(tx, postgres_schema, false);
    });
  }

  Result<void> apply(const ProjectionBatch& batch) override {
    BatchWrite how;
    Result<void> done = write(batch, how);
    if (done || done.error().code != Errc::invalid) return done;
    // A row that should be new exists: someone set the cursor back. Applying a batch again changes
    // nothing, so it is written again and existing rows are kept.
    how.tolerant = true;
    return write(batch, how);
  }

  void interrupt() override { session_.interrupt(); }

 private:
  Result<void> write(const ProjectionBatch& batch, const BatchWrite& how) {
    return session_.run([&](PostgresConnection& connection) -> Result<void> {
      pqxx::work tx(connection);
      const ProjectionCursor at = read_cursor(tx, postgres_schema, true);
      if (!at.log_id.is_zero() && at.log_id != batch.log_id)
        return Error{Errc::conflict, "postgres: the tables are of another log"};
      if (at.last_seq + 1 != batch.from)
        return Error{Errc::conflict,
                     "postgres: the tables are at seq " + std::to_string(at.last_seq)};
      write_batch(connection, tx, how, batch);
      tx.commit();
      return {};
    });
  }

  PostgresSession session_;
};

}  // namespace

std::unique_ptr<ReadModel> make_postgres_read_model(PostgresOptions options) {
  return std::make_unique<PostgresReadModel>(std::move(options));
}

}  // namespace oee
