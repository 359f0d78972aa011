#include "api/push/ws_session.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <map>
#include <unordered_set>

#include "api/http/cors.h"
#include "api/http/problem.h"
#include "api/http/request_log.h"
#include "api/http/wire.h"
#include "api/push/close_codes.h"
#include "api/push/ws_protocol.h"
#include "api/push/ws_socket.h"
#include "api/stream/cursor.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {

namespace {

namespace asio = boost::asio;

constexpr std::string_view websocket_path = "/ws";

class Session;

// One subscription of one socket: its request and its position in the stream.
class Subscription final : public StreamReader {
 public:
  Subscription(Session& session, StreamHub& hub, const WsSubscribe& request, StreamFilter filter,
               std::uint64_t client)
      : topic(request.topic),
        position{request.after, request.epoch},
        batch(request.batch),
        bare(request.topic.has_value() && !request.after),
        cursor(hub, *this, request.topic, request.after, std::move(filter), client),
        session_(session) {}

  void on_update(const UpdatePtr& update, const SubscriptionOffset& offset) override;
  void on_range(const UpdateRange& range, const SubscriptionOffset& first) override;
  void on_stream_lost(Seq resume_after, std::string_view why) override;
  Task<bool> room() override;

  const WsTopic topic;
  const ResumePosition position;
  const bool batch;
  const bool bare;      // the state once, then updates without "type"
  StreamCursor cursor;  // ended: unsubscribed or refused; a running catch_up() then returns

 private:
  Session& session_;
};
using SubscriptionPtr = std::shared_ptr<Subscription>;

class Session final : public WsSocket {
 public:
  Session(const WsContext& context, WsMetrics& metrics, Socket socket, const Access::Entry& entry)
      : WsSocket(context, metrics, std::move(socket), entry) {}

  Task<void> run(BeastRequest request) override;

 private:
  void handle(const WsIncoming& incoming);
  void handle(const WsSubscribe& request);
  void handle(const WsUnsubscribe& request);
  void handle(const WsPing&) { reply(pong_frame()); }
  void reply(std::string text);
  void send_for(const Subscription& subscription, std::string text);

  Task<void> catch_up(SubscriptionPtr subscription);
  Task<bool> has_position(Subscription& subscription);
  Task<bool> begin_order(Subscription& subscription);
  void refuse(Subscription& subscription, std::string_view code, std::string_view message);
  void drop(Subscription& subscription);
  bool is_over(const Subscription& subscription) const {
    return subscription.cursor.ended() || connection_.closing();
  }
  Seq queued_up_to() const override;

