// Stream: follows all orders on the server's WebSocket. After a break it reconnects and resumes
// after the last seq that it received.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tools/order_load/connection.h"
#include "tools/order_load/updates.h"

namespace oee::load {

class Stream {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_subscribed() = 0;
    virtual void on_update(const UpdateSeen& update) = 0;
    virtual void on_stream_broken(const std::string& why) = 0;
    virtual void on_stream_disorder(const std::string& what) = 0;
  };

  // `server` outlives it.
  Stream(boost::asio::io_context& io, const Server& server, std::string host, std::string token,
         Listener& listener);
  void connect();

 private:
  using Socket = boost::beast::websocket::stream<Wire>;
  void subscribe(std::uint64_t generation);
  void read(std::uint64_t generation);
  void take(std::string_view message);
  void fail(const std::string& why);

  boost::asio::io_context& io_;
  const Server& server_;
  const std::string host_;
  const std::string token_;  // empty: none
  Listener& listener_;
  std::unique_ptr<Socket> socket_;
  boost::asio::steady_timer pause_;
  boost::beast::flat_buffer buffer_;
  std::string subscription_;
  std::optional<std::uint64_t> last_seq_;
  std::uint64_t generation_ = 0;
};

}  // namespace oee::load
