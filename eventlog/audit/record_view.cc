#include "eventlog/audit/record_view.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "eventlog/audit/payload_view.h"

namespace oee {
namespace {

// --- Numbers and CRC -----------------------------------------------------------------------------

// Not core/base/bytes.h, which the writer uses: a mistake there must not be repeated here.
template <class T>
T big_endian(std::string_view bytes, std::size_t at) {
  static_assert(std::endian::native == std::endian::little);
  T value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  return value;
}

// CRC32C (RFC 3720, appendix B.4): the CPU's own instruction, or a table of one byte's steps.
constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    table[byte] = byte;
    for (int bit = 0; bit < 8; ++bit)
      table[byte] = (table[byte] >> 1) ^ (0x82F63B78U & (0U - (table[byte] & 1)));
  }
  return table;
}();

std::uint32_t crc_by_table(std::uint32_t crc, std::string_view bytes) {
  for (const char byte : bytes)
    crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(std::uint32_t crc,
                                                                   std::string_view bytes) {
  std::uint64_t state = crc;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data(), sizeof eight);
    state = _mm_crc32_u64(state, eight);
  }
  crc = static_cast<std::uint32_t>(state);
  for (const char byte : bytes) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(byte));
  return crc;
}
#endif

std::uint32_t crc_step(std::uint32_t crc, std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return crc_by_instruction(crc, bytes);
#endif
  return crc_by_table(crc, bytes);
}

Error corrupt(std::string what) {
  return {Errc::corrupt, std::move(what)};
}
Error newer(const std::string& what) {
  return {Errc::unsupported, what + ": it was written by a newer program"};
}

// --- From the payload to the view: members by their number in the schema -------------------------

void fill_accepted(const PayloadView& payload, RecordView& view) {
  view.account = payload.text(0);
  view.idempotency_key = payload.text(1);
  view.client_order_id = payload.text(2);
  payload.copy(3, view.fingerprint);
  const PayloadView::TokenView input = payload.token(4);
  view.input_token = input.symbol;
  view.input_decimals = input.decimals;
  const PayloadView::TokenView output = payload.token(5);
  view.output_token = output.symbol;
  view.output_decimals = output.decimals;
  view.amount_in = payload.decimal(6);
  view.slippage_bps = payload.u32(7);
  view.min_out_floor = payload.u64(10);
  if (payload.u8(11) != 0) view.expires_at_us = static_cast<std::int64_t>(payload.u64(9));
  view.time_in_force = static_cast<TimeInForce>(payload.u8(12));
  view.limit_price = payload.optional_decimal(13);
  view.allow_partial = payload.u8(14) != 0;
  view.order_type = static_cast<OrderType>(payload.u8(8));
  TypeTerms& terms = view.type_terms;
  if (payload.has(15))
    terms.trigger = {payload.decimal(15), static_cast<TriggerWhen>(payload.u8(16))};
  terms.min_liquidity = payload.optional_decimal(17);
  if (payload.has(18))
    terms.slices = {payload.u32(18), Micros{static_cast<std::int64_t>(payload.u64(19))},
                    payload.u8(20)};
  if (payload.has(23)) view.exact_out = payload.u64(23);
}

void fill_amended(const PayloadView& payload, RecordView& view) {
  Amendment& amended = view.amended;
  amended.amount_in = payload.optional_decimal(4);
  amended.limit_price = payload.optional_decimal(5);
  if (payload.has(6)) amended.slippage_bps = payload.u32(6);
  amended.min_out_floor = payload.optional_decimal(7);
  if (payload.has(8))
    amended.expires_at = WallTime{Micros{static_cast<std::int64_t>(payload.u64(8))}};
  amended.expires_never = payload.u8(9) != 0;
  amended.trigger_price = payload.optional_decimal(10);
}

// The members that OrderConfirmed, OrderPartiallyFilled and LegFilled share; `first`: the venue.
void fill_fill(const PayloadView& payload, std::size_t first, RecordView& view) {
  view.venue = payload.text(first);
  payload.copy(first + 1, view.tx_hash.bytes);
  view.amount_in = payload.decimal(first + 2);
  view.amount_out = payload.decimal(first + 3);
  view.executed_price = payload.decimal(first + 4);
  view.fee = payload.decimal(first + 5);
}

