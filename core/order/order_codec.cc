#include "core/order/order_codec.h"

#include <cstring>
#include <optional>

#include "core/base/bytes.h"

namespace oee {
namespace {

constexpr std::uint8_t format_max = 6;

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
  has_requeued_at = 1 << 11,
  has_interrupted_asks = 1 << 12,
  has_terms = 1 << 13,
  has_parts = 1 << 14,
  has_cancel_requested = 1 << 15,
};
constexpr std::uint16_t format_2_flags = has_terms | has_parts | has_cancel_requested;

// Formats 3 to 6 have one byte of these behind their terms.
enum TermFlag : std::uint8_t {
  term_trigger = 1 << 0,
  term_min_liquidity = 1 << 1,
  term_slices = 1 << 2,
  term_triggered_at = 1 << 3,
  term_tags = 1 << 4,
  term_quote_id = 1 << 5,
  term_exact_out = 1 << 6,  // format 4: a program that does not know it refuses the order
  term_path = 1 << 7,       // format 5: the same
};

// Of a leg, in format 6.
enum LegFlag : std::uint8_t {
  leg_tx_hash = 1 << 0,
  leg_outcome_unknown = 1 << 1,
  leg_interrupted = 1 << 2,
  leg_filled = 1 << 3,
  leg_error = 1 << 4,
  leg_stated_unsettled = 1 << 5,
};
// Behind the legs.
enum SplitFlag : std::uint8_t {
  split_has_failed = 1 << 0,
  split_needs_requeue = 1 << 1,
};
bool has_split_parts(const Order& order) {
  return !order.legs.empty() || order.split_failed || order.needs_requeue;
}

bool has_type_terms(const Order& order) {
  return order.type > OrderType::limit || order.triggered_at || order.type_terms != TypeTerms{} ||
         !order.tags.empty() || !order.quote_id.empty() || order.exact_out || !order.path.empty() ||
         has_split_parts(order);
}
// Of an order that is not in format 1.
std::uint8_t format_of_terms(const Order& order) {
  if (!has_type_terms(order)) return 2;
  if (has_split_parts(order)) return 6;
  if (!order.path.empty()) return 5;
  return order.exact_out ? 4 : 3;
}
Units attempt_in_of_all(const Order& order) {
  return order.attempt_built ? order.amount_in.units : 0;
}
Units first_quoted_in_of_all(const Order& order) {
  return order.first_expected_out ? order.amount_in.units : 0;
}
Units filled_in_of_all(const Order& order) {
  return order.phase == Phase::confirmed ? order.amount_in.units : 0;
}
bool has_own_terms(const Order& order) {
  return order.type != OrderType::market || order.time_in_force != TimeInForce::by_type ||
         order.allow_partial || order.limit_price || has_type_terms(order);
}

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
  set(has_requeued_at, order.requeued_at.has_value());
  set(has_interrupted_asks, order.interrupted_asks > 0);
  set(has_terms, has_own_terms(order));
  set(has_parts, order.attempt_in != attempt_in_of_all(order) ||
                     order.first_quoted_in != first_quoted_in_of_all(order) ||
                     order.filled_in != filled_in_of_all(order));
  set(has_cancel_requested, order.cancel_requested.has_value());
  return static_cast<std::uint16_t>(flags);
}

