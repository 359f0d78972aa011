// rebuild-projections: builds PostgreSQL's tables again from the log, beside the live tables; or
// compares them with the log (--check). The engine may run meanwhile.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "core/base/exit_code.h"
#include "eventlog/audit/log_reader.h"
#include "projections/postgres/rebuild/rebuild.h"
#include "tools/open_files.h"
#include "tools/progress_bar.h"

namespace {

using oee::Errc;
using oee::Error;
using oee::ProgressBar;
using oee::Result;

enum Exit { exit_ok = 0, exit_failed = 1, exit_usage = 2, exit_differs = 4, exit_dependency = 6 };

int fail(const Error& error) {
  fmt::print(stderr, "rebuild-projections: {}\n", error.detail);
  switch (error.code) {
    case Errc::timeout:  // only PostgreSQL times out
      return exit_dependency;
    case Errc::invalid:  // the data that was read, not the command line
      return exit_failed;
    default:
      return exit_code(error.code);
  }
}

std::string counts_text(const oee::ProjectionCounts& counts) {
  return fmt::format("events={} orders={} quotes={} dead_letters={} seq={}", counts.events,
                     counts.orders, counts.quotes, counts.dead_letters, counts.last_seq);
}

oee::LogSource source_of(oee::LogReader& reader) {
  oee::LogSource source;
  source.id = reader.identity();
  source.head = [&reader] { return reader.refresh(); };
  source.read = [&reader](oee::Seq from, std::size_t limit) { return reader.read(from, limit); };
  source.read_order = [&reader](const oee::OrderId& id) { return reader.read_order(id); };
  return source;
}

int check(const oee::PostgresOptions& options, const oee::LogSource& log, ProgressBar& bar,
          const oee::RebuildProgress& progress) {
  const auto report = oee::check_projections(options, log, progress);
  bar.finish_line();
  if (!report) return fail(report.error());
  if (report->differences.empty()) {
    fmt::print("ok {}\n", counts_text(report->counts));
    return exit_ok;
  }
  for (const std::string& difference : report->differences) fmt::print("differs: {}\n", difference);
  fmt::print("bad seq={}\n", report->counts.last_seq);
  return exit_differs;
}

int rebuild(const oee::PostgresOptions& options, const oee::LogSource& log, ProgressBar& bar,
            const oee::RebuildProgress& progress) {
  const auto started = std::chrono::steady_clock::now();
  const auto report = oee::rebuild_projections(options, log, progress);
  bar.finish_line();
  if (!report) return fail(report.error());
  if (!report->warning.empty()) fmt::print(stderr, "rebuild-projections: {}\n", report->warning);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  fmt::print("ok {} ms={}\n", counts_text(report->counts), took.count());
  return exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Rebuilds PostgreSQL's tables from the log beside the live tables, verifies them and swaps "
      "them in. The engine may run meanwhile.",
      "rebuild-projections");
  std::string data_dir = "./data";
  std::string url;
  bool only_check = false;
  app.set_version_flag("--version", std::string("rebuild-projections ") + OEE_VERSION,
                       "print the version and exit");
  app.add_option("--data-dir", data_dir, "the engine's data directory")
      ->type_name("DIR")
      ->envname("OEE_DATA_DIR")
      ->capture_default_str();
  app.add_option("--postgres-url", url, "the database; also DATABASE_URL")
      ->type_name("URL")
      ->envname("OEE_POSTGRES_URL");
  app.add_flag("--check", only_check,
               "only compare the tables with the log; exit 4 when they differ");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  if (const char* from_environment = std::getenv("DATABASE_URL");
      url.empty() && from_environment != nullptr)
    url = from_environment;
  if (url.empty()) {
    fmt::print(stderr, "rebuild-projections: --postgres-url (or DATABASE_URL) is missing\n");
    return exit_usage;
  }

  oee::allow_open_files();
  const auto reader = oee::LogReader::open(data_dir);
  if (!reader) return fail(reader.error());
  const oee::LogSource log = source_of(**reader);
  oee::PostgresOptions options;
  options.url = url;
  ProgressBar bar;
  const oee::RebuildProgress progress = [&bar](std::string_view what, std::uint64_t done,
                                               std::uint64_t total) {
    bar.show(what, done, total);
  };
  return only_check ? check(options, log, bar, progress) : rebuild(options, log, bar, progress);
}