// The same of TransactionBuilt and LegBuilt.
void fill_built(const PayloadView& payload, std::size_t first, RecordView& view) {
  view.venue = payload.text(first);
  payload.copy(first + 1, view.venue_order_id.bytes);
  view.amount_in = payload.decimal(first + 2);
  view.expected_out = payload.decimal(first + 3);
  view.min_out = payload.decimal(first + 4);
  view.valid_until_height = payload.u64(first + 6);
  view.path = payload.path(first + 7);
}

// 64 bits at most.
void add(Units& sum, Units units) {
  sum = units > ~Units{0} - sum ? ~Units{0} : sum + units;
}

// The legs' quotes are those from the chosen one on. A leg without an amount leaves the sum empty.
void fill_split(const PayloadView& payload, RecordView& view) {
  for (std::uint32_t i = 0; i < view.legs; ++i) {
    const PayloadView::QuoteView quote = payload.quote(1, view.chosen + i);
    view.leg_quotes.push_back({quote.venue, quote.amount_in, quote.amount_out, quote.path});
    view.chosen_is_error |= quote.is_error;
    if (i == 0) continue;
    add(view.expected_out.units, quote.amount_out.units);
    if (!quote.amount_in) view.chosen_in.reset();
    if (view.chosen_in) add(view.chosen_in->units, quote.amount_in->units);
  }
  for (std::uint32_t i = 0; i < view.quotes; ++i) {
    const PayloadView::QuoteView quote = payload.quote(1, i);
    const bool chosen = i >= view.chosen && i - view.chosen < view.legs;
    if (chosen || quote.is_error || quote.amount_out.scale != view.expected_out.scale) continue;
    if (quote.amount_in && quote.amount_in != view.chosen_in) continue;
    Units& best = quote.amount_in ? view.best_out : view.best_out_of_rest;
    best = std::max(best, quote.amount_out.units);
  }
}

void fill_route(const PayloadView& payload, RecordView& view) {
  view.quotes = payload.u32(1);
  view.chosen = payload.u32(2);
  view.legs = payload.u32(3, 1);
  const PayloadView::QuoteView chosen = payload.quote(1, view.chosen);
  view.chosen_is_error = chosen.is_error;
  view.venue = chosen.venue;
  view.chosen_in = chosen.amount_in;
  view.expected_out = chosen.amount_out;
  view.path = chosen.path;
  if (view.legs > 1) return fill_split(payload, view);
  for (std::uint32_t i = 0; i < view.quotes; ++i) {
    const PayloadView::QuoteView quote = payload.quote(1, i);
    // A quote of a larger amount may be below the order's limit.
    const bool larger =
        chosen.amount_in && (!quote.amount_in || quote.amount_in->units > chosen.amount_in->units);
    if (!quote.is_error && !larger && quote.amount_out.scale == chosen.amount_out.scale)
      view.best_out = std::max(view.best_out, quote.amount_out.units);
    if (!quote.is_error && quote.amount_in)
      view.least_in = std::min(view.least_in, quote.amount_in->units);
  }
}

