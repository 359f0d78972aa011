// SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over OpenSSL, and hexadecimal text. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee {

using Hash256 = std::array<std::uint8_t, 32>;

// The digest of the parts' bytes, in order and without separators: the caller frames them.
Hash256 sha256(std::initializer_list<std::string_view> parts);

// HMAC-SHA256.
Hash256 hmac_sha256(std::string_view key, std::string_view text);
// In a time that does not depend on the bytes, but on their number.
bool equal_in_constant_time(std::string_view a, std::string_view b);

inline std::string_view as_bytes(const Hash256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// Lower-case hexadecimal. from_hex() also accepts upper case; invalid: an odd length or another
// character.
std::string to_hex(std::string_view bytes);
void append_hex(std::string& out, std::string_view bytes);
Result<std::string> from_hex(std::string_view text);

}  // namespace oee
