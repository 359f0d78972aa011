// Selection: the events that log-dump prints. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/order/event.h"

namespace oee::log_dump {

// takes() needs only a record's header, so a record that is not printed is not decoded.
struct Selection {
  std::optional<WallTime> since;  // not before
  std::optional<WallTime> until;  // not after
  std::optional<OrderId> order;
  std::uint32_t types = 0;     // bits of EventType; 0: all
  std::uint32_t statuses = 0;  // bits of the OrderStatus after the event; 0: all

  bool takes(EventType type, const OrderId& id, WallTime time) const;
};

// The values of the flags; empty: the flag was not given.
struct SelectionTexts {
  std::string since;
  std::string until;
  std::string order;
  std::vector<std::string> types;
  std::vector<std::string> statuses;
};
// invalid: the detail names the flag and its text.
Result<Selection> parse_selection(const SelectionTexts& texts);

}  // namespace oee::log_dump
