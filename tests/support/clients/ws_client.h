// WsClient: a small WebSocket client whose waits have a limit. It is not built for speed. Every
// frame and the answer to the upgrade are checked against the contract. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oee::test {

// The channel's name in asyncapi.yaml. Empty: it is not documented.
std::string_view channel_of(std::string_view target);

struct WsClientOptions {
  std::string target = "/ws";
  std::vector<std::pair<std::string, std::string>> headers;  // added to the upgrade request
  int receive_buffer_bytes = 0;                              // 0: the system's default
  std::string host = "127.0.0.1";
};

class WsClient {
 public:
  using Millis = std::chrono::milliseconds;
  static constexpr Millis wait_default{10'000};

  // Connects and upgrades; see open() and http_status().
  explicit WsClient(std::uint16_t port, WsClientOptions options = {});
  ~WsClient();
  WsClient(const WsClient&) = delete;

  bool open() const;
  // A header of the answer to the upgrade. Empty: not there.
  std::string header(const std::string& name) const;
  int http_status() const;

  // false: the connection has ended.
  bool send(const std::string& text, bool binary = false);

  // The next message. Empty: none within the wait, or closed().
  std::optional<std::string> read(Millis wait = wait_default);
  // Reads up to the next message, which answers pings. read() returns that message.
  void idle(Millis wait);

  // Reads to the end and drops the messages. Returns the close code, 0 when the connection ended
  // without one, -1 when it did not end within the wait.
  int wait_closed(Millis wait = wait_default);
  bool closed() const { return !open(); }
  int close_code() const;
  std::string close_reason() const;

  // Performs the closing handshake. false: not completed within the wait.
  bool close(Millis wait = wait_default);
  // Closes the connection without a close frame.
  void drop();

 private:
  // Beast is costly to compile: the test files do not see it.
  class Connection;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace oee::test
