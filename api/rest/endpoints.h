// The canonical REST API, one group of routes for each resource. An endpoint reads the request,
// calls its service and formats the answer; it makes no domain decision. One set per shard, on its
// loop. References outlive the group.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/orders/order_service.h"
#include "api/push/sse_session.h"
#include "api/rest/setting.h"
#include "api/routing/route.h"
#include "api/telemetry/health.h"
#include "core/order/token_registry.h"
#include "core/seams/clock.h"
#include "core/venue/market_control.h"

namespace oee {

class RiskControl;

// /v1/orders, /v1/orders/{id}, /v1/orders/{id}/resolve, /v1/quote. A 202 is sent after the order is
// durable. `quote_key`: of QuoteIds.
std::unique_ptr<RouteGroup> order_routes(OrderService& orders, const TokenRegistry& tokens,
                                         Clock& clock, Entropy& entropy, std::string quote_key);
// /v1/events, /v1/orders/{id}/events. `hub`: its log's epoch is that of the events.
std::unique_ptr<RouteGroup> event_routes(OrderService& orders, StreamHub& hub, Clock& clock);
// /v1/stream, /v1/stream-tickets, and /ws without an upgrade. `tickets` null: none are made, 404.
std::unique_ptr<RouteGroup> stream_routes(SseSessions& streams, const StreamTickets* tickets,
                                          OrderService& orders, const TokenRegistry& tokens,
                                          Clock& clock);
// /v1/dead-letters.
std::unique_ptr<RouteGroup> dead_letter_routes(OrderService& orders, Entropy& entropy);

// /v1/halt. A halt is in force when its 201 is sent.
std::unique_ptr<RouteGroup> halt_routes(OrderService& orders, const TokenRegistry& tokens,
                                        Entropy& entropy);

struct OperationContext {
  const Health& health;
  std::function<Task<Result<std::string>>()> scrape = {};  // of /metrics; empty: 404
  std::vector<Setting> settings = {};                      // of /v1/config
};
// /health, /healthz, /readyz, /metrics, /v1/config.
std::unique_ptr<RouteGroup> operation_routes(OperationContext context);
// /openapi.json, /asyncapi.json: the contracts built into the program.
std::unique_ptr<RouteGroup> contract_routes();
// /test/market, /test/venues/{id}. `market` null: this process has no venues, 503.
std::unique_ptr<RouteGroup> test_routes(MarketControl* market, const TokenRegistry& tokens);
// /v1/risk. `risk` null: there are no limits, 404.
std::unique_ptr<RouteGroup> risk_routes(const RiskControl* risk, Clock& clock);
// /, /assets, /favicon.svg: the web page, and the service's name for other clients.
std::unique_ptr<RouteGroup> page_routes();

}  // namespace oee
