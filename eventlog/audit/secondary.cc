#include "eventlog/audit/secondary.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <system_error>

#include "core/rocksdb/silent_log.h"
#include "core/rocksdb/store_files.h"
#include "eventlog/layout.h"

namespace oee {
namespace {

// Sequential reads of SSTs: fewer, larger system calls (256 KiB is about 700 records; more gains
// nothing).
constexpr std::size_t readahead_bytes = 256 << 10;

// RocksDB requires a directory of the secondary's own. With its log silenced it stores nothing
// there: the directory is removed as soon as the store is open, and a killed tool leaves none
// behind.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> create() {
    std::error_code failed;
    std::string path = std::filesystem::temp_directory_path(failed) / "oee-log-reader-XXXXXX";
    if (failed) return Error{Errc::io, "no temporary directory: " + failed.message()};
    if (::mkdtemp(path.data()) == nullptr)
      return Error{Errc::io, "cannot make " + path + ": " + std::strerror(errno)};
    return ScratchDirectory(std::move(path));
  }
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

rocksdb::DBOptions secondary_options() {
  rocksdb::DBOptions options;
  options.max_open_files = -1;  // the writer may delete a file that this view still needs
  options.env = secondary_env();
  options.info_log = std::make_shared<SilentLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Error Secondary::error_of(std::string_view what, const rocksdb::Status& status) {
  Errc code = Errc::io;
  // An invalid argument means that a column family is missing: the MANIFEST has lost its end.
  if (status.IsCorruption() || status.IsInvalidArgument()) code = Errc::corrupt;
  if (status.IsPathNotFound() || status.IsNotFound() || status.IsTryAgain()) {
    code = Errc::unavailable;
  }
  return {code, std::string(what) + ": " + status.ToString()};
}

Result<std::unique_ptr<Secondary>> Secondary::open(const std::filesystem::path& log_dir) {
  OEE_TRY_ASSIGN(const ScratchDirectory scratch, ScratchDirectory::create());
  // Every family is opened: a batch in the write-ahead log writes to several, and the view would
  // silently lack the part for a family that is not open.
  const rocksdb::ColumnFamilyOptions plain;
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, plain}};
  for (const char* name : layout::all_cfs) families.emplace_back(name, plain);

  std::unique_ptr<Secondary> view(new Secondary());
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::OpenAsSecondary(
      secondary_options(), log_dir.string(), scratch.path(), families, &view->handles_, &db);
  view->db_.reset(db);
  if (!opened.ok()) return error_of("cannot open " + log_dir.string(), opened);
  return view;
}

Secondary::~Secondary() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* each : handles_) db_->DestroyColumnFamilyHandle(each);
}

Result<void> Secondary::catch_up() {
  const rocksdb::Status status = db_->TryCatchUpWithPrimary();
  if (!status.ok()) return error_of("cannot follow the log's writer", status);
  return {};
}

std::unique_ptr<rocksdb::Iterator> Secondary::iterate(Family family) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = readahead_bytes;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, handle(family)));
}

Result<std::optional<std::string>> Secondary::get(Family family, std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
  if (status.ok()) return std::optional<std::string>(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return error_of("cannot read the log", status);
}

rocksdb::ColumnFamilyHandle* Secondary::handle(Family family) const {
  const char* name = layout::cf_events;
  switch (family) {
    case Family::events:
      name = layout::cf_events;
      break;
    case Family::by_order:
      name = layout::cf_by_order;
      break;
    case Family::keys:
      name = layout::cf_keys;
      break;
    case Family::meta:
      name = layout::cf_meta;
      break;
  }
  std::size_t index = 1;
  for (const char* each : layout::all_cfs) {
    if (std::string_view(each) == name) break;
    ++index;
  }
  return handles_[index];
}

}  // namespace oee
