// A compact encoding of an Order: rows of the embedded read model, and orders that only wait, a
// fifth of their size. Versioned: another version than ours is refused, and a store of them is
// rebuilt from the log. Pure. Any thread.
//
// Format 1, all integers unsigned LEB128 varints unless said otherwise:
//   u8 format (1) | u8 phase | u16 flags, little-endian: bit 0 outcome_unknown, 1 error, 2
//   expires_at, 3 min_out_floor, 4 correlation, 5 first_expected_out, 6 retry_at, 7 unknown_since,
//   8 attempt_built, 9 tx_hash, 10 confirmed (the settlement follows) i64 accepted_at,
//   little-endian microseconds since 1970 | text input symbol | text output symbol (up to here:
//   what a filter looks at) order id [16] | u8 type | version | accepted_seq | last_seq -
//   accepted_seq | i64 updated_at text account | text client_order_id | u8 input decimals | u8
//   output decimals | decimal amount_in slippage_bps | attempt | attempts_made | interruptions then
//   each that its flag announces, in the bits' order: u8 error class and text error_detail | i64
//   expires_at | min_out_floor | correlation id [16] | first_expected_out | i64 retry_at | i64
//   unknown_since | text venue, venue order id [16], decimals expected_out and min_out,
//   valid_until_height | tx hash [64] | decimals amount_out, executed_price and fee, zigzag
//   slippage_realised_bps
// A text is its length and bytes; a decimal is u8 scale and units.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/order/order.h"

namespace oee {

void append_order(std::string& out, const Order& order);

// corrupt: not such bytes.
Result<Order> decode_order(std::string_view bytes);

// What a filter looks at, without decoding the rest. The views are into `bytes`.
struct OrderHead {
  Phase phase = Phase::none;
  WallTime accepted_at{};
  std::string_view input;
  std::string_view output;
};
Result<OrderHead> decode_order_head(std::string_view bytes);

// An order in that encoding behind one pointer: 8 bytes in a table of many that wait.
class PackedOrder {
 public:
  explicit PackedOrder(const Order& order);
  Order unpack() const;

 private:
  std::unique_ptr<char[]> bytes_;  // their number (u32), then they
};

}  // namespace oee
