// log-backup: keeps a verified copy of an event log, beside a running engine or without one, and
// restores a log from it. The result on stdout, progress and messages on stderr.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "core/base/exit_code.h"
#include "core/base/log.h"
#include "eventlog/audit/copy.h"
#include "eventlog/audit/replay.h"
#include "eventlog/audit/verify.h"
#include "eventlog/rocks/files.h"
#include "tools/open_files.h"
#include "tools/progress_bar.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

constexpr const char* about =
    "Copies an order engine's event log to TARGET/log, beside a running engine or without one. A\n"
    "second run to the same TARGET adds the new events. With --restore, makes a new data\n"
    "directory from such a copy and verifies it by replay.";

constexpr const char* notes =
    "A new copy is written to TARGET/log.partial and becomes TARGET/log when all of it is\n"
    "checked. After an interruption the next run continues. The last line is\n"
    "'ok events=N head=SEQ hash=HEX', the same as 'log-dump verify' prints for the log at that\n"
    "head.\n"
    "A backup does not contain the venues' ledger (DIR/venue), which belongs to the venues, and\n"
    "the read model (PostgreSQL or DIR/read_model), which the engine builds again. When the\n"
    "engine starts, it queries the venue of every attempt that has no end. With the venue's\n"
    "present ledger nothing is traded twice. Trades after the backup are known to the venue\n"
    "only.\n"
    "A restored log has a new epoch beside its id, by which its readers know that seqs may name\n"
    "other events than before. PostgreSQL's tables must be rebuilt (rebuild-projections).\n"
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 no log there, 4 damage or a copy that differs, 5\n"
    "the copy is in use.";

int fail(const Error& error) {
  fmt::print(stderr, "log-backup: {}\n", error.detail);
  return exit_code(error.code);
}

// The complete log in a directory, and the log while it is copied.
fs::path log_of(const fs::path& dir) {
  return dir / "log";
}
fs::path partial_log_of(const fs::path& dir) {
  return dir / "log.partial";
}

bool holds_something(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(dir, ignored) && !fs::is_empty(dir, ignored);
}

// Gives the copy its final name. REQUIRES: the copy is closed, checked and synced.
Result<void> complete(const fs::path& dir) {
  const LogFiles files;
  OEE_TRY(files.sync_directory(partial_log_of(dir)));
  std::error_code failed;
  fs::rename(partial_log_of(dir), log_of(dir), failed);
  if (failed)
    return Error{Errc::io,
                 "cannot name the finished copy " + log_of(dir).string() + ": " + failed.message()};
  return files.sync_directory(dir);
}

CopyProgress progress_on(ProgressBar& bar) {
  return [&bar](std::string_view what, Seq done, Seq total) { bar.show(what, done, total); };
}

// --- Backup --------------------------------------------------------------------------------------

Result<CopyReport> back_up(const fs::path& source, const fs::path& target) {
  OEE_TRY_ASSIGN(const auto log, LogReader::open(source));
  std::error_code ignored;
  if (fs::equivalent(source, target, ignored) || fs::equivalent(source, log_of(target), ignored))
    return Error{Errc::invalid, "--to " + target.string() + " is the log to copy itself"};
  const bool first = !holds_something(log_of(target));
  ProgressBar bar;
  const auto copied = copy_log(*log, first ? partial_log_of(target) : log_of(target),
                               log->identity().epoch, progress_on(bar));
  bar.finish_line();
  if (copied.ok() && first) OEE_TRY(complete(target));
  return copied;
}

int run_backup(const fs::path& source, const fs::path& target) {
  const Result<CopyReport> report = back_up(source, target);
  if (!report) return fail(report.error());
  fmt::print(stderr, "log-backup: {} new events in {}\n", report->head + 1 - report->first_new,
             log_of(target).string());
  fmt::print("ok events={} head={} hash={}\n", report->head, report->head,
             to_hex(as_bytes(report->chain)));
  return 0;
}

// --- Restore -------------------------------------------------------------------------------------

struct Proof {
  LogEpoch epoch;
  VerifyReport audit;
  ReplayReport fold;
};

