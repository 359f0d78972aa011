// RedisLink: one connection to Redis that reconnects by itself. It connects, logs in, selects the
// database, sends chunks, hands out replies, pings a silent server, and reconnects with jittered
// back-off after a loss. Its user owns it; the thread of its loop. Nothing is stored.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <string>

#include "core/base/task.h"
#include "core/runtime/gate.h"
#include "core/runtime/loop.h"
#include "core/runtime/sleep.h"
#include "core/seams/entropy.h"
#include "projections/redis/codec.h"
#include "projections/redis/url.h"

namespace oee {

struct RedisTiming {
  Micros ping_every{1'000'000};
  Micros silence_max{3'000'000};  // no byte from Redis for this long: the connection is closed
  Micros backoff_min{100'000};
  Micros backoff_max{2'000'000};
};

// Bytes to send, and the number of updates in them.
struct RedisChunk {
  std::string bytes;
  std::uint32_t updates = 0;
  bool counted = false;  // its bytes count in the sender's queue; false for the link's own PINGs
};

class RedisLinkEvents {
 public:
  virtual ~RedisLinkEvents() = default;
  virtual void on_open() = 0;  // send() reaches Redis from now on
  virtual void on_reply(const RedisReply& reply) = 0;
  virtual void on_replies_end() = 0;  // after the replies of one read
  // The chunk left the queue: it was written to the connection, or dropped with it.
  virtual void on_chunk_done(const RedisChunk& chunk, bool written) = 0;
  // The connection ended or could not be made; the link tries again. Once per attempt.
  virtual void on_closed(const std::string& why) = 0;
};

class RedisLink {
 public:
  // CLIENT LIST shows `client_name`. Everything borrowed outlives the link.
  RedisLink(Loop& loop, Clock& clock, Entropy& entropy, const RedisUrl& url,
            std::string client_name, RedisTiming timing, RedisLinkEvents& events);
  ~RedisLink();

  void start();
  Task<void> stop();
  // Queues a chunk; drops it at once when not connected. The caller bounds the queue.
  void send(RedisChunk chunk);
  // Closes this connection; the next attempt follows. Allowed inside on_reply().
  void close(std::string why);

 private:
  using Tcp = boost::asio::ip::tcp;
  using Socket = boost::asio::basic_stream_socket<Tcp, Loop::executor_type>;
  using Resolver = boost::asio::ip::basic_resolver<Tcp, Loop::executor_type>;

  Task<void> run();
  Task<bool> open();
  Task<bool> connect();
  Task<bool> log_in();
  Task<bool> receive();
  Task<void> read_loop();
  Task<void> write_loop();
  Task<void> watch();
  void close_socket();
  void drop_queue();
  Micros next_backoff();

  Loop& loop_;
  Clock& clock_;
  Entropy& entropy_;
  const RedisUrl& url_;
  const std::string client_name_;
  const RedisTiming timing_;
  RedisLinkEvents& events_;

  Gate gate_;
  bool stopping_ = false;
  Alarm stop_alarm_;
  Alarm watch_alarm_;  // rings when the current connection ends
  Micros backoff_;

  // State of the current connection.
  Socket socket_;
  Resolver resolver_;
  RedisReader reader_;
  std::string read_buffer_;
  std::deque<RedisChunk> queue_;
  bool open_ = false;
  bool writing_ = false;   // write_loop() runs
  bool watching_ = false;  // watch() runs
  bool failed_ = false;    // closed; why_closed_ is set
  std::string why_closed_;
  SteadyTime received_at_{};  // the last byte
};

}  // namespace oee
