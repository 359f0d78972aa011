// The file system under every RocksDB of this project (the log, the venue's ledger, the embedded
// read model) and under the programs that read them from outside.
//   * A write-ahead log gets zeros ahead of its appends (core/rocksdb/zeroed_ahead.h).
//   * A sequential read of a write-ahead log or a MANIFEST ends where its last append ends
//     (core/rocksdb/log_end.h). It leaves a torn append out and logs a warning. It does not repair
//     the file, because recovery begins new files. Of a file that still grows, every read returns
//     the appends of that time.
// Adapter's own header: it uses RocksDB's types. Any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>

namespace oee {

// Wraps `files`, with which everything is read and written.
std::shared_ptr<rocksdb::FileSystem> store_files(std::shared_ptr<rocksdb::FileSystem> files);

// store_files() over the system's files, for rocksdb::Options::env. Never destroyed.
rocksdb::Env* store_env();

}  // namespace oee
