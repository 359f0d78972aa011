// Base58 with Bitcoin's alphabet, as Solana writes keys and signatures, and base64 (RFC 4648), as
// JSON-RPC writes accounts and transactions. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee::solana {

// A leading zero byte becomes a leading '1'.
std::string to_base58(std::string_view bytes);
// The bytes of a text, which are exactly `size` many. invalid: another character, or another
// number of bytes; the detail has no part of the text.
Result<std::string> from_base58(std::string_view text, std::size_t size);

std::string to_base64(std::string_view bytes);
// invalid: not the padded base64 of any bytes. Bits behind the last byte are zero.
Result<std::string> from_base64(std::string_view text);

}  // namespace oee::solana
