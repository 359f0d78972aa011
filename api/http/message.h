// HTTP messages as the server and its handlers exchange them: the request, the answer, the limits,
// and the handler that turns one into the other. Values and an interface; one shard's loop.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/request_metrics.h"
#include "api/http/socket.h"
#include "core/base/task.h"
#include "core/seams/clock.h"

namespace oee {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct HttpLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t header_count_max = 100;
  std::size_t body_bytes_max = 64 * 1024;
  // A slower head is answered 408 and closed (slowloris). An idle connection has six times as long.
  std::chrono::seconds header_timeout{10};
  std::chrono::seconds body_timeout{10};
  std::chrono::seconds handshake_timeout{10};  // of TLS
  // An idle connection has only this long while more than 90 % of connections_max are open.
  std::chrono::seconds idle_timeout_nearly_full{5};
  // An answer may take any time to send while the client takes bytes of it. Without one for this
  // long the connection is closed.
  std::chrono::seconds write_stall_max{10};
  // The memory of answers that clients have not taken yet, over all shards. Above it the clients
  // that have taken no byte for the longest time are disconnected, until an eighth is free.
  std::uint64_t unsent_bytes_max = 256ULL << 20;
  // TCP_USER_TIMEOUT: the kernel resets a connection, of a stream too, whose client acknowledges no
  // byte for this long.
  std::chrono::seconds unacknowledged_max{30};
  std::uint32_t connections_max = 12'000;         // over all shards
  std::uint32_t connections_per_address_max = 0;  // 0: no limit; IPv6 counts per /64
  // The names that a Host header may have besides IP addresses and localhost (hosts.h); another
  // Host is answered 421. nullopt: every Host is accepted. HTTP/1.0 needs no Host.
  std::optional<std::vector<std::string>> host_names = std::nullopt;
};

// The body of an answer that has no length yet, such as an event stream. It takes the connection
// over.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // Called once, after the head was sent. Sends the body until it ends or the client leaves.
  // `chunked`: in chunks (RFC 9112 7.1) including the last one; otherwise (HTTP/1.0) as plain bytes
  // up to the end of the connection.
  virtual Task<void> run(Socket socket, bool chunked) = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // a literal
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names are literals
  // The request was refused because the engine is full. The connection is then read again only
  // after a pause, see refusal_throttle.h.
  bool busy = false;
  std::unique_ptr<HttpStream> stream;  // null: the body is `body`
};

// One per shard, on its loop.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Answers one complete, well-formed request. The references and the text are valid until the Task
  // ends. `request_id` is the response's X-Request-Id; `client` is the peer's address
  // (Socket::peer()).
  virtual Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                                  const Socket::Address& client) = 0;
  // The timer of the request that handle() received last. Called right after that call.
  virtual RequestTimer timer() { return {}; }
  // The answer to a request that the server itself refuses (400, 408, 413, 417, 421, 426, 431, 501,
  // 503, 505): problem+json. `code` is a literal.
  virtual HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                            std::string_view request_id) = 0;
  // Receives, every 20 ms, how long a request that arrives now waits in its socket before it is
  // read.
  virtual void on_wait(Micros /*wait*/) {}
  // Whether a WebSocket may be opened at this target. An upgrade elsewhere is handled as a plain
  // request.
  virtual bool accepts_upgrade(std::string_view /*target*/) const { return true; }
  // Serves a well-formed WebSocket upgrade: takes the connection over until it ends. `early` holds
  // bytes that were read past the request. The request's X-Request-Id header is the answer's.
  virtual Task<void> websocket(Socket socket, BeastRequest request, std::string early) = 0;
};

}  // namespace oee
