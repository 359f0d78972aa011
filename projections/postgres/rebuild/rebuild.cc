#include "projections/postgres/rebuild/rebuild.h"

#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <thread>

#include "projections/postgres/batch_write.h"
#include "projections/postgres/rebuild/privileges.h"
#include "projections/postgres/rebuild/rebuild_fold.h"
#include "projections/postgres/rebuild/worker_pool.h"
#include "projections/postgres/session.h"

namespace oee {
namespace {

constexpr std::size_t records_per_read = 4'096;
// The least bytes of one COPY: 1 MB takes PostgreSQL about 10 ms.
constexpr std::size_t copy_bytes_min = 1 << 20;
// Connections that copy and index. PostgreSQL uses one core for each, and folding does not produce
// enough rows to keep a third one busy.
constexpr std::size_t pool_size = 2;
// The most records that the swap writes while the live projector waits: about 100 ms.
constexpr Seq swap_distance_max = 2'000;
constexpr auto head_wait = std::chrono::seconds(2);
const std::string shadow = "oee_rebuild";
const std::string replaced = "oee_replaced";
const std::string view_names = "blotter, venue_statistics, fills, legs";
const std::string table_names =
    "orders, order_events, quotes, dead_letters, projection_state, schema_migrations";
// One try of the swap. Meanwhile the projector and whoever reads the cursor wait behind it.
constexpr std::chrono::milliseconds swap_try{1'000};
// Between two tries, so that they continue.
constexpr std::chrono::milliseconds swap_pause{1'000};
const std::string lock_not_available = "55P03";  // SQLSTATE: lock_timeout has passed

const TableShape* const tables[] = {&orders_table, &order_events_table, &quotes_table,
                                    &dead_letters_table};

std::string qualified(const std::string& schema, const TableShape& table) {
  return schema + "." + std::string(table.name);
}

__extension__ typedef __int128 I128;  // a sum of 2^63 64-bit hashes

// The rows of one table that were sent. verify() compares them with the rows in the database.
struct Sent {
  std::uint64_t rows = 0;
  I128 hash_sum = 0;
};

std::string to_decimal(I128 value) {
  if (value == 0) return "0";
  std::string digits;
  const bool negative = value < 0;
  for (; value != 0; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  return negative ? "-" + digits : digits;
}

// Nobody uses the shadow schema before the swap, so its commits need not be durable one by one. The
// swap's own commit is durable, and with it everything written before.
void relax(PostgresConnection& connection) {
  pqxx::nontransaction tx(connection);
  tx.exec(
      "SET synchronous_commit = off; SET maintenance_work_mem = '128MB'; SET client_min_messages = "
      "error");
}

class Rebuild {
 public:
  Rebuild(PostgresConnection& connection, const PostgresOptions& options, const LogSource& log,
          const RebuildProgress& progress, std::chrono::milliseconds swap_wait)
      : connection_(connection),
        options_(options),
        log_(log),
        progress_(progress),
        swap_wait_(swap_wait) {}

  Result<RebuildReport> run() {
    OEE_TRY(take_lock());
    OEE_TRY(check_role());
    apply_migrations(connection_, postgres_schema);
    OEE_TRY(drop_replaced());
    create_shadow();
    const std::vector<std::string> indexes = drop_indexes();
    {
      PostgresWorkerPool pool(options_, pool_size, relax);
      OEE_TRY(copy_everything(pool));
      OEE_TRY(create_indexes(pool, indexes));
    }
    OEE_TRY(verify());
    OEE_TRY(catch_up_and_swap());
    RebuildReport report;
    report.counts = counts_;
    if (auto dropped = drop_replaced(); !dropped) report.warning = dropped.error().detail;
    return report;
  }

 private:
  pqxx::result execute(const std::string& sql) {
    pqxx::nontransaction tx(connection_);
    return tx.exec(sql);
  }

  Result<void> take_lock() {
    relax(connection_);
    const auto locked =
        execute("SELECT pg_try_advisory_lock(" + std::to_string(postgres_lock_rebuild) + ")");
    if (locked[0][0].as<bool>()) return {};
    return Error{Errc::in_use, "another rebuild runs on this database"};
  }

  Result<void> check_role() {
    pqxx::work tx(connection_);
    return check_may_own(tx, postgres_schema, table_names + ", " + view_names);
  }

  void create_shadow() {
    {
      pqxx::work tx(connection_);
      tx.exec("DROP SCHEMA IF EXISTS " + shadow + " CASCADE");
      create_schema_of_owner(tx, postgres_schema, shadow);
      tx.commit();
    }
    apply_migrations(connection_, shadow);
  }

  // Drops the tables that the last swap replaced. Only objects of this program are dropped: a view
  // on these tables, or a table beside them, prevents the drop.
  Result<void> drop_replaced() {
    try {
      pqxx::work tx(connection_);
      tx.exec("DO $$ BEGIN IF to_regnamespace('" + replaced +
              "') IS NOT NULL THEN SET LOCAL search_path = " + replaced + "; DROP VIEW IF EXISTS " +
              view_names + "; DROP TABLE IF EXISTS " + table_names + "; DROP SCHEMA " + replaced +
              "; END IF; END $$");
      tx.commit();
      return {};
    } catch (const pqxx::sql_error& e) {
      return Error{Errc::conflict, "the replaced tables are kept in schema " + replaced +
                                       " because something depends on them: " + e.what()};
    }
  }

  // Building an index from all rows is several times faster than updating it row by row. Returns
  // the statements that create the indexes again.
  std::vector<std::string> drop_indexes() {
    std::vector<std::string> create;
    std::vector<std::string> drop;
    const std::string of_projected = "relnamespace = '" + shadow +
                                     "'::regnamespace AND relname IN "
                                     "('orders','order_events','quotes','dead_letters')";
    for (const auto& row : execute("SELECT relname, conname, pg_get_constraintdef(k.oid) FROM "
                                   "pg_constraint k JOIN pg_class c"
                                   " ON c.oid = k.conrelid WHERE contype IN ('p','u') AND " +
                                   of_projected)) {
      const std::string alter = "ALTER TABLE " + shadow + "." + row[0].as<std::string>();
      create.push_back(alter + " ADD CONSTRAINT " + row[1].as<std::string>() + " " +
                       row[2].as<std::string>());
      drop.push_back(alter + " DROP CONSTRAINT " + row[1].as<std::string>());
    }
    for (const auto& row : execute(
             "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
             "JOIN"
             " pg_class c ON c.oid = i.indrelid WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE"
             " k.conindid = i.indexrelid) AND " +
             of_projected)) {
      create.push_back(row[1].as<std::string>());
      drop.push_back("DROP INDEX " + row[0].as<std::string>());
    }
    for (const std::string& statement : drop) execute(statement);
    for (const TableShape* table : tables) create.push_back("ANALYZE " + qualified(shadow, *table));
    return create;
  }

  Result<void> create_indexes(PostgresWorkerPool& pool,
                              const std::vector<std::string>& statements) {
    progress_("indexing", 0, 0);
    for (const std::string& statement : statements) {
      auto job = [&statement](PostgresConnection& connection) {
        pqxx::nontransaction tx(connection);
        tx.exec(statement);
      };
      pool.submit(std::move(job), 0);
    }
    return pool.finish();
  }

  Result<void> copy_everything(PostgresWorkerPool& pool) {
    OEE_TRY_ASSIGN(const Seq head, log_.head());
    RebuildFold::FinalRows final_rows;
    RowBuffer events(order_events_table.columns.size());
    RowBuffer quotes(quotes_table.columns.size());
    const auto send_all = [&](std::size_t bytes_min) {
      send(pool, orders_table, final_rows.orders, sent_[0], bytes_min);
      send(pool, order_events_table, events, sent_[1], bytes_min);
      send(pool, quotes_table, quotes, sent_[2], bytes_min);
      send(pool, dead_letters_table, final_rows.dead_letters, sent_[3], bytes_min);
    };
    while (counts_.last_seq < head) {
      OEE_TRY_ASSIGN(const std::vector<Record> records, read_next(head));
      OEE_TRY(fold_.fold(records, &final_rows, nullptr));
      for (const Record& record : records) {
        append_event_row(events, record);
        append_quote_rows(quotes, record);
      }
      counts_.last_seq = records.back().seq;
      send_all(copy_bytes_min);
      if (pool.failed()) break;
      progress_("copying", counts_.last_seq, head);
    }
    OEE_TRY(fold_.append_unfinished(final_rows, [&] { send_all(copy_bytes_min); }));
    send_all(1);
    OEE_TRY(pool.finish());
    pqxx::nontransaction tx(connection_);
    tx.exec_params("UPDATE " + shadow +
                       ".projection_state SET log_id = $1, last_seq = $2,"
                       " orders_confirmed = $3, orders_discarded = $4, updated_at = now(),"
                       " epoch = $5",
                   to_text(log_.id.id), counts_.last_seq, fold_.confirmed(), fold_.discarded(),
                   to_text(log_.id.epoch));
    return {};
  }

  // At least one record. REQUIRES: the log has records up to `head`, and not all are read.
  Result<std::vector<Record>> read_next(Seq head) {
    const Seq from = counts_.last_seq + 1;
    OEE_TRY_ASSIGN(std::vector<Record> records,
                   log_.read(from, std::min<std::size_t>(records_per_read, head - from + 1)));
    if (records.empty() || records.front().seq != from)
      return Error{Errc::corrupt, "the log has no record with seq " + std::to_string(from)};
    counts_.events += records.size();
    return records;
  }

  static void send(PostgresWorkerPool& pool, const TableShape& table, RowBuffer& rows, Sent& sent,
                   std::size_t bytes_min) {
    if (rows.bytes() < bytes_min) return;
    for (std::size_t row = 0; row < rows.rows(); ++row) sent.hash_sum += row_hash(table, rows, row);
    sent.rows += rows.rows();
    std::string text;
    rows.append_copy_text(text);
    rows.clear();
    const std::size_t bytes = text.size();
    auto job = [&table, text = std::move(text)](PostgresConnection& connection) {
      pqxx::nontransaction tx(connection);
      connection.copy_in(tx, qualified(shadow, table), column_list(table), text);
    };
    pool.submit(std::move(job), bytes);
  }

  Result<void> verify() {
    for (std::size_t i = 0; i < std::size(tables); ++i) {
      progress_("verifying", 0, 0);
      const auto row = execute("SELECT count(*)::text, coalesce(sum(" + row_hash_sql(*tables[i]) +
                               "), 0)::text FROM " + qualified(shadow, *tables[i]))[0];
      if (row[0].as<std::string>() != std::to_string(sent_[i].rows) ||
          row[1].as<std::string>() != to_decimal(sent_[i].hash_sum))
        return Error{Errc::corrupt, "table " + qualified(shadow, *tables[i]) + " has " +
                                        row[0].as<std::string>() + " rows with content sum " +
                                        row[1].as<std::string>() + ", but " +
                                        std::to_string(sent_[i].rows) + " with " +
                                        to_decimal(sent_[i].hash_sum) + " were sent"};
    }
    counts_.orders = sent_[0].rows;
    counts_.quotes = sent_[2].rows;
    counts_.dead_letters = sent_[3].rows;
    return {};
  }

  Result<void> catch_up_and_swap() {
    {
      pqxx::work tx(connection_);
      prepare_batch_tables(tx, shadow);
      tx.commit();
    }
    execute("SET synchronous_commit = on");
    const auto deadline = std::chrono::steady_clock::now() + swap_wait_;
    for (;;) {
      OEE_TRY(catch_up());
      OEE_TRY_ASSIGN(const bool swapped, try_swap());
      if (swapped) return {};
      if (swap_wait_.count() != 0 && std::chrono::steady_clock::now() > deadline)
        return Error{Errc::unavailable,
                     "nothing was changed: the live tables are locked by " + lock_holders() +
                         "; end that transaction (a dump, a check, an open psql), then run again"};
      progress_("waiting for the tables' lock", 0, 0);
      std::this_thread::sleep_for(swap_pause);
    }
  }

  Result<void> catch_up() {
    OEE_TRY_ASSIGN(Seq head, log_.head());
    while (head - counts_.last_seq > swap_distance_max) {
      pqxx::work tx(connection_);
      OEE_TRY(write_next(tx, head));
      tx.commit();
      progress_("catching up", counts_.last_seq, head);
      OEE_TRY_ASSIGN(head, log_.head());
    }
    return {};
  }

  // false: others hold the lock, and nothing has changed.
  Result<bool> try_swap() {
    pqxx::work tx(connection_);
    tx.exec("SET LOCAL lock_timeout = " + std::to_string(swap_try.count()));
    try {
      // Every projector transaction locks this table first. Under this lock none is running; the
      // next one waits and then finds the new tables by name.
      tx.exec("LOCK TABLE oee.projection_state IN ACCESS EXCLUSIVE MODE");
    } catch (const pqxx::sql_error& e) {
      if (e.sqlstate() == lock_not_available) return false;
      throw;
    }
    const ProjectionCursor live = read_cursor(tx, postgres_schema, true);
    OEE_TRY_ASSIGN(const Seq head, head_at_least(live.log_id == log_.id ? live.last_seq : 0));
    while (counts_.last_seq < head) OEE_TRY(write_next(tx, head));
    copy_owners_and_grants(tx, postgres_schema, shadow);
    tx.exec("ALTER SCHEMA oee RENAME TO " + replaced);
    tx.exec("ALTER SCHEMA " + shadow + " RENAME TO oee");
    tx.commit();
    return true;
  }

  // The sessions that lock oee.projection_state now, for a person.
  std::string lock_holders() {
    return execute(
               "SELECT coalesce(string_agg(DISTINCT format('process %s (%s)', pid,"
               " coalesce(nullif(application_name, ''), usename::text, 'unknown')), ', '),"
               " 'nobody any more') FROM pg_locks JOIN pg_stat_activity USING (pid)"
               " WHERE relation = 'oee.projection_state'::regclass AND granted")[0][0]
        .as<std::string>();
  }

  // A reader of the log may see the newest records slightly later than the projector did, and lists
  // must not go back in time. If the log really is older than the tables, the tables follow the
  // log.
  Result<Seq> head_at_least(Seq wanted) {
    const auto deadline = std::chrono::steady_clock::now() + head_wait;
    for (;;) {
      OEE_TRY_ASSIGN(const Seq head, log_.head());
      if (head >= wanted || std::chrono::steady_clock::now() > deadline) return head;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  Result<void> write_next(pqxx::transaction_base& tx, Seq head) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, read_next(head));
    ProjectionBatch batch;
    batch.log_id = log_.id;
    batch.from = records.front().seq;
    batch.end = records.back().seq + 1;
    for (const Record& record : records) {
      batch.records.push_back(&record);
      if (const auto* route = std::get_if<RouteSelected>(&record.event))
        counts_.quotes += route->quotes.size();
      if (std::holds_alternative<OrderAccepted>(record.event)) ++counts_.orders;
      if (type_of(record.event) == EventType::order_failed) ++counts_.dead_letters;
    }
    OEE_TRY(fold_.fold(records, nullptr, &batch.orders));
    BatchWrite how;
    how.schema = shadow;
    write_batch(connection_, tx, how, batch);
    counts_.last_seq = batch.end - 1;
    return {};
  }

  PostgresConnection& connection_;
  const PostgresOptions& options_;
  const LogSource& log_;
  const RebuildProgress& progress_;
  const std::chrono::milliseconds swap_wait_;  // for the lock of the live tables; zero: no limit
  RebuildFold fold_;
  ProjectionCounts counts_;
  Sent sent_[std::size(tables)];  // in the order of `tables`
};

}  // namespace

Result<RebuildReport> rebuild_projections(const PostgresOptions& options, const LogSource& log,
                                          const RebuildProgress& progress) {
  PostgresOptions unlimited = options;
  // Building an index over all rows may take long.
  unlimited.statement_timeout = std::chrono::seconds(0);
  PostgresSession session(unlimited, "rebuild-projections");
  return session.run([&](PostgresConnection& connection) {
    return Rebuild(connection, unlimited, log, progress, options.statement_timeout).run();
  });
}

}  // namespace oee
