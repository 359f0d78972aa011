// A small synchronous HTTP client for tests: one connection, reopened when the server closed it.
// Every answer is checked against the contract. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/clients/contract.h"

namespace oee::test {

struct HttpReply {
  int status = 0;                              // 0: no answer (refused, cut off or late)
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port,
                      std::chrono::milliseconds timeout = std::chrono::seconds(20))
      : port_(port), timeout_(timeout) {}

  HttpReply get(const std::string& target) { return send("GET", target, {}, {}); }
  HttpReply del(const std::string& target) { return send("DELETE", target, {}, {}); }
  HttpReply post(const std::string& target, const std::string& json,
                 const std::map<std::string, std::string>& headers = {}) {
    return send("POST", target, json, headers);
  }

  HttpReply send(const std::string& method, const std::string& target, const std::string& body,
                 const std::map<std::string, std::string>& headers) {
    namespace http = boost::beast::http;
    http::request<http::string_body> request;
    request.method_string(method);
    request.target(target);
    request.version(11);
    request.set(http::field::host, "127.0.0.1:" + std::to_string(port_));
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = body;
    request.prepare_payload();
    const HttpReply reply = attempt(request);
    // The server may have closed a kept connection. Without any answer, try once on a new
    // connection.
    return reply.status == 0 && reused_ ? attempt(request) : reply;
  }

 private:
  template <class Request>
  HttpReply attempt(const Request& request) {
    namespace beast = boost::beast;
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
    beast::http::async_write(*stream_, request,
                             [&ec](beast::error_code e, std::size_t) { ec = e; });
    run();
    if (ec) return drop(reply);
    beast::http::response<beast::http::string_body> response;
    beast::http::async_read(*stream_, buffer_, response,
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
  std::unique_ptr<boost::beast::tcp_stream> stream_;
  boost::beast::flat_buffer buffer_;
  bool reused_ = false;
};

}  // namespace oee::test
