// WsSocket: what every WebSocket session of a shard has, whatever its protocol: a connection whose
// queue is bounded, the close of a reader that does not read (1013 with the seq to resume from),
// the orderly stop (1001). Owned by WsSessions; it lives until run() ends. Loop's thread.
#pragma once

#include <optional>
#include <string_view>

#include "api/access/access.h"
#include "api/push/ws_session.h"
#include "core/order/order.h"
#include "core/runtime/gate.h"

namespace oee {

class WsSocket {
 public:
  // `entry`: as whom the client was let in.
  WsSocket(const WsContext& context, WsMeters& meters, Socket socket, const Access::Entry& entry);
  WsSocket(const WsSocket&) = delete;
  virtual ~WsSocket() = default;

  // From the upgrade request to the end of the connection; nothing of the session runs afterwards.
  virtual Task<void> run(BeastRequest request) = 0;
  void stop();
  // Closes it (1008) when its token may not read any more.
  void close_when_revoked();

  // --- For its subscriptions
  void send(WsOutgoing message);  // no room: the socket is closed as a slow reader's
  void lose(Seq resume_after, std::string_view why);
  Task<bool> room();  // false: closing

 protected:
  // Everything up to here has been given to the connection, over all subscriptions.
  virtual Seq given() const = 0;

  // Whether the client may send one more message now, by its rate limit.
  bool has_turn() { return context_.access->take(rate_client_, context_.clock); }
  // The order that a subscription is about, see streamed_order.h.
  Task<Result<std::optional<Order>>> find_order(OrderId id);

  const WsContext& context_;
  WsMeters& meters_;
  Gate gate_;
  WsConnection connection_;

 private:
  Seq resume_after() const;  // what has not been sent begins after it

  const PrincipalPtr principal_;
  const std::uint64_t rate_client_;
};

}  // namespace oee
