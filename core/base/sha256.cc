#include "core/base/sha256.h"

// The EVP interface allocates a context for every digest, at the cost of hashing a small record.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace oee {

Hash256 sha256(std::initializer_list<std::string_view> parts) {
  SHA256_CTX context;
  Hash256 digest;
  bool ok = SHA256_Init(&context) == 1;
  for (const std::string_view part : parts)
    ok = ok && SHA256_Update(&context, part.data(), part.size()) == 1;
  ok = ok && SHA256_Final(digest.data(), &context) == 1;
  check(ok, "OpenSSL SHA-256 failed");
  return digest;
}

Hash256 hmac_sha256(std::string_view key, std::string_view text) {
  Hash256 digest;
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const bool made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(),
                         digest.data(), &size) != nullptr;
  check(made && size == digest.size(), "OpenSSL HMAC failed");
  return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  append_hex(out, bytes);
  return out;
}

Result<std::string> from_hex(std::string_view text) {
  const Error bad{Errc::invalid, "not hexadecimal"};
  if (text.size() % 2 != 0) return bad;
  std::string out;
  out.reserve(text.size() / 2);
  int high = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return bad;
    }
    if (i % 2 == 0) {
      high = digit;
    } else {
      out += static_cast<char>(high << 4 | digit);
    }
  }
  return out;
}

}  // namespace oee
