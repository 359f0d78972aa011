// The canonical REST face: one route table, JSON in and out, problem+json for what is wrong. One
// per shard, on its loop. No domain decision is made here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/access/access.h"
#include "api/http/server.h"
#include "api/orders/order_service.h"
#include "api/push/sse_session.h"
#include "api/push/ws_session.h"
#include "api/rest/setting.h"
#include "core/order/token_registry.h"
#include "core/seams/entropy.h"

namespace oee {

struct RoutesContext {
  Clock& clock;
  Entropy& entropy;  // request ids
  OrderService& orders;
  const Health& health;
  const TokenRegistry& tokens;
  WsSessions& websockets;
  SseSessions& streams;
  bool gateway = false;  // every mutating method and /v1/quote answer 503, naming the engine's role
  bool test_endpoints = false;  // POST /test/...: orders that must fail
  const Access* access = &Access::none();
  std::vector<std::string> allowed_origins = {};        // of web pages, besides the Host itself
  HttpMeters* meters = nullptr;                         // null: nobody asks
  std::function<Task<Result<std::string>>()> scrape{};  // of /metrics; empty: there are none
  std::vector<Setting> settings = {};                   // of /v1/config
};

// Method and pattern of every route, as "GET /v1/orders/{id}": for the contract's test.
std::vector<std::string> route_names();

std::unique_ptr<HttpHandler> make_routes(RoutesContext context);

}  // namespace oee
