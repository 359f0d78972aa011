#include "core/order/halts.h"

#include <algorithm>

namespace oee {

std::string to_text(const Halt& halt) {
  std::string text = halt.scope == HaltScope::all
                         ? "trading"
                         : "trading of " + std::string(to_string(halt.scope)) + " " + halt.value;
  return text + " is halted by " + halt.by + " since " + format_rfc3339(halt.since) + ": " +
         halt.why;
}

void Halts::take(const Record& record) {
  if (record.order_id != engine_stream || record.version <= version_) return;
  version_ = record.version;
  if (const auto* halted = std::get_if<TradingHalted>(&record.event)) {
    halts_.push_back(
        {record.seq, halted->scope, halted->value, halted->by, halted->why, record.time});
  } else if (const auto* resumed = std::get_if<TradingResumed>(&record.event)) {
    std::erase_if(halts_, [&](const Halt& halt) { return halt.id == resumed->halt; });
  }
}

Halts Halts::of(std::span<const Record> records) {
  Halts halts;
  for (const Record& record : records) halts.take(record);
  return halts;
}

const Halt* Halts::find(const HaltTerms& terms) const {
  for (const Halt& halt : halts_) {
    switch (halt.scope) {
      case HaltScope::all:
        return &halt;
      case HaltScope::account:
        if (halt.value == terms.account) return &halt;
        break;
      case HaltScope::token:
        if (halt.value == terms.input.view() || halt.value == terms.output.view()) return &halt;
        break;
      case HaltScope::venue:
        break;
    }
  }
  return nullptr;
}

const Halt* Halts::find_venue(const VenueName& venue) const {
  for (const Halt& halt : halts_)
    if (halt.scope == HaltScope::venue && halt.value == venue.view()) return &halt;
  return nullptr;
}

const Halt* Halts::find_path(const HopPath& path) const {
  for (const Halt& halt : halts_)
    for (const Hop& hop : path)
      if (halt.scope == HaltScope::token && halt.value == hop.output.view()) return &halt;
  return nullptr;
}

const Halt* Halts::find(Seq id) const {
  const auto found =
      std::find_if(halts_.begin(), halts_.end(), [id](const Halt& halt) { return halt.id == id; });
  return found == halts_.end() ? nullptr : &*found;
}

}  // namespace oee