void fill(const PayloadView& payload, RecordView& view) {
  switch (view.type) {
    case EventType::order_accepted:
      return fill_accepted(payload, view);
    case EventType::order_expired:
    case EventType::order_rested:
      return;
    case EventType::order_amended:
      fill_amended(payload, view);
      [[fallthrough]];
    case EventType::order_cancelled:
    case EventType::cancel_requested:
    case EventType::dead_letter_requeued:
    case EventType::dead_letter_discarded:
      view.account = payload.text(0);
      view.idempotency_key = payload.text(2);
      payload.copy(3, view.fingerprint);
      return;
    case EventType::outcome_resolved:
      view.account = payload.text(1);
      view.idempotency_key = payload.text(3);
      payload.copy(4, view.fingerprint);
      view.settled = payload.u8(5) != 0;
      payload.copy(6, view.tx_hash.bytes);
      if (payload.has(7)) view.amount_out = payload.decimal(7);
      if (payload.has(8)) view.fee = payload.decimal(8);
      if (payload.has(9)) view.amount_in = payload.decimal(9);
      if (payload.has(10)) view.leg = payload.u8(10);
      break;
    case EventType::trading_halted:
      view.halt_scope = static_cast<HaltScope>(payload.u8(0));
      view.halt_value = payload.text(1);
      view.account = payload.text(2);
      view.idempotency_key = payload.text(4);
      payload.copy(5, view.fingerprint);
      return;
    case EventType::trading_resumed:
      view.halt = payload.u64(0);
      view.account = payload.text(1);
      view.idempotency_key = payload.text(3);
      payload.copy(4, view.fingerprint);
      return;
    case EventType::order_triggered:
      view.venue = payload.text(0);
      view.trigger_price = payload.decimal(1);
      view.liquidity = payload.optional_decimal(3);
      return;
    case EventType::risk_limits_changed:
      view.risk_limits = payload.text(0);
      return;
    case EventType::routing_started:
      break;
    case EventType::outcome_unknown:
      view.interrupted = payload.u8(2) != 0;
      break;
    case EventType::route_selected:
      fill_route(payload, view);
      break;
    case EventType::transaction_built:
      fill_built(payload, 1, view);
      break;
    case EventType::transaction_submitted:
      view.venue = payload.text(1);
      payload.copy(2, view.tx_hash.bytes);
      break;
    case EventType::order_confirmed:
    case EventType::order_partially_filled:
      fill_fill(payload, 1, view);
      break;
    case EventType::order_failed:
      view.attempts_made = payload.u32(3);
      [[fallthrough]];
    case EventType::attempt_failed:
      view.error = static_cast<ErrorClass>(payload.u8(1));
      break;
    case EventType::leg_built:
      view.leg = payload.u8(1);
      fill_built(payload, 2, view);
      break;
    case EventType::leg_submitted:
      view.leg = payload.u8(1);
      view.venue = payload.text(2);
      payload.copy(3, view.tx_hash.bytes);
      break;
    case EventType::leg_outcome_unknown:
      view.leg = payload.u8(1);
      break;
    case EventType::leg_filled:
      view.leg = payload.u8(1);
      fill_fill(payload, 2, view);
      break;
    case EventType::leg_ended:
      view.leg = payload.u8(1);
      view.error = static_cast<ErrorClass>(payload.u8(2));
      break;
  }
  view.attempt = payload.u32(0);
}

// --- The record ----------------------------------------------------------------------------------

constexpr std::size_t header_bytes = 100;
constexpr std::size_t crc_at = 96;
constexpr std::size_t payload_bytes_max = 64 * 1024;

// The checks that come before any member of the header is used.
Result<void> check_frame(std::string_view bytes) {
  if (bytes.size() < header_bytes)
    return corrupt("a record of " + std::to_string(bytes.size()) + " bytes is too short");
  if (bytes.substr(0, 4) != "OEER") return corrupt("a record does not begin with OEER");
  const auto format = big_endian<std::uint8_t>(bytes, 4);
  if (format > 2) return newer("the record has format " + std::to_string(format));
  if (format == 0) return corrupt("the record has format 0");
  const auto length = big_endian<std::uint32_t>(bytes, 60);
  if (length != bytes.size() - header_bytes || length > payload_bytes_max)
    return corrupt("the record states a payload length of " + std::to_string(length) + ", not " +
                   std::to_string(bytes.size() - header_bytes));
  const std::uint32_t crc =
      ~crc_step(crc_step(~0U, bytes.substr(0, crc_at)), bytes.substr(header_bytes));
  if (crc != big_endian<std::uint32_t>(bytes, crc_at)) return corrupt("the record's CRC is wrong");
  if (big_endian<std::uint8_t>(bytes, 5) >= event_type_count ||
      big_endian<std::uint16_t>(bytes, 6) != 0)
    return newer("the record has an unknown event type or flags");
  return {};
}

}  // namespace

Result<RecordView> view_record(std::string_view bytes) {
  OEE_TRY(check_frame(bytes));
  Result<RecordView> result(RecordView{});  // filled in place, without a copy: a view is 0.5 KB
  RecordView& view = *result;
  view.type = static_cast<EventType>(bytes[5]);
  view.seq = big_endian<std::uint64_t>(bytes, 8);
  std::memcpy(view.order_id.bytes.data(), bytes.data() + 16, 16);
  view.version = big_endian<std::uint32_t>(bytes, 32);
  view.time_us = static_cast<std::int64_t>(big_endian<std::uint64_t>(bytes, 36));
  std::memcpy(view.correlation.bytes.data(), bytes.data() + 44, 16);
  std::memcpy(view.previous_chain.data(), bytes.data() + 64, 32);

  PayloadView payload(bytes.substr(header_bytes));
  OEE_TRY(payload.check(view.type));
  fill(payload, view);
  view.chain = sha256({as_bytes(view.previous_chain), bytes});
  return result;
}

}  // namespace oee
