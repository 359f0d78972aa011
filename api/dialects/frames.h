// DialectFrames: translates the updates of one order into the frames of one dialect, as the row in
// dialects.h states. An update without an equivalent in the dialect has no frame. It remembers the
// step of the order; one thread.
#pragma once

#include <string>
#include <string_view>

#include "api/dialects/dialects.h"
#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

class DialectFrames {
 public:
  // `order`: its state at any time since it was accepted; only members that never change are used,
  // and its seq. `socket` outlives this object.
  DialectFrames(const DialectSocket& socket, const Order& order);

  // Empty: the update has no frame. A chosen route and a further attempt are still `routing`; the
  // failure of a discarded dead letter was already sent.
  std::string frame_of(const Update& update);
  // Whether the order has ended with the last update. false while updates up to the state given to
  // the constructor are still missing.
  bool at_end() const { return at_end_; }

 private:
  const DialectSocket& socket_;
  const Decimal amount_in_;
  const std::uint32_t slippage_bps_;
  const bool has_min_out_;  // an explicit minimum output
  const Seq known_seq_;     // of the state given to the constructor
  std::string dex_;         // of the last update that named one
  bool routing_ = false;
  bool at_end_ = false;
};

// {"type":"connection","status":"connected","orderId","connectionId","message","timestamp"}
std::string dialect_greeting(std::string_view order_id, std::string_view connection_id,
                             WallTime now);
// The socket's error frame. It contains `order_id` and the time where the socket greets.
std::string dialect_error_frame(const DialectSocket& socket, std::string_view order_id,
                                std::string_view text, WallTime now);

// "Price moved 1.91% (max allowed: 1.01%)" for a venue's rejection "would give X, below min out Y"
// (core/venue/paper/settlement.cc), where Y is the first quote less `slippage_bps`. The move is
// rounded up, so that it exceeds the allowed one. Empty: `detail` is not such a text.
std::string price_moved_text(std::string_view detail, std::uint32_t slippage_bps);

}  // namespace oee
