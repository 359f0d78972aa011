// OrderTokens: which tokens each order swaps, for the updates of records that do not say it
// themselves. It remembers the orders that it has seen and reads the log for the others. One thread
// at a time; nothing to recover.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/order/update.h"
#include "core/seams/event_log.h"

namespace oee {

class OrderTokens {
 public:
  explicit OrderTokens(EventLog& log) : log_(log) {}

  // Fills in the update's input and output. Blocking when the order was not seen before. An error
  // is the log's.
  Result<void> fill(Update& update);

 private:
  struct TokenPair {
    Symbol input;
    Symbol output;
  };
  using TokenPairs = boost::unordered_flat_map<OrderId, TokenPair, IdHash>;
  TokenPairs::iterator remember(const OrderId& id, const TokenPair& swap);

  EventLog& log_;
  TokenPairs swaps_;
};

}  // namespace oee
