// Legs: the transactions of an order, each from its build to its end. An attempt that ends before
// it is built has none, a split one has several, any other one has one. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/event.h"

namespace oee {

enum class LegStatus : std::uint8_t {
  built,
  submitted,
  unknown,    // the venue has not reported the outcome
  filled,     // it has traded
  rejected,   // it never trades, for the reason in `error`
  expired,    // it never trades: its validity has passed, or an operator states so
  cancelled,  // it never trades: the venue holds a tombstone for it
};
std::string_view to_string(LegStatus status);  // "built"

// Of a filled leg.
struct LegFill {
  Decimal amount_out;
  Decimal executed_price;  // amount_out / amount_in of the leg
  Decimal fee;             // in input token
  friend bool operator==(const LegFill&, const LegFill&) = default;
};

struct Leg {
  Attempt number = 0;  // of its attempt; rises along an order's legs, with gaps
  LegStatus status = LegStatus::built;
  VenueName venue;
  VenueOrderId venue_order_id;
  Decimal amount_in;  // of an exact output the most that it takes; when filled, that it took
  Decimal min_out;
  Decimal expected_out;
  HopPath path;
  std::optional<TxHash> tx_hash;  // empty: not submitted, as far as is known
  std::optional<LegFill> fill;
  // Of a leg that never trades.
  std::optional<ErrorClass> error;
  std::string detail;
  std::optional<LegIndex> index{};  // of a leg of a split attempt
  friend bool operator==(const Leg&, const Leg&) = default;
};

// The legs in the order of their numbers and indexes.
// REQUIRES: the records are of one order, its first one first, and fold_order() takes them.
std::vector<Leg> legs_of(std::span<const Record> records);

}  // namespace oee
