// The HTTP/1.1 server: strict parsing with named limits, keep-alive, one acceptor that deals
// connections round robin to the shards. Boost.Beast is the codec. It knows no route: a HttpHandler
// per shard does.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/request_metrics.h"
#include "api/http/socket.h"
#include "core/base/result.h"
#include "core/base/task.h"
#include "core/seams/clock.h"

namespace oee {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct HttpLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t header_count_max = 100;
  std::size_t body_bytes_max = 64 * 1024;
  std::chrono::seconds header_timeout{10};  // slower: 408, closed (slowloris); x 6: idle limit
  std::chrono::seconds body_timeout{10};
  std::chrono::seconds handshake_timeout{10};     // of TLS
  std::uint32_t connections_max = 12'000;         // over all shards
  std::uint32_t connections_per_address_max = 0;  // 0: no limit; of IPv6: per /64
};

// The body of an answer that goes on: it takes the connection over.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // Once, after the head was sent: sends the body until it ends or the client has gone. `chunked`:
  // in chunks (RFC 9112 7.1) up to the last one; else (HTTP/1.0) as it is, to the connection's end.
  virtual Task<void> run(Socket socket, bool chunked) = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // a literal
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names are literals
  // Refused for want of room: the connection takes its turn before it is read again, see
  // http/refusal_throttle.h.
  bool busy = false;
  std::unique_ptr<HttpStream> stream;  // instead of `body`
};

// Per shard, on its loop.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // One complete, well-formed request. `request` lives until the Task ends. `request_id` is what
  // the response's X-Request-Id says; `client` is who sent it, as Socket::peer() says.
  virtual Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                                  const Socket::Address& client) = 0;
  // Measures the request that handle() was given last; asked right after that call.
  virtual RequestTimer timer() { return {}; }
  // The answer to a request that the server itself refuses (400, 408, 413, 417, 426, 431, 501, 503,
  // 505): problem+json. `code` is a literal.
  virtual HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                            std::string_view request_id) = 0;
  // How long a request that arrives now waits in its socket before it is read. Told every 20 ms.
  virtual void on_wait(Micros /*wait*/) {}
  // Whether a WebSocket may be opened at this target; else an upgrade is handled as a plain
  // request.
  virtual bool accepts_upgrade(std::string_view /*target*/) const { return true; }
  // A well-formed WebSocket upgrade: takes the connection over until it ends. `early` holds bytes
  // that were read past the request. Its X-Request-Id is what an answer is to say.
  virtual Task<void> websocket(Socket socket, BeastRequest request, std::string early) = 0;
};

class HttpServer {
 public:
  struct ShardBinding {
    Loop* loop;
    Clock* clock;
    HttpHandler* handler;
  };
  // `acceptor_loop`: one of the shards' loops.
  HttpServer(HttpLimits limits, std::vector<ShardBinding> shards, Loop& acceptor_loop);
  ~HttpServer();

  // in_use: the port is taken (the detail says host and port); invalid: no such host.
  // Call before start(), once. Returns the bound port.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);
  // From here on connections are accepted.
  void start();
  // New connections speak TLS with this certificate; those that are open stay as they are. Any
  // thread, before start() or later.
  void set_tls(std::shared_ptr<TlsContext> context);
  // Stops accepting; idle connections close, busy ones after their answer (with Connection: close).
  // Any thread.
  void drain();
  // Closes every connection now and, on each shard's loop, waits for its sessions to end. Any
  // thread, as often as one likes; `done` runs on the acceptor's loop when all shards are finished.
  // WebSockets and streams belong to the handlers: it waits for them, their owner closes them. The
  // loops must run until `done`.
  void stop(std::function<void()> done);

  std::uint32_t connections() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
