// WsServer: a real WebSocket server over a SampleLog: a shard's loop on its own thread, with its
// hub and its sessions, and an acceptor that hands every upgrade to the sessions.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/read.hpp>
#include <future>
#include <thread>
#include <type_traits>

#include "api/dialects/session.h"
#include "api/push/ws_session.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/spawn.h"
#include "tests/api/stream/stream_fixture.h"
#include "tests/support/clients/ws_client.h"

namespace oee::test {

struct WsServerOptions {
  StreamOptions stream;
  WsLimits limits;
  std::vector<std::string> allowed_origins;
  Seq position = 0;             // of the hub at its start
  LogIdentity log;              // of that position
  std::optional<Seq> log_head;  // of an engine; no value: a gateway
  const Access* access = &Access::none();
  int send_buffer_bytes = 0;      // of accepted sockets; 0: the system's default
  bool full_send_buffer = false;  // bytes that no client reads stand before the answer
  Micros stall_max = StreamBuffers::default_stall_max;
  std::uint64_t buffer_bytes_max = 512 << 20;
};

class WsServer {
 public:
  WsServer(const SampleLog& sample, WsServerOptions options)
      : options_(options),
        sample_(sample),
        history(sample),
        orders_(history),
        acceptor_(loop_, {boost::asio::ip::address_v4::loopback(), 0}),
        hub(loop_, clock_, read_, history, options.stream),
        budget_(options.buffer_bytes_max),
        buffers_(loop_, clock_, &budget_, options.stall_max),
        sessions_(WsContext{.loop = loop_,
                            .clock = clock_,
                            .hub = hub,
                            .buffers = buffers_,
                            .orders = orders_,
                            .tokens = TokenRegistry::defaults(),
                            .limits = options.limits,
                            .allowed_origins = options.allowed_origins,
                            .access = options.access,
                            .factories = {&dialects_}}),
        thread_([this] { loop_.run(); }) {
    on_loop([this] {
      orders_.log_head = options_.log_head;
      hub.start(options_.position, options_.log);
      spawn(gate_, "accept", accept());
    });
  }
  ~WsServer() {
    stop();
    work_.reset();
    thread_.join();
    read_.stop();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  // Makes the updates [from, end) durable and publishes them, as the log does with its records.
  void publish(Seq from, Seq end) {
    history.reach(end - 1);
    hub.on_updates(sample_.batch(from, end));
  }
  // Runs `job` on the loop and returns what it returns.
  template <class Job>
  std::invoke_result_t<Job> on_loop(Job job) {
    std::packaged_task<std::invoke_result_t<Job>()> task(std::move(job));
    auto result = task.get_future();
    post(loop_, [&task] { task(); });
    return result.get();
  }
  std::size_t sessions() {
    return on_loop([this] { return sessions_.count(); });
  }
  const StreamBufferMetrics& buffers() const { return buffers_.metrics(); }
  const WsMetrics& websocket_metrics() const { return sessions_.metrics(); }
  std::size_t subscriptions() {
    return on_loop([this] { return hub.subscriptions(); });
  }
  Seq position() {
    return on_loop([this] { return hub.position(); });
  }
  void change_access(const std::function<void()>& change) {
    on_loop([&] {
      change();
      sessions_.close_revoked();
    });
  }
  void stop() {
    if (std::exchange(stopped_, true)) return;
    std::promise<void> done;
    on_loop([&] { spawn(stop_gate_, "stop", shut_down(done)); });
    done.get_future().wait();
  }

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Loop::executor_type>;

  Task<void> accept() {
    for (;;) {
      auto accepted = co_await acceptor_.async_accept(use_task);
      if (accepted.ec) co_return;
      spawn(gate_, "serve", serve(std::move(accepted.value)));
    }
  }
  Task<void> serve(Socket socket) {
    if (options_.send_buffer_bytes > 0)
      socket.tcp().set_option(
          boost::asio::socket_base::send_buffer_size(options_.send_buffer_bytes));
    if (options_.full_send_buffer) fill_send_buffer(socket);
    boost::beast::flat_buffer buffer;
    BeastRequest request;
    auto read = co_await boost::beast::http::async_read(socket, buffer, request, use_task);
    if (read.ec) co_return;
    if (request.count("X-Request-Id") == 0) request.set("X-Request-Id", "ws-1");  // as HttpServer
    std::string early = boost::beast::buffers_to_string(buffer.data());
    co_await sessions_.serve(std::move(socket), std::move(request), std::move(early));
  }
  static void fill_send_buffer(Socket& socket) {
    const std::string bytes(64 * 1024, ' ');
    boost::system::error_code error;
    socket.tcp().non_blocking(true);
    while (!error) socket.write_some(boost::asio::buffer(bytes), error);
  }
  Task<void> shut_down(std::promise<void>& done) {
    acceptor_.close();
    co_await sessions_.stop();
    co_await hub.stop();
    co_await gate_.close();
    done.set_value();
  }

  const WsServerOptions options_;
  const SampleLog& sample_;
  Loop loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> work_{loop_.get_executor()};
  SystemClock clock_{loop_};
  Worker read_{"read", 4'096};

 public:
  SampleHistory history;

 private:
  SampleOrders orders_;
  Acceptor acceptor_;

 public:
  StreamHub hub;

 private:
  StreamBudget budget_;
  StreamBuffers buffers_;
  DialectSessions dialects_;
  WsSessions sessions_;
  Gate gate_;
  Gate stop_gate_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace oee::test