// Audits the whole restored log and checks that its replay ends in the same state as the backup's.
Result<Proof> prove(LogReader& backup, const fs::path& dir, ProgressBar& bar) {
  OEE_TRY_ASSIGN(const auto restored, LogReader::open(dir));
  const auto show = [&bar](std::string_view what) {
    return [&bar, what](Seq done, Seq total) { bar.show(what, done, total); };
  };
  Proof proof;
  proof.epoch = restored->identity().epoch;
  OEE_TRY_ASSIGN(proof.audit, verify(*restored, {true, show("verifying")}));
  if (!proof.audit.ok)
    return Error{Errc::corrupt, fmt::format("seq {}: {}: {}", proof.audit.first_bad,
                                            to_string(proof.audit.broken), proof.audit.problem)};
  OEE_TRY_ASSIGN(proof.fold, replay(*restored, {1, 0, show("replaying")}));
  OEE_TRY_ASSIGN(const ReplayReport expected,
                 replay(backup, {1, proof.audit.head, show("comparing")}));
  if (proof.audit.head != backup.head() || proof.audit.chain != backup.head_chain() ||
      proof.fold.state != expected.state)
    return Error{Errc::corrupt,
                 "the restored log differs from the backup: its replay ends in another state"};
  return proof;
}

// The restored log may get other records than the log had after the backup. With an epoch of its
// own no reader takes the positions of one for those of the other.
LogEpoch new_epoch() {
  std::random_device device;
  LogEpoch epoch;
  while (epoch.is_zero())
    for (auto& byte : epoch.bytes) byte = static_cast<std::uint8_t>(device());
  return epoch;
}

Result<Proof> restore(const fs::path& target, const fs::path& data_dir) {
  if (holds_something(log_of(data_dir)))
    return Error{Errc::invalid, "--to " + data_dir.string() + " has a log already"};
  if (!holds_something(log_of(target)) && holds_something(partial_log_of(target)))
    return Error{Errc::not_found, target.string() + " contains an unfinished backup: run " +
                                      "log-backup --to " + target.string() + " again"};
  OEE_TRY_ASSIGN(const auto backup, LogReader::open(target));
  ProgressBar bar;
  const auto copied = copy_log(*backup, partial_log_of(data_dir), new_epoch(), progress_on(bar));
  const auto proof = copied.ok() ? prove(*backup, partial_log_of(data_dir), bar) : copied.error();
  bar.finish_line();
  if (proof.ok()) OEE_TRY(complete(data_dir));
  return proof;
}

int run_restore(const fs::path& target, const fs::path& data_dir) {
  const Result<Proof> proof = restore(target, data_dir);
  if (!proof) return fail(proof.error());
  fmt::print(stderr, "log-backup: the restored log has the epoch {}\n", to_text(proof->epoch));
  fmt::print("ok events={} orders={} head={} hash={} state={}\n", proof->audit.events,
             proof->audit.orders, proof->audit.head, to_hex(as_bytes(proof->audit.chain)),
             to_hex(as_bytes(proof->fold.state)));
  return 0;
}

int run(int argc, char** argv) {
  std::string source, backup, to;
  CLI::App app(about, "log-backup");
  app.footer(notes);
  app.set_version_flag("--version", std::string("log-backup ") + OEE_VERSION,
                       "print the version and exit");
  app.add_option("DIR", source,
                 "data directory, or the log directory itself (OEE_DATA_DIR, else ./data)");
  app.add_option("--to", to, "directory of the copy; created when missing")
      ->type_name("DIR")
      ->required();
  auto* restore = app.add_option("--restore", backup,
                                 "restore: --to becomes a data directory with the log of this "
                                 "backup; it must not have a log")
                      ->type_name("TARGET");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (to.empty()) return fail({Errc::invalid, "--to must name a directory"});
  if (*restore && !source.empty())
    return fail({Errc::invalid, "with --restore TARGET there is no DIR: " + source});
  if (const char* usual = std::getenv("OEE_DATA_DIR"); source.empty() && usual != nullptr)
    source = usual;
  if (source.empty()) source = "./data";
  log::configure(log::Format::text, log::Level::warn);
  allow_open_files();
  return *restore ? run_restore(backup, to) : run_backup(source, to);
}

}  // namespace
}  // namespace oee

int main(int argc, char** argv) {
  return oee::run(argc, argv);
}
