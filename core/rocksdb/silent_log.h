// A RocksDB without its LOG file: once a write to that failed (a full disk), RocksDB's next line to
// it is an assertion that ends the process. What matters comes back as a status.
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
