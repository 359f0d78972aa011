#include "tests/support/clients/ws_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <functional>

#include "tests/support/clients/contract.h"

namespace oee::test {

std::string_view channel_of(std::string_view target) {
  if (target == "/ws") return "ws";
  if (target.starts_with("/ws?")) return "dialectB";
  if (target.starts_with("/order/")) return "dialectC";
  if (target.starts_with("/api/orders/execute?")) return "dialectE";
  if (target.starts_with("/api/orders/")) return "dialectD";
  return {};
}

// The functions of WsClient.
class WsClient::Connection {
 public:
  Connection(std::uint16_t port, const WsClientOptions& options)
      : ws_(io_), channel_(channel_of(options.target)) {
    namespace asio = boost::asio;
    namespace websocket = boost::beast::websocket;
    boost::system::error_code ec;
    auto& socket = ws_.next_layer();
    socket.open(asio::ip::tcp::v4(), ec);
    if (options.receive_buffer_bytes > 0)
      socket.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes), ec);
    socket.connect({asio::ip::make_address(options.host), port}, ec);
    if (ec) return;
    ws_.read_message_max(16 << 20);
    ws_.set_option(websocket::stream_base::decorator(
        [headers = options.headers](websocket::request_type& request) {
          for (const auto& [name, value] : headers) request.set(name, value);
        }));
    bool done = false;
    ws_.async_handshake(response_, options.host + ":" + std::to_string(port), options.target,
                        [&](boost::system::error_code result) {
                          done = true;
                          open_ = !result;
                        });
    run_until([&] { return done; }, wait_default);
    if (!done) {
      socket.close(ec);
      run_until([&] { return done; }, wait_default);
    }
    if (response_.begin() != response_.end())  // empty: no answer
      expect_contract(seen_answer("GET", options.target, response_));
  }
  ~Connection() {
    boost::system::error_code ignored;
    ws_.next_layer().close(ignored);
    run_until([this] { return !reading_ && !closing_; }, Millis(1'000));
  }

  bool open() const { return open_; }
  std::string header(const std::string& name) const {
    const auto value = response_[name];
    return {value.data(), value.size()};
  }
  int http_status() const { return static_cast<int>(response_.result_int()); }

  bool send(const std::string& text, bool binary = false) {
    boost::system::error_code ec;
    ws_.text(!binary);
    ws_.write(boost::asio::buffer(text), ec);
    return !ec;
  }

  std::optional<std::string> read(Millis wait) {
    if (!message_ && open_) {
      start_read();
      run_until([this] { return !reading_; }, wait);
    }
    if (message_ && !channel_.empty()) expect_contract_frame(channel_, *message_);
    return std::exchange(message_, std::nullopt);
  }
  void idle(Millis wait) {
    if (open_ && !message_) start_read();
    run_until([this] { return !reading_; }, wait);
  }

  int wait_closed(Millis wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (open_ && std::chrono::steady_clock::now() < deadline)
      read(std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now()));
    return open_ ? -1 : close_code();
  }
  int close_code() const { return static_cast<int>(ws_.reason().code); }
  std::string close_reason() const {
    return {ws_.reason().reason.data(), ws_.reason().reason.size()};
  }

  bool close(Millis wait) {
    closing_ = true;
    ws_.async_close(boost::beast::websocket::close_code::normal,
                    [this](boost::system::error_code) { closing_ = false; });
    run_until([this] { return !closing_; }, wait);
    open_ = false;
    return !closing_;
  }
  void drop() {
    boost::system::error_code ignored;
    ws_.next_layer().close(ignored);
    open_ = false;
  }

 private:
  void start_read() {
    if (reading_) return;
    reading_ = true;
    buffer_.clear();
    ws_.async_read(buffer_, [this](boost::system::error_code ec, std::size_t) {
      reading_ = false;
      if (ec) {
        open_ = false;
      } else {
        message_ = boost::beast::buffers_to_string(buffer_.data());
      }
    });
  }
  void run_until(const std::function<bool()>& done, Millis wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      if (io_.run_one_until(deadline) == 0 && io_.stopped()) break;
    }
  }

  boost::asio::io_context io_{1};
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> ws_;
  boost::beast::websocket::response_type response_;
  boost::beast::flat_buffer buffer_;
  std::optional<std::string> message_;
  const std::string_view channel_;  // its name in asyncapi.yaml; empty: not documented
  bool open_ = false;
  bool reading_ = false;
  bool closing_ = false;
};

WsClient::WsClient(std::uint16_t port, WsClientOptions options)
    : connection_(std::make_unique<Connection>(port, options)) {}
WsClient::~WsClient() = default;

bool WsClient::open() const {
  return connection_->open();
}
std::string WsClient::header(const std::string& name) const {
  return connection_->header(name);
}
int WsClient::http_status() const {
  return connection_->http_status();
}
bool WsClient::send(const std::string& text, bool binary) {
  return connection_->send(text, binary);
}
std::optional<std::string> WsClient::read(Millis wait) {
  return connection_->read(wait);
}
void WsClient::idle(Millis wait) {
  connection_->idle(wait);
}
int WsClient::wait_closed(Millis wait) {
  return connection_->wait_closed(wait);
}
int WsClient::close_code() const {
  return connection_->close_code();
}
std::string WsClient::close_reason() const {
  return connection_->close_reason();
}
bool WsClient::close(Millis wait) {
  return connection_->close(wait);
}
void WsClient::drop() {
  connection_->drop();
}

}  // namespace oee::test
