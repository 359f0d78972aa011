// A real HttpServer on a free port with its shards' threads, for tests.
#pragma once

#include <netinet/tcp.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "api/http/server/server.h"
#include "core/runtime/asio_task.h"
#include "core/runtime/sleep.h"
#include "core/runtime/system_clock.h"
#include "tests/api/http/raw_client.h"

namespace oee::test {

// Answers with the body or target of the request, so that a test recognises it; /slow after 300 ms,
// /big with 4 MiB.
class EchoHandler final : public HttpHandler {
 public:
  explicit EchoHandler(Clock& clock) : clock_(clock) {}
  Task<HttpAnswer> handle(const BeastRequest& request, std::string_view,
                          const Socket::Address&) override {
    HttpAnswer answer;
    answer.content_type = echo_type;
    const std::string target(request.target());
    if (target == "/slow") co_await sleep_for(clock_, Micros(300'000));
    if (target == "/big") {
      answer.body.assign(4 << 20, 'x');
    } else if (request.body().empty()) {
      answer.body =
          std::string(request.method_string()) + " " + target + " " + std::string(request["Host"]);
    } else {
      answer.body = request.body();
    }
    ++handled;
    co_return answer;
  }
  HttpAnswer refuse(unsigned status, std::string_view code, std::string_view detail,
                    std::string_view) override {
    HttpAnswer answer;
    answer.content_type = echo_type;
    answer.status = status;
    answer.body = std::string(code) + ": " + std::string(detail);
    return answer;
  }
  bool accepts_upgrade(std::string_view target) const override { return target.starts_with("/ws"); }
  Task<void> websocket(Socket socket, BeastRequest request, std::string early) override {
    std::string said = "taken " + std::string(request.target()) + " " + early;
    if (request.target() == "/ws/user-timeout") {
      int wait_ms = 0;
      socklen_t size = sizeof wait_ms;
      getsockopt(socket.tcp().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, &size);
      said = std::to_string(wait_ms) + " ms";
    }
    co_await boost::asio::async_write(socket, boost::asio::buffer(said), use_task);
  }
  std::atomic<int> handled{0};

 private:
  Clock& clock_;
};

class TestServer {
 public:
  using MakeHandler = std::function<std::unique_ptr<HttpHandler>(Loop&, Clock&)>;
  explicit TestServer(
      HttpLimits limits = {}, std::size_t shard_count = 2,
      const MakeHandler& make = [](Loop&, Clock& clock) {
        return std::make_unique<EchoHandler>(clock);
      }) {
    std::vector<HttpServer::ShardBinding> bindings;
    for (std::size_t i = 0; i < shard_count; ++i) {
      auto& shard = *shards_.emplace_back(std::make_unique<Shard>());
      shard.handler = make(shard.loop, shard.clock);
      bindings.push_back({&shard.loop, &shard.clock, shard.handler.get()});
    }
    server_ = std::make_unique<HttpServer>(limits, bindings, shards_[0]->loop);
    auto listened = server_->listen("127.0.0.1", 0);
    check(listened.ok(), "the test server cannot listen");
    port_ = *listened;
    server_->start();
    for (auto& shard : shards_) shard->thread = std::thread([&shard] { shard->loop.run(); });
  }
  ~TestServer() { stop(); }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    std::promise<void> ended;
    server_->stop([&ended] { ended.set_value(); });
    ended.get_future().wait();
    for (auto& shard : shards_) shard->work.reset();
    for (auto& shard : shards_) shard->thread.join();
  }
  HttpServer& server() { return *server_; }
  std::uint16_t port() const { return port_; }
  template <class Handler>
  Handler& handler(std::size_t shard) {
    return static_cast<Handler&>(*shards_[shard]->handler);
  }
  // Waits until the server has `count` connections.
  bool reaches(std::uint32_t count, double seconds = 5) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (server_->connections() != count) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

 private:
  struct Shard {
    Loop loop{1};
    boost::asio::executor_work_guard<Loop::executor_type> work{loop.get_executor()};
    SystemClock clock{loop};
    std::unique_ptr<HttpHandler> handler;
    std::thread thread;
  };
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
};

}  // namespace oee::test
