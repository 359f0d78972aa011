#include "core/order/ids.h"

#include <algorithm>

namespace oee {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr char base58_digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// A TxHash as 16 limbs of 32 bits, and in base 58 as 18 groups of five digits: 58^90 > 2^512.
constexpr std::size_t limb_count = 16;
constexpr std::size_t group_count = 18;
constexpr std::uint64_t group_radix = 58ULL * 58 * 58 * 58 * 58;

using Groups = std::array<std::uint64_t, group_count>;  // the most significant first

constexpr void carry(Groups& groups) {
  for (std::size_t i = group_count; i-- > 1; groups[i] %= group_radix)
    groups[i - 1] += groups[i] / group_radix;
}

// The weight of each limb, 2^480 to 2^0, in groups. 32 bits, so that a product is one instruction.
constexpr auto limb_weights = [] {
  std::array<std::array<std::uint32_t, group_count>, limb_count> weights{};
  Groups weight{};
  weight[group_count - 1] = 1;
  for (std::size_t i = limb_count; i-- > 0;) {
    for (std::size_t j = 0; j < group_count; ++j) {
      weights[i][j] = static_cast<std::uint32_t>(weight[j]);
      weight[j] <<= 32;
    }
    if (i > 0) carry(weight);
  }
  return weights;
}();

}  // namespace

void append_text(std::string& out, const OrderId& id) {
  std::array<char, 36> text;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = hex_digits[id.bytes[i] >> 4];
    text[at++] = hex_digits[id.bytes[i] & 15];
  }
  out.append(text.data(), text.size());
}

std::string to_text(const OrderId& id) {
  std::string out;
  out.reserve(36);
  append_text(out, id);
  return out;
}

// Base58 (Bitcoin alphabet): leading zero bytes become '1', the rest is one big-endian number. That
// number is the sum of its 32-bit limbs times their weights, in groups of five digits: products and
// sums have 64 bits, and divisions are few.
void append_text(std::string& out, const TxHash& hash) {
  Groups groups{};
  for (std::size_t i = 0; i < limb_count; ++i) {
    const auto limb = load_be<std::uint32_t>(&hash.bytes[4 * i]);
    for (std::size_t j = 0; j < group_count; ++j)
      groups[j] += std::uint64_t{limb} * limb_weights[i][j];
    // Six products and a remainder fit: 6 * 2^32 * 58^5 + 58^5 < 2^64.
    if (i % 6 == 5 || i + 1 == limb_count) carry(groups);
  }
  std::array<char, 5 * group_count> text;
  for (std::size_t i = 0; i < group_count; ++i) {
    auto rest = static_cast<std::uint32_t>(groups[i]);
    for (std::size_t j = 5; j-- > 0; rest /= 58) text[5 * i + j] = base58_digits[rest % 58];
  }
  std::size_t zeros = 0;
  while (zeros < hash.bytes.size() && hash.bytes[zeros] == 0) ++zeros;
  std::size_t begin = 0;
  while (begin < text.size() && text[begin] == base58_digits[0]) ++begin;
  out.append(zeros, base58_digits[0]);
  out.append(&text[begin], text.size() - begin);
}

std::string to_text(const TxHash& hash) {
  std::string out;
  out.reserve(88);
  append_text(out, hash);
  return out;
}

Result<TxHash> parse_tx_hash(std::string_view text) {
  constexpr std::string_view digits = base58_digits;
  const Error bad{Errc::invalid, "not a transaction hash (base58 of 64 bytes)"};
  if (text.size() > 88) return bad;
  TxHash hash;
  std::size_t zeros = 0;
  while (zeros < text.size() && text[zeros] == digits[0]) ++zeros;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return bad;
    unsigned carry = static_cast<unsigned>(digit);
    for (std::size_t i = hash.bytes.size(); i > 0; --i) {
      carry += 58U * hash.bytes[i - 1];
      hash.bytes[i - 1] = static_cast<std::uint8_t>(carry & 0xFF);
      carry >>= 8;
    }
    if (carry != 0) return bad;
  }
  std::size_t leading = 0;
  while (leading < hash.bytes.size() && hash.bytes[leading] == 0) ++leading;
  if (leading != zeros) return bad;
  return hash;
}

std::string to_text(const LogEpoch& epoch) {
  return to_hex(epoch.view());
}

std::string to_text(const LogIdentity& log) {
  std::string out = to_text(log.id);
  if (!log.epoch.is_zero()) out += ", epoch " + to_text(log.epoch);
  return out;
}

void append_text(std::string& out, const LogEpoch& epoch) {
  append_hex(out, epoch.view());
}

Result<LogEpoch> parse_log_epoch(std::string_view text) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != LogEpoch{}.bytes.size())
    return Error{Errc::invalid, "not an epoch (16 hexadecimal digits)"};
  return LogEpoch::from_bytes(*bytes);
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

VenueOrderId venue_order_id_of(const OrderId& order, Attempt attempt, std::uint8_t leg) {
  if (leg == 0) return venue_order_id_of(order, attempt);
  char number[5];
  store_be<std::uint32_t>(number, attempt);
  number[4] = static_cast<char>(leg);
  const Hash256 hash =
      sha256({"oee/venue-leg/1", order.view(), std::string_view(number, sizeof number)});
  return VenueOrderId::from_bytes(as_bytes(hash).substr(0, 16));
}

VenueOrderId venue_order_id_of(const OrderId& order, Attempt attempt) {
  char number[4];
  store_be<std::uint32_t>(number, attempt);
  const Hash256 hash =
      sha256({"oee/venue-order/1", order.view(), std::string_view(number, sizeof number)});
  return VenueOrderId::from_bytes(as_bytes(hash).substr(0, 16));
}

OrderId OrderIdSource::next(std::uint64_t unix_us, std::uint64_t random) {
  // One rising number. When the clock stands or was stepped back, it increments.
  const std::uint64_t time = (unix_us / 1'000) << 12 | (unix_us % 1'000) * 4'096 / 1'000;
  last_time_ = std::max(last_time_ + 1, time);
  const std::uint64_t high = (last_time_ >> 12) << 16 | 0x7000U | (last_time_ & 0xFFFU);
  const std::uint64_t low = (random >> 2) | (std::uint64_t{1} << 63);
  OrderId id;
  store_be<std::uint64_t>(&id.bytes[0], high);
  store_be<std::uint64_t>(&id.bytes[8], low);
  return id;
}

}  // namespace oee
