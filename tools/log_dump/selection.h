// Which events log-dump prints. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/order/event.h"

namespace oee {

// Decided from a record's header, so that what is not printed is never decoded.
struct Selection {
  std::optional<WallTime> since;  // not before
  std::optional<WallTime> until;  // not after
  std::optional<OrderId> order;
  std::uint32_t types = 0;     // bits of EventType; 0: all
  std::uint32_t statuses = 0;  // bits of the OrderStatus after the event; 0: all

  bool takes(EventType type, const OrderId& id, WallTime time) const;
};

// As flags say it; empty: no such condition.
struct SelectionTexts {
  std::string since;
  std::string until;
  std::string order;
  std::vector<std::string> types;
  std::vector<std::string> statuses;
};
// invalid: names the flag and its text.
Result<Selection> parse_selection(const SelectionTexts& texts);

}  // namespace oee
