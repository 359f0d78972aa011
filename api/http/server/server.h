// The HTTP/1.1 server: strict parsing with named limits, keep-alive, and one acceptor that deals
// connections round robin to the shards. Boost.Beast is the codec. The server knows no route; each
// shard's HttpHandler does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/message.h"
#include "core/base/result.h"

namespace oee {

class RequestLog;

class HttpServer {
 public:
  struct ShardBinding {
    Loop* loop;
    Clock* clock;
    HttpHandler* handler;
  };
  // `acceptor_loop`: one of the shards' loops. `log` null: answers are not logged.
  HttpServer(HttpLimits limits, std::vector<ShardBinding> shards, Loop& acceptor_loop,
             RequestLog* log = nullptr);
  ~HttpServer();

  // in_use: the port is taken (the detail has host and port); invalid: no such host.
  // Call before start(), once. Returns the bound port.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);
  // Begins to accept connections.
  void start();
  // New connections speak TLS with this certificate; open connections stay as they are. Any thread,
  // before start() or later.
  void set_tls(std::shared_ptr<TlsContext> context);
  // Stops accepting. Idle connections close at once, busy ones after their answer (with Connection:
  // close). Any thread.
  void drain();
  // Closes every connection now and waits, on each shard's loop, until its sessions have ended. Any
  // thread; idempotent. `done` runs on the acceptor's loop when all shards are finished. The server
  // waits for WebSockets and streams too, but their owners, the handlers, close them. The loops
  // must run until `done`.
  void stop(std::function<void()> done);

  std::uint32_t connections() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
