// The outputs of log-dump: buffered stdout, and progress on stderr. One thread.
#pragma once

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

#include "core/order/ids.h"

namespace oee::log_dump {

constexpr std::size_t output_bytes_max = 64 * 1024;  // buffered before a write
constexpr int follow_wait_ms = 100;

inline volatile std::sig_atomic_t stop_requested = 0;
inline void on_stop_signal(int) {
  stop_requested = 1;
}

// Buffered stdout. A closed pipe (`| head`) ends the output and is not an error.
class Output {
 public:
  std::string& buffer() { return buffer_; }
  // False: the output is closed.
  bool flush() {
    std::size_t done = 0;
    while (!closed_ && done < buffer_.size()) {
      const ssize_t wrote = ::write(STDOUT_FILENO, buffer_.data() + done, buffer_.size() - done);
      if (wrote >= 0) {
        done += static_cast<std::size_t>(wrote);
      } else if (errno != EINTR) {
        closed_ = true;
        failed_ = errno != EPIPE;
        if (failed_) fmt::print(stderr, "log-dump: cannot write: {}\n", std::strerror(errno));
      } else if (stop_requested != 0) {
        closed_ = true;
      }
    }
    buffer_.clear();
    return !closed_;
  }
  bool flush_when_full() { return buffer_.size() < output_bytes_max || flush(); }
  // Waits for the follow interval, a signal, or the close of the pipe's other end.
  void wait() {
    pollfd out{STDOUT_FILENO, 0, 0};
    const int ready = ::poll(&out, 1, follow_wait_ms);
    if (ready > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) closed_ = true;
  }
  bool closed() const { return closed_; }
  int exit_code() const { return failed_ ? 1 : 0; }

 private:
  std::string buffer_;
  bool closed_ = false;
  bool failed_ = false;
};

// Progress on stderr; nothing when stderr is not a terminal.
class Progress {
 public:
  explicit Progress(std::string_view verb) : verb_(verb), shown_(::isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
  }
  void operator()(Seq done, Seq total) {
    if (!shown_ || done - last_ < 100'000) return;
    last_ = done;
    drawn_ = true;
    fmt::print(stderr, "\r{} {} of {}", verb_, done, total);
  }

 private:
  std::string_view verb_;
  bool shown_;
  bool drawn_ = false;
  Seq last_ = 0;
};

}  // namespace oee::log_dump
