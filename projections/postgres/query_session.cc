#include "projections/postgres/query_session.h"

#include <algorithm>
#include <pqxx/nontransaction>

#include "projections/postgres/batch_write.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/schema.h"

namespace oee {
namespace {

constexpr std::chrono::seconds query_timeout_max{5};

PostgresOptions query_options(PostgresOptions options) {
  const bool unlimited = options.statement_timeout.count() == 0;
  options.statement_timeout =
      unlimited ? query_timeout_max : std::min(options.statement_timeout, query_timeout_max);
  return options;
}

// The setup of a reader's connection.
void require_schema(PostgresConnection& connection) {
  pqxx::nontransaction tx(connection);
  tx.exec("SET default_transaction_read_only = on");
  if (tx.exec("SELECT to_regclass('oee.schema_migrations') IS NULL")[0][0].as<bool>())
    throw SetupError{Error{Errc::unavailable, "postgres: the database has no schema oee yet"}};
  const int own = postgres_schema_version();
  const int version =
      tx.exec("SELECT coalesce(max(version), 0) FROM oee.schema_migrations")[0][0].as<int>();
  if (version < own)
    throw SetupError{
        Error{Errc::unavailable, "postgres: the schema is of version " + std::to_string(version) +
                                     ", this program reads version " + std::to_string(own) +
                                     " and newer: an engine of this program's "
                                     "release migrates it"}};
  const int reader =
      tx.exec("SELECT max(min_reader_version) FROM oee.schema_migrations")[0][0].as<int>();
  if (reader > own)
    throw SetupError{Error{Errc::unsupported, "postgres: the schema is for readers of version " +
                                                  std::to_string(reader) +
                                                  " and newer, this program is of version " +
                                                  std::to_string(own)}};
}

}  // namespace

QuerySessions::QuerySessions(PostgresOptions options, const char* application_name)
    : options_(query_options(std::move(options))), application_name_(application_name) {}

Result<void> QuerySessions::check_tables(pqxx::transaction_base& tx) const {
  if (!options_.check_tables) return {};
  return options_.check_tables(read_cursor(tx, postgres_schema, false));
}

std::unique_ptr<PostgresSession> QuerySessions::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<PostgresSession> session = std::move(idle_.back());
      idle_.pop_back();
      return session;
    }
  }
  return std::make_unique<PostgresSession>(options_, application_name_, require_schema);
}

void QuerySessions::give_back(std::unique_ptr<PostgresSession> session) {
  const std::lock_guard lock(mutex_);
  // One lost connection is seldom alone: after a restart of PostgreSQL one call fails, not one for
  // each connection.
  if (!session->has_connection()) idle_.clear();
  idle_.push_back(std::move(session));
}

Result<Order> order_of(const pqxx::row& row, int first) {
  std::vector<std::optional<std::string_view>> fields;
  fields.reserve(orders_table.columns.size());
  for (std::size_t i = 0; i < orders_table.columns.size(); ++i)
    fields.push_back(optional_view_of(row[first + static_cast<int>(i)]));
  auto order = order_of_row(fields);
  if (!order) return Error{Errc::unavailable, "postgres: " + order.error().detail};
  return order;
}

}  // namespace oee
