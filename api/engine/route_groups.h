// All routes of a shard: the canonical REST API and the dialects, over one shard's services. On the
// shard's loop. References outlive the groups.
#pragma once

#include "api/dialects/endpoints.h"
#include "api/rest/endpoints.h"

namespace oee {

struct RouteGroupsContext {
  Clock& clock;
  Entropy& entropy;  // correlation ids
  OrderService& orders;
  const TokenRegistry& tokens;
  SseSessions& streams;
  const StreamTickets* tickets = nullptr;  // null: POST /v1/stream-tickets answers 404
  OperationContext operation;
  MarketControl* market = nullptr;    // null: this process has no venues
  const RiskControl* risk = nullptr;  // null: GET /v1/risk answers 404
  bool gateway = false;
  DialectSet dialects = DialectSet::all();
  std::string quote_key = {};  // of QuoteIds
};

RouteGroups make_route_groups(RouteGroupsContext context);

}  // namespace oee
