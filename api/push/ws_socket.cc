#include "api/push/ws_socket.h"

#include <algorithm>

#include "api/push/ws_protocol.h"
#include "api/stream/streamed_order.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {
namespace {

constexpr std::uint16_t close_going_away = 1001;
constexpr std::uint16_t close_policy_violation = 1008;
constexpr std::uint16_t close_try_again_later = 1013;

}  // namespace

WsSocket::WsSocket(const WsContext& context, WsMeters& meters, Socket socket,
                   const Access::Entry& entry)
    : context_(context),
      meters_(meters),
      connection_(context.loop, context.clock, std::move(socket), context.limits,
                  context.hub.options().subscriber_updates_max, meters),
      principal_(entry.principal),
      rate_client_(entry.rate_client) {}

void WsSocket::stop() {
  connection_.close(close_going_away, close_reason("the server is stopping", resume_after()),
                    context_.limits.stop_grace);
}

void WsSocket::close_when_revoked() {
  if (context_.access->still_allows(*principal_, AccessRole::read)) return;
  connection_.close(close_policy_violation,
                    close_reason("the token is not valid any more", resume_after()),
                    context_.limits.stop_grace);
}

Seq WsSocket::resume_after() const {
  const std::optional<Seq> unsent = connection_.first_unsent();
  return unsent ? std::min(given(), *unsent - 1) : given();
}

void WsSocket::lose(Seq resume_after_seq, std::string_view why) {
  connection_.close(close_try_again_later,
                    close_reason(why, std::min(resume_after_seq, resume_after())),
                    context_.limits.close_grace);
}

void WsSocket::send(WsOutgoing message) {
  const Seq seq = message.seq;
  const bool taken = connection_.send(std::move(message));
  if (taken) return;
  // A client that does not read. The update that found no room is the newest of the unsent.
  if (!connection_.closing()) meters_.slow_readers_closed.add();
  lose(seq == 0 ? resume_after() : seq - 1, "slow reader");
}

Task<bool> WsSocket::room() {
  co_await connection_.room();
  co_return !connection_.closing();
}

Task<Result<std::optional<Order>>> WsSocket::find_order(OrderId id) {
  std::function<bool()> over = [this] { return connection_.closing(); };
  return find_streamed_order(id, context_.orders, context_.hub, context_.clock, std::move(over));
}

}  // namespace oee