class Out {
 public:
  explicit Out(std::string& bytes) : bytes_(bytes) {}
  void u8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void u16(std::uint16_t value) { append_le<std::uint16_t>(bytes_, value); }
  void varint(std::uint64_t value) { append_varint(bytes_, value); }
  void time(WallTime value) {
    const Micros since_epoch = value.time_since_epoch();
    append_le<std::uint64_t>(bytes_, static_cast<std::uint64_t>(since_epoch.count()));
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
  std::string& bytes_;
};

// Reads the bytes of Out. After the first missing or illegal field ok() is false and every further
// read returns zero.
class In {
 public:
  explicit In(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint64_t varint() {
    const std::optional<std::uint64_t> value = ok_ ? take_varint(bytes_) : std::nullopt;
    ok_ = value.has_value();
    return value.value_or(0);
  }
  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    if (value > UINT32_MAX) ok_ = false;
    return static_cast<std::uint32_t>(value);
  }
  WallTime time() { return WallTime{Micros{static_cast<std::int64_t>(fixed<std::uint64_t>())}}; }
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
  template <class T>
  T fixed() {
    const std::string_view value = raw(sizeof(T));
    return value.empty() ? T{0} : load_le<T>(value.data());
  }
  std::string_view bytes_;
  bool ok_ = true;
};

void write_path(Out& out, const HopPath& path) {
  out.varint(path.size());
  for (const Hop& hop : path) {
    out.text(hop.pool);
    out.text(hop.output);
  }
}

HopPath read_path(In& in) {
  HopPath path;
  for (std::uint64_t count = in.varint(); count > 0 && in.ok(); --count) {
    Hop hop;
    hop.pool = in.fixed_text<PoolName::size_max>();
    hop.output = in.fixed_text<Symbol::size_max>();
    path.push_back(hop);
  }
  return path;
}

void write_legs(Out& out, const std::vector<OrderLeg>& legs) {
  out.varint(legs.size());
  for (const OrderLeg& leg : legs) {
    out.text(leg.venue);
    out.raw(leg.venue_order_id.view());
    out.decimal(leg.amount_in);
    out.decimal(leg.expected_out);
    out.decimal(leg.min_out);
    out.varint(leg.valid_until_height);
    write_path(out, leg.path);
    out.u8(static_cast<std::uint8_t>(
        (leg.tx_hash ? leg_tx_hash : 0) | (leg.outcome_unknown ? leg_outcome_unknown : 0) |
        (leg.interrupted ? leg_interrupted : 0) | (leg.filled ? leg_filled : 0) |
        (leg.error ? leg_error : 0) | (leg.stated_unsettled ? leg_stated_unsettled : 0)));
    if (leg.tx_hash) out.raw(leg.tx_hash->view());
    if (leg.filled) {
      out.varint(leg.amount_out);
      out.varint(leg.fee);
    }
    if (leg.error) {
      out.u8(static_cast<std::uint8_t>(*leg.error));
      out.text(leg.error_detail);
    }
  }
}

void read_legs(In& in, std::vector<OrderLeg>& legs) {
  for (std::uint64_t count = in.varint(); count > 0 && in.ok(); --count) {
    OrderLeg& leg = legs.emplace_back();
    leg.venue = in.fixed_text<VenueName::size_max>();
    in.id(leg.venue_order_id);
    leg.amount_in = in.decimal();
    leg.expected_out = in.decimal();
    leg.min_out = in.decimal();
    leg.valid_until_height = in.varint();
    leg.path = read_path(in);
    const std::uint8_t flags = in.u8();
    if (flags & leg_tx_hash) in.id(leg.tx_hash.emplace());
    leg.outcome_unknown = (flags & leg_outcome_unknown) != 0;
    leg.interrupted = (flags & leg_interrupted) != 0;
    leg.filled = (flags & leg_filled) != 0;
    leg.stated_unsettled = (flags & leg_stated_unsettled) != 0;
    if (leg.filled) {
      leg.amount_out = in.varint();
      leg.fee = in.varint();
    }
    if (flags & leg_error) {
      leg.error = static_cast<ErrorClass>(in.u8());
      leg.error_detail = in.text();
    }
  }
}

void write_type_terms(Out& out, const Order& order) {
  const TypeTerms& terms = order.type_terms;
  out.u8(static_cast<std::uint8_t>(
      (terms.trigger ? term_trigger : 0) | (terms.min_liquidity ? term_min_liquidity : 0) |
      (terms.slices ? term_slices : 0) | (order.triggered_at ? term_triggered_at : 0) |
      (order.tags.empty() ? 0 : term_tags) | (order.quote_id.empty() ? 0 : term_quote_id) |
      (order.exact_out ? term_exact_out : 0) | (order.path.empty() ? 0 : term_path)));
  if (terms.trigger) {
    out.decimal(terms.trigger->price);
    out.u8(static_cast<std::uint8_t>(terms.trigger->when));
  }
  if (terms.min_liquidity) out.decimal(*terms.min_liquidity);
  if (terms.slices) {
    out.varint(terms.slices->count);
    out.varint(static_cast<std::uint64_t>(terms.slices->interval.count()));
    out.u8(terms.slices->randomize_percent);
  }
  if (order.triggered_at) out.time(*order.triggered_at);
  if (!order.tags.empty()) {
    out.varint(order.tags.size());
    for (const std::string& tag : order.tags) out.text(tag);
  }
  if (!order.quote_id.empty()) out.text(order.quote_id);
  if (order.exact_out) out.varint(*order.exact_out);
  if (!order.path.empty()) write_path(out, order.path);
  if (!has_split_parts(order)) return;
  write_legs(out, order.legs);
  out.u8(static_cast<std::uint8_t>((order.split_failed ? split_has_failed : 0) |
                                   (order.needs_requeue ? split_needs_requeue : 0)));
}

void read_type_terms(In& in, Order& order, std::uint8_t format) {
  TypeTerms& terms = order.type_terms;
  const std::uint8_t flags = in.u8();
  if (flags & term_trigger) {
    auto& trigger = terms.trigger.emplace();
    trigger.price = in.decimal();
    trigger.when = static_cast<TriggerWhen>(in.u8());
  }
  if (flags & term_min_liquidity) terms.min_liquidity = in.decimal();
  if (flags & term_slices) {
    auto& slices = terms.slices.emplace();
    slices.count = in.varint32();
    slices.interval = Micros{static_cast<std::int64_t>(in.varint())};
    slices.randomize_percent = in.u8();
  }
  if (flags & term_triggered_at) order.triggered_at = in.time();
  if (flags & term_tags)
    for (std::uint64_t count = in.varint(); count > 0 && in.ok(); --count)
      order.tags.emplace_back(in.text());
  if (flags & term_quote_id) order.quote_id = in.text();
  if (flags & term_exact_out) order.exact_out = in.varint();
  if (flags & term_path) order.path = read_path(in);
  if (format < 6) return;
  read_legs(in, order.legs);
  const std::uint8_t split = in.u8();
  order.split_failed = (split & split_has_failed) != 0;
  order.needs_requeue = (split & split_needs_requeue) != 0;
}

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
    out.varint(zigzag(order.slippage_realised_bps));
  }
  if (flags & has_requeued_at) out.time(*order.requeued_at);
  if (flags & has_interrupted_asks) out.varint(order.interrupted_asks);
  if (flags & has_terms) {
    out.u8(static_cast<std::uint8_t>(order.time_in_force));
    out.u8(order.allow_partial ? 1 : 0);
    out.u8(order.limit_price ? 1 : 0);
    if (order.limit_price) out.decimal(*order.limit_price);
    if (has_type_terms(order)) write_type_terms(out, order);
  }
  if (flags & has_parts) {
    out.varint(order.attempt_in);
    out.varint(order.first_quoted_in);
    out.varint(order.filled_in);
    if (order.filled_in > 0) {
      out.decimal(order.amount_out);
      out.decimal(order.executed_price);
      out.decimal(order.fee);
    }
  }
  if (flags & has_cancel_requested) {
    out.text(order.cancel_requested->by);
    out.text(order.cancel_requested->why);
  }
}

