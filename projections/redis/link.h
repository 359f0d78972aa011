// RedisLink: one connection to Redis that is kept up. It connects, authenticates and selects, sends
// what it is given, hands out the replies, asks a silent server for a sign of life, and reconnects
// with jittered back-off. One loop's thread.
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
  Micros silence_max{3'000'000};  // without a byte from Redis: hung, the connection is given up
  Micros backoff_min{100'000};
  Micros backoff_max{2'000'000};
};

// Bytes to send, and what they stand for.
struct RedisChunk {
  std::string bytes;
  std::uint32_t updates = 0;
  bool counted = false;  // the sender keeps account of it; the link's own PINGs are not
};

class RedisLinkEvents {
 public:
  virtual ~RedisLinkEvents() = default;
  virtual void on_open() = 0;  // send() reaches Redis from here on
  virtual void on_reply(const RedisReply& reply) = 0;
  virtual void on_replies_end() = 0;  // those that arrived together have been handed out
  // The chunk left the queue: written to the connection, or dropped with it.
  virtual void on_chunk_done(const RedisChunk& chunk, bool written) = 0;
  // The connection ended, or could not be made; it will be tried again. Once per attempt.
  virtual void on_closed(const std::string& why) = 0;
};

class RedisLink {
 public:
  // `client_name` is shown by CLIENT LIST. Everything borrowed outlives the link.
  RedisLink(Loop& loop, Clock& clock, Entropy& entropy, const RedisUrl& url,
            std::string client_name, RedisTiming timing, RedisLinkEvents& events);
  ~RedisLink();

  void start();
  Task<void> stop();
  // Queues a chunk (bounding the queue is the caller's part); dropped at once when not connected.
  void send(RedisChunk chunk);
  // Ends this connection; the next attempt follows. Allowed inside on_reply().
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
  Alarm watch_alarm_;  // the present connection has ended
  Micros backoff_;

  // Of the present connection.
  Socket socket_;
  Resolver resolver_;
  RedisReader reader_;
  std::string read_buffer_;
  std::deque<RedisChunk> queue_;
  bool open_ = false;
  bool writing_ = false;   // write_loop() runs
  bool watching_ = false;  // watch() runs
  bool failed_ = false;
  std::string why_closed_;
  SteadyTime heard_at_{};
};

}  // namespace oee
