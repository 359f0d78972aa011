// RawClient: a blocking TCP client that sends exact bytes and reads HTTP responses. Every answer is
// checked against the contract. One thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/clients/sent_requests.h"

namespace oee::test {

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
    requests_.add(bytes);
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish_sending() { shutdown(fd_, SHUT_WR); }

  // The next response. Empty: none arrived in time.
  std::optional<RawResponse> response(double seconds = 5) {
    std::optional<RawResponse> response;
    while (!(response = requests_.take_answer(in_)))
      if (!more(seconds)) return std::nullopt;
    return response;
  }
  // Whether the server ends the connection in time. Bytes that it sends before are dropped.
  bool ends(double seconds = 5) {
    in_.clear();
    while (more(seconds)) in_.clear();
    return ended_;
  }
  // The bytes that have arrived, at most 64 KiB more than were read before. Empty: none in time, or
  // the end.
  std::string some(double seconds) {
    if (in_.empty()) more(seconds);
    return std::exchange(in_, {});
  }
  // All bytes that arrive before the connection or the time ends.
  std::string rest(double seconds) {
    while (more(seconds)) {
    }
    return std::exchange(in_, {});
  }

 private:
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
  SentRequests requests_;
  std::string in_;
};

}  // namespace oee::test
