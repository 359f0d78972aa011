#include "core/order/lifecycle.h"

#include "core/order/names.h"

namespace oee {
namespace {

constexpr std::array<std::string_view, order_status_count> status_names = {
    "pending", "routing",   "building", "submitted", "confirmed",
    "failed",  "cancelled", "expired",  "resting"};

}  // namespace

std::string_view to_string(OrderStatus status) {
  if (status == OrderStatus::none) return {};
  return status_names[static_cast<std::size_t>(status)];
}
std::optional<OrderStatus> parse_order_status(std::string_view text) {
  return parse_name<OrderStatus>(status_names, text);
}

}  // namespace oee