  std::map<WsTopic, SubscriptionPtr> subscriptions_;
  std::uint32_t catching_up_ = 0;
};

// --- A subscription ------------------------------------------------------------------------------

void Subscription::on_update(const UpdatePtr& update, const SubscriptionOffset& offset) {
  WsOutgoing message;
  message.owner = this;
  message.seq = update->seq;
  message.batch = batch;
  if (!bare) message.offset = offset;
  if (cursor.shares_updates()) {
    message.text = std::shared_ptr<const std::string>(update, &update->json);
    message.shared = true;
  } else {
    message.text =
        std::make_shared<const std::string>(bare ? bare_update(update->json) : update->json);
  }
  session_.send(std::move(message));
}

void Subscription::on_range(const UpdateRange& range, const SubscriptionOffset& first) {
  if (!batch) return StreamReader::on_range(range, first);
  WsOutgoing message;
  message.chunk = range.chunk;
  message.owner = this;
  message.seq = range.front().seq;
  message.seq_end = range.back().seq + 1;
  message.batch = true;
  message.offset = first;
  session_.send(std::move(message));
}

void Subscription::on_stream_lost(Seq resume_after, std::string_view why) {
  session_.close_to_resume(resume_after, why);
}

Task<bool> Subscription::room() {
  return session_.room();
}

// --- The session ---------------------------------------------------------------------------------

Task<void> Session::run(BeastRequest request) {
  const bool accepted = co_await connection_.accept(std::move(request));
  while (accepted) {
    const std::optional<WsIncoming> incoming = co_await connection_.receive();
    if (!incoming) break;
    handle(*incoming);
  }
  while (!subscriptions_.empty()) drop(*subscriptions_.begin()->second);
  co_await connection_.end();
  co_await gate_.close();
}

Seq Session::queued_up_to() const {
  Seq seq = context_.hub.position();
  for (const auto& [topic, subscription] : subscriptions_)
    if (!subscription->cursor.live()) seq = std::min(seq, subscription->cursor.position());
  return seq;
}

void Session::reply(std::string text) {
  WsOutgoing message;
  message.text = std::make_shared<const std::string>(std::move(text));
  send(std::move(message));
}

void Session::send_for(const Subscription& subscription, std::string text) {
  WsOutgoing message;
  message.owner = &subscription;
  message.text = std::make_shared<const std::string>(std::move(text));
  send(std::move(message));
}

void Session::handle(const WsIncoming& incoming) {
  if (connection_.closing()) return;
  if (!within_rate_limit())
    return reply(error_frame(ws_codes::rate_limited, "too many messages; this one was dropped"));
  if (incoming.binary)
    return reply(error_frame(ws_codes::unsupported, "binary messages are not supported"));
  const auto parsed = parse_ws_request(incoming.text);
  if (const auto* refusal = std::get_if<WsRefusal>(&parsed))
    return reply(error_frame(refusal->code, refusal->message));
  std::visit([this](const auto& request) { handle(request); }, std::get<WsRequest>(parsed));
}

void Session::handle(const WsSubscribe& request) {
  StreamFilter filter;
  if (const auto unknown =
          StreamFilter::make(request.filter, context_.tokens, only_account(), &filter)) {
    return reply(error_frame(ws_codes::invalid,
                             '"' + std::string(unknown->kind) + "\": " + unknown->message));
  }
  if (const auto found = subscriptions_.find(request.topic); found != subscriptions_.end())
    drop(*found->second);
  const std::uint32_t subscriptions_max = context_.limits.subscriptions_max;
  if (subscriptions_.size() >= subscriptions_max || catching_up_ >= subscriptions_max) {
    return reply(error_frame(
        ws_codes::too_many,
        "the limit of this socket is " + std::to_string(subscriptions_max) + " subscriptions"));
  }
  const auto subscription =
      std::make_shared<Subscription>(*this, context_.hub, request, std::move(filter), client());
  subscriptions_.emplace(request.topic, subscription);
  spawn(gate_, "ws catch up", catch_up(subscription));
}

void Session::handle(const WsUnsubscribe& request) {
  const auto found = subscriptions_.find(request.topic);
  if (found == subscriptions_.end())
    return reply(error_frame(ws_codes::not_subscribed, "there is no such subscription"));
  drop(*found->second);
  reply(unsubscribed_frame(request.topic));
}

void Session::drop(Subscription& subscription) {
  subscription.cursor.end();
  connection_.discard(&subscription);
  subscriptions_.erase(WsTopic(subscription.topic));  // may destroy the subscription
}

void Session::refuse(Subscription& subscription, std::string_view code, std::string_view message) {
  reply(error_frame(code, message));
  drop(subscription);
}

// --- From the history to live updates ------------------------------------------------------------

Task<void> Session::catch_up(SubscriptionPtr subscription) {
  ++catching_up_;
  const bool ready = co_await subscription->cursor.begin();
  bool open = ready && !connection_.closing();
  if (open) open = co_await has_position(*subscription);
  bool begun = open && !subscription->topic;
  if (begun)
    send_for(*subscription, subscribed_frame({}, subscription->cursor.position(),
                                             subscription->batch, context_.hub.epoch()));
  if (open && subscription->topic) begun = co_await begin_order(*subscription);
  if (begun) {
    const bool live = co_await subscription->cursor.catch_up();
    if (live && !subscription->bare && !connection_.closing())
      send_for(*subscription, caught_up_frame(subscription->topic, subscription->cursor.position(),
                                              context_.hub.epoch()));
  }
  --catching_up_;
}

// Refuses the subscription when the log does not have the position that it resumes from.
Task<bool> Session::has_position(Subscription& subscription) {
  std::function<bool()> over = [this, &subscription] { return is_over(subscription); };
  const Result<std::optional<PositionUnknown>> unknown = co_await find_unknown_position(
      subscription.position, context_.orders, context_.hub, context_.clock, std::move(over));
  if (is_over(subscription)) co_return false;
  if (!unknown.ok()) {
    refuse(subscription, ws_codes::unavailable, "the head of the log is not known now");
    co_return false;
  }
  if (!*unknown) co_return true;
  reply(position_unknown_frame(**unknown));
  drop(subscription);
  co_return false;
}

// Sends the first frame of an order's subscription, or refuses it when there is no such order.
Task<bool> Session::begin_order(Subscription& subscription) {
  Result<std::optional<Order>> order = co_await find_order(*subscription.topic);
  if (is_over(subscription)) co_return false;
  if (!order.ok()) {
    refuse(subscription, ws_codes::unavailable, "the order cannot be read now");
    co_return false;
  }
  if (!*order) {
    refuse(subscription, ws_codes::not_found, "there is no such order");
    co_return false;
  }
  if (subscription.bare) {
    // The state is folded from the order's own records and may be ahead of the stream. Updates that
    // it contains are not sent again.
    subscription.cursor.skip_to((*order)->last_seq);
    send_for(subscription, state_frame(**order));
  } else {
    send_for(subscription, subscribed_frame(subscription.topic, subscription.cursor.position(),
                                            false, context_.hub.epoch()));
  }
  co_return true;
}

}  // namespace

// --- All sessions of the shard -------------------------------------------------------------------

class WsSessions::Impl {
 public:
  explicit Impl(WsContext context) : context_(std::move(context)) {}

