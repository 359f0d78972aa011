// Secondary: one look at the log's RocksDB from outside the process that writes it. It holds no
// lock, changes nothing below the log's directory and works the same when no engine is running.
// What it shows may have holes, column families that disagree and records that are not durable:
// LogReader is what makes a reliable reader of it. One thread. Adapter's own header: RocksDB's
// types appear here.
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

  // io, corrupt, unavailable (the writer replaced a file while it was being opened: open again).
  static Result<std::unique_ptr<Secondary>> open(const std::filesystem::path& log_dir);
  ~Secondary();
  Secondary(const Secondary&) = delete;

  // Takes in what the writer has added since. A failure leaves the view as it was, or partly
  // renewed.
  Result<void> catch_up();

  // A sequential reader of the view as it is now; later catch-ups do not move it. Must not outlive
  // this.
  std::unique_ptr<rocksdb::Iterator> iterate(Family family) const;
  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

  // corrupt when the store says that bytes are damaged, unavailable when a file vanished, else io.
  static Error error_of(std::string_view what, const rocksdb::Status& status);

 private:
  Secondary() = default;
  rocksdb::ColumnFamilyHandle* handle(Family family) const;

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // "default", then layout::all_cfs in order
};

}  // namespace oee
