// bench_ceiling: the servers that the engine is compared with. They are as bare as Boost.Beast
// allows and have as many threads as the engine has shards, each with an io_context(1).
//   bench_ceiling http PORT THREADS          answers every request with the same 202
//   bench_ceiling ws PORT THREADS FRAMES     sends a file's frames repeatedly to every subscriber
// They run until they are killed.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/bytes.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using beast::error_code;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

// The engine's own answer to an order, with the same headers and sizes.
http::response<http::string_body> fixed_answer() {
  http::response<http::string_body> answer{http::status::accepted, 11};
  answer.set(http::field::date, "Sat, 21 Nov 2026 17:56:43 GMT");
  answer.set(http::field::content_type, "application/json");
  answer.set("X-Request-Id", "2b3d848d-1");
  answer.set(http::field::location, "/v1/orders/01a1ff40-de83-7001-9418-a1f750d014e5");
  answer.body() =
      R"({"orderId":"01a1ff40-de83-7001-9418-a1f750d014e5","status":"pending","seq":123456})";
  answer.prepare_payload();
  return answer;
}

class HttpPeer : public std::enable_shared_from_this<HttpPeer> {
 public:
  explicit HttpPeer(Socket socket) : socket_(std::move(socket)) {}
  void start() { read(); }

 private:
  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }
  void answer() {
    http::async_write(socket_, answer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->read();
    });
  }
  Socket socket_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> answer_ = fixed_answer();
};

using Frames = std::vector<std::string>;

class WsPeer : public std::enable_shared_from_this<WsPeer> {
 public:
  WsPeer(Socket socket, const Frames& frames) : ws_(std::move(socket)), frames_(frames) {}
  void start() {
    ws_.auto_fragment(false);
    ws_.text(true);
    ws_.async_accept([self = shared_from_this()](error_code error) {
      if (!error) self->await_subscription();
    });
  }

 private:
  void await_subscription() {
    ws_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->send(0);
    });
  }
  void send(std::size_t at) {
    ws_.async_write(asio::buffer(frames_[at]),
                    [self = shared_from_this(), at](error_code error, std::size_t) {
                      if (!error) self->send((at + 1) % self->frames_.size());
                    });
  }
  websocket::stream<Socket> ws_;
  const Frames& frames_;
  beast::flat_buffer buffer_;
};

// One acceptor deals the connections to the threads in turn.
class Server {
 public:
  Server(std::uint16_t port, unsigned threads, std::optional<Frames> frames)
      : frames_(std::move(frames)) {
    for (unsigned i = 0; i < threads; ++i) loops_.push_back(std::make_unique<asio::io_context>(1));
    acceptor_.emplace(*loops_[0], tcp::endpoint(asio::ip::address_v4::loopback(), port), true);
    acceptor_->listen(4096);
    accept();
  }
  void run() {
    std::vector<std::thread> threads;
    for (auto& loop : loops_)
      threads.emplace_back([&loop] {
        const auto guard = asio::make_work_guard(*loop);
        loop->run();
      });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void accept() {
    asio::io_context& loop = *loops_[next_++ % loops_.size()];
    acceptor_->async_accept(loop, [this, &loop](error_code error, Socket socket) {
      if (!error) serve(loop, std::move(socket));
      accept();
    });
  }
  void serve(asio::io_context& loop, Socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    // A plain HTTP request to a WebSocket port fails in the upgrade.
    if (frames_)
      asio::post(loop,
                 [peer = std::make_shared<WsPeer>(std::move(socket), *frames_)] { peer->start(); });
    else
      asio::post(loop, [peer = std::make_shared<HttpPeer>(std::move(socket))] { peer->start(); });
  }
  const std::optional<Frames> frames_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::size_t next_ = 0;
};

// Each frame is its size as 4 bytes, least significant first, and its payload.
Frames read_frames(const char* path) {
  Frames frames;
  std::ifstream file(path, std::ios::binary);
  char size[4];
  while (file.read(size, sizeof size)) {
    frames.emplace_back(oee::load_le<std::uint32_t>(size), '\0');
    file.read(frames.back().data(), static_cast<std::streamsize>(frames.back().size()));
  }
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  const bool http = argc == 4 && std::string(argv[1]) == "http";
  const bool ws = argc == 5 && std::string(argv[1]) == "ws";
  if (!http && !ws) {
    std::fprintf(stderr, "usage: bench_ceiling http PORT THREADS | ws PORT THREADS FRAMES\n");
    return 2;
  }
  std::optional<Frames> frames;
  if (ws) frames = read_frames(argv[4]);
  if (frames && frames->empty()) {
    std::fprintf(stderr, "bench_ceiling: %s holds no frames\n", argv[4]);
    return 1;
  }
  Server server(static_cast<std::uint16_t>(std::atoi(argv[2])),
                static_cast<unsigned>(std::atoi(argv[3])), std::move(frames));
  server.run();
}
