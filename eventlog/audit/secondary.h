// Secondary: a view of the log's RocksDB from outside the process that writes it. It holds no lock,
// changes nothing below the log's directory and also works when no engine runs. The view may have
// holes, column families that disagree and records that are not durable: LogReader builds a
// reliable reader on it. One thread, except that iterate() may also be used on another. Private to
// the adapter: it uses RocksDB types.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "core/base/result.h"

namespace oee {

class Secondary {
 public:
  enum class Family { events, by_order, keys, meta };

  // io, corrupt, unavailable (the writer replaced a file during the opening: open again).
  static Result<std::unique_ptr<Secondary>> open(const std::filesystem::path& log_dir);
  ~Secondary();
  Secondary(const Secondary&) = delete;

  // Adds the writer's newer records and entries to the view. After a failure the view is unchanged
  // or partly renewed.
  Result<void> catch_up();

  // A sequential reader of the present view; later catch-ups do not change it. It must not outlive
  // this object.
  std::unique_ptr<rocksdb::Iterator> iterate(Family family) const;
  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

  // corrupt: damaged bytes; unavailable: a file does not exist any more; else io.
  static Error error_of(std::string_view what, const rocksdb::Status& status);

 private:
  Secondary() = default;
  rocksdb::ColumnFamilyHandle* handle(Family family) const;

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // "default", then layout::all_cfs in order
};

}  // namespace oee