  Task<void> serve(Socket socket, BeastRequest request, std::string early) {
    if (!gate_.enter()) co_return;
    const SteadyTime began = context_.clock.steady_now();
    const auto id = request["X-Request-Id"];
    const std::string_view request_id(id.data(), id.size());
    Access::Caller caller{request, socket.peer(), request_id, true};
    const std::string_view target(request.target().data(), request.target().size());
    const std::string_view query = target.substr(std::min(target.find('?'), target.size()));
    if (Access::mentions_ticket(query))
      caller.ticket = co_await context_.access->take_ticket(query.substr(1));
    Access::Entry entry =
        context_.access->admit(caller, AccessRole::read_own, true, context_.clock);
    std::optional<HttpAnswer> refusal = std::move(entry.refusal);
    if (!early.empty()) {
      refusal =
          answer_of_refusal(400, "early_bytes", "bytes follow the upgrade request", request_id);
    } else if (page_origin_of(request, context_.allowed_origins) == PageOrigin::foreign) {
      refusal = answer_of_refusal(403, "foreign_origin", "this origin is not allowed", request_id);
    }
    log_answer(caller, entry, refusal ? &*refusal : nullptr, context_.clock.steady_now() - began);
    if (refusal) {
      if (entry.rate) context_.access->add_rate_headers(*refusal, *entry.rate);
      co_await refuse(socket, request_id, *refusal);
    } else {
      co_await run_session(std::move(socket), std::move(request), std::move(entry));
    }
    gate_.leave();
  }

  bool serves(std::string_view target) const {
    if (target.substr(0, target.find('?')) == websocket_path) return true;
    return std::any_of(context_.factories.begin(), context_.factories.end(),
                       [target](const auto* factory) { return factory->serves(target); });
  }

  void close_revoked() {
    for (WsSocket* session : sessions_) session->close_when_revoked();
  }

  Task<void> stop() {
    for (WsSocket* session : sessions_) session->stop();
    if (!gate_.closed()) co_await gate_.close();
  }

  std::size_t count() const { return sessions_.size(); }
  const WsMetrics& metrics() const { return metrics_; }

 private:
  // `refusal` null: the upgrade is accepted.
  void log_answer(const Access::Caller& caller, const Access::Entry& entry,
                  const HttpAnswer* refusal, Micros took) {
    if (context_.log == nullptr) return;
    const auto sent = caller.request.target();
    const std::string_view target(sent.data(), sent.size());
    std::string_view route = websocket_path;
    for (const WsSessionFactory* factory : context_.factories)
      if (factory->serves(target)) route = factory->route(target);
    const TokenName token = entry.token_name();
    context_.log->answered({.client = caller.address,
                            .method = "GET",
                            .route = route,
                            .target = target,
                            .status = refusal != nullptr ? refusal->status : 101,
                            .bytes = refusal != nullptr ? refusal->body.size() : 0,
                            .took = took,
                            .request_id = caller.request_id,
                            .token = token ? std::string_view(*token) : std::string_view()});
  }

  std::unique_ptr<WsSocket> session_for(const BeastRequest& request, Socket socket,
                                        const Access::Entry& entry) {
    const std::string_view target(request.target().data(), request.target().size());
    for (const WsSessionFactory* factory : context_.factories) {
      if (factory->serves(target))
        return factory->make_session(context_, metrics_, std::move(socket), entry, target);
    }
    return std::make_unique<Session>(context_, metrics_, std::move(socket), entry);
  }

  Task<void> run_session(Socket socket, BeastRequest request, Access::Entry entry) {
    const std::unique_ptr<WsSocket> session = session_for(request, std::move(socket), entry);
    sessions_.insert(session.get());
    metrics_.open.add();
    metrics_.opened.add();
    co_await session->run(std::move(request));
    metrics_.open.subtract();
    sessions_.erase(session.get());
  }

  Task<void> refuse(Socket& socket, std::string_view request_id, const HttpAnswer& answer) {
    ResponseFrame frame;
    frame.request_id = request_id;
    frame.connection = ConnectionLine::close;
    std::string response;
    append_response(response, answer, frame);
    // The client may have left answers to earlier requests unread. A stop waits for no longer.
    const Clock::TimerId limit =
        context_.clock.call_at(context_.clock.steady_now() + context_.limits.stop_grace, [&socket] {
          boost::system::error_code ignored;
          socket.close(ignored);  // NOLINT: the write ends with operation_aborted
        });
    auto written = co_await asio::async_write(socket, asio::buffer(response), use_task);
    context_.clock.cancel(limit);
    if (!written.ec) socket.shutdown(Socket::shutdown_send, written.ec);
  }

  const WsContext context_;
  WsMetrics metrics_;
  Gate gate_;
  std::unordered_set<WsSocket*> sessions_;
};

WsSessions::WsSessions(WsContext context) : impl_(std::make_unique<Impl>(std::move(context))) {}
WsSessions::~WsSessions() = default;
bool WsSessions::serves(std::string_view target) const {
  return impl_->serves(target);
}
Task<void> WsSessions::serve(Socket socket, BeastRequest request, std::string early) {
  return impl_->serve(std::move(socket), std::move(request), std::move(early));
}
void WsSessions::close_revoked() {
  impl_->close_revoked();
}
Task<void> WsSessions::stop() {
  return impl_->stop();
}
std::size_t WsSessions::count() const {
  return impl_->count();
}
const WsMetrics& WsSessions::metrics() const {
  return impl_->metrics();
}

}  // namespace oee
