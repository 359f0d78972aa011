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

// The same for a secondary instance, which reads every write-ahead log in the directory. One that
// holds nothing but a torn append stays there after the recovery of its writer, which skips it from
// then on, and newer ones get records. So the end of an older log may be torn, too. A whole older
// log whose end is damaged looks like that: the secondary's user must detect missing records.
rocksdb::Env* secondary_env();

}  // namespace oee
