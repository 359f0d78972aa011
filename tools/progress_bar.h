// ProgressBar: the progress of a long-running tool on stderr: a bar on a terminal, a line every two
// seconds elsewhere. One thread.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace oee {

class ProgressBar {
 public:
  void show(std::string_view what, std::uint64_t done, std::uint64_t total) {
    const auto now = Clock::now();
    if (what == what_ && total == 0) return;
    if (what != what_) {
      finish_line();
      // The first counted phase began with the program. A later one is measured from now on.
      const bool first = what_.empty();
      began_ = first ? start_ : now;
      done_at_begin_ = first ? 0 : done;
      what_ = what;
      shown_ = {};
    }
    const bool last = done == total;
    if (!last &&
        now - shown_ < (tty_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(2000)))
      return;
    shown_ = now;
    const std::string text = total == 0 ? what_ : line(done, total, now);
    fmt::print(stderr, "{}{}{}", tty_ ? "\r" : "", text, tty_ ? "\x1b[K" : "\n");
    open_ = tty_;
  }
  void finish_line() {
    if (open_) fmt::print(stderr, "\n");
    open_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string line(std::uint64_t done, std::uint64_t total, Clock::time_point now) const {
    constexpr std::uint64_t cells = 30;
    const std::uint64_t filled = done * cells / total;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_).count();
    const std::uint64_t rate = (done - done_at_begin_) * 1000 / static_cast<std::uint64_t>(ms + 1);
    const std::uint64_t left_s = rate == 0 ? 0 : (total - done) / rate;
    return fmt::format("{:<11} [{:#<{}}{:.<{}}] {:3}%  {}/{}  {}/s  ETA {}:{:02}", what_, "",
                       filled, "", cells - filled, done * 100 / total, done, total, rate,
                       left_s / 60, left_s % 60);
  }

  const bool tty_ = ::isatty(STDERR_FILENO) == 1;
  const Clock::time_point start_ = Clock::now();
  std::string what_;
  Clock::time_point began_;
  Clock::time_point shown_;
  std::uint64_t done_at_begin_ = 0;
  bool open_ = false;
};

}  // namespace oee
