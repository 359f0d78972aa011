// CRC32C (Castagnoli; RFC 3720 B.4), with SSE4.2 where the CPU has it. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace oee {

// `seed` is the checksum of the bytes before, 0 at the beginning.
// Check value: crc32c("123456789") == 0xE3069283.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace oee
