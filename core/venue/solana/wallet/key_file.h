// The wallet's key file: the JSON array of 64 numbers that solana-keygen writes. Any thread.
#pragma once

#include <filesystem>

#include "core/venue/solana/rail/keys.h"

namespace oee::solana {

// invalid: the file is no regular file, its mode gives its group or others a right, another user
// owns it, or it is not a key pair. io: it cannot be read. The detail has the path and nothing of
// the content; the bytes that were read are overwritten.
Result<KeyPair> read_key_file(const std::filesystem::path& path);

}  // namespace oee::solana
