// LeanSocket: a small WebSocket client for tests with thousands of them. It reads no more than its
// caller requests, scans instead of parsing, and can disconnect without a close frame. One thread.
// The answer to the upgrade and every frame is checked against the contract; of the updates only
// the first thousand of all sockets.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "tests/support/clients/sent_requests.h"

namespace oee::test {

class LeanSocket {
 public:
  struct Frame {
    unsigned opcode = 0;       // 1: text, 8: close, 9: ping
    std::string_view payload;  // until the next call
  };

  // Connects and requests the upgrade; upgraded() waits for the answer.
  explicit LeanSocket(std::uint16_t port, int receive_buffer_bytes = 0)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    put(upgrade);
  }
  LeanSocket(LeanSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)), used_(other.used_) {}
  LeanSocket& operator=(LeanSocket&&) = delete;
  ~LeanSocket() { drop(); }

  bool upgraded() {
    SentRequests requests;
    requests.add(upgrade);
    std::optional<RawResponse> answer;
    while (!(answer = requests.take_answer(in_)))
      if (!more(10)) return false;
    return answer->status == 101;
  }
  // Sends a text of less than 64 KiB, masked with zeros, without its last `bytes_kept` bytes.
  void send_text(std::string_view text, std::size_t bytes_kept = 0) {
    std::string frame = "\x81";
    if (text.size() < 126) {
      frame += static_cast<char>(0x80 | text.size());
    } else {
      frame += '\xFE';
      append_be<std::uint16_t>(frame, static_cast<std::uint16_t>(text.size()));
    }
    frame.append(4, '\0');
    put(frame.append(text.substr(0, text.size() - bytes_kept)));
  }
  // Answers a ping. The payload has at most 125 bytes.
  void pong(std::string_view payload) {
    std::string frame{'\x8A', static_cast<char>(0x80 | payload.size())};
    put(frame.append(4, '\0').append(payload));
  }
  void subscribe_all(std::optional<std::uint64_t> after, bool batch) {
    std::string text = R"({"type":"subscribe","channel":"orders")";
    if (after) text += ",\"after\":" + std::to_string(*after);
    send_text(text + (batch ? ",\"batch\":true}" : "}"));
  }
  // The next frame. Empty: none arrived in time, or the connection ended.
  std::optional<Frame> next(double seconds = 10) {
    std::optional<Frame> frame;
    while (!(frame = take()))
      if (!more(seconds)) return std::nullopt;
    static std::atomic<int> updates_to_check{1'000};
    if (frame->opcode == 1 && (!frame->payload.starts_with(R"({"type":"update)") ||
                               updates_to_check.fetch_sub(1, std::memory_order_relaxed) > 0))
      expect_contract_frame("ws", frame->payload);
    return frame;
  }
  // leave() sends a close frame before it closes the connection, drop() does not.
  void leave() {
    put(std::string_view("\x88\x82\0\0\0\0\x03\xE8", 8));
    drop();
  }
  void drop() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // The number after the next `"seq":` at or after `at`, which moves behind it. 0: there is none.
  static std::uint64_t next_seq(std::string_view text, std::size_t& at) {
    constexpr std::string_view mark = "\"seq\":";
    at = text.find(mark, at);
    if (at == text.npos) return 0;
    at += mark.size();
    std::uint64_t seq = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      seq = seq * 10 + static_cast<unsigned>(text[at] - '0');
    return seq;
  }

 private:
  static constexpr std::string_view upgrade =
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  void put(std::string_view bytes) {
    [[maybe_unused]] const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // The first whole frame in in_. A server's frame is not masked.
  std::optional<Frame> take() {
    const std::string_view rest = std::string_view(in_).substr(used_);
    if (rest.size() < 2) return std::nullopt;
    const auto byte = [rest](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    std::uint64_t size = byte(1) & 0x7F;
    const std::size_t wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (rest.size() < 2 + wide) return std::nullopt;
    if (wide == 2) size = load_be<std::uint16_t>(&rest[2]);
    if (wide == 8) size = load_be<std::uint64_t>(&rest[2]);
    if (rest.size() < 2 + wide + size) return std::nullopt;
    used_ += 2 + wide + size;
    return Frame{byte(0) & 0x0FU, rest.substr(2 + wide, size)};
  }
  bool more(double seconds) {
    in_.erase(0, std::exchange(used_, 0));
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(seconds * 1000)) <= 0) return false;
    char bytes[65536];
    const auto size = recv(fd_, bytes, sizeof bytes, 0);
    if (size <= 0) return false;
    in_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }
  int fd_;
  std::string in_;
  std::size_t used_ = 0;  // bytes of in_ that were returned
};

}  // namespace oee::test
