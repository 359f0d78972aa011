#include "core/base/log.h"

#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/base/json_writer.h"
#include "core/base/time.h"

namespace oee::log {
namespace {

// ~400 B each: 3 MB, a third of a second at 10,000 orders/s. The last eighth is for warnings and
// errors.
constexpr std::uint64_t queue_lines_max = 8'192;
constexpr std::uint64_t queue_lines_of_all = queue_lines_max / 8 * 7;
constexpr std::chrono::milliseconds room_wait_max{50};  // of a warning or an error
constexpr std::size_t write_bytes = 32 * 1024;
constexpr std::chrono::milliseconds drain_max{300};  // at exit: the reader of stderr may never read

Format chosen_format = Format::text;

std::array<std::atomic<std::uint64_t>, 6> lines_by_level{};
std::atomic<std::uint64_t> dropped{0};
std::atomic<std::uint64_t> queued{0};   // places taken in the queue since the start
std::atomic<std::uint64_t> written{0};  // queued lines that were written
std::atomic<bool> stuck{false};         // a line waited for room in vain: no other one waits
bool queueing = false;                  // configure() was called

spdlog::level::level_enum spd_level(Level level) {
  return static_cast<spdlog::level::level_enum>(level == Level::off ? spdlog::level::off
                                                                    : static_cast<int>(level));
}

// Takes a place in the queue when fewer than `most` are taken. As no more places are taken than the
// queue has, putting a line into it never blocks.
bool take_place(std::uint64_t most) {
  for (;;) {
    const std::uint64_t done = written;  // read first: never above `before`
    std::uint64_t before = queued;
    if (before - done >= most) return false;
    if (queued.compare_exchange_weak(before, before + 1)) return true;
  }
}

// The same for a line of this level, which may wait for the place.
bool wait_for_place(Level level) {
  if (level < Level::warn) return take_place(queue_lines_of_all);
  if (take_place(queue_lines_max)) return true;
  const auto until = std::chrono::steady_clock::now() + room_wait_max;
  while (!stuck && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (take_place(queue_lines_max)) return true;
  }
  stuck = true;
  return false;
}

// Runs on the queue's only thread. It writes lines together while more are waiting: a write per
// line would cost more than the line.
class StderrInBatches final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    text_.append(message.payload.data(), message.payload.size());
    text_ += '\n';
    ++lines_;
    if (text_.size() >= write_bytes || written + lines_ >= queued) write_out();
  }
  void flush_() override { write_out(); }

  void write_out() {
    write_all(text_);
    text_.clear();
    const std::uint64_t lines = std::exchange(lines_, 0);
    const bool half_empty = queued - written - lines <= queue_lines_max / 2;
    if (half_empty && dropped > reported_) report_dropped();
    written += lines;
    if (half_empty) stuck = false;
  }

  void report_dropped() {
    const std::uint64_t now = dropped;
    Line line(Level::warn, "stderr was not read: lines of the log were dropped");
    line.add("lines", now - std::exchange(reported_, now));
    write_all(line.take_text() + '\n');
  }

  static void write_all(std::string_view rest) {
    while (!rest.empty()) {
      const ssize_t done = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (done >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(done));
      } else if (errno == EAGAIN) {  // stderr is a pipe that another process made non-blocking
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } else if (errno != EINTR) {
        break;  // stderr has no reader
      }
    }
  }

  std::string text_;
  std::uint64_t lines_ = 0;     // lines in text_
  std::uint64_t reported_ = 0;  // of the dropped lines
};

std::shared_ptr<spdlog::logger> writing_itself() {
  auto made =
      std::make_shared<spdlog::logger>("oee", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  made->set_pattern("%v");
  made->set_level(spdlog::level::info);
  return made;
}

std::shared_ptr<spdlog::logger> through_a_queue() {
  // Never destroyed: lines may arrive until the process ends.
  static auto* const pool = new std::shared_ptr<spdlog::details::thread_pool>(
      std::make_shared<spdlog::details::thread_pool>(
          queue_lines_max, 1, [] { pthread_setname_np(pthread_self(), "log-lines"); }));
  return std::make_shared<spdlog::async_logger>("oee", std::make_shared<StderrInBatches>(), *pool,
                                                spdlog::async_overflow_policy::block);
}

std::shared_ptr<spdlog::logger>& logger() {
  static auto* const chosen = new std::shared_ptr<spdlog::logger>(writing_itself());
  return *chosen;
}
spdlog::logger& sink() {
  return *logger();
}

// Waits until the queued lines are written, at most drain_max.
void drain() {
  const auto until = std::chrono::steady_clock::now() + drain_max;
  while (written < queued && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error", "off"};

bool is_bare(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  return true;
}

}  // namespace

void configure(Format format, Level level) {
  chosen_format = format;
  if (!queueing) {
    queueing = true;
    logger() = through_a_queue();
    std::atexit(drain);
    std::at_quick_exit(drain);
  }
  sink().set_level(spd_level(level));
}

std::uint64_t lines(Level level) {
  return lines_by_level[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
}
std::uint64_t lines_dropped() {
  return dropped.load(std::memory_order_relaxed);
}

bool parse_level(std::string_view text, Level* level) {
  for (std::size_t i = 0; i < std::size(level_names); ++i) {
    if (text == level_names[i]) {
      *level = static_cast<Level>(i);
      return true;
    }
  }
  return false;
}

bool enabled(Level level) {
  return sink().should_log(spd_level(level));
}

Line::Line(Level level, std::string_view message) : level_(level) {
  const auto now = std::chrono::floor<Micros>(std::chrono::system_clock::now());
  const std::string_view name = level_names[static_cast<std::size_t>(level)];
  if (chosen_format == Format::json) {
    text_ = "{\"ts\":\"" + format_rfc3339(now) + "\",\"level\":\"";
    text_ += name;
    text_ += "\",\"msg\":\"";
    append_json_escaped(text_, message);
    text_ += '"';
  } else {
    text_ = format_rfc3339(now) + ' ';
    text_ += name;
    text_.append(6 - name.size(), ' ');
    text_ += message;
  }
}

void Line::add(std::string_view key, std::string_view value) {
  if (chosen_format == Format::json) {
    text_ += ",\"";
    text_ += key;
    text_ += "\":\"";
    append_terminal_escaped(text_, value);
    text_ += '"';
    return;
  }
  text_ += ' ';
  text_ += key;
  text_ += '=';
  if (is_bare(value)) {
    text_ += value;
  } else {
    text_ += '"';
    append_terminal_escaped(text_, value);
    text_ += '"';
  }
}

void Line::add_bare(std::string_view key, std::string_view value) {
  const bool json = chosen_format == Format::json;
  text_ += json ? ",\"" : " ";
  text_ += key;
  text_ += json ? "\":" : "=";
  text_ += value;
}

void Line::add(std::string_view key, std::uint64_t value) {
  add_bare(key, std::to_string(value));
}
void Line::add(std::string_view key, std::int64_t value) {
  add_bare(key, std::to_string(value));
}
void Line::add(std::string_view key, bool value) {
  add_bare(key, value ? "true" : "false");
}

std::string Line::take_text() {
  if (chosen_format == Format::json) text_ += '}';
  lines_by_level[static_cast<std::size_t>(level_)].fetch_add(1, std::memory_order_relaxed);
  return std::move(text_);
}

void Line::emit() {
  if (queueing && !wait_for_place(level_)) {
    dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::string text = take_text();
  sink().log(spd_level(level_), spdlog::string_view_t(text));
}

}  // namespace oee::log
