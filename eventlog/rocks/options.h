// The log's RocksDB options: every setting that protects acknowledged records, in one place, and
// the translation of RocksDB's errors and warnings. Private to the adapter: it uses RocksDB types.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace oee {

// `on_background_error` is called from RocksDB's threads with the first and every later error.
// `env` outlives the database.
rocksdb::DBOptions log_db_options(rocksdb::Env* env,
                                  std::function<void(const Error&)> on_background_error);

// After an opening that failed: the warning that names the write-ahead log and its damaged bytes;
// "" when there was none. RocksDB's own status does not name the file.
std::string recovery_warning(const rocksdb::DBOptions& options);

// The descriptors of "default" and layout::all_cfs, in that order.
std::vector<rocksdb::ColumnFamilyDescriptor> log_column_families(std::size_t memtable_bytes);

// `doing` completes "cannot ...": "read record 7". corrupt, unsupported, in_use or io.
Error error_of(const rocksdb::Status& status, std::string_view doing);

inline rocksdb::Slice slice_of(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
inline std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace oee
