// OrderTokens: the two tokens of each order. Only OrderAccepted contains them; this class adds them
// to the updates of later records. It caches the orders that it has seen and reads the log for the
// others. Its user owns it; any thread; after a crash it fills itself again.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <optional>

#include "core/order/update.h"
#include "core/seams/event_log.h"

namespace oee {

class OrderTokens {
 public:
  explicit OrderTokens(EventLog& log) : log_(log) {}

  // Sets the update's input and output. Blocking when the order is not cached. Errors: those of the
  // log; corrupt: the log has no OrderAccepted of the order.
  Result<void> fill(Update& update);

 private:
  struct TokenPair {
    Symbol input;
    Symbol output;
  };
  // `last_use`: the cache forgets the order.
  std::optional<TokenPair> find(const OrderId& id, bool last_use);
  void remember(const OrderId& id, const TokenPair& tokens);

  EventLog& log_;
  std::mutex mutex_;  // not held while the log is read
  boost::unordered_flat_map<OrderId, TokenPair, IdHash> cached_;
};

}  // namespace oee
