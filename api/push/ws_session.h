// The WebSocket sessions of one shard over a StreamHub: the protocol of API.md, and those of other
// systems' clients where the target is one of theirs (dialects.h). A session ends when the client
// leaves, does not read (1013 with the seq to resume from), does not answer pings, or the engine
// stops (1001). Loop's thread.
//
// A socket may hold many subscriptions; each is in order, without gap and without duplicate. A
// second subscribe to the same order, or to the channel, replaces the first: what that had not sent
// yet is dropped. With an order and the channel on one socket an update of that order arrives
// twice.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/access/access.h"
#include "api/http/server.h"
#include "api/orders/order_service.h"
#include "api/push/ws_connection.h"
#include "api/push/ws_metrics.h"
#include "api/stream/hub.h"

namespace oee {

// What all WebSocket sessions of one shard share.
struct WsContext {
  Loop& loop;
  Clock& clock;
  StreamHub& hub;
  OrderService& orders;
  const TokenRegistry& tokens;  // names to filter by
  WsLimits limits;
  std::vector<std::string> allowed_origins;  // besides the Host itself, and no Origin at all
  const Access* access = &Access::none();
};

class WsSessions {
 public:
  explicit WsSessions(WsContext context);
  ~WsSessions();
  // Runs one connection from its (well-formed) upgrade request to its end. A foreign Origin is
  // answered 403, one without a token 401. `early`: bytes read past the request; RFC 6455 4.1
  // allows none (400).
  Task<void> serve(Socket socket, BeastRequest request, std::string early);
  // After the access list has changed: closes the sessions of tokens that may not read any more,
  // with 1008.
  void close_revoked();
  // Closes every session with 1001 and waits for them. Idempotent.
  Task<void> stop();
  std::size_t count() const;
  const WsMeters& meters() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
