// RocksDB as the durable ledger opens it: settings, column families, errors.
#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace oee::paper {

// `on_error` is called with background errors, from RocksDB's threads. RocksDB never resumes by
// itself after one.
rocksdb::DBOptions ledger_database_options(std::function<void(const Error&)> on_error);

// default (unused), journal, by_id, state: in this order.
std::vector<rocksdb::ColumnFamilyDescriptor> ledger_column_families();

// in_use, corrupt or io; the detail contains `doing`.
Error ledger_error(const rocksdb::Status& status, const std::string& doing);

}  // namespace oee::paper
