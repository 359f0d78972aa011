// RebuildFixture: a database, a log in memory, and the rebuild and check of one from the other.
#pragma once

#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "projections/postgres/adapters.h"
#include "projections/postgres/rebuild/rebuild.h"
#include "projections/projector.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/projected_orders.h"
#include "tests/support/table_contents.h"

namespace oee::test {

inline LogSource source_of(RecordLog& log, std::uint8_t number = 1) {
  LogSource source;
  source.id = log_id(number);
  source.head = [&log]() -> Result<Seq> { return log.durable_head(); };
  source.read = [&log](Seq from, std::size_t limit) -> Result<std::vector<Record>> {
    std::vector<Record> out;
    while (out.size() < limit) {
      OEE_TRY_ASSIGN(const BlockPtr block, log.read(from + out.size(), limit));
      if (block->records.empty()) break;
      for (std::size_t i = from + out.size() - block->first; i < block->records.size(); ++i) {
        if (out.size() == limit) break;
        out.push_back(block->records[i]);
      }
    }
    return out;
  };
  source.read_order = [&log](const OrderId& id) { return log.read_order(id); };
  return source;
}

class RebuildFixture : public ::testing::Test {
 protected:
  void SetUp() override { options_.url = PostgresServer::shared_database(); }

  pqxx::result sql(const std::string& text) {
    pqxx::connection connection(options_.url);
    pqxx::nontransaction tx(connection);
    return tx.exec(text);
  }
  void project(RecordLog& log) {
    const auto model = make_postgres_read_model(options_);
    Projector projector(log, log_id(1), *model, {});
    Result<std::size_t> step = std::size_t{1};
    while (step && *step > 0) step = projector.step();
    ASSERT_TRUE(step.ok()) << step.error().detail;
  }
  Result<RebuildReport> rebuild(RecordLog& log) {
    return rebuild_projections(options_, source_of(log), [](auto, auto, auto) {});
  }
  Result<CheckReport> check_tables(RecordLog& log) {
    return check_projections(options_, source_of(log), [](auto, auto, auto) {});
  }
  void expect_fold(RecordLog& log, Seq last) {
    pqxx::connection connection(options_.url);
    EXPECT_EQ(table_contents(connection, "oee"), tables_of_fold(log, last));
  }
  // Columns, keys, indexes, views and comments, with the schema's name left out.
  std::string shape() {
    return sql("SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
               " SELECT replace(indexdef, 'oee.', '') AS line FROM pg_indexes WHERE schemaname = "
               "'oee'"
               " UNION ALL SELECT c.relname || ' ' || conname || ' ' || pg_get_constraintdef(k.oid)"
               "  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
               "  WHERE connamespace = 'oee'::regnamespace"
               " UNION ALL SELECT table_name || '.' || column_name || ' ' || data_type || ' ' ||"
               "  coalesce(col_description(('oee.' || table_name)::regclass, ordinal_position), "
               "'-')"
               "  FROM information_schema.columns WHERE table_schema = 'oee') lines")[0][0]
        .c_str();
  }
  PostgresOptions options_;
};

}  // namespace oee::test
