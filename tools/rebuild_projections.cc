// rebuild-projections: makes PostgreSQL's tables anew from the log, beside the live ones, while the
// engine may be at work; or (--check) compares them with the log.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "eventlog/log_reader.h"
#include "projections/rebuild.h"

namespace {

using oee::Errc;
using oee::Error;
using oee::Result;

enum Exit {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_not_found = 3,
  exit_differs = 4,
  exit_in_use = 5,
  exit_dependency = 6
};

int exit_code(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return exit_not_found;
    case Errc::corrupt:
    case Errc::unsupported:
      return exit_differs;
    case Errc::in_use:
      return exit_in_use;
    case Errc::unavailable:
    case Errc::timeout:
      return exit_dependency;
    default:
      return exit_failed;
  }
}

int fail(const Error& error) {
  fmt::print(stderr, "rebuild-projections: {}\n", error.detail);
  return exit_code(error);
}

// A bar on a terminal, a line every two seconds elsewhere.
class ProgressBar {
 public:
  void show(std::string_view what, std::uint64_t done, std::uint64_t total) {
    const auto now = Clock::now();
    if (what == what_ && total == 0) return;
    if (what != what_) {
      finish_line();
      // The first counted phase began with the program; a later one goes on from where it was.
      const bool first = what_.empty();
      began_ = first ? start_ : now;
      done_at_begin_ = first ? 0 : done;
      what_ = what;
      shown_ = {};
    }
    const bool last = done == total;
    if (!last &&
        now - shown_ < (tty_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(2000)))
      return;
    shown_ = now;
    const std::string text = total == 0 ? what_ : line(done, total, now);
    fmt::print(stderr, "{}{}{}", tty_ ? "\r" : "", text, tty_ ? "\x1b[K" : "\n");
    open_ = tty_;
  }
  void finish_line() {
    if (open_) fmt::print(stderr, "\n");
    open_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string line(std::uint64_t done, std::uint64_t total, Clock::time_point now) const {
    constexpr std::uint64_t cells = 30;
    const std::uint64_t filled = done * cells / total;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_).count();
    const std::uint64_t rate = (done - done_at_begin_) * 1000 / static_cast<std::uint64_t>(ms + 1);
    const std::uint64_t left_s = rate == 0 ? 0 : (total - done) / rate;
    return fmt::format("{:<11} [{:#<{}}{:.<{}}] {:3}%  {}/{}  {}/s  ETA {}:{:02}", what_, "",
                       filled, "", cells - filled, done * 100 / total, done, total, rate,
                       left_s / 60, left_s % 60);
  }

  const bool tty_ = ::isatty(STDERR_FILENO) == 1;
  const Clock::time_point start_ = Clock::now();
  std::string what_;
  Clock::time_point began_;
  Clock::time_point shown_;
  std::uint64_t done_at_begin_ = 0;
  bool open_ = false;
};

std::string counts_text(const oee::ProjectionCounts& counts) {
  return fmt::format("events={} orders={} quotes={} dead_letters={} seq={}", counts.events,
                     counts.orders, counts.quotes, counts.dead_letters, counts.last_seq);
}

oee::LogSource source_of(oee::LogReader& reader) {
  oee::LogSource source;
  source.id = reader.id();
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
  const auto began = std::chrono::steady_clock::now();
  const auto report = oee::rebuild_projections(options, log, progress);
  bar.finish_line();
  if (!report) return fail(report.error());
  if (!report->warning.empty()) fmt::print(stderr, "rebuild-projections: {}\n", report->warning);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  fmt::print("ok {} ms={}\n", counts_text(report->counts), took.count());
  return exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Rebuilds PostgreSQL's tables from the log beside the live ones, verifies them and swaps "
      "them in. The "
      "engine may be at work meanwhile.",
      "rebuild-projections");
  std::string data_dir = "./data";
  std::string url;
  bool only_check = false;
  app.add_option("--data-dir", data_dir, "the engine's data directory")
      ->envname("OEE_DATA_DIR")
      ->capture_default_str();
  app.add_option("--postgres-url", url, "the database; also DATABASE_URL")
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
