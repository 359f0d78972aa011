// TestStream: the stream API over a SampleLog on a real HttpServer with one shard: /ws and
// /v1/stream, behind the routes.
#pragma once

#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/test_api.h"
#include "tests/api/stream/stream_fixture.h"
#include "tests/support/bus_sinks.h"

namespace oee::test {

struct TestStreamOptions {
  StreamOptions stream;
  SseLimits sse;
  Seq position = 0;       // of the hub at its start
  LogIdentity log;        // of that position
  bool start_hub = true;  // false: start_hub() starts it
  const Access* access = &Access::none();
  int send_buffer_bytes = 0;  // of streams; 0: the system's default
  Micros stall_max = StreamBuffers::default_stall_max;
  std::uint64_t buffer_bytes_max = 512 << 20;
};

class TestStream {
 public:
  explicit TestStream(const SampleLog& sample, TestStreamOptions options = {})
      : sample_(sample), history(sample) {
    server_ = std::make_unique<TestServer>(HttpLimits{}, 1, [&](Loop& loop, Clock& clock) {
      auto made = std::make_unique<Handler>(loop, clock, history, options);
      handler_ = made.get();
      return made;
    });
    if (options.start_hub) start_hub(options.position, options.log);
  }
  ~TestStream() { stop(); }

  void start_hub(Seq position, const LogIdentity& log = {}) {
    on_loop([&] { handler_->hub.start(position, log); });
  }
  // As the bus announces it.
  void announce_head(const LogIdentity& log, Seq head) { handler_->hub.on_head(log, head); }
  // Changes the access list on the loop, as a SIGHUP does.
  void change_access(const std::function<void()>& change) {
    on_loop([&] {
      change();
      handler_->websockets.close_revoked();
      handler_->streams.close_revoked();
    });
  }
  // Requests whose answer is not made yet.
  int handling() {
    return on_loop([this] { return handler_->handling; });
  }
  std::uint16_t port() const { return server_->port(); }
  HttpServer& server() { return server_->server(); }
  // Makes the updates [from, end) durable and publishes them, as the log does with its records.
  void publish(Seq from, Seq end) {
    history.reach(end - 1);
    publish_without_history(from, end);
  }
  // Publishes on the bus alone. The history does not contain the updates.
  void publish_without_history(Seq from, Seq end) {
    handler_->hub.on_updates(sample_.batch(from, end));
  }
  std::size_t streams() {
    return on_loop([this] { return handler_->streams.count(); });
  }
  std::size_t subscriptions() {
    return on_loop([this] { return handler_->hub.subscriptions(); });
  }
  const StreamBufferMetrics& buffers() const { return handler_->buffers.metrics(); }
  Seq position() {
    return on_loop([this] { return handler_->hub.position(); });
  }
  void stop() {
    if (std::exchange(stopped_, true)) return;
    std::promise<void> done;
    on_loop([&] { spawn(handler_->stop_gate, "stop", handler_->shut_down(done)); });
    done.get_future().wait();
    server_->stop();
    handler_->read.stop();
  }

 private:
  // The routes. The socket of a stream may get a small send buffer.
  struct Handler final : HttpHandler {
    Handler(Loop& l, Clock& clock, SampleHistory& past, const TestStreamOptions& options)
        : loop(l),
          orders(past),
          hub(l, clock, read, past, options.stream),
          budget(options.buffer_bytes_max),
          buffers(l, clock, &budget, options.stall_max),
          websockets(WsContext{.loop = l,
                               .clock = clock,
                               .hub = hub,
                               .buffers = buffers,
                               .orders = orders,
                               .tokens = TokenRegistry::defaults(),
                               .access = options.access,
                               .factories = {&dialects}}),
          streams(l, clock, hub, buffers, options.sse, *options.access),
          send_buffer_bytes(options.send_buffer_bytes) {
      health.now.ready = true;
      routes = make_routes(
          {.clock = clock, .orders = orders, .websockets = websockets, .access = options.access},
          make_route_groups({.clock = clock,
                             .entropy = entropy,
                             .orders = orders,
                             .tokens = TokenRegistry::defaults(),
                             .streams = streams,
                             .operation = {.health = health}}));
    }
    struct SmallBuffer final : HttpStream {
      SmallBuffer(std::unique_ptr<HttpStream> stream, int bytes)
          : inner(std::move(stream)), send_buffer(bytes) {}
      Task<void> run(Socket socket, bool chunked) override {
        boost::system::error_code ignored;
        socket.set_option(boost::asio::socket_base::send_buffer_size(send_buffer), ignored);
        co_await inner->run(std::move(socket), chunked);
      }
      std::unique_ptr<HttpStream> inner;
      int send_buffer;
    };
    Task<HttpAnswer> handle(const BeastRequest& request, std::string_view request_id,
                            const Socket::Address& client) override {
      ++handling;
      HttpAnswer answer = co_await routes->handle(request, request_id, client);
      --handling;
      if (answer.stream && send_buffer_bytes > 0)
        answer.stream = std::make_unique<SmallBuffer>(std::move(answer.stream), send_buffer_bytes);
      co_return answer;
    }
    HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                      std::string_view request_id) override {
      return routes->refuse(status, code, detail, request_id);
    }
    bool accepts_upgrade(std::string_view target) const override {
      return routes->accepts_upgrade(target);
    }
    Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
      return routes->websocket(std::move(socket), std::move(request), std::move(early));
    }
    Task<void> shut_down(std::promise<void>& done) {
      co_await websockets.stop();
      co_await streams.stop();
      co_await hub.stop();
      done.set_value();
    }
    Loop& loop;
    SystemEntropy entropy{1};
    FixedHealth health;
    Worker read{"read", 4'096};
    SampleOrders orders;
    StreamHub hub;
    StreamBudget budget;
    StreamBuffers buffers;
    DialectSessions dialects;
    WsSessions websockets;
    SseSessions streams;
    std::unique_ptr<HttpHandler> routes;
    int send_buffer_bytes;
    int handling = 0;
    Gate stop_gate;
  };
  // Runs `job` on the loop and returns what it returns.
  template <class Job>
  std::invoke_result_t<Job> on_loop(Job job) {
    std::packaged_task<std::invoke_result_t<Job>()> task(std::move(job));
    auto result = task.get_future();
    post(handler_->loop, [&task] { task(); });
    return result.get();
  }

  const SampleLog& sample_;
  Handler* handler_ = nullptr;
  bool stopped_ = false;

 public:
  SampleHistory history;

 private:
  std::unique_ptr<TestServer> server_;
};

}  // namespace oee::test
