// RecordView: decodes a record's bytes by eventlog/README.md and schemas/order_event.fbs, without
// the codec and without the FlatBuffers library: the checker must not share a mistake with the code
// that it checks. Any thread. Views are valid as long as the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/sha256.h"
#include "core/order/event.h"

namespace oee {

// The header members of every record, and the payload members on which an invariant depends. A
// member that the event does not have is zero or empty.
struct RecordView {
  EventType type{};
  Seq seq = 0;
  OrderId order_id;
  Version version = 0;
  std::int64_t time_us = 0;
  CorrelationId correlation;
  Hash256 previous_chain{};
  Hash256 chain{};  // SHA-256(previous_chain || bytes), computed

  Attempt attempt = 0;
  // OrderAccepted and the events of a request that changes an order. The account is `by` in the
  // latter.
  std::string_view account;
  std::string_view idempotency_key;
  Hash256 fingerprint{};
  // OrderAccepted
  std::string_view client_order_id;
  std::string_view input_token;
  std::string_view output_token;
  std::uint8_t input_decimals = 0;
  std::uint8_t output_decimals = 0;
  std::uint32_t slippage_bps = 0;
  Units min_out_floor = 0;  // none reads as 0
  // Set when the log's time decides about the expiry.
  std::optional<std::int64_t> expires_at_us;
  TimeInForce time_in_force{};
  std::optional<Decimal> limit_price;
  bool allow_partial = false;
  OrderType order_type{};
  TypeTerms type_terms;
  std::optional<Units> exact_out;
  // OrderAccepted, TransactionBuilt, LegBuilt, OrderConfirmed, OrderPartiallyFilled, LegFilled,
  // OutcomeResolved (settled, of an exact output)
  Decimal amount_in;
  Amendment amended;  // OrderAmended
  // RouteSelected. Of a split the chosen quote is the sum of its legs' quotes, 64 bits at most.
  std::uint32_t quotes = 0;
  std::uint32_t chosen = 0;
  std::uint32_t legs = 0;  // 1: no split
  bool chosen_is_error = false;
  std::optional<Decimal> chosen_in;  // the amount of the chosen quote; empty: all that remains
  // The greatest output of the quotes that have the scale of the chosen one and sell no more; of a
  // split, of the others that sell as much.
  Units best_out = 0;
  Units best_out_of_rest = 0;  // of a split: of the quotes of all that remains
  struct LegQuote {
    std::string_view venue;
    std::optional<Decimal> amount_in;
    Decimal amount_out;
    HopPath path;
  };
  std::vector<LegQuote> leg_quotes;  // of a split
  Units least_in = ~Units{0};        // the least input of the quotes that state theirs
  // RouteSelected (of the chosen quote, of a split of its leg 0), TransactionBuilt,
  // TransactionSubmitted, OrderConfirmed, OrderPartiallyFilled, OrderTriggered, LegBuilt,
  // LegSubmitted, LegFilled
  std::string_view venue;
  HopPath path;          // RouteSelected (the same), TransactionBuilt, LegBuilt
  Decimal expected_out;  // RouteSelected (of the chosen quote), TransactionBuilt, LegBuilt
  // TransactionBuilt, LegBuilt
  VenueOrderId venue_order_id;
  Decimal min_out;
  std::uint64_t valid_until_height = 0;
  // TransactionSubmitted, OrderConfirmed, OrderPartiallyFilled, LegSubmitted, LegFilled,
  // OutcomeResolved (settled)
  TxHash tx_hash;
  Decimal executed_price;  // OrderConfirmed, OrderPartiallyFilled, LegFilled
  // OrderConfirmed, OrderPartiallyFilled, LegFilled, OutcomeResolved (settled)
  Decimal amount_out;
  Decimal fee;
  bool settled = false;         // OutcomeResolved
  std::optional<LegIndex> leg;  // OutcomeResolved (of a leg), the events of legs
  bool interrupted = false;     // OutcomeUnknown
  // AttemptFailed, OrderFailed, LegEnded
  ErrorClass error{};
  std::uint32_t attempts_made = 0;  // OrderFailed
  // TradingHalted
  HaltScope halt_scope{};
  std::string_view halt_value;
  Seq halt = 0;  // TradingResumed
  // OrderTriggered
  Decimal trigger_price;
  std::optional<Decimal> liquidity;
  std::string_view risk_limits;  // RiskLimitsChanged
};

// corrupt: the detail names the fault and, for the payload, its offset. unsupported: a newer
// format, type or value. Every offset and length is checked against the bytes before it is used.
Result<RecordView> view_record(std::string_view bytes);

}  // namespace oee
