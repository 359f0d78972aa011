// A blocking TCP client that sends exact bytes and reads HTTP responses, for tests of the HTTP
// face. What the server refuses by itself is held against the contract.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/contract.h"

namespace oee::test {

struct RawResponse {
  int status = 0;
  std::string head;  // status line and headers, with the empty line
  std::string body;

  std::string header(std::string_view name) const {
    const std::string needle = "\r\n" + std::string(name) + ": ";
    const auto at = head.find(needle);
    if (at == std::string::npos) return "";
    const auto begin = at + needle.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish_sending() { shutdown(fd_, SHUT_WR); }

  // The next response; empty when none came in time. `head_only`: of a HEAD request.
  std::optional<RawResponse> response(bool head_only = false, double seconds = 5) {
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!more(seconds)) return std::nullopt;
    }
    RawResponse response;
    response.head = in_.substr(0, end + 4);
    in_.erase(0, end + 4);
    response.status = std::atoi(response.head.c_str() + 9);
    const bool bodiless = head_only || response.status < 200;
    const auto length =
        bodiless ? 0 : std::strtoul(response.header("Content-Length").c_str(), nullptr, 10);
    while (in_.size() < length) {
      if (!more(seconds)) return std::nullopt;
    }
    response.body = in_.substr(0, length);
    in_.erase(0, length);
    if (!bodiless) expect_refusal_in_contract(response);
    return response;
  }
  // Whether the server ends the connection in time; what it sends before is dropped.
  bool ends(double seconds = 5) {
    in_.clear();
    while (more(seconds)) in_.clear();
    return ended_;
  }
  // Whatever arrives before the end or the time is over.
  std::string rest(double seconds) {
    while (more(seconds)) {
    }
    return std::exchange(in_, {});
  }

 private:
  // Who sends what is no request names no operation: the answer is the one of any path.
  static void expect_refusal_in_contract(const RawResponse& response) {
    static const std::set<int> of_the_server = {408, 413, 417, 431, 501, 505};
    if (response.header("Content-Type") != "application/problem+json" ||
        !of_the_server.contains(response.status))
      return;
    SeenAnswer seen{"GET", "/", response.status, {}, response.body};
    for (const char* name : {"Content-Type", "X-Request-Id", "Retry-After", "Connection"}) {
      std::string lower(name);
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (const std::string value = response.header(name); !value.empty())
        seen.headers[lower] = value;
    }
    expect_contract(seen);
  }
  bool more(double seconds) {
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(seconds * 1000)) <= 0) return false;
    char bytes[65536];
    const auto size = recv(fd_, bytes, sizeof bytes, 0);
    if (size <= 0) {
      ended_ = true;
      return false;
    }
    in_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }
  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string in_;
};

}  // namespace oee::test
