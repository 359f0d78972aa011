// The WebSocket sessions of one shard over a StreamHub: the engine's own protocol (ws_protocol.h),
// and the protocols of the session factories at their targets. A session ends when the client
// disconnects, does not read (1013 with the seq to resume after), does not answer pings, or the
// engine stops (1001). Owned by the shard; loop's thread.
//
// A socket may have many subscriptions. Each is in order, without gap and without duplicate. A
// second subscribe to the same order, or to the channel, replaces the first; the unsent updates of
// the first are dropped. With an order and the channel on one socket an update of that order
// arrives twice.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/push/ws_context.h"

namespace oee {

class WsSessions {
 public:
  explicit WsSessions(WsContext context);
  ~WsSessions();
  // Whether a WebSocket may be opened at this target: at /ws, or where a factory serves.
  bool serves(std::string_view target) const;
  // Runs one connection from its (well-formed) upgrade request until it is closed. A foreign Origin
  // is answered 403, a missing token 401. `early`: bytes read past the request; RFC 6455 4.1 allows
  // none (400).
  Task<void> serve(Socket socket, BeastRequest request, std::string early);
  // Called after a change of the access list, and when a token expires: closes with 1008 the
  // sessions whose token may no longer read.
  void close_revoked();
  // Closes every session with 1001 and waits for them. Idempotent.
  Task<void> stop();
  std::size_t count() const;
  const WsMetrics& metrics() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
