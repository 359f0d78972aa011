#include "api/engine/route_groups.h"

namespace oee {

RouteGroups make_route_groups(RouteGroupsContext context) {
  const DialectContext dialects{.orders = context.orders,
                                .tokens = context.tokens,
                                .entropy = context.entropy,
                                .gateway = context.gateway,
                                .served = context.dialects};
  RouteGroups groups;
  groups.push_back(order_routes(context.orders, context.tokens, context.clock, context.entropy,
                                std::move(context.quote_key)));
  groups.push_back(event_routes(context.orders, context.streams.hub(), context.clock));
  groups.push_back(stream_routes(context.streams, context.tickets, context.orders, context.tokens,
                                 context.clock));
  groups.push_back(dead_letter_routes(context.orders, context.entropy));
  groups.push_back(halt_routes(context.orders, context.tokens, context.entropy));
  groups.push_back(dialect_routes(dialects));
  groups.push_back(operation_routes(std::move(context.operation)));
  groups.push_back(test_routes(context.market, context.tokens));
  groups.push_back(risk_routes(context.risk, context.clock));
  groups.push_back(contract_routes());
  groups.push_back(page_routes());
  return groups;
}

}  // namespace oee