void read_optional_parts(In& in, Order& order, std::uint16_t flags, std::uint8_t format) {
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
    order.slippage_realised_bps = static_cast<std::int32_t>(from_zigzag(in.varint()));
  }
  if (flags & has_requeued_at) order.requeued_at = in.time();
  if (flags & has_interrupted_asks) order.interrupted_asks = in.varint32();
  if (flags & has_terms) {
    order.time_in_force = static_cast<TimeInForce>(in.u8());
    order.allow_partial = in.u8() != 0;
    if (in.u8() != 0) order.limit_price = in.decimal();
    if (format > 2) read_type_terms(in, order, format);
  }
  order.attempt_in = attempt_in_of_all(order);
  order.first_quoted_in = first_quoted_in_of_all(order);
  order.filled_in = filled_in_of_all(order);
  if (flags & has_parts) {
    order.attempt_in = in.varint();
    order.first_quoted_in = in.varint();
    order.filled_in = in.varint();
    if (order.filled_in > 0) {
      order.amount_out = in.decimal();
      order.executed_price = in.decimal();
      order.fee = in.decimal();
    }
  }
  if (flags & has_cancel_requested) {
    auto& cancel = order.cancel_requested.emplace();
    cancel.by = in.text();
    cancel.why = in.text();
  }
}

Error damaged() {
  return Error{Errc::corrupt, "damaged bytes of an order"};
}

OrderHead read_head(In& in, std::uint16_t* flags, std::uint8_t* format_out = nullptr) {
  OrderHead head;
  const std::uint8_t format = in.u8();
  if (format_out != nullptr) *format_out = format;
  const std::uint8_t phase = in.u8();
  const bool known = format >= 1 && format <= format_max && phase < phase_count;
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
  const bool first_format = (flags & format_2_flags) == 0 && order.phase != Phase::resting;
  out.u8(first_format ? 1 : format_of_terms(order));
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
  std::uint8_t format = 0;
  const OrderHead head = read_head(in, &flags, &format);
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
  read_optional_parts(in, order, flags, format);
  const bool error_known = !order.error || *order.error <= error_class_last;
  if (!in.ok() || !in.at_end() || !error_known || order.type > order_type_last ||
      order.time_in_force > time_in_force_last ||
      (order.type_terms.trigger && order.type_terms.trigger->when > trigger_when_last))
    return damaged();
  return order;
}

PackedOrder::PackedOrder(const Order& order) {
  thread_local std::string row;
  row.clear();
  append_order(row, order);
  const auto size = static_cast<std::uint32_t>(row.size());
  bytes_ = std::make_unique_for_overwrite<char[]>(sizeof size + size);
  store_le<std::uint32_t>(bytes_.get(), size);
  std::memcpy(bytes_.get() + sizeof size, row.data(), size);
}

Order PackedOrder::unpack() const {
  const auto size = load_le<std::uint32_t>(bytes_.get());
  auto order = decode_order({bytes_.get() + sizeof size, size});
  check(order.ok(), "a packed order cannot be read");
  return *std::move(order);
}

}  // namespace oee
