// SilentLog: a logger for RocksDB that discards every line, in place of the LOG file. After a
// failed write to that file (a full disk) RocksDB's next line fails an assertion and ends the
// process. Errors are returned as statuses. Adapter's own header: it uses RocksDB's types. Any
// thread.
#pragma once

#include <rocksdb/env.h>

namespace oee {

class SilentLog final : public rocksdb::Logger {
 public:
  SilentLog() : Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  std::size_t GetLogFileSize() const override { return 0; }
};

}  // namespace oee
