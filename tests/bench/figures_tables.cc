// Figures 9 and 10: PostgreSQL's tables, against psql's \copy of the same rows.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "projections/postgres/adapters.h"
#include "tests/bench/engine.h"
#include "tests/bench/figures.h"

namespace oee::bench {

namespace {

const std::vector<std::string> tables = {"oee.orders", "oee.order_events", "oee.quotes",
                                         "oee.dead_letters"};

std::string psql(const std::string& url, const std::string& command) {
  const auto done = test::run(
      {"psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", command}, 600);
  if (done.exit_code != 0) throw std::runtime_error("psql: " + done.err);
  return done.out;
}

std::filesystem::path file_of(const std::filesystem::path& dir, const std::string& table) {
  return dir / (table + ".copy");
}

// Seconds, as the program counts them.
double rebuild_seconds(const std::filesystem::path& data_dir, const std::string& url) {
  const auto done = test::run(
      {program("rebuild-projections"), "--data-dir", data_dir.string(), "--postgres-url", url},
      600);
  const std::size_t at = done.out.find(" ms=");
  if (done.exit_code != 0 || at == std::string::npos)
    throw std::runtime_error("rebuild-projections: " + done.out + done.err);
  return std::stod(done.out.substr(at + 4)) / 1000;
}

std::uint64_t dump_tables(const std::string& url, const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  std::uint64_t rows = 0;
  for (const std::string& table : tables) {
    rows += std::stoull(psql(url, "SELECT count(*) FROM " + table));
    psql(url, "\\copy " + table + " to '" + file_of(dir, table).string() + "'");
  }
  return rows;
}

// Into empty tables with their indexes, one after the other.
double copy_seconds(const std::string& url, const std::filesystem::path& dir) {
  for (const std::string& table : tables) psql(url, "TRUNCATE " + table);
  const auto began = std::chrono::steady_clock::now();
  for (const std::string& table : tables)
    psql(url, "\\copy " + table + " from '" + file_of(dir, table).string() + "'");
  return seconds_since(began);
}

// The rows of the table log, and how many of them \copy writes a second.
struct Copied {
  std::uint64_t rows = 0;
  std::vector<double> rebuilt, copied;  // rows/s
};

Copied rebuild_and_copy(Bench& bench) {
  const Prefilled& log = bench.table_log();
  const auto dump = bench.fresh_path("copy");
  const std::string rebuilt = test::PostgresServer::shared_database();
  const std::string copied = test::PostgresServer::shared_database();
  PostgresOptions options;
  options.url = copied;
  if (const auto made = migrate_postgres(options); !made.ok())
    throw std::runtime_error(made.error().detail);
  Copied seen;
  for (unsigned i = 0; i < std::min(2U, bench.sizes.repeats); ++i) {
    const double rebuild_s = rebuild_seconds(log.data_dir, rebuilt);
    if (i == 0) seen.rows = dump_tables(rebuilt, dump);
    const auto rows = static_cast<double>(seen.rows);
    seen.rebuilt.push_back(rows / rebuild_s);
    seen.copied.push_back(rows / copy_seconds(copied, dump));
  }
  for (const std::string& table : tables)
    if (psql(copied, "SELECT count(*) FROM " + table) !=
        psql(rebuilt, "SELECT count(*) FROM " + table))
      throw std::runtime_error("the copy of " + table + " has other rows");
  std::filesystem::remove_all(dump);
  return seen;
}

struct Steady {
  double events_per_s = 0;
  std::uint64_t events = 0;  // of the measured range
};

// Events/s while an engine's projector works off the whole log, without its first and last tenth.
Steady steady_projection(const Prefilled& log) {
  std::vector<std::string> flags = held;
  flags.insert(flags.end(), {"--postgres-url", test::PostgresServer::shared_database()});
  Engine engine(log.data_dir, flags, Engine::Until::serving);
  struct Look {
    std::chrono::steady_clock::time_point at;
    std::uint64_t seq = 0;
  };
  std::optional<Look> first;
  Look last;
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    last = {std::chrono::steady_clock::now(), engine.health_number("projectedSeq")};
    if (!first && last.seq >= log.events / 10) first = last;
    if (last.seq >= log.events * 9 / 10) break;
    if (seconds_since(began) > 300) throw std::runtime_error("the projector makes no progress");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  engine.wait_until("projectedSeq", engine.health_number("headSeq"), 60);
  engine.stop();
  if (last.seq == first->seq) {  // a small log: all in one sample
    *first = {began, 0};
  }
  const std::uint64_t events = last.seq - first->seq;
  return {static_cast<double>(events) / std::chrono::duration<double>(last.at - first->at).count(),
          events};
}

}  // namespace

void measure_rebuild(Bench& bench) {
  const Copied seen = rebuild_and_copy(bench);
  Row row{9,
          "rebuild-projections",
          "rows/s",
          median(seen.rebuilt),
          median(seen.copied),
          {Target::Kind::ratio_min, 0.7},
          std::to_string(seen.rows) + " rows; PostgreSQL without fsync, for both"};
  row.raw = {{"rebuild", as_json(seen.rebuilt)}, {"copy", as_json(seen.copied)}};
  bench.set_copied_rows({seen.rows, median(seen.copied)});
  bench.add(std::move(row));
}

void measure_projector(Bench& bench) {
  if (bench.copied_rows().rows == 0) {
    const Copied seen = rebuild_and_copy(bench);
    bench.set_copied_rows({seen.rows, median(seen.copied)});
  }
  const Prefilled& log = bench.table_log();
  const CopiedRows& copied = bench.copied_rows();
  // The same unit for both: the events whose rows \copy takes in a second.
  const double rows_per_event = static_cast<double>(copied.rows) / static_cast<double>(log.events);
  const Steady seen = steady_projection(log);
  Row row{10,
          "live projector",
          "events/s",
          seen.events_per_s,
          copied.rows_per_s / rows_per_event,
          {Target::Kind::ratio_min, 0.35},
          "a backlog, PostgreSQL without fsync; against \\copy of the same events' rows"};
  row.raw = {{"eventsMeasured", seen.events},
             {"rowsPerEvent", rows_per_event},
             {"copyRowsPerSecond", copied.rows_per_s}};
  bench.add(std::move(row));
}

}  // namespace oee::bench
