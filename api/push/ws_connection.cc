#include "api/push/ws_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "api/push/ws_protocol.h"
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
constexpr std::size_t frame_bytes_kept = 256;      // between writes: the head of a batch
constexpr std::size_t read_bytes_kept = 4 * 1024;  // between messages, which are short

}  // namespace

WsConnection::WsConnection(Loop& loop, Clock& clock, Socket socket, const WsLimits& limits,
                           const StreamOptions& options, BufferedStream& stream, WsMetrics& metrics)
    : loop_(loop),
      clock_(clock),
      limits_(limits),
      options_(options),
      stream_(stream),
      metrics_(metrics),
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

// A browser that sends its token as a subprotocol requires that the server chooses one of the
// offered subprotocols: the plain one, never the one that contains the token.
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
  for (bool complete = false; !complete; complete = ws_.is_message_done()) {
    auto read = co_await ws_.async_read_some(read_buffer_, 0, use_task);
    if (read.ec) co_return std::nullopt;
    if (!ws_.is_message_done() && message_timer_ == 0)
      message_timer_ =
          clock_.call_at(clock_.steady_now() + limits_.message_time_max, [this] { disconnect(); });
  }
  clock_.cancel(std::exchange(message_timer_, 0));
  WsIncoming incoming;
  incoming.text = beast::buffers_to_string(read_buffer_.data());
  incoming.binary = ws_.got_binary();
  read_buffer_.clear();
  if (read_buffer_.capacity() > read_bytes_kept) read_buffer_.shrink_to_fit();
  co_return std::optional<WsIncoming>(std::move(incoming));
}

bool WsConnection::send(WsOutgoing message) {
  if (closing_ || finishing_) return true;
  if (queued_ >= options_.subscriber_updates_max) return false;
  queued_ += message.size();
  metrics_.messages.add(message.size());
  if (!queue_.empty() && queue_.back().continues_with(message)) {
    queue_.back().seq_end = message.seq_end;
  } else {
    queued_bytes_ += message.bytes();
    queue_.push_back(std::move(message));
  }
  count_queue();
  start_pump();
  return true;
}

void WsConnection::discard(const void* owner) {
  std::erase_if(queue_, [owner, this](const WsOutgoing& message) {
    if (message.owner != owner) return false;
    queued_ -= message.size();
    queued_bytes_ -= message.bytes();
    return true;
  });
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
  drop_queue();
  reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), reason);
  if (!accepted_) return disconnect();
  disconnect_after(grace);
  start_pump();
}

void WsConnection::close_when_sent(std::uint16_t code, std::string reason, Micros grace) {
  if (closing_ || finishing_) return;
  if (!accepted_) return close(code, std::move(reason), grace);
  finishing_ = true;
  reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), reason);
  disconnect_after(grace);
  start_pump();
}

// From here on the grace is the only limit. Beast's limits for a silent client and for the closing
// handshake would end the connection while the close frame waits behind bytes that a slow client
// has not read.
void WsConnection::disconnect_after(Micros grace) {
  websocket::stream_base::timeout none;
  none.handshake_timeout = none.idle_timeout = websocket::stream_base::none();
  none.keep_alive_pings = false;
  ws_.set_option(none);
  clock_.cancel(kill_timer_);
  kill_timer_ = clock_.call_at(clock_.steady_now() + grace, [this] { disconnect(); });
}

Task<void> WsConnection::end() {
  closing_ = true;
  drop_queue();
  clock_.cancel(kill_timer_);
  clock_.cancel(message_timer_);
  disconnect();
  co_await gate_.close();
}

void WsConnection::disconnect() {
  boost::system::error_code ignored;
  ws_.next_layer().close(ignored);  // NOLINT: what is in flight ends with operation_aborted
}

// Resumes the waiters one by one, because each may fill the queue again.
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

// Runs while messages are queued. It begins as a job of its own, so that messages which the present
// job still sends join the first frame, and no subscriber's call performs a write.
Task<void> WsConnection::pump() {
  co_await reschedule(loop_);
  for (wake_room_waiters(); !closing_ && !queue_.empty(); wake_room_waiters()) {
    take_next();
    count_queue();
    const std::array<asio::const_buffer, 3> pieces{asio::buffer(frame_), asio::buffer(body_),
                                                   asio::buffer(tail_)};
    stream_.write_begins();
    auto written = co_await ws_.async_write(pieces, use_task);
    stream_.write_ends();
    body_holder_.reset();
    in_flight_bytes_ = 0;
    count_queue();
    if (written.ec) {
      disconnect();
      closing_ = true;
      break;
    }
  }
  // Thousands of idle sockets hold no buffer.
  if (frame_.capacity() > frame_bytes_kept) std::string().swap(frame_);
  if (finishing_) closing_ = true;
  if (closing_) {
    wake_room_waiters();
    const boost::system::error_code ignored = co_await ws_.async_close(reason_, use_task);
    (void)ignored;
    disconnect();
  }
  pumping_ = false;
}

