#include "api/dialects/session.h"

#include <algorithm>
#include <map>

#include "api/dialects/frames.h"
#include "api/push/close_codes.h"
#include "api/push/ws_socket.h"
#include "api/stream/cursor.h"
#include "core/runtime/spawn.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {
namespace {

class DialectSession;

// One order of one socket, streamed from its first event.
class DialectSubscription final : public StreamReader {
 public:
  DialectSubscription(DialectSession& session, StreamHub& hub, const OrderId& id,
                      std::uint64_t client)
      : cursor(hub, *this, id, Seq{0}, {}, client), session_(session) {}

  void on_update(const UpdatePtr& update, const SubscriptionOffset& offset) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;
  Task<bool> room() override;

  std::optional<DialectFrames> frames;  // once the order is known
  StreamCursor cursor;                  // ended: dropped; a running catch_up() then returns

 private:
  DialectSession& session_;
};
using SubscriptionPtr = std::shared_ptr<DialectSubscription>;

class DialectSession final : public WsSocket {
 public:
  DialectSession(const WsContext& context, WsMetrics& metrics, Socket socket,
                 const Access::Entry& entry, DialectUpgrade upgrade)
      : WsSocket(context, metrics, std::move(socket), entry), upgrade_(std::move(upgrade)) {}

  Task<void> run(BeastRequest request) override;
  const DialectSocket& row() const { return *upgrade_.socket; }
  void close_at_end() {
    connection_.close_when_sent(ws_close::normal, {}, context_.limits.close_grace);
  }

 private:
  void handle(const WsIncoming& incoming);
  void subscribe(std::string_view id_text);
  Task<void> stream_order(OrderId id, SubscriptionPtr subscription);
  // Sends an error frame, and closes unless the socket accepts further ids.
  void refuse(std::string_view id_text, std::string_view what, std::uint16_t close_code);
  void drop(const OrderId& id);
  void reply(std::string text);
  Seq queued_up_to() const override;

  const DialectUpgrade upgrade_;
  std::string connection_id_;
  std::map<OrderId, SubscriptionPtr> subscriptions_;
  std::uint32_t streaming_ = 0;  // running stream_order() tasks
};

void DialectSubscription::on_update(const UpdatePtr& update, const SubscriptionOffset& /*offset*/) {
  std::string frame = frames->frame_of(*update);
  if (!frame.empty()) {
    WsOutgoing message;
    message.owner = this;
    message.seq = update->seq;
    message.text = std::make_shared<const std::string>(std::move(frame));
    session_.send(std::move(message));
  }
  if (frames->at_end() && session_.row().closes_at_end) session_.close_at_end();
}

void DialectSubscription::on_stream_lost(Seq resume_after, std::string_view why) {
  session_.close_to_resume(resume_after, why);
}

Task<bool> DialectSubscription::room() {
  return session_.room();
}

Task<void> DialectSession::run(BeastRequest request) {
  const auto connection_id = request["X-Request-Id"];
  connection_id_.assign(connection_id.data(), connection_id.size());
  const bool accepted = co_await connection_.accept(std::move(request));
  if (accepted && row().id_from != OrderIdFrom::message) subscribe(upgrade_.id_text);
  while (accepted) {
    const std::optional<WsIncoming> incoming = co_await connection_.receive();
    if (!incoming) break;
    handle(*incoming);
  }
  while (!subscriptions_.empty()) drop(OrderId(subscriptions_.begin()->first));
  co_await connection_.end();
  co_await gate_.close();
}

// Messages are ignored where the dialect names the order in the target.
void DialectSession::handle(const WsIncoming& incoming) {
  if (connection_.closing() || row().id_from != OrderIdFrom::message) return;
  if (!within_rate_limit())
    return reply(dialect_error_frame(
        row(), incoming.text, "too many messages; this one was dropped", context_.clock.now()));
  constexpr std::string_view around = " \t\r\n\"";
  std::string_view text = incoming.text;
  text.remove_prefix(std::min(text.find_first_not_of(around), text.size()));
  text = text.substr(0, text.find_last_not_of(around) + 1);
  subscribe(incoming.binary ? std::string_view() : text);
}

// A second message with the same id streams the order again from its beginning.
void DialectSession::subscribe(std::string_view id_text) {
  const Result<OrderId> id = parse_order_id(id_text);
  if (!id)
    return refuse(id_text, "not an order id: a UUID is expected", ws_close::policy_violation);
  drop(*id);
  const std::uint32_t subscriptions_max = context_.limits.subscriptions_max;
  if (subscriptions_.size() >= subscriptions_max || streaming_ >= subscriptions_max)
    return refuse(id_text, "too many orders on this socket", ws_close::try_again_later);
  const auto subscription =
      std::make_shared<DialectSubscription>(*this, context_.hub, *id, client());
  subscriptions_.emplace(*id, subscription);
  spawn(gate_, "dialect order", stream_order(*id, subscription));
}

Task<void> DialectSession::stream_order(OrderId id, SubscriptionPtr subscription) {
  ++streaming_;
  const bool ready = co_await subscription->cursor.begin();
  if (ready) {
    const Result<std::optional<Order>> order = co_await find_order(id);
    const bool over = subscription->cursor.ended() || connection_.closing();
    if (!over && order.ok() && order->has_value()) {
      subscription->frames.emplace(row(), **order);
      if (row().greets) reply(dialect_greeting(to_text(id), connection_id_, context_.clock.now()));
      co_await subscription->cursor.catch_up();
    } else if (!over) {
      drop(id);
      refuse(to_text(id), order.ok() ? "there is no such order" : "the order cannot be read now",
             order.ok() ? ws_close::policy_violation : ws_close::try_again_later);
    }
  }
  --streaming_;
}

void DialectSession::refuse(std::string_view id_text, std::string_view what,
                            std::uint16_t close_code) {
  reply(dialect_error_frame(row(), id_text, what, context_.clock.now()));
  if (row().id_from == OrderIdFrom::message) return;
  connection_.close_when_sent(close_code, std::string(what), context_.limits.close_grace);
}

void DialectSession::drop(const OrderId& id) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  const SubscriptionPtr subscription = found->second;
  subscription->cursor.end();
  connection_.discard(subscription.get());
  subscriptions_.erase(found);
}

void DialectSession::reply(std::string text) {
  WsOutgoing message;
  message.text = std::make_shared<const std::string>(std::move(text));
  send(std::move(message));
}

Seq DialectSession::queued_up_to() const {
  Seq seq = context_.hub.position();
  for (const auto& [id, subscription] : subscriptions_)
    if (!subscription->cursor.live()) seq = std::min(seq, subscription->cursor.position());
  return seq;
}

}  // namespace

bool DialectSessions::serves(std::string_view target) const {
  return dialects_.upgrade(target).has_value();
}

std::string_view DialectSessions::route(std::string_view target) const {
  return dialects_.upgrade(target)->socket->path;
}

std::unique_ptr<WsSocket> DialectSessions::make_session(const WsContext& context,
                                                        WsMetrics& metrics, Socket socket,
                                                        const Access::Entry& entry,
                                                        std::string_view target) const {
  auto upgrade = dialects_.upgrade(target);
  check(upgrade.has_value(), "DialectSessions::make_session: not a dialect's target");
  return std::make_unique<DialectSession>(context, metrics, std::move(socket), entry,
                                          *std::move(upgrade));
}

}  // namespace oee
