// WsConnection: one WebSocket as a bounded queue of outgoing messages and a series of incoming
// messages. It knows no protocol above frames. Owned by its session; loop's thread.
//
// One write is in flight at a time. Consecutive updates of one owner that subscribed with batches
// share a frame; every other message is a frame of its own. Live updates are written from the hub's
// send buffer: all sockets share the same bytes. A silent client is pinged, and disconnected when
// it does not answer. Permessage-deflate is off.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/message.h"
#include "api/push/stream_buffers.h"
#include "api/push/ws_limits.h"
#include "api/push/ws_metrics.h"
#include "api/stream/cursor.h"
#include "core/runtime/gate.h"

namespace oee {

struct WsOutgoing {
  std::shared_ptr<const std::string> text;
  SendChunkPtr chunk;           // instead of a text: its updates [seq, seq_end); `batch` is set
  const void* owner = nullptr;  // the subscription that it belongs to; null: none
  Seq seq = 0;                  // of the (first) update; 0: not an update
  Seq seq_end = 0;
  SubscriptionOffset offset;  // of the (first) update, sent with it; n 0: not sent
  bool batch = false;         // may share an "updates" frame with its neighbours
  bool shared = false;        // all subscribers of the channel share the text

  std::size_t size() const { return chunk ? seq_end - seq : 1; }
  // The memory that the message alone holds.
  std::size_t bytes() const { return sizeof(WsOutgoing) + (text && !shared ? text->size() : 0); }
  // Whether `next` is the continuation of the same slice.
  bool continues_with(const WsOutgoing& next) const {
    return chunk && chunk == next.chunk && owner == next.owner && seq_end == next.seq;
  }
};

struct WsIncoming {
  std::string text;
  bool binary = false;
};

class WsConnection {
 public:
  // `stream`: the connection's session, which may close it while bytes wait.
  WsConnection(Loop& loop, Clock& clock, Socket socket, const WsLimits& limits,
               const StreamOptions& options, BufferedStream& stream, WsMetrics& metrics);
  ~WsConnection();

  // Completes the handshake; false: the connection ended.
  Task<bool> accept(BeastRequest request);
  // The next message; empty: the connection has ended.
  Task<std::optional<WsIncoming>> receive();

  // false: the queue is full and nothing was queued. While closing: drops the message and returns
  // true.
  bool send(WsOutgoing message);
  // Drops the queued messages of this owner.
  void discard(const void* owner);
  // The smallest seq among the queued updates; empty: no update is queued.
  std::optional<Seq> first_unsent() const;

  // Drops the queue, finishes the frame in flight and sends the close frame; disconnects after
  // `grace`. Only the first call has an effect. receive() then ends.
  void close(std::uint16_t code, std::string reason, Micros grace);
  // Sends the queue before the close frame; later messages are dropped. `grace` limits both.
  void close_when_sent(std::uint16_t code, std::string reason, Micros grace);
  bool closing() const { return closing_; }

  // Closes the connection at once. receive() then ends.
  void disconnect();
  Socket& socket() { return ws_.next_layer(); }

  // co_await room(): resumes when at least half of the queue is free and few bytes wait, or the
  // connection is closing.
  auto room() { return Room(*this); }

  // Disconnects and waits for the operations in flight. Must be awaited before destruction.
  Task<void> end();

 private:
  using Stream = boost::beast::websocket::stream<Socket, false>;

  class Room {
   public:
    explicit Room(WsConnection& connection) : connection_(connection) {}
    bool await_ready() const { return connection_.has_room(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      connection_.room_waiters_.push_back(waiter);
    }
    void await_resume() const noexcept {}

   private:
    WsConnection& connection_;
  };

  bool has_room() const {
    return closing_ || (queued_ <= options_.subscriber_updates_max / 2 &&
                        queued_bytes_ <= options_.subscriber_history_bytes_max);
  }
  void wake_room_waiters();
  void start_pump();
  Task<void> pump();
  void take_next();
  WsOutgoing pop();
  void take_slice();
  void take_copies();
  void drop_queue();
  void disconnect_after(Micros grace);
  // Called after every change of the queue and of the frame in flight.
  void count_queue() {
    metrics_.queued.add(queued_ - counted_);  // a negative difference wraps round, and back
    counted_ = queued_;
    stream_.hold(queued_bytes_ + in_flight_bytes_);
  }

  Loop& loop_;
  Clock& clock_;
  const WsLimits& limits_;
  const StreamOptions& options_;
  BufferedStream& stream_;
  WsMetrics& metrics_;
  Stream ws_;
  boost::beast::flat_buffer read_buffer_;
  Gate gate_;

  std::deque<WsOutgoing> queue_;
  std::size_t queued_ = 0;  // messages and updates in queue_
  std::size_t queued_bytes_ = 0;
  std::size_t in_flight_bytes_ = 0;  // of the frame in flight, unless all sockets share them
  std::size_t counted_ = 0;          // messages of the queue in metrics_.queued
  // The bytes being written: frame_, then body_, then tail_. body_holder_ owns the bytes of body_.
  std::string frame_;
  std::string_view body_;
  std::string_view tail_;
  std::shared_ptr<const void> body_holder_;
  std::deque<std::coroutine_handle<>> room_waiters_;
  bool accepted_ = false;
  bool pumping_ = false;
  bool finishing_ = false;  // close_when_sent() was called
  bool closing_ = false;
  boost::beast::websocket::close_reason reason_;
  Clock::TimerId kill_timer_ = 0;
  Clock::TimerId message_timer_ = 0;  // of a message that is not complete
};

}  // namespace oee