// Removes the messages of the next frame from the queue and makes frame_, body_ and tail_ of them.
void WsConnection::take_next() {
  frame_.clear();
  body_ = tail_ = {};
  in_flight_bytes_ = 0;
  const WsOutgoing& first = queue_.front();
  if (first.chunk) {
    take_slice();
  } else if (first.batch) {
    take_copies();
  } else {
    WsOutgoing next = pop();
    if (next.offset.n != 0) {
      append_update_at(frame_, *next.text, next.offset);
    } else {
      if (!next.shared) in_flight_bytes_ = next.text->size();
      body_ = *next.text;
      body_holder_ = std::move(next.text);
    }
  }
  in_flight_bytes_ += frame_.size();
}

WsOutgoing WsConnection::pop() {
  WsOutgoing next = std::move(queue_.front());
  queued_ -= next.size();
  queued_bytes_ -= next.bytes();
  queue_.pop_front();
  return next;
}

// Makes a frame of as much of the send buffer as fits. When the updates continue in the next chunk,
// the end of the first chunk is copied in front of them.
void WsConnection::take_slice() {
  const auto take = [this](std::size_t bytes_max) {
    WsOutgoing& next = queue_.front();
    WsOutgoing slice = next;
    slice.seq_end = next.chunk->fit(next.seq, next.seq_end, bytes_max);
    if (slice.seq_end == next.seq_end) return pop();
    queued_ -= slice.size();
    next.offset = next.offset.after(slice.size(), slice.seq_end - 1);
    next.seq = slice.seq_end;
    return slice;
  };
  const std::size_t bytes_max =
      std::max(limits_.batch_bytes_max, updates_frame_overhead) - updates_frame_overhead;
  WsOutgoing slice = take(bytes_max);
  std::string_view updates = slice.chunk->text(slice.seq, slice.seq_end);
  std::size_t count = slice.size();
  const auto continues = [&](const WsOutgoing& next) {
    return next.chunk && next.chunk != slice.chunk && next.owner == slice.owner &&
           updates.size() + next.chunk->text(next.seq, next.seq + 1).size() + 2 <= bytes_max;
  };
  std::string end_of_chunk;
  const SubscriptionOffset offset = slice.offset;
  if (!queue_.empty() && continues(queue_.front())) {
    end_of_chunk.append(updates).push_back(',');
    slice = take(bytes_max - end_of_chunk.size());
    updates = slice.chunk->text(slice.seq, slice.seq_end);
    count += slice.size();
  }
  if (count == 1) return append_update_at(frame_, updates, offset);
  append_updates_head(frame_, count, offset);
  frame_ += end_of_chunk;
  body_ = updates;
  tail_ = updates_tail;
  body_holder_ = std::move(slice.chunk);
}

// Makes a frame of updates that were queued one by one, from the history or through a filter: as
// many of one owner as fit.
void WsConnection::take_copies() {
  const void* owner = queue_.front().owner;
  const SubscriptionOffset offset = queue_.front().offset;
  std::vector<std::string_view> updates;
  std::vector<std::shared_ptr<const std::string>> texts;  // own the bytes of the views
  std::size_t bytes = updates_frame_overhead;
  const auto belongs = [owner](const WsOutgoing& next) {
    return next.batch && next.text && next.owner == owner;
  };
  while (!queue_.empty() && belongs(queue_.front())) {
    bytes += queue_.front().text->size() + 1;
    if (!updates.empty() && bytes > limits_.batch_bytes_max) break;
    texts.push_back(pop().text);
    updates.push_back(*texts.back());
  }
  if (updates.size() == 1) return append_update_at(frame_, updates.front(), offset);
  append_updates_frame(frame_, updates, offset);
}

void WsConnection::drop_queue() {
  queue_.clear();
  queued_ = queued_bytes_ = 0;
  count_queue();
}

}  // namespace oee
