// DialectFrames: one order's story in one dialect's words: each update becomes a frame as the row
// of dialects.h says, or nothing where the dialect's clients know no such step. Pure but for what
// it remembers; one thread.
#pragma once

#include <string>
#include <string_view>

#include "api/dialects/dialects.h"
#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

class DialectFrames {
 public:
  // `order`: at any time since it was accepted; what never changes is taken from it. `socket`
  // outlives this.
  DialectFrames(const DialectSocket& socket, const Order& order);

  // Empty: nothing to tell. Choosing a route, and starting an attempt again, are `routing` still; a
  // dead letter that is discarded was told as failed.
  std::string frame_of(const Update& update);
  // The order ended with the last update given, as far as is known: the state that was given at the
  // beginning is told, too.
  bool at_end() const { return at_end_; }

 private:
  const DialectSocket& socket_;
  const Decimal amount_in_;
  const std::uint32_t slippage_bps_;
  const bool has_floor_;
  const Seq known_seq_;  // of the state that was given
  bool routing_ = false;
  bool at_end_ = false;
};

// {"type":"connection","status":"connected","orderId","connectionId","message","timestamp"}
std::string dialect_greeting(std::string_view order_id, std::string_view connection_id,
                             WallTime now);
// The socket's error frame; `order_id` and the time are in it where the socket greets.
std::string dialect_error_frame(const DialectSocket& socket, std::string_view order_id,
                                std::string_view what, WallTime now);

// "Price moved 1.91% (max allowed: 1.01%)" for a venue's refusal "would give X, below min out Y"
// (core/venue/paper/settlement.cc), where Y is what `slippage_bps` left of the first quote; rounded
// up, so that it is above what is allowed. Empty: `detail` is no such text.
std::string price_moved_text(std::string_view detail, std::uint32_t slippage_bps);

}  // namespace oee
