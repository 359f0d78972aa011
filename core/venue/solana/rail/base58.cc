#include "core/venue/solana/rail/base58.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace oee::solana {
namespace {

constexpr std::string_view base58_digits =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// By character; 0xFF: it is no digit.
constexpr std::array<std::uint8_t, 256> values_of(std::string_view digits) {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = 0xFF;
  for (std::size_t i = 0; i < digits.size(); ++i)
    values[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr auto base58_values = values_of(base58_digits);
constexpr auto base64_values = values_of(base64_digits);

}  // namespace

std::string to_base58(std::string_view bytes) {
  std::string digits;  // the least significant one first
  for (const char c : bytes) {
    unsigned carry = static_cast<std::uint8_t>(c);
    for (char& digit : digits) {
      carry += unsigned{static_cast<std::uint8_t>(digit)} << 8;
      digit = static_cast<char>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) digits += static_cast<char>(carry % 58);
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size() && bytes[i] == 0; ++i) text += base58_digits[0];
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit)
    text += base58_digits[static_cast<std::uint8_t>(*digit)];
  return text;
}

Result<std::string> from_base58(std::string_view text, std::size_t size) {
  const Error bad{Errc::invalid, "not the base58 of " + std::to_string(size) + " bytes"};
  // log(256) / log(58) < 1.4
  if (text.size() > size * 7 / 5 + 1) return bad;
  std::string bytes(size, '\0');
  for (const char c : text) {
    unsigned carry = base58_values[static_cast<std::uint8_t>(c)];
    if (carry == 0xFF) return bad;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      carry += unsigned{static_cast<std::uint8_t>(*byte)} * 58;
      *byte = static_cast<char>(carry & 0xFF);
      carry >>= 8;
    }
    if (carry != 0) return bad;
  }
  const auto zeros = [](std::string_view of, char zero) {
    return std::min(of.find_first_not_of(zero), of.size());
  };
  if (zeros(bytes, '\0') != zeros(text, base58_digits[0])) return bad;
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < taken ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= taken ? base64_digits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const Error bad{Errc::invalid, "not base64"};
  if (text.size() % 4 != 0) return bad;
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const std::size_t padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const bool pad = i + padding >= 4;
      const std::uint8_t value = pad ? 0 : base64_values[static_cast<std::uint8_t>(text[at + i])];
      if (value == 0xFF) return bad;
      group = group << 6 | value;
    }
    if ((group & ((1U << (8 * padding)) - 1)) != 0) return bad;
    for (std::size_t i = 0; i + padding < 3; ++i)
      bytes += static_cast<char>(group >> (16 - 8 * i) & 0xFF);
  }
  return bytes;
}

}  // namespace oee::solana
