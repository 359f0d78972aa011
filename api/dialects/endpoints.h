// The routes of the dialects (dialects.h): orders, dead letters, and test orders that must fail. On
// the shard's loop.
#pragma once

#include <memory>

#include "api/dialects/dialect_set.h"
#include "api/orders/order_service.h"
#include "api/routing/route.h"
#include "core/order/token_registry.h"

namespace oee {

// References outlive the group.
struct DialectContext {
  OrderService& orders;
  const TokenRegistry& tokens;
  Entropy& entropy;
  bool gateway = false;  // orders are refused, in the dialect's own error format
  DialectSet served = DialectSet::all();
};

// The routes of the dialects that are served.
std::unique_ptr<RouteGroup> dialect_routes(const DialectContext& context);

}  // namespace oee
