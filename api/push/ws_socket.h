// WsSocket: the part of a WebSocket session that is the same for every protocol: a connection with
// a bounded queue, the close of a slow reader (1013 with the seq to resume after) and the orderly
// stop (1001). Owned by WsSessions until run() ends; loop's thread.
#pragma once

#include <optional>
#include <string_view>

#include "api/push/ws_context.h"
#include "core/order/order.h"
#include "core/runtime/gate.h"

namespace oee {

class WsSocket : private BufferedStream {
 public:
  // `entry`: the result of the client's admission.
  WsSocket(const WsContext& context, WsMetrics& metrics, Socket socket, const Access::Entry& entry);

  // Runs the session from the upgrade request to the end of the connection. Nothing of the session
  // runs afterwards.
  virtual Task<void> run(BeastRequest request) = 0;
  void stop();
  // Closes the session with 1008 when its token may no longer read, see Access::still_allows().
  void close_when_revoked();

  // --- For the subscriptions ---------------------------------------------------------------------
  // Queues a message. A full queue closes the socket as a slow reader's.
  void send(WsOutgoing message);
  // Closes with 1013; the client may subscribe again after the seq.
  void close_to_resume(Seq resume_after, std::string_view why);
  // See HistoryUse.
  std::uint64_t client() const { return principal_->client(); }
  // Resumes when the queue has room. false: the connection is closing.
  Task<bool> room();

 protected:
  // The last seq up to which every subscription has queued its updates.
  virtual Seq queued_up_to() const = 0;

  // Counts one message of the client. false: the client is over its rate limit.
  bool within_rate_limit() { return context_.access->take(rate_client_, context_.clock); }
  // See Principal.
  std::string_view only_account() const { return principal_->only_account(); }
  // The order of a subscription, see streamed_order.h. No value: none that the caller may see.
  Task<Result<std::optional<Order>>> find_order(OrderId id);

  const WsContext& context_;
  WsMetrics& metrics_;
  Gate gate_;
  WsConnection connection_;

 private:
  Socket& socket() override { return connection_.socket(); }
  bool close_slow() override;
  void cut() override { connection_.disconnect(); }
  Seq resume_after() const;  // every update that is not sent has a higher seq

  const PrincipalPtr principal_;
  const std::uint64_t rate_client_;
};

}  // namespace oee
