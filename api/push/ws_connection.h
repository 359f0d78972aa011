// WsConnection: one WebSocket as a bounded queue of messages out and a series of messages in. It
// knows no protocol above frames. Loop's thread.
//
// One write is in flight at a time; consecutive updates of one owner that asked for batches share a
// frame, everything else is a frame of its own. Live updates are written from the hub's tape, by
// all sockets from the same bytes. A client that is silent is pinged, one that does
// not answer is disconnected. Permessage-deflate is off.
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

#include "api/http/server.h"
#include "api/push/ws_metrics.h"
#include "api/stream/cursor.h"
#include "core/runtime/gate.h"

namespace oee {

struct WsLimits {
  std::size_t frame_bytes_max = 64 * 1024;  // a message from a client; longer: closed with 1009
  std::size_t batch_bytes_max = 64 * 1024;  // of an "updates" message
  std::uint32_t subscriptions_max = 1'024;  // per socket
  std::chrono::seconds ping_every{20};      // unanswered for as long again: disconnected
  Micros close_grace{30'000'000};  // for a slow reader to take what was begun and the close frame
  Micros stop_grace{2'000'000};    // the same, when the engine stops
};

struct WsOutgoing {
  std::shared_ptr<const std::string> text;  // an update's is shared by all subscribers
  TapeChunkPtr chunk;           // instead of a text: its updates [seq, seq_end), `batch` is set
  const void* owner = nullptr;  // the subscription it belongs to; null: none
  Seq seq = 0;                  // of the (first) update; 0: not an update
  Seq seq_end = 0;
  SubscriptionOffset place;  // of the (first) update, is said with it; n 0: not said
  bool batch = false;        // may share an "updates" frame with its neighbours

  std::size_t size() const { return chunk ? seq_end - seq : 1; }
  // Whether `next` is the continuation of the same slice.
  bool goes_on_with(const WsOutgoing& next) const {
    return chunk && chunk == next.chunk && owner == next.owner && seq_end == next.seq;
  }
};

struct WsIncoming {
  std::string text;
  bool binary = false;
};

class WsConnection {
 public:
  WsConnection(Loop& loop, Clock& clock, Socket socket, const WsLimits& limits,
               std::size_t queue_messages_max, WsMeters& meters);
  ~WsConnection();

  // Completes the handshake; false: the connection ended.
  Task<bool> accept(BeastRequest request);
  // The next message; empty: the connection ended, for whatever reason.
  Task<std::optional<WsIncoming>> receive();

  // false: the queue is full and nothing was queued. When closing: true, and dropped.
  bool send(WsOutgoing message);
  // Drops what is queued of this owner.
  void discard(const void* owner);
  // The smallest seq among the queued updates; empty: none is queued.
  std::optional<Seq> first_unsent() const;

  // Drops what is queued, finishes the frame in hand, sends the close frame; after `grace`
  // disconnects. The first call decides. receive() then ends.
  void close(std::uint16_t code, std::string reason, Micros grace);
  // The same, once what is queued has been sent; what is sent from now on is dropped. `grace` holds
  // for both.
  void close_when_sent(std::uint16_t code, std::string reason, Micros grace);
  bool closing() const { return closing_; }

  // co_await room(): resumes when at least half of the queue is free, or when closing.
  auto room() { return Room(*this); }

  // Disconnects, and waits for what is in flight. To be awaited before the end of its life.
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

  bool has_room() const { return closing_ || queued_ <= queue_max_ / 2; }
  void wake_room_waiters();
  void start_pump();
  Task<void> pump();
  void take_next();
  void take_slice();
  void take_copies();
  void drop_queue();
  void disconnect();
  // After every change of the queue.
  void count_queue() {
    meters_.queued.add(queued_ - counted_);  // a negative difference wraps round, and back
    counted_ = queued_;
  }

  Loop& loop_;
  Clock& clock_;
  const WsLimits& limits_;
  const std::size_t queue_max_;
  WsMeters& meters_;
  Stream ws_;
  boost::beast::flat_buffer read_buffer_;
  Gate gate_;

  std::deque<WsOutgoing> queue_;
  std::size_t queued_ = 0;   // messages and updates in queue_
  std::size_t counted_ = 0;  // of the queue, in the meters
  // What is being written: frame_, then body_, which in_hand_ keeps alive, then tail_.
  std::string frame_;
  std::string_view body_;
  std::string_view tail_;
  std::shared_ptr<const void> in_hand_;
  std::deque<std::coroutine_handle<>> room_waiters_;
  bool accepted_ = false;
  bool pumping_ = false;
  bool finishing_ = false;  // close_when_sent() was called
  bool closing_ = false;
  boost::beast::websocket::close_reason reason_;
  Clock::TimerId kill_timer_ = 0;
};

}  // namespace oee
