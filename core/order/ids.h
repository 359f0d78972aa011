// Identifiers: values of fixed size. Hexadecimal texts are lower-case. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/sha256.h"

namespace oee {

// Position in the log, contiguous from 1; 0: before the first record.
using Seq = std::uint64_t;
// An order's own event counter, contiguous from 1; 0: no such order.
using Version = std::uint32_t;
// Number of an order's attempt. It rises from 1 and never restarts; 0: none yet.
using Attempt = std::uint32_t;

template <class Tag, std::size_t N>
struct Id {
  std::array<std::uint8_t, N> bytes{};
  friend bool operator==(const Id&, const Id&) = default;
  friend auto operator<=>(const Id&, const Id&) = default;
  bool is_zero() const { return *this == Id{}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }
  // REQUIRES: raw.size() == N.
  static Id from_bytes(std::string_view raw) {
    check(raw.size() == N, "Id::from_bytes: wrong size");
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }
};

// UUIDv7 (RFC 9562), text "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e".
using OrderId = Id<struct OrderIdTag, 16>;
// The id of the records of no order, which are the engine's own stream. No order has it.
inline constexpr OrderId engine_stream{};
// H(order id, attempt), see venue_order_id_of(). Text: 32 hexadecimal digits.
using VenueOrderId = Id<struct VenueOrderIdTag, 16>;
// W3C trace id of the request that caused an event, or zero. Text: 32 hexadecimal digits.
using CorrelationId = Id<struct CorrelationIdTag, 16>;
// A Solana transaction signature. Text: base58, 87 or 88 characters.
using TxHash = Id<struct TxHashTag, 64>;
// Random, made when a log is created; it identifies the log. Text: 32 hexadecimal digits.
using LogId = Id<struct LogIdTag, 16>;
// Random, made by each restore of a backup; zero: the log was never restored. Text: 16 hexadecimal
// digits.
using LogEpoch = Id<struct LogEpochTag, 8>;

// The log that a position belongs to. After a restore the same seqs get other records, so positions
// compare only when the ids and the epochs are equal.
struct LogIdentity {
  LogId id;
  LogEpoch epoch;

  LogIdentity() = default;
  LogIdentity(const LogId& log_id, const LogEpoch& log_epoch = {})  // NOLINT: never restored
      : id(log_id), epoch(log_epoch) {}
  friend bool operator==(const LogIdentity&, const LogIdentity&) = default;
  bool is_zero() const { return id.is_zero(); }  // no log
};

std::string to_text(const OrderId& id);
std::string to_text(const TxHash& hash);
template <class Tag>
std::string to_text(const Id<Tag, 16>& id) {
  return to_hex(id.view());
}
std::string to_text(const LogEpoch& epoch);
// The id; after a restore "<id>, epoch <epoch>". For people.
std::string to_text(const LogIdentity& log);
void append_text(std::string& out, const OrderId& id);
void append_text(std::string& out, const TxHash& hash);
void append_text(std::string& out, const LogEpoch& epoch);
template <class Tag>
void append_text(std::string& out, const Id<Tag, 16>& id) {
  append_hex(out, id.view());
}

// invalid: not base58 of 64 bytes.
Result<TxHash> parse_tx_hash(std::string_view text);

// invalid: not 16 hexadecimal digits.
Result<LogEpoch> parse_log_epoch(std::string_view text);

// A UUID of any version; upper case is accepted. invalid: not the text of a UUID.
Result<OrderId> parse_order_id(std::string_view text);

// The first 16 bytes of SHA-256("oee/venue-order/1" || order id || attempt as big-endian u32). An
// attempt has the same id after every crash, so that a venue can refuse to execute it twice.
VenueOrderId venue_order_id_of(const OrderId& order, Attempt attempt);
// Of a leg of a split attempt: the first 16 bytes of SHA-256("oee/venue-leg/1" || order id ||
// attempt as big-endian u32 || leg as one byte). Leg 0 has the attempt's.
VenueOrderId venue_order_id_of(const OrderId& order, Attempt attempt, std::uint8_t leg);

// The shard that owns an order. It changes with --shards: derive it, never store it. REQUIRES:
// shards > 0.
inline std::uint32_t shard_of(const OrderId& id, std::uint32_t shards) {
  const auto tail = load_le<std::uint64_t>(&id.bytes[8]);  // the random half of a UUIDv7
  return static_cast<std::uint32_t>((tail * 0x9E3779B97F4A7C15ULL) >> 32) % shards;
}

// Makes UUIDv7s. The ids of one source rise; the ids of several sources rise with time. An id has
// 48 bits of milliseconds, 12 bits of their fraction (RFC 9562 6.2, method 3) and 62 random bits.
// One thread.
class OrderIdSource {
 public:
  // `random` is 64 new random bits; `unix_us` is the wall clock, which may step back.
  OrderId next(std::uint64_t unix_us, std::uint64_t random);

 private:
  std::uint64_t last_time_ = 0;  // in 1/4,096 ms
};

struct IdHash {
  template <class Tag, std::size_t N>
  std::size_t operator()(const Id<Tag, N>& id) const noexcept {
    const auto tail = load_le<std::uint64_t>(&id.bytes[N - 8]);
    return static_cast<std::size_t>(tail * 0x9E3779B97F4A7C15ULL);
  }
};

}  // namespace oee
