// Integers as bytes: the one place that reads and writes them for stored formats, keys and frames.
// Pure. Any thread.
//
// `_be` is big-endian (most significant byte first, so that keys sort by value), `_le` is
// little-endian. The width is the type that the caller names: store_be<std::uint32_t>(at, value)
// writes four bytes on every machine. Bytes may be at any address. Signed values are converted by
// the caller.
//
// The readers of eventlog/audit/record_view.cc and payload_view.cc do not use this file: they check
// what the writer wrote, so they share no decoder with it.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/check.h"

namespace oee {

static_assert(std::endian::native == std::endian::little ||
              std::endian::native == std::endian::big);

// `value` in this machine's byte order, as one of `order`, and the other way around.
template <std::endian order, std::unsigned_integral T>
constexpr T reordered(T value) {
  static_assert(sizeof(T) <= 8);
  if constexpr (order == std::endian::native || sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

// --- Fixed width ---------------------------------------------------------------------------------

// REQUIRES: sizeof(T) bytes at `from`; not checked.
template <std::unsigned_integral T>
T load_be(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return reordered<std::endian::big>(value);
}
template <std::unsigned_integral T>
T load_le(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return reordered<std::endian::little>(value);
}

// The first sizeof(T) bytes. REQUIRES: bytes.size() >= sizeof(T).
template <std::unsigned_integral T>
T load_be(std::string_view bytes) {
  check(bytes.size() >= sizeof(T), "load_be: too few bytes");
  return load_be<T>(static_cast<const void*>(bytes.data()));
}
template <std::unsigned_integral T>
T load_le(std::string_view bytes) {
  check(bytes.size() >= sizeof(T), "load_le: too few bytes");
  return load_le<T>(static_cast<const void*>(bytes.data()));
}

// REQUIRES: room for sizeof(T) bytes at `to`; not checked.
template <std::unsigned_integral T>
void store_be(void* to, std::type_identity_t<T> value) {
  value = reordered<std::endian::big>(value);
  std::memcpy(to, &value, sizeof value);
}
template <std::unsigned_integral T>
void store_le(void* to, std::type_identity_t<T> value) {
  value = reordered<std::endian::little>(value);
  std::memcpy(to, &value, sizeof value);
}

template <std::unsigned_integral T>
void append_be(std::string& out, std::type_identity_t<T> value) {
  std::array<char, sizeof(T)> bytes;
  store_be<T>(bytes.data(), value);
  out.append(bytes.data(), bytes.size());
}
template <std::unsigned_integral T>
void append_le(std::string& out, std::type_identity_t<T> value) {
  std::array<char, sizeof(T)> bytes;
  store_le<T>(bytes.data(), value);
  out.append(bytes.data(), bytes.size());
}

// --- Varints -------------------------------------------------------------------------------------

// Unsigned LEB128: seven bits a byte, the lowest first; the top bit is set in all bytes but the
// last. At most ten bytes.
inline void append_varint(std::string& out, std::uint64_t value) {
  std::array<char, 10> bytes;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes.data(), size);
}

// Removes a varint from the front of `bytes`. nullopt: there is no whole varint, or it exceeds 64
// bits; `bytes` is then unchanged.
inline std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= std::uint64_t{byte & 0x7FU} << (7 * i);
    if ((byte & 0x80) != 0) continue;
    bytes.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

// Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ..., so that small values of either sign are short
// varints.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t from_zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
}

}  // namespace oee
