#include "api/ws_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "api/ws_protocol.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/spawn.h"

// No co_await stands in the condition of an if, while or switch here: g++ 12 then lays the
// coroutine's frame out wrongly.
namespace oee {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::chrono::seconds handshake_timeout{10};
constexpr const char* websocket_protocol = "oee";

std::string_view text_of(const WsOutgoing& message) {
  return *message.text;
}

}  // namespace

WsConnection::WsConnection(Loop& loop, Clock& clock, Socket socket, const WsLimits& limits,
                           std::size_t queue_messages_max, WsMeters& meters)
    : loop_(loop),
      clock_(clock),
      limits_(limits),
      queue_max_(queue_messages_max),
      meters_(meters),
      ws_(std::move(socket)) {
  boost::system::error_code ignored;
  ws_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
  websocket::stream_base::timeout timeout;
  timeout.handshake_timeout = handshake_timeout;
  timeout.idle_timeout = 2 * limits_.ping_every;  // Beast pings after half of it without a byte
  timeout.keep_alive_pings = true;
  ws_.set_option(timeout);
  ws_.read_message_max(limits_.frame_bytes_max);
  ws_.auto_fragment(false);
  ws_.text(true);
}

WsConnection::~WsConnection() = default;

// A browser that sends its token as a subprotocol wants one of those that it offered chosen: the
// plain one, never the one with the secret in it.
Task<bool> WsConnection::accept(BeastRequest request) {
  beast::http::token_list offered{request[beast::http::field::sec_websocket_protocol]};
  if (offered.exists(websocket_protocol)) {
    const auto choose = [](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, websocket_protocol);
    };
    ws_.set_option(websocket::stream_base::decorator(choose));
  }
  const boost::system::error_code ec = co_await ws_.async_accept(request, use_task);
  accepted_ = !ec;
  co_return accepted_ && !closing_;
}

Task<std::optional<WsIncoming>> WsConnection::receive() {
  read_buffer_.clear();
  auto read = co_await ws_.async_read(read_buffer_, use_task);
  if (read.ec) co_return std::nullopt;
  WsIncoming incoming;
  incoming.text = beast::buffers_to_string(read_buffer_.data());
  incoming.binary = ws_.got_binary();
  co_return std::optional<WsIncoming>(std::move(incoming));
}

bool WsConnection::send(WsOutgoing message) {
  if (closing_ || finishing_) return true;
  if (queue_.size() >= queue_max_) return false;
  queue_.push_back(std::move(message));
  meters_.messages.add();
  count_queue();
  start_pump();
  return true;
}

void WsConnection::discard(const void* owner) {
  std::erase_if(queue_, [owner](const WsOutgoing& message) { return message.owner == owner; });
  count_queue();
}

std::optional<Seq> WsConnection::first_unsent() const {
  std::optional<Seq> first;
  for (const WsOutgoing& message : queue_)
    if (message.seq != 0 && (!first || message.seq < *first)) first = message.seq;
  return first;
}

void WsConnection::close(std::uint16_t code, std::string reason, Micros grace) {
  if (closing_) return;
  closing_ = true;
  queue_.clear();
  count_queue();
  reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), reason);
  if (!accepted_) return disconnect();
  clock_.cancel(kill_timer_);
  kill_timer_ = clock_.call_at(clock_.steady_now() + grace, [this] { disconnect(); });
  start_pump();
}

void WsConnection::close_when_sent(std::uint16_t code, std::string reason, Micros grace) {
  if (closing_ || finishing_) return;
  if (!accepted_) return close(code, std::move(reason), grace);
  finishing_ = true;
  reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), reason);
  kill_timer_ = clock_.call_at(clock_.steady_now() + grace, [this] { disconnect(); });
  start_pump();
}

Task<void> WsConnection::end() {
  closing_ = true;
  queue_.clear();
  count_queue();
  clock_.cancel(kill_timer_);
  disconnect();
  co_await gate_.close();
}

void WsConnection::disconnect() {
  boost::system::error_code ignored;
  ws_.next_layer().close(ignored);  // NOLINT: what is in flight ends with operation_aborted
}

// Resumed one by one: each may fill the queue again.
void WsConnection::wake_room_waiters() {
  while (!room_waiters_.empty() && has_room()) {
    const std::coroutine_handle<> waiter = room_waiters_.front();
    room_waiters_.pop_front();
    waiter.resume();
  }
}

void WsConnection::start_pump() {
  if (pumping_) return;
  pumping_ = spawn(gate_, "ws pump", pump());
}

// Runs while there is something to write. It begins as a job of its own: what the present one still
// sends joins the first frame, and no subscriber's call ends in a write.
Task<void> WsConnection::pump() {
  co_await reschedule(loop_);
  while (!closing_ && !queue_.empty()) {
    take_next();
    count_queue();
    const std::string_view bytes = frame_.empty() ? text_of(in_hand_.front()) : frame_;
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    auto written = co_await ws_.async_write(buffer, use_task);
    in_hand_.clear();
    if (written.ec) {
      disconnect();
      closing_ = true;
      break;
    }
    wake_room_waiters();
  }
  if (finishing_) closing_ = true;
  if (closing_) {
    wake_room_waiters();
    const boost::system::error_code ignored = co_await ws_.async_close(reason_, use_task);
    (void)ignored;
    disconnect();
  }
  pumping_ = false;
}

// Moves the next frame's messages to in_hand_, and makes frame_ of them when it is not their text.
void WsConnection::take_next() {
  frame_.clear();
  in_hand_.push_back(std::move(queue_.front()));
  queue_.pop_front();
  const StreamPlace place = in_hand_.front().place;
  if (!in_hand_.front().batch) {
    if (place.n != 0) append_placed_update(frame_, text_of(in_hand_.front()), place);
    return;
  }
  std::size_t bytes = updates_frame_overhead + text_of(in_hand_.front()).size();
  while (!queue_.empty() && queue_.front().batch &&
         queue_.front().owner == in_hand_.front().owner) {
    bytes += text_of(queue_.front()).size() + 1;
    if (bytes > limits_.batch_bytes_max) break;
    in_hand_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  if (in_hand_.size() == 1) return append_placed_update(frame_, text_of(in_hand_.front()), place);
  std::vector<std::string_view> updates;
  updates.reserve(in_hand_.size());
  for (const WsOutgoing& message : in_hand_) updates.push_back(text_of(message));
  frame_ = updates_frame(updates, place);
}

}  // namespace oee
