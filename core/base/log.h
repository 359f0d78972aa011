// Operator log: one fact per line on stderr, text or JSON, with named fields. Any thread.
//
// After configure() lines go through a bounded queue to a thread that writes them, so that a shard
// does not wait for the reader of stderr. When the queue is full, info and debug lines are dropped
// and counted. A warning or an error waits at most 50 ms for room, then it is dropped and counted
// too; after that no line waits until the queue is half empty again. A warning then reports how
// many lines were dropped. exit() and quick_exit() write the queued lines, for at most 300 ms; a
// crash may lose the last few milliseconds.
//
// A line about an event of an order has the fields order, seq and trace. Fields are formatted only
// when the level is on. A field never contains a secret or a request body. An error is either
// logged or returned, never both.
//
//   log::info("order accepted", log::field("order", id), log::field("seq", seq));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace oee::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };
enum class Format : std::uint8_t { text, json };

// Called once, from the composition root, before other threads start. Until then the format is
// text, the level is info, and each caller writes its own lines.
void configure(Format format, Level level);
// Parses "trace" .. "off" into `level`. False: there is no such level.
bool parse_level(std::string_view text, Level* level);
bool enabled(Level level);

// Lines since the start: of one level, written or queued; and dropped.
std::uint64_t lines(Level level);
std::uint64_t lines_dropped();

template <class T>
struct Field {
  std::string_view key;
  const T& value;
};
template <class T>
Field<T> field(std::string_view key, const T& value) {
  return {key, value};
}

// One line while it is built. For write() below only.
class Line {
 public:
  Line(Level level, std::string_view message);
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::uint64_t value);
  void add(std::string_view key, std::int64_t value);
  void add(std::string_view key, bool value);
  void emit();
  // The whole line, for the writer of lines. The line must not be used afterwards.
  std::string take_text();

 private:
  void add_bare(std::string_view key, std::string_view value);
  Level level_;
  std::string text_;
};

template <class... T>
void write(Level level, std::string_view message, const Field<T>&... fields) {
  if (!enabled(level)) return;
  Line line(level, message);
  [[maybe_unused]] auto add = [&line](std::string_view key, const auto& value) {
    using V = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<V, bool>) {
      line.add(key, value);
    } else if constexpr (std::is_integral_v<V> && std::is_signed_v<V>) {
      line.add(key, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<V>) {
      line.add(key, static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_convertible_v<const V&, std::string_view>) {
      line.add(key, std::string_view(value));
    } else {
      line.add(key, std::string_view(to_text(value)));  // found by argument-dependent look-up
    }
  };
  (add(fields.key, fields.value), ...);
  line.emit();
}

template <class... T>
void debug(std::string_view message, const Field<T>&... fields) {
  write(Level::debug, message, fields...);
}
template <class... T>
void info(std::string_view message, const Field<T>&... fields) {
  write(Level::info, message, fields...);
}
template <class... T>
void warn(std::string_view message, const Field<T>&... fields) {
  write(Level::warn, message, fields...);
}
template <class... T>
void error(std::string_view message, const Field<T>&... fields) {
  write(Level::error, message, fields...);
}

}  // namespace oee::log
