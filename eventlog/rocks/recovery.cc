#include "eventlog/rocks/recovery.h"

#include "core/base/log.h"
#include "eventlog/rocks/record_checker.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

// The content of the directory before anything is opened.
struct Found {
  bool store = false;   // a RocksDB that was completely created
  bool traces = false;  // files of a RocksDB
  Result<Watermark> watermark = Error{Errc::not_found, ""};
};

Result<Found> inspect(const LogFiles& files, const fs::path& dir) {
  OEE_TRY_ASSIGN(const auto names, files.list(dir));
  Found found;
  for (const std::string& name : names) {
    if (name == "CURRENT") found.store = true;
    if (name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST-"))
      found.traces = true;
  }
  found.watermark = read_watermark(dir / watermark_name, files);
  return found;
}

// Syncs the directories above a new log's directory, so that a power cut cannot remove it together
// with the synced files in it. The directories that this start created are synced already. An
// earlier start, or the creator of the data directory, may have been interrupted before its sync.
Result<void> sync_parents(const LogFiles& files, const fs::path& dir) {
  fs::path above = dir.parent_path();
  OEE_TRY(files.sync_directory(above));
  // The directories further up belong to the operator and may be closed to this process.
  for (; above.has_filename(); above = above.parent_path())
    (void)files.sync_directory(above.parent_path()).ok();
  return {};
}

// Checks that a new log may be created in the directory: not when a log was there and its files are
// lost.
Result<void> check_creatable(const Found& found, const fs::path& dir) {
  if (found.watermark.ok()) {
    if (found.watermark->seq == 0) return {};  // an interrupted creation
    return Error{Errc::corrupt, "the watermark states " + std::to_string(found.watermark->seq) +
                                    " records and " + dir.string() +
                                    " has no CURRENT file: restore the log directory from a copy"};
  }
  if (found.watermark.error().code != Errc::not_found) return found.watermark.error();
  if (found.traces)
    return Error{Errc::corrupt, dir.string() +
                                    " holds files of a log and no CURRENT file: restore " +
                                    "the log directory from a copy"};
  return {};
}

Error records_missing(Seq head, Seq stated) {
  return {
      Errc::corrupt,
      "records " + std::to_string(head + 1) + " to " + std::to_string(stated) +
          " were durable and are missing: the log ends at " + std::to_string(head) +
          " (its newest WAL file is lost or cut, or the directory is an older copy); restore the "
          "log directory from a newer copy"};
}

// Checks chain, contiguity and indexes of every record from the watermark to the head.
Result<void> check_to_head(RecoveredLog& log, const Watermark& mark) {
  if (log.head < mark.seq) return records_missing(log.head, mark.seq);
  if (log.head == 0) return {};
  const Seq first = std::max<Seq>(mark.seq, 1);
  RecordChecker checker(*log.store, mark.seq == 0 ? std::optional(Hash256{}) : std::nullopt);
  auto each = [&](Seq seq, std::string_view bytes) -> Result<void> {
    OEE_TRY(checker.check(seq, bytes));
    if (seq == mark.seq && checker.chain() != mark.chain)
      return Error{Errc::corrupt, "record " + std::to_string(seq) +
                                      " is not the one that the watermark states: the log or its " +
                                      "WATERMARK file comes from another copy"};
    return {};
  };
  OEE_TRY(log.store->scan(first, log.head, true, each));
  log.chain = checker.chain();
  log.time = checker.time();
  return {};
}

// Creates the directory and the watermark when they are missing. It holds RocksDB's lock: two first
// starts at once must not both create the watermark.
Result<Found> prepare_directory(const LogFiles& files, const fs::path& dir) {
  OEE_TRY(files.create_directories(dir));
  OEE_TRY_ASSIGN(const DirectoryLock lock, files.lock(dir));
  OEE_TRY_ASSIGN(Found found, inspect(files, dir));
  if (found.store) return found;
  OEE_TRY(check_creatable(found, dir));
  OEE_TRY(sync_parents(files, dir));
  // Created before the first record: a log with records always has a watermark.
  OEE_TRY(WatermarkFile::open(dir / watermark_name, Watermark{}, files));
  return found;
}

}  // namespace

Result<RecoveredLog> recover_log(const LogFiles& files, const fs::path& log_dir,
                                 std::size_t memtable_bytes, FailStop& fail_stop,
                                 std::optional<LogId> new_id) {
  const fs::path dir = (fs::absolute(log_dir) / "").lexically_normal().parent_path();
  const fs::path watermark_file = dir / watermark_name;
  OEE_TRY_ASSIGN(Found found, prepare_directory(files, dir));
  // An interrupted creation is completed: no record was acknowledged yet.
  const bool fresh = !found.store || (found.watermark.ok() && found.watermark->seq == 0);
  const RocksStore::Options options{.dir = dir,
                                    .memtable_bytes = memtable_bytes,
                                    .create = fresh,
                                    .new_id = new_id,
                                    .file_system = files.system()};
  OEE_TRY_ASSIGN(auto store, RocksStore::open(options, fail_stop));
  OEE_TRY_ASSIGN(const Seq head, store->last_seq());
  if (found.store) {
    // Read again under RocksDB's lock: until now another process could have changed the watermark.
    found.watermark = read_watermark(watermark_file, files);
    if (!found.watermark.ok() && found.watermark.error().code == Errc::io)
      return found.watermark.error();
    if (!found.watermark.ok() && (head > 0 || found.watermark.error().code != Errc::not_found))
      return Error{Errc::corrupt, "the log holds " + std::to_string(head) + " records and " +
                                      found.watermark.error().detail +
                                      ": how many were durable is not known; restore the log "
                                      "directory from a copy"};
  }
  OEE_TRY_ASSIGN(auto watermark, WatermarkFile::open(watermark_file, Watermark{}, files));
  RecoveredLog log{.store = std::move(store),
                   .watermark = std::move(watermark),
                   .head = head,
                   .chain = {},
                   .time = {},
                   .halts = {}};
  const Watermark stated = log.watermark.last();
  OEE_TRY(check_to_head(log, stated));
  OEE_TRY_ASSIGN(const std::vector<Record> own_stream, log.store->records_of(engine_stream));
  log.halts = Halts::of(own_stream);
  // RocksDB has flushed the records that recovery found beyond the watermark: they are durable now.
  OEE_TRY(log.watermark.write(Watermark{log.head, log.chain}));
  OEE_TRY(log.watermark.sync());
  if (fail_stop.raised()) return fail_stop.why();
  log::info("log opened", log::field("dir", dir.string()), log::field("id", log.store->identity()),
            log::field("head", log.head), log::field("checked_from", stated.seq));
  return log;
}

}  // namespace oee
