// The HttpHandler of one shard: finds the route of each request, admits the caller, and hands the
// request to the route's group. It knows no endpoint; groups are handed in. On the shard's loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/access/access.h"
#include "api/http/message.h"
#include "api/orders/order_service.h"
#include "api/push/ws_session.h"
#include "api/routing/route.h"

namespace oee {

// References outlive the handler.
struct RoutesContext {
  Clock& clock;
  OrderService& orders;  // receives how long requests wait before they are read
  WsSessions& websockets;
  bool gateway = false;  // routes that need the event log answer 503 and name the engine's role
  bool test_endpoints = false;
  const Access* access = &Access::none();
  std::vector<std::string> allowed_origins = {};  // of web pages, besides the Host itself
  HttpMetrics* metrics = nullptr;                 // null: requests are not measured
};

std::unique_ptr<HttpHandler> make_routes(RoutesContext context, RouteGroups groups);

// Method and pattern of every route of the groups, for example "GET /v1/orders/{id}".
std::vector<std::string> route_names(const RouteGroups& groups);

}  // namespace oee
