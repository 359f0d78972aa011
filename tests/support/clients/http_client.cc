#include "tests/support/clients/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "tests/support/clients/contract.h"

namespace oee::test {

namespace beast = boost::beast;
namespace http = beast::http;

class HttpClient::Connection {
 public:
  Connection(std::uint16_t port, std::chrono::milliseconds timeout)
      : port_(port), timeout_(timeout) {}

  HttpReply attempt(const http::request<http::string_body>& request) {
    HttpReply reply;
    beast::error_code ec;
    reused_ = stream_ != nullptr;
    if (!stream_) {
      stream_ = std::make_unique<beast::tcp_stream>(io_);
      stream_->expires_after(timeout_);
      stream_->async_connect({boost::asio::ip::make_address("127.0.0.1"), port_},
                             [&ec](beast::error_code e) { ec = e; });
      run();
      if (ec) return drop(reply);
    }
    stream_->expires_after(timeout_);
    http::async_write(*stream_, request, [&ec](beast::error_code e, std::size_t) { ec = e; });
    run();
    if (ec) return drop(reply);
    http::response<http::string_body> response;
    http::async_read(*stream_, buffer_, response,
                     [&ec](beast::error_code e, std::size_t) { ec = e; });
    run();
    if (ec) return drop(reply);
    SeenAnswer seen =
        seen_answer(std::string(request.method_string()), std::string(request.target()), response);
    expect_contract(seen);
    reply = {seen.status, std::move(seen.headers), std::move(seen.body)};
    if (response.need_eof()) drop(reply);
    return reply;
  }
  // The last attempt was on a connection that was kept.
  bool reused() const { return reused_; }

 private:
  void run() {
    io_.restart();
    io_.run();
  }
  HttpReply drop(const HttpReply& reply) {
    stream_.reset();
    buffer_.clear();
    return reply;
  }
  const std::uint16_t port_;
  const std::chrono::milliseconds timeout_;
  boost::asio::io_context io_;
  std::unique_ptr<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  bool reused_ = false;
};

HttpClient::HttpClient(std::uint16_t port, std::chrono::milliseconds timeout)
    : port_(port), connection_(std::make_unique<Connection>(port, timeout)) {}
HttpClient::~HttpClient() = default;

HttpReply HttpClient::send(const std::string& method, const std::string& target,
                           const std::string& body,
                           const std::map<std::string, std::string>& headers) {
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.version(11);
  request.set(http::field::host, "127.0.0.1:" + std::to_string(port_));
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  const HttpReply reply = connection_->attempt(request);
  // The server may have closed a kept connection. Without any answer, try once on a new
  // connection.
  return reply.status == 0 && connection_->reused() ? connection_->attempt(request) : reply;
}

}  // namespace oee::test
