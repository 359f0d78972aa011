// The files of a RocksDB of this project: of the log, the venue's ledger and the embedded read
// model, and of whoever reads them from outside.
//   * Write-ahead logs are written ahead of with zeros (core/rocksdb/zeroed_ahead.h).
//   * Who reads one in sequence, or a MANIFEST, finds that it ends where its last append does
//     (core/rocksdb/log_end.h). A torn append is left out, with a warning, and nothing is written
//     for it: recovery begins new files. A file that is read while it is written ends where it does
//     at each read.
// Adapter's own header: RocksDB types show. Any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>

namespace oee {

std::shared_ptr<rocksdb::FileSystem> store_files(std::shared_ptr<rocksdb::FileSystem> files);

// The system's files; never destroyed.
rocksdb::Env* store_env();

}  // namespace oee
