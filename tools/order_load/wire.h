// Wire: the byte stream to the server: TCP, or TLS over TCP. It is an AsyncReadStream and an
// AsyncWriteStream, and Beast's WebSocket can close it. A new connection needs a new Wire.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <string>
#include <utility>

namespace oee::load {

using Endpoint = boost::asio::ip::tcp::endpoint;

// The server. `tls` outlives every Wire; null: plain TCP.
struct Server {
  Endpoint endpoint;
  std::string host;  // a name or an address; the certificate must be for it
  boost::asio::ssl::context* tls = nullptr;
};

class Wire {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using Tcp = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor_type>;
  using Tls = boost::beast::ssl_stream<Tcp>;
  using error_code = boost::system::error_code;

  Wire(boost::asio::io_context& io, const Server& server);

  // Connects and performs the TLS handshake. `done(error)` is called from the loop.
  template <class Done>
  void async_connect(Done done) {
    tcp().async_connect(server_.endpoint,
                        [this, done = std::move(done)](const error_code& error) mutable {
                          if (error) return done(error);
                          error_code ignored;
                          tcp().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
                          if (!tls_) return done(error);
                          tls_->async_handshake(Tls::client, std::move(done));
                        });
  }
  // The same, blocking: checks that the server can be reached.
  error_code connect();

  executor_type get_executor() { return tcp_.get_executor(); }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& into) {
          tls_ ? tls_->async_read_some(into, std::forward<decltype(handler)>(handler))
               : tcp_.async_read_some(into, std::forward<decltype(handler)>(handler));
        },
        token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& from) {
          tls_ ? tls_->async_write_some(from, std::forward<decltype(handler)>(handler))
               : tcp_.async_write_some(from, std::forward<decltype(handler)>(handler));
        },
        token, buffers);
  }
  // Writes as much as is possible without waiting. With TLS always would_block.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    if (!tls_) return tcp_.write_some(buffers, error);
    error = boost::asio::error::would_block;
    return 0;
  }
  void non_blocking(bool mode) {
    error_code ignored;
    tcp().non_blocking(mode, ignored);
  }
  void close() {
    error_code ignored;
    tcp().close(ignored);
  }

  // Beast's customization points for a WebSocket over a Wire.
  friend void beast_close_socket(Wire& wire) { wire.close(); }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, Wire& wire, Handler&& handler) {
    using boost::beast::async_teardown;
    using boost::beast::websocket::async_teardown;
    if (wire.tls_) return async_teardown(role, *wire.tls_, std::forward<Handler>(handler));
    async_teardown(role, wire.tcp_, std::forward<Handler>(handler));
  }

 private:
  Tcp& tcp() { return tls_ ? tls_->next_layer() : tcp_; }

  const Server& server_;
  Tcp tcp_;  // with TLS: moved into tls_
  std::unique_ptr<Tls> tls_;
};

}  // namespace oee::load
