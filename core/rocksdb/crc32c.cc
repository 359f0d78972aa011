// Debian's RocksDB is built without SSE4.2 and sums its WALs up with tables, a tenth of what the
// log's thread does. CMakeLists.txt has the linker give every call of rocksdb::crc32c::Extend() to
// this one, which computes the same with the CPU's instruction.
#include <cstddef>
#include <cstdint>

#include "core/base/crc32c.h"

extern "C" std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t crc, const char* data,
                                                                std::size_t size) {
  return oee::crc32c({data, size}, crc);
}
