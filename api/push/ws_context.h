// The dependencies that all WebSocket sessions of one shard share, and the seam for the sessions of
// protocols other than the engine's own. Loop's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/access/access.h"
#include "api/orders/order_service.h"
#include "api/push/stream_buffers.h"
#include "api/push/ws_connection.h"
#include "api/push/ws_metrics.h"
#include "api/stream/hub.h"

namespace oee {

class RequestLog;
class WsSocket;
class WsSessionFactory;

// References outlive every session.
struct WsContext {
  Loop& loop;
  Clock& clock;
  StreamHub& hub;
  StreamBuffers& buffers;
  OrderService& orders;
  const TokenRegistry& tokens;  // the names that a filter may use
  WsLimits limits = {};
  // Allowed besides the Host itself and requests without an Origin.
  std::vector<std::string> allowed_origins = {};
  const Access* access = &Access::none();
  // Tried in this order, before the engine's own protocol.
  std::vector<const WsSessionFactory*> factories = {};
  RequestLog* log = nullptr;  // null: upgrades are not logged
};

// A protocol of other systems' clients, served at some targets.
class WsSessionFactory {
 public:
  virtual ~WsSessionFactory() = default;
  // Whether an upgrade at this target is this protocol's. `target`: path and query, as sent.
  virtual bool serves(std::string_view target) const = 0;
  // The path of the row that serves this target: a literal, for the request log. REQUIRES:
  // serves(target).
  virtual std::string_view route(std::string_view target) const = 0;
  // The session of one connection. REQUIRES: serves(target).
  virtual std::unique_ptr<WsSocket> make_session(const WsContext& context, WsMetrics& metrics,
                                                 Socket socket, const Access::Entry& entry,
                                                 std::string_view target) const = 0;
};

}  // namespace oee
