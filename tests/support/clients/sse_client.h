// SseClient: a small client of server-sent events: one GET, its head, then the events as they
// arrive. It is strict about chunks and about the syntax of events, and checks the head and every
// event against the contract. One thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/clients/contract.h"

namespace oee::test {

struct SseEvent {
  std::string name = "message";
  std::string data;
  std::string comment;
};

struct SseOptions {
  std::map<std::string, std::string> headers;
  std::string method = "GET";
  std::string version = "HTTP/1.1";
  int receive_buffer_bytes = 0;
};

class SseClient {
 public:
  SseClient(std::uint16_t port, const std::string& target, const SseOptions& options = {})
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        method_(options.method),
        target_(target) {
    if (options.receive_buffer_bytes > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes, sizeof(int));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    std::string request =
        options.method + " " + target + " " + options.version + "\r\nHost: localhost\r\n";
    for (const auto& [name, value] : options.headers) request += name + ": " + value + "\r\n";
    request += "\r\n";
    [[maybe_unused]] const auto sent = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
  }
  SseClient(const SseClient&) = delete;
  ~SseClient() { drop(); }
  void drop() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // Waits for the head and returns the status. 0: no answer in time.
  int status(double seconds = 10) {
    while (status_ == 0 && !take_head())
      if (!more(seconds)) return 0;
    if (!std::exchange(checked_, true)) {
      const bool whole = status_ != 200 && method_ != "HEAD";  // a refusal has no stream
      while (whole && (unpack(), !ended_ && more(seconds))) {
      }
      expect_contract({method_, target_, status_, headers_, whole ? body_ : ""});
    }
    return status_;
  }
  // A header of the answer, by its name in lower case. Empty: not there.
  std::string header(const std::string& name) {
    status();
    const auto found = headers_.find(name);
    return found == headers_.end() ? "" : found->second;
  }
  // The next event or comment. Empty: none arrived in time, or the body has ended.
  std::optional<SseEvent> next(double seconds = 10) {
    if (status(seconds) == 0) return std::nullopt;
    std::optional<SseEvent> event;
    while (!(event = take_event()))
      if (ended_ || malformed_ || !more(seconds)) return std::nullopt;
    return event;
  }
  // The next event that is no comment.
  std::optional<SseEvent> next_event(double seconds = 10) {
    for (;;) {
      auto event = next(seconds);
      if (!event || !event->data.empty()) return event;
    }
  }
  // The value that an EventSource would send as Last-Event-ID.
  const std::string& last_id() const { return last_id_; }
  // The rest of the body. The body of an answer without chunks ends by its Content-Length.
  std::string rest(double seconds = 10) {
    status(seconds);
    unpack();
    while (!ended_ && more(seconds)) unpack();
    return body_;
  }
  bool ended() const { return ended_; }  // by the last chunk, or with an HTTP/1.0 connection
  bool malformed() const { return malformed_; }  // an invalid chunk or line was received

 private:
  bool more(double seconds) {
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(seconds * 1000)) <= 0) return false;
    char bytes[65536];
    const auto size = recv(fd_, bytes, sizeof bytes, 0);
    if (size <= 0) {
      if (!chunked_ && status_ != 0) ended_ = true;
      return false;
    }
    in_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }
  bool take_head() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == in_.npos || !in_.starts_with("HTTP/1.1 ")) return false;
    for (std::size_t at = in_.find("\r\n") + 2; at < end + 2;) {
      const std::size_t line_end = in_.find("\r\n", at);
      const std::size_t colon = in_.find(": ", at);
      std::string name = in_.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      headers_[name] = in_.substr(colon + 2, line_end - colon - 2);
      at = line_end + 2;
    }
    status_ = std::atoi(in_.c_str() + 9);
    in_.erase(0, end + 4);
    chunked_ = headers_.contains("transfer-encoding");
    return true;
  }
  // Moves complete chunks to the body.
  void unpack() {
    if (!chunked_) {
      body_ += in_;
      in_.clear();
      const auto length = headers_.find("content-length");
      if (length != headers_.end() && body_.size() >= std::stoul(length->second)) ended_ = true;
      return;
    }
    for (;;) {
      const std::size_t line_end = in_.find("\r\n");
      if (line_end == in_.npos) return;
      char* digits_end = nullptr;
      const std::size_t size = std::strtoul(in_.c_str(), &digits_end, 16);
      if (digits_end != in_.c_str() + line_end || line_end == 0) malformed_ = true;
      if (malformed_ || in_.size() < line_end + 2 + size + 2) return;
      body_.append(in_, line_end + 2, size);
      if (in_.compare(line_end + 2 + size, 2, "\r\n") != 0) malformed_ = true;
      in_.erase(0, line_end + 2 + size + 2);
      if (size == 0) ended_ = true;
    }
  }
  std::optional<SseEvent> take_event() {
    unpack();
    const std::size_t end = body_.find("\n\n");
    if (end == body_.npos) return std::nullopt;
    SseEvent event;
    for (std::size_t at = 0; at <= end;) {
      const std::size_t line_end = body_.find('\n', at);
      const std::string line = body_.substr(at, line_end - at);
      const std::size_t colon = line.find(": ");
      const std::string field = line.substr(0, colon);
      const std::string value = colon == line.npos ? "" : line.substr(colon + 2);
      if (field == "id")
        last_id_ = value;
      else if (field == "data")
        event.data += value;
      else if (field == "event")
        event.name = value;
      else if (field.empty() && colon == 0)
        event.comment = value;
      else if (field != "retry")
        malformed_ = true;
      at = line_end + 1;
    }
    body_.erase(0, end + 2);
    if (!event.data.empty()) expect_contract_frame("stream", event.data);
    return event;
  }

  int fd_;
  const std::string method_;
  const std::string target_;
  int status_ = 0;
  bool checked_ = false;  // against the contract
  bool chunked_ = false;
  bool ended_ = false;
  bool malformed_ = false;
  std::map<std::string, std::string> headers_;
  std::string in_;    // not unpacked
  std::string body_;  // unpacked, not taken
  std::string last_id_;
};

}  // namespace oee::test
