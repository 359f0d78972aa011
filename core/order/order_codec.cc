#include "core/order/order_codec.h"

#include <array>
#include <cstring>

namespace oee {
namespace {

constexpr std::uint8_t format_version = 1;

enum Flag : std::uint16_t {
  has_outcome_unknown = 1 << 0,
  has_error = 1 << 1,
  has_expires_at = 1 << 2,
  has_min_out_floor = 1 << 3,
  has_correlation = 1 << 4,
  has_first_expected_out = 1 << 5,
  has_retry_at = 1 << 6,
  has_unknown_since = 1 << 7,
  has_attempt = 1 << 8,
  has_tx_hash = 1 << 9,
  has_settlement = 1 << 10,
};

std::uint16_t flags_of(const Order& order) {
  unsigned flags = 0;
  const auto set = [&](Flag flag, bool on) { flags |= on ? unsigned{flag} : 0U; };
  set(has_outcome_unknown, order.outcome_unknown);
  set(has_error, order.error.has_value());
  set(has_expires_at, order.expires_at.has_value());
  set(has_min_out_floor, order.min_out_floor.has_value());
  set(has_correlation, !order.correlation.is_zero());
  set(has_first_expected_out, order.first_expected_out.has_value());
  set(has_retry_at, order.retry_at != WallTime{});
  set(has_unknown_since, order.unknown_since != WallTime{});
  set(has_attempt, order.attempt_built);
  set(has_tx_hash, order.tx_hash.has_value());
  set(has_settlement, order.phase == Phase::confirmed);
  return static_cast<std::uint16_t>(flags);
}

class Out {
 public:
  explicit Out(std::string& bytes) : bytes_(bytes) {}
  void u8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void u16(std::uint16_t value) { fixed(value, 2); }
  void varint(std::uint64_t value) {
    std::array<char, 10> bytes;
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
    bytes[size++] = static_cast<char>(value);
    bytes_.append(bytes.data(), size);
  }
  void time(WallTime value) {
    fixed(static_cast<std::uint64_t>(value.time_since_epoch().count()), 8);
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes_ += value;
  }
  void raw(std::string_view value) { bytes_ += value; }
  void decimal(Decimal value) {
    u8(value.scale);
    varint(value.units);
  }

