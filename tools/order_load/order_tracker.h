// OrderTracker: the accepted orders and how each one ended. It fills the outcomes and the end
// latencies of the results. Owned by LoadRun, on its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/order/ids.h"
#include "tools/order_load/connection.h"
#include "tools/order_load/results.h"

namespace oee::load {

bool is_final(std::string_view status);

class OrderTracker {
 public:
  // `results` outlives it.
  explicit OrderTracker(Results& results) : results_(results) {}

  struct Added {
    bool fresh = false;  // false: another order has this id
    bool ended = false;  // its end was received before the answer to the submit
  };
  Added add(const OrderId& id, Clock::time_point due, Clock::time_point now);

  enum class StreamEnd {
    unknown,   // no such order
    ended,     // the order ended now
    known,     // its end was known from a lookup
    repeated,  // the stream had reported its end before
  };
  // The stream reports a final status.
  StreamEnd end_on_stream(const OrderId& id, std::string_view status, Clock::time_point now);
  // Keeps the end of an order whose submit has no answer yet.
  void keep_early_end(const OrderId& id, std::string_view status) { early_ends_[id] = status; }
  // A lookup reports a final status. true: the order ended now. REQUIRES: contains(id).
  bool end_by_lookup(const OrderId& id, std::string_view status, Clock::time_point now);

  bool contains(const OrderId& id) const { return orders_.contains(id); }
  std::vector<OrderId> open_orders() const;
  std::uint64_t open() const { return orders_.size() - ended_; }
  bool all_ended() const { return ended_ >= orders_.size(); }
  // Orders whose end is known from a lookup only.
  std::uint64_t ended_unseen() const { return ended_unseen_; }

 private:
  struct OrderState {
    Clock::time_point due;
    bool ended = false;
    bool seen_on_stream = false;  // its end
  };
  struct HashId {
    std::size_t operator()(const OrderId& id) const {
      return std::hash<std::string_view>{}(id.view());
    }
  };
  void end(OrderState& state, std::string_view status, Clock::time_point now);

  Results& results_;
  std::unordered_map<OrderId, OrderState, HashId> orders_;
  // Ends that were received before the answer to the submit.
  std::unordered_map<OrderId, std::string, HashId> early_ends_;
  std::uint64_t ended_ = 0;
  std::uint64_t ended_unseen_ = 0;
};

}  // namespace oee::load
