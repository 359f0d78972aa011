#include "api/push/ws_socket.h"

#include <algorithm>

#include "api/push/close_codes.h"
#include "api/push/ws_protocol.h"
#include "api/stream/streamed_order.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {

WsSocket::WsSocket(const WsContext& context, WsMetrics& metrics, Socket socket,
                   const Access::Entry& entry)
    : BufferedStream(context.buffers),
      context_(context),
      metrics_(metrics),
      connection_(context.loop, context.clock, std::move(socket), context.limits,
                  context.hub.options(), *this, metrics),
      principal_(entry.principal),
      rate_client_(entry.rate_client) {}

void WsSocket::stop() {
  connection_.close(ws_close::going_away, close_reason("the server is stopping", resume_after()),
                    context_.limits.stop_grace);
}

void WsSocket::close_when_revoked() {
  if (context_.access->still_allows(*principal_, AccessRole::read_own, socket().peer(),
                                    context_.clock.now()))
    return;
  connection_.close(ws_close::policy_violation,
                    close_reason("the token is no longer valid", resume_after()),
                    context_.limits.stop_grace);
}

Seq WsSocket::resume_after() const {
  const std::optional<Seq> unsent = connection_.first_unsent();
  return unsent ? std::min(queued_up_to(), *unsent - 1) : queued_up_to();
}

void WsSocket::close_to_resume(Seq resume_after_seq, std::string_view why) {
  connection_.close(ws_close::try_again_later,
                    close_reason(why, std::min(resume_after_seq, resume_after())),
                    context_.limits.close_grace);
}

void WsSocket::send(WsOutgoing message) {
  const Seq seq = message.seq;
  const bool taken = connection_.send(std::move(message));
  if (taken) return;
  // A slow reader. The update that does not fit is the newest of the unsent updates.
  if (!connection_.closing()) metrics_.slow_readers_closed.add();
  close_to_resume(seq == 0 ? resume_after() : seq - 1, "slow reader");
}

bool WsSocket::close_slow() {
  if (connection_.closing()) return false;
  metrics_.slow_readers_closed.add();
  close_to_resume(resume_after(), "slow reader");
  return true;
}

Task<bool> WsSocket::room() {
  co_await connection_.room();
  co_return !connection_.closing();
}

Task<Result<std::optional<Order>>> WsSocket::find_order(OrderId id) {
  std::function<bool()> over = [this] { return connection_.closing(); };
  return find_streamed_order(id, context_.orders, context_.hub, context_.clock, client(),
                             std::string(only_account()), std::move(over));
}

}  // namespace oee