 private:
  void fixed(std::uint64_t value, std::size_t size) {
    std::array<char, 8> bytes;
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    bytes_.append(bytes.data(), size);
  }
  std::string& bytes_;
};

// Reads what Out wrote; after the first thing that is not there, `ok()` is false and all else is
// zero.
class In {
 public:
  explicit In(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    if (value > UINT32_MAX) ok_ = false;
    return static_cast<std::uint32_t>(value);
  }
  WallTime time() { return WallTime{Micros{static_cast<std::int64_t>(fixed(8))}}; }
  std::string_view text() { return raw(varint()); }
  std::string_view raw(std::uint64_t size) {
    if (size > bytes_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }
  template <class T, std::size_t N>
  void id(Id<T, N>& out) {
    const std::string_view value = raw(N);
    if (ok_) out = Id<T, N>::from_bytes(value);
  }
  template <std::size_t N>
  FixedText<N> fixed_text() {
    const std::string_view value = text();
    if (value.size() <= N) return FixedText<N>(value);
    ok_ = false;
    return {};
  }
  std::uint8_t scale() {
    const std::uint8_t value = u8();
    if (value > decimal_scale_max) ok_ = false;
    return value;
  }
  Decimal decimal() {
    const std::uint8_t s = scale();
    return {varint(), s};
  }

 private:
  std::uint64_t fixed(std::size_t size) {
    const std::string_view value = raw(size);
    std::uint64_t out = 0;
    for (std::size_t i = value.size(); i > 0; --i)
      out = out << 8 | static_cast<std::uint8_t>(value[i - 1]);
    return out;
  }
  std::string_view bytes_;
  bool ok_ = true;
};

void write_optional_parts(Out& out, const Order& order, std::uint16_t flags) {
  if (flags & has_error) {
    out.u8(static_cast<std::uint8_t>(*order.error));
    out.text(order.error_detail);
  }
  if (flags & has_expires_at) out.time(*order.expires_at);
  if (flags & has_min_out_floor) out.varint(*order.min_out_floor);
  if (flags & has_correlation) out.raw(order.correlation.view());
  if (flags & has_first_expected_out) out.varint(*order.first_expected_out);
  if (flags & has_retry_at) out.time(order.retry_at);
  if (flags & has_unknown_since) out.time(order.unknown_since);
  if (flags & has_attempt) {
    out.text(order.venue);
    out.raw(order.venue_order_id.view());
    out.decimal(order.expected_out);
    out.decimal(order.min_out);
    out.varint(order.valid_until_height);
  }
  if (flags & has_tx_hash) out.raw(order.tx_hash->view());
  if (flags & has_settlement) {
    out.decimal(order.amount_out);
    out.decimal(order.executed_price);
    out.decimal(order.fee);
    const std::int64_t bps = order.slippage_realised_bps;
    out.varint(static_cast<std::uint64_t>(bps < 0 ? -2 * bps - 1 : 2 * bps));
  }
}

void read_optional_parts(In& in, Order& order, std::uint16_t flags) {
  if (flags & has_error) {
    order.error = static_cast<ErrorClass>(in.u8());
    order.error_detail = in.text();
  }
  if (flags & has_expires_at) order.expires_at = in.time();
  if (flags & has_min_out_floor) order.min_out_floor = in.varint();
  if (flags & has_correlation) in.id(order.correlation);
  if (flags & has_first_expected_out) order.first_expected_out = in.varint();
  if (flags & has_retry_at) order.retry_at = in.time();
  if (flags & has_unknown_since) order.unknown_since = in.time();
  order.attempt_built = (flags & has_attempt) != 0;
  if (order.attempt_built) {
    order.venue = in.fixed_text<VenueName::size_max>();
    in.id(order.venue_order_id);
    order.expected_out = in.decimal();
    order.min_out = in.decimal();
    order.valid_until_height = in.varint();
  }
  if (flags & has_tx_hash) in.id(order.tx_hash.emplace());
  if (flags & has_settlement) {
    order.amount_out = in.decimal();
    order.executed_price = in.decimal();
    order.fee = in.decimal();
    const std::uint64_t zigzag = in.varint();
    const auto half = static_cast<std::int64_t>(zigzag >> 1);
    order.slippage_realised_bps = static_cast<std::int32_t>(zigzag & 1 ? -half - 1 : half);
  }
}

Error damaged() {
  return Error{Errc::corrupt, "damaged bytes of an order"};
}

OrderHead read_head(In& in, std::uint16_t* flags) {
  OrderHead head;
  const std::uint8_t format = in.u8();
  const std::uint8_t phase = in.u8();
  const bool known = format == format_version && phase < phase_count;
  head.phase = known ? static_cast<Phase>(phase) : Phase::none;
  *flags = in.u16();
  head.accepted_at = in.time();
  head.input = in.text();
  head.output = in.text();
  return head;
}

}  // namespace

void append_order(std::string& bytes, const Order& order) {
  Out out(bytes);
  const std::uint16_t flags = flags_of(order);
  out.u8(format_version);
  out.u8(static_cast<std::uint8_t>(order.phase));
  out.u16(flags);
  out.time(order.accepted_at);
  out.text(order.input.symbol);
  out.text(order.output.symbol);
  out.raw(order.id.view());
  out.u8(static_cast<std::uint8_t>(order.type));
  out.varint(order.version);
  out.varint(order.accepted_seq);
  out.varint(order.last_seq - order.accepted_seq);
  out.time(order.updated_at);
  out.text(order.account);
  out.text(order.client_order_id);
  out.u8(order.input.decimals);
  out.u8(order.output.decimals);
  out.decimal(order.amount_in);
  out.varint(order.slippage_bps);
  out.varint(order.attempt);
  out.varint(order.attempts_made);
  out.varint(order.interruptions);
  write_optional_parts(out, order, flags);
}

Result<OrderHead> decode_order_head(std::string_view bytes) {
  In in(bytes);
  std::uint16_t flags = 0;
  const OrderHead head = read_head(in, &flags);
  if (!in.ok() || head.phase == Phase::none) return damaged();
  return head;
}

Result<Order> decode_order(std::string_view bytes) {
  In in(bytes);
  std::uint16_t flags = 0;
  const OrderHead head = read_head(in, &flags);
  if (!in.ok() || head.phase == Phase::none || head.input.size() > Symbol::size_max ||
      head.output.size() > Symbol::size_max)
    return damaged();
  Order order;
  order.phase = head.phase;
  order.outcome_unknown = (flags & has_outcome_unknown) != 0;
  order.accepted_at = head.accepted_at;
  order.input.symbol = head.input;
  order.output.symbol = head.output;
  in.id(order.id);
  order.type = static_cast<OrderType>(in.u8());
  order.version = in.varint32();
  order.accepted_seq = in.varint();
  order.last_seq = order.accepted_seq + in.varint();
  order.updated_at = in.time();
  order.account = in.text();
  order.client_order_id = in.text();
  order.input.decimals = in.scale();
  order.output.decimals = in.scale();
  order.amount_in = in.decimal();
  order.slippage_bps = in.varint32();
  order.attempt = in.varint32();
  order.attempts_made = in.varint32();
  order.interruptions = in.varint32();
  read_optional_parts(in, order, flags);
  const bool error_known = !order.error || *order.error <= ErrorClass::interrupted;
  if (!in.ok() || !in.at_end() || !error_known || order.type != OrderType::market) return damaged();
  return order;
}

PackedOrder::PackedOrder(const Order& order) {
  thread_local std::string row;
  row.clear();
  append_order(row, order);
  const auto size = static_cast<std::uint32_t>(row.size());
  bytes_ = std::make_unique_for_overwrite<char[]>(sizeof size + size);
  std::memcpy(bytes_.get(), &size, sizeof size);
  std::memcpy(bytes_.get() + sizeof size, row.data(), size);
}

Order PackedOrder::unpack() const {
  std::uint32_t size = 0;
  std::memcpy(&size, bytes_.get(), sizeof size);
  auto order = decode_order({bytes_.get() + sizeof size, size});
  check(order.ok(), "a packed order cannot be read");
  return *std::move(order);
}

}  // namespace oee
