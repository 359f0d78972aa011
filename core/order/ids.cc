#include "core/order/ids.h"

#include <algorithm>

namespace oee {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr char base58_digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr int dash_before[] = {4, 6, 8, 10};  // byte positions in a UUID's text

}  // namespace

void append_text(std::string& out, const OrderId& id) {
  for (int i = 0; i < 16; ++i) {
    if (std::find(std::begin(dash_before), std::end(dash_before), i) != std::end(dash_before))
      out += '-';
    const std::uint8_t byte = id.bytes[static_cast<std::size_t>(i)];
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
  }
}

std::string to_text(const OrderId& id) {
  std::string out;
  out.reserve(36);
  append_text(out, id);
  return out;
}

// Base58 (Bitcoin alphabet): leading zero bytes become '1', the rest is one big-endian number. It
// is divided in limbs of 32 bits by 58^5 (< 2^30), five digits at a time: 64-bit arithmetic, a
// tenth of the divisions.
std::string to_text(const TxHash& hash) {
  constexpr std::uint64_t radix = 58ULL * 58 * 58 * 58 * 58;
  constexpr std::size_t limb_count = sizeof hash.bytes / 4;
  constexpr std::size_t digits_max = 90;  // 64 * log(256)/log(58) < 88, in groups of five
  std::array<std::uint32_t, limb_count> limbs{};
  for (std::size_t i = 0; i < hash.bytes.size(); ++i)
    limbs[i / 4] = limbs[i / 4] << 8 | hash.bytes[i];
  std::size_t zeros = 0;
  while (zeros < hash.bytes.size() && hash.bytes[zeros] == 0) ++zeros;

  std::array<char, digits_max> text;
  std::size_t begin = text.size();
  std::size_t first = zeros / 4;  // limbs before it are zero
  while (first < limb_count) {
    std::uint64_t rest = 0;
    for (std::size_t i = first; i < limb_count; ++i) {
      rest = rest << 32 | limbs[i];
      limbs[i] = static_cast<std::uint32_t>(rest / radix);
      rest %= radix;
    }
    while (first < limb_count && limbs[first] == 0) ++first;
    for (int digit = 0; digit < 5; ++digit, rest /= 58) text[--begin] = base58_digits[rest % 58];
  }
  while (begin < text.size() && text[begin] == base58_digits[0]) ++begin;
  return std::string(zeros, base58_digits[0]).append(&text[begin], text.size() - begin);
}

Result<OrderId> parse_order_id(std::string_view text) {
  const Error bad{Errc::invalid, "not an order id (a UUID)"};
  if (text.size() != 36) return bad;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return bad;
    if (!dash) digits += text[i];
  }
  const auto bytes = from_hex(digits);
  if (!bytes) return bad;
  return OrderId::from_bytes(*bytes);
}

VenueOrderId venue_order_id_of(const OrderId& order, Attempt attempt) {
  const char number[4] = {static_cast<char>(attempt >> 24), static_cast<char>(attempt >> 16),
                          static_cast<char>(attempt >> 8), static_cast<char>(attempt)};
  const Hash256 hash =
      sha256({"oee/venue-order/1", order.view(), std::string_view(number, sizeof number)});
  return VenueOrderId::from_bytes(as_bytes(hash).substr(0, 16));
}

OrderId OrderIdSource::next(std::uint64_t unix_ms, std::uint64_t random) {
  // 48 bits of milliseconds, 12 bits of counter: one rising number. A stepped-back clock or a full
  // counter just counts on.
  last_ms_and_counter_ = std::max(last_ms_and_counter_ + 1, unix_ms << 12);
  const std::uint64_t high =
      (last_ms_and_counter_ >> 12) << 16 | 0x7000U | (last_ms_and_counter_ & 0xFFFU);
  const std::uint64_t low = (random >> 2) | (std::uint64_t{1} << 63);
  OrderId id;
  for (int i = 0; i < 8; ++i) {
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    id.bytes[static_cast<std::size_t>(8 + i)] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  return id;
}

}  // namespace oee
