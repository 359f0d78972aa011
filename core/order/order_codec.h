// A compact encoding of an Order, for the rows of the embedded read model and for orders that only
// wait: a fifth of their size in memory. The encoding is versioned. Bytes of another version are
// refused, and a store of them is rebuilt from the log. Pure. Any thread.
//
// Formats 1 to 6: an order without the parts of the bits 13 to 15 that does not rest is in format
// 1, one with legs or with a split that has failed in format 6, another one with a path in format
// 5, another one with an exact output in format 4, another one with terms of its type, tags or a
// quote in format 3. Integers are unsigned LEB128 varints unless their width is named; i64 and u16
// are little-endian; times are i64 microseconds since 1970. A text is its length and its bytes. A
// decimal is a u8 scale and its units.
//
// The part that a filter reads:
//   u8       format (1 to 6)
//   u8       phase
//   u16      flags, see below
//   i64      accepted_at
//   text     input symbol
//   text     output symbol
//
// The part that every order has:
//   [16]     order id
//   u8       type
//   varint   version
//   varint   accepted_seq
//   varint   last_seq - accepted_seq
//   i64      updated_at
//   text     account
//   text     client_order_id
//   u8       input decimals
//   u8       output decimals
//   decimal  amount_in
//   varint   slippage_bps
//   varint   attempt
//   varint   attempts_made
//   varint   interruptions
//
// The parts that a flag announces, in the order of the flags' bits:
//   bit 0    outcome_unknown      nothing follows
//   bit 1    error                u8 error class, text error_detail
//   bit 2    expires_at           i64
//   bit 3    min_out_floor        varint
//   bit 4    correlation          [16] correlation id
//   bit 5    first_expected_out   varint
//   bit 6    retry_at             i64
//   bit 7    unknown_since        i64
//   bit 8    attempt_built        text venue, [16] venue order id, decimal expected_out,
//                                 decimal min_out, varint valid_until_height
//   bit 9    tx_hash              [64]
//   bit 10   confirmed            decimal amount_out, decimal executed_price, decimal fee,
//                                 zigzag varint slippage_realised_bps
//   bit 11   requeued_at          i64
//   bit 12   interrupted_asks     varint
//   bit 13   terms                u8 time_in_force, u8 allow_partial, u8 1 and decimal limit_price,
//                                 or u8 0. Formats 3 to 6 go on with a u8 of bits and, in their
//                                 order: 1 decimal trigger price and u8 trigger when, 2 decimal
//                                 min_liquidity, 4 varint slices, varint interval in microseconds
//                                 and u8 randomize_percent, 8 i64 triggered_at, 16 varint count and
//                                 that many texts: tags, 32 text quote_id, 64 varint exact_out,
//                                 128 varint count and that many pairs of texts, pool and output:
//                                 the path of the last attempt. Format 6 goes on with a varint
//                                 count and that many legs of the live attempt: text venue, [16]
//                                 venue order id, decimal amount_in, decimal expected_out, decimal
//                                 min_out, varint valid_until_height, the path as above, u8 of
//                                 bits and, in their order: 1 [64] tx_hash, 2 outcome_unknown,
//                                 4 interrupted, 8 filled: varint amount_out and varint fee,
//                                 16 u8 error class and text error_detail, 32 stated_unsettled.
//                                 Behind the legs is a u8 of bits: 1 split_failed,
//                                 2 needs_requeue
//   bit 14   parts                varint attempt_in, varint first_quoted_in, varint filled_in, and
//                                 when it is not 0 decimal amount_out, decimal executed_price,
//                                 decimal fee. Without it each amount is amount_in, or 0 when the
//                                 order has no such attempt, quote or confirmation
//   bit 15   cancel_requested     text by, text why
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/order/order.h"

namespace oee {

void append_order(std::string& out, const Order& order);

// corrupt: the bytes are not an order in a format from 1 to 6.
Result<Order> decode_order(std::string_view bytes);

// The part that a filter reads, without the rest. The views live as long as `bytes`.
struct OrderHead {
  Phase phase = Phase::none;
  WallTime accepted_at{};
  std::string_view input;
  std::string_view output;
};
Result<OrderHead> decode_order_head(std::string_view bytes);

// An encoded order behind one pointer: 8 bytes in a table of many waiting orders.
class PackedOrder {
 public:
  explicit PackedOrder(const Order& order);
  Order unpack() const;

 private:
  std::unique_ptr<char[]> bytes_;  // a u32 length, then the encoding
};

}  // namespace oee
