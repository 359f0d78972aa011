// Debian's RocksDB is built without SSE4.2 and computes the checksums of its write-ahead logs with
// tables, which takes a tenth of the log thread's time. The linker (--wrap, in CMakeLists.txt)
// redirects every call of rocksdb::crc32c::Extend() to this function, which computes the same with
// the CPU's instruction.
#include <cstddef>
#include <cstdint>

#include "core/base/crc32c.h"

extern "C" std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t crc, const char* data,
                                                                std::size_t size) {
  return oee::crc32c({data, size}, crc);
}
