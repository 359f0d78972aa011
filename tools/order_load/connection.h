// Connection: one keep-alive HTTP connection with at most one request under way. order-load runs on
// one thread and one io_context, so that it takes little from the server on the same machine.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/order_load/answer.h"
#include "tools/order_load/wire.h"

namespace oee::load {

using Clock = std::chrono::steady_clock;
using Executor = boost::asio::io_context::executor_type;

class Connection {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // A request may be sent now: the connection is new, or on_answer has returned.
    virtual void on_ready(Connection& connection) = 0;
    virtual void on_answer(Connection& connection, const Answer& answer) = 0;
    // The request under way gets no answer. The connection reconnects by itself.
    virtual void on_lost(Connection& connection, std::string_view why) = 0;
    // A connection that was ready has closed. on_ready follows when it is open again.
    virtual void on_gone(Connection& connection) = 0;
    virtual void on_connect_failed(std::string_view why) = 0;
  };

  // `server` outlives it.
  Connection(boost::asio::io_context& io, const Server& server, std::size_t index,
             Listener& listener);

  std::size_t index() const { return index_; }
  Clock::time_point sent_at() const { return sent_at_; }
  bool busy() const { return busy_; }

  void connect();
  // REQUIRES: ready, not busy. `request` is copied.
  void send(std::string_view request, Clock::time_point now);
  // Ends the request under way with on_lost and reconnects.
  void abandon(std::string_view why) { fail(why); }

 private:
  void read_more();
  void take_answer();
  void fail(std::string_view why);

  boost::asio::io_context& io_;
  std::optional<Wire> wire_;  // of the present connection, or of the last one
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> pause_;
  const Server& server_;
  const std::size_t index_;
  Listener& listener_;
  std::string out_;
  std::string in_;
  std::size_t in_size_ = 0;
  Clock::time_point sent_at_;
  std::uint64_t generation_ = 0;  // handlers of an earlier socket do nothing
  bool ready_ = false;            // the listener may send
  bool busy_ = false;
};

}  // namespace oee::load
