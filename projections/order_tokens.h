// OrderTokens: the two tokens and the account of each order. Only OrderAccepted contains them; this
// class adds them to the updates of later records. It caches the orders that it has seen and reads
// the log for the others. Its user owns it; any thread; after a crash it fills itself again.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/order/update.h"
#include "core/seams/event_log.h"

namespace oee {

class OrderTokens {
 public:
  explicit OrderTokens(EventLog& log) : log_(log) {}

  // Sets the update's input, output and account, if it has an order. Blocking when the order is not
  // cached. Errors: those of the log; corrupt: the log has no OrderAccepted of the order.
  Result<void> fill(Update& update);
  // Whether the record's order is of this account; false: it has no order. Blocks and fails as
  // fill().
  Result<bool> is_of(const Record& record, std::string_view account);

 private:
  struct Terms {
    Symbol input;
    Symbol output;
    std::string account;
  };
  // Of an order whose OrderAccepted came before an event of this type.
  Result<Terms> look_up(const OrderId& id, EventType type);
  // `last_use`: the cache forgets the order.
  std::optional<Terms> find(const OrderId& id, bool last_use);
  void remember(const OrderId& id, Terms terms);

  EventLog& log_;
  std::mutex mutex_;  // not held while the log is read
  boost::unordered_flat_map<OrderId, Terms, IdHash> cached_;
};

}  // namespace oee
