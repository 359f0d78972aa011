// Socket: the byte stream of one client: TCP, or TLS over TCP. Like an Asio stream it is moved from
// owner to owner and used on its shard's loop.
//
// The choice between TCP and TLS costs the plain path one comparison an operation: no virtual call,
// no allocation. Socket is an AsyncReadStream and an AsyncWriteStream, and Beast's WebSocket can
// close it.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <utility>

#include "core/runtime/loop.h"

namespace oee {

// A certificate, its key and the TLS settings; see tls.h. Immutable once loaded.
using TlsContext = boost::asio::ssl::context;

// Addresses that share one per-address limit: an IPv4 address, or the /64 network of an IPv6
// address, which usually belongs to one customer.
boost::asio::ip::address network_of(const boost::asio::ip::address& address);

class Socket {
 public:
  using Tcp = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Loop::executor_type>;
  using Address = boost::asio::ip::address;
  using executor_type = Loop::executor_type;
  using error_code = boost::system::error_code;
  static constexpr auto shutdown_send = Tcp::shutdown_send;

  // Plain TCP. Implicit, so that an acceptor's socket converts to it.
  Socket(Tcp tcp, const Address& peer = {}) : tcp_(std::move(tcp)), peer_(peer) {}
  // TLS, before its handshake. The context may be destroyed before the socket.
  Socket(Tcp tcp, const Address& peer, TlsContext& context)
      : tcp_(tcp.get_executor()),
        tls_(std::make_unique<Tls>(std::move(tcp), context)),
        peer_(peer) {}

  bool is_tls() const { return tls_ != nullptr; }
  Tcp& tcp() { return tls_ ? tls_->next_layer() : tcp_; }
  // The address of the client, or of the proxy before it; unspecified when it was not given.
  const Address& peer() const { return peer_; }
  executor_type get_executor() { return tcp_.get_executor(); }
  Loop& loop() { return get_executor().context(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(Read{this}, token,
                                                                             buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(Write{this}, token,
                                                                             buffers);
  }
  // Whether bytes have left for the client, or for the kernel, since the last call; the first call
  // returns true. It looks at the kernel's queue of bytes that the client has not acknowledged: a
  // slow client may take bytes for a long time before the kernel accepts the next ones.
  bool output_moved();
  // Writes without waiting. TLS cannot do so: always would_block.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    if (!tls_) return tcp_.write_some(buffers, error);
    error = boost::asio::error::would_block;
    return 0;
  }

  // REQUIRES of the next three: is_tls().
  template <class Token>
  auto async_handshake(Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(Handshake{this}, token);
  }
  // Sends close_notify and waits for the client's. Only TCP may be used afterwards.
  template <class Token>
  auto async_close_notify(Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(CloseNotify{this}, token);
  }
  // Continues as plain TCP, for a client that does not use TLS. REQUIRES: no byte has been read.
  void become_plain() {
    tcp_ = std::move(tls_->next_layer());
    tls_.reset();
  }

  // Like Asio's functions of these names; they act on the TCP connection.
  template <class Option>
  void set_option(const Option& option, error_code& error) {
    tcp().set_option(option, error);
  }
  void non_blocking(bool mode, error_code& error) { tcp().non_blocking(mode, error); }
  void shutdown(Tcp::shutdown_type what, error_code& error) { tcp().shutdown(what, error); }
  void cancel(error_code& error) { tcp().cancel(error); }
  void close(error_code& error) { tcp().close(error); }

  // Beast's customization points for a WebSocket over this socket.
  friend void beast_close_socket(Socket& socket) {
    error_code ignored;
    socket.close(ignored);
  }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, Socket& socket, Handler&& handler) {
    using boost::beast::async_teardown;
    using boost::beast::websocket::async_teardown;
    if (socket.tls_) return async_teardown(role, *socket.tls_, std::forward<Handler>(handler));
    async_teardown(role, socket.tcp_, std::forward<Handler>(handler));
  }

 private:
  using Tls = boost::beast::ssl_stream<Tcp>;

  struct Read {
    Socket* socket;
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const {
      if (socket->tls_) {
        socket->tls_->async_read_some(buffers, std::forward<Handler>(handler));
      } else {
        socket->tcp_.async_read_some(buffers, std::forward<Handler>(handler));
      }
    }
  };
  struct Write {
    Socket* socket;
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const {
      if (socket->tls_) {
        socket->tls_->async_write_some(buffers, std::forward<Handler>(handler));
      } else {
        socket->tcp_.async_write_some(buffers, std::forward<Handler>(handler));
      }
    }
  };
  struct Handshake {
    Socket* socket;
    template <class Handler>
    void operator()(Handler&& handler) const {
      socket->tls_->async_handshake(Tls::server, std::forward<Handler>(handler));
    }
  };
  struct CloseNotify {
    Socket* socket;
    template <class Handler>
    void operator()(Handler&& handler) const {
      socket->tls_->async_shutdown(std::forward<Handler>(handler));
    }
  };

  Tcp tcp_;  // unused by a TLS socket: tls_ owns the connection
  std::unique_ptr<Tls> tls_;
  Address peer_;
  int unacknowledged_ = -1;  // bytes, at the last output_moved()
};

}  // namespace oee
