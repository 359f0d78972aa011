#include "projections/redis/link.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "core/runtime/asio_task.h"
#include "core/runtime/spawn.h"

// No condition of an if, while or switch contains a co_await here: g++ 12 then lays the coroutine's
// frame out wrongly (its first member precedes the resume pointer), and resuming it jumps to a
// wrong address.
namespace oee {

namespace {

namespace asio = boost::asio;

constexpr std::size_t read_bytes_max = 256 * 1024;  // one read: ~400 messages of the stream
constexpr std::size_t write_bytes_max = 1 << 20;    // one gathered write
constexpr std::size_t write_chunks_max = 64;        // writev's vector in Asio

}  // namespace

RedisLink::RedisLink(Loop& loop, Clock& clock, Entropy& entropy, const RedisUrl& url,
                     std::string client_name, RedisTiming timing, RedisLinkEvents& events)
    : loop_(loop),
      clock_(clock),
      entropy_(entropy),
      url_(url),
      client_name_(std::move(client_name)),
      timing_(timing),
      events_(events),
      stop_alarm_(clock),
      watch_alarm_(clock),
      backoff_(timing.backoff_min),
      socket_(loop),
      resolver_(loop) {}

RedisLink::~RedisLink() = default;

void RedisLink::start() {
  spawn(gate_, "redis link", run());
}

Task<void> RedisLink::stop() {
  stopping_ = true;
  close("stopping");
  resolver_.cancel();
  stop_alarm_.ring();
  co_await gate_.close();
}

void RedisLink::close(std::string why) {
  if (!failed_) why_closed_ = std::move(why);
  failed_ = true;
  close_socket();
  watch_alarm_.ring();
}

void RedisLink::close_socket() {
  boost::system::error_code ignored;
  socket_.close(ignored);  // NOLINT: every pending operation ends with operation_aborted
}

void RedisLink::drop_queue() {
  for (; !queue_.empty(); queue_.pop_front()) events_.on_chunk_done(queue_.front(), false);
}

// The back-off doubles from attempt to attempt. The wait is random between half of it and all of
// it, so that many processes do not reconnect at the same time.
Micros RedisLink::next_backoff() {
  const Micros wait = backoff_ / 2 + backoff_ * (entropy_.next() % 1024) / 2048;
  backoff_ = std::min(backoff_ * 2, timing_.backoff_max);
  return wait;
}

Task<void> RedisLink::run() {
  while (!stopping_) {
    failed_ = false;
    why_closed_.clear();
    reader_ = RedisReader();
    received_at_ = clock_.steady_now();
    watching_ = spawn(gate_, "redis watch", watch());
    const bool opened = co_await open();
    if (opened) {
      open_ = true;
      events_.on_open();
      co_await read_loop();
      open_ = false;
    }
    close("connection lost");
    // Both end within the loop's next rounds: close() aborted the write and rang the alarm.
    while (writing_ || watching_) co_await reschedule(loop_);
    drop_queue();
    if (stopping_) break;
    events_.on_closed(why_closed_);
    co_await stop_alarm_.wait(clock_.steady_now() + next_backoff());
  }
}

Task<bool> RedisLink::open() {
  const bool connected = co_await connect();
  if (!connected) co_return false;
  co_return co_await log_in();
}

Task<bool> RedisLink::connect() {
  std::vector<Tcp::endpoint> endpoints;
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(url_.host, not_an_address);
  if (!not_an_address) {
    endpoints.emplace_back(address, url_.port);
  } else {
    auto [ec, found] =
        co_await resolver_.async_resolve(url_.host, std::to_string(url_.port), use_task);
    if (ec) {
      close(ec.message());
      co_return false;
    }
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  boost::system::error_code ec = asio::error::host_not_found;
  for (const Tcp::endpoint& endpoint : endpoints) {
    if (failed_ || stopping_) break;
    close_socket();
    ec = co_await socket_.async_connect(endpoint, use_task);
    if (!ec) break;
  }
  if (ec || failed_) {
    close(ec.message());
    co_return false;
  }
  boost::system::error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  co_return true;
}

// All commands are sent together. CLIENT SETNAME may be forbidden to this user; any reply to it
// shows that the server answers.
Task<bool> RedisLink::log_in() {
  std::string commands;
  std::size_t required = 0;
  if (!url_.password.empty()) {
    if (url_.user.empty()) {
      append_redis_command(commands, {"AUTH", url_.password});
    } else {
      append_redis_command(commands, {"AUTH", url_.user, url_.password});
    }
    ++required;
  }
  if (url_.db != 0) {
    append_redis_command(commands, {"SELECT", std::to_string(url_.db)});
    ++required;
  }
  append_redis_command(commands, {"CLIENT", "SETNAME", client_name_});

  auto written = co_await asio::async_write(socket_, asio::buffer(commands), use_task);
  if (written.ec) {
    close(written.ec.message());
    co_return false;
  }
  for (std::size_t replies = 0; replies <= required;) {
    Result<std::optional<RedisReply>> reply = reader_.next();
    if (!reply.ok()) {
      close(reply.error().detail);
      co_return false;
    }
    if (!*reply) {
      const bool received = co_await receive();
      if (!received) co_return false;
      continue;
    }
    // Without a required password the server replies NOAUTH to every command.
    const std::string_view text = (*reply)->text();
    if ((*reply)->is_error() && (replies < required || text.starts_with("NOAUTH"))) {
      close(std::string(text));
      co_return false;
    }
    ++replies;
  }
  co_return !failed_;
}

// Feeds the next bytes to the reader; false when the connection ended.
Task<bool> RedisLink::receive() {
  read_buffer_.resize(read_bytes_max);
  auto [ec, size] = co_await socket_.async_read_some(asio::buffer(read_buffer_), use_task);
  if (ec || failed_) {
    close(ec == asio::error::eof ? "closed by the server" : ec.message());
    co_return false;
  }
  received_at_ = clock_.steady_now();
  reader_.feed(std::string_view(read_buffer_).substr(0, size));
  co_return true;
}

Task<void> RedisLink::read_loop() {
  while (!failed_) {
    const bool received = co_await receive();
    if (!received) co_return;
    while (!failed_) {
      Result<std::optional<RedisReply>> reply = reader_.next();
      if (!reply.ok()) {
        close(reply.error().detail);
        break;
      }
      if (!*reply) break;
      backoff_ = timing_.backoff_min;
      events_.on_reply(**reply);
    }
    events_.on_replies_end();
  }
}

void RedisLink::send(RedisChunk chunk) {
  if (!open_ || failed_) {
    events_.on_chunk_done(chunk, false);
    return;
  }
  queue_.push_back(std::move(chunk));
  if (writing_) return;
  writing_ = true;
  if (!spawn(gate_, "redis write", write_loop())) writing_ = false;
}

// Runs while the queue is not empty: one gathered write at a time.
Task<void> RedisLink::write_loop() {
  std::vector<asio::const_buffer> buffers;
  while (!queue_.empty() && !failed_) {
    buffers.clear();
    std::size_t bytes = 0;
    for (const RedisChunk& chunk : queue_) {
      if (buffers.size() == write_chunks_max || bytes >= write_bytes_max) break;
      buffers.emplace_back(chunk.bytes.data(), chunk.bytes.size());
      bytes += chunk.bytes.size();
    }
    auto [ec, size] = co_await asio::async_write(socket_, buffers, use_task);
    if (ec) {
      close(ec.message());
      break;
    }
    for (std::size_t done = 0; done < buffers.size(); ++done) {
      events_.on_chunk_done(queue_.front(), true);
      queue_.pop_front();
    }
  }
  writing_ = false;
}

// Ends with the connection. Pings a silent server and closes the connection when no byte arrives
// for silence_max. A connection attempt or a log-in that hangs ends the same way.
Task<void> RedisLink::watch() {
  SteadyTime pinged_at = clock_.steady_now();
  while (!failed_) {
    co_await watch_alarm_.wait(clock_.steady_now() + timing_.ping_every / 4);
    if (failed_ || stopping_) break;
    const SteadyTime now = clock_.steady_now();
    if (now - received_at_ >= timing_.silence_max) {
      close("no answer for " + format_duration(timing_.silence_max));
      resolver_.cancel();
    } else if (open_ && now - received_at_ >= timing_.ping_every &&
               now - pinged_at >= timing_.ping_every) {
      pinged_at = now;
      RedisChunk ping;
      append_redis_command(ping.bytes, {"PING"});
      send(std::move(ping));
    }
  }
  watching_ = false;
}

}  // namespace oee
