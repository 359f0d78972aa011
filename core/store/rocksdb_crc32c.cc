// Debian's RocksDB is built without SSE4.2 and sums its WALs up with tables, a tenth of what the
// log's thread does. CMakeLists.txt has the linker give every call of rocksdb::crc32c::Extend() to
// this one, which computes the same with the CPU's instruction where there is one.
#include <cstddef>
#include <cstdint>

#include "core/base/crc32c.h"

extern "C" {

std::uint32_t __real__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t crc, const char* data,
                                                     std::size_t size);

std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t crc, const char* data,
                                                     std::size_t size) {
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return oee::crc32c({data, size}, crc);
  return __real__ZN7rocksdb6crc32c6ExtendEjPKcm(crc, data, size);
}

}  // extern "C"
