// The names of an order's phases, as stored in the column orders.phase. Pure. Any thread.
#pragma once

#include <array>

#include "core/order/lifecycle.h"
#include "core/order/names.h"

namespace oee {

inline constexpr std::array<std::string_view, phase_count> phase_names = {
    "none",   "pending",   "routing",   "routed",  "building", "submitted", "confirmed",
    "failed", "discarded", "cancelled", "expired", "resting",  "engine"};

constexpr std::string_view phase_name(Phase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}
inline std::optional<Phase> parse_phase(std::string_view text) {
  return parse_name<Phase>(phase_names, text);
}

}  // namespace oee
