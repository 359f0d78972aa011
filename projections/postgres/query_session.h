// QuerySessions: the connections of a PostgreSQL adapter that only reads, and an order read from a
// result.
#pragma once

#include <memory>
#include <mutex>
#include <pqxx/row>
#include <pqxx/transaction_base>
#include <vector>

#include "core/order/order.h"
#include "projections/postgres/session.h"

namespace oee {

// As many connections as threads call at the same time; each is opened when no other one is idle.
// They are read-only, on a schema of this program's version or of a newer one that this program can
// read (schema_migrations.min_reader_version). Any thread.
class QuerySessions {
 public:
  // A statement ends within 5 s, whatever the projector's limit is: an API call waits for it.
  QuerySessions(PostgresOptions options, const char* application_name);

  // As PostgresSession::run(). Also: unavailable until a projector has created or migrated the
  // schema; unsupported when the schema is for newer readers only.
  template <class Work>
  std::invoke_result_t<Work&, PostgresConnection&> run(Work work) {
    std::unique_ptr<PostgresSession> session = take();
    auto result = session->run(std::move(work));
    give_back(std::move(session));
    return result;
  }

  // Reads the cursor and calls options.check_tables, if there is one. The cursor's lock keeps a
  // rebuild from replacing the tables until the transaction ends.
  Result<void> check_tables(pqxx::transaction_base& tx) const;

 private:
  std::unique_ptr<PostgresSession> take();
  void give_back(std::unique_ptr<PostgresSession> session);

  const PostgresOptions options_;
  const char* application_name_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PostgresSession>> idle_;
};

// The order in a row whose columns from `first` on are canonical_select(orders_table). unavailable:
// a field cannot be read; rebuild-projections repairs the table.
Result<Order> order_of(const pqxx::row& row, int first);

}  // namespace oee
