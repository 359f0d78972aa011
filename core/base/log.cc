#include "core/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "core/base/json_writer.h"
#include "core/base/time.h"

namespace oee::log {
namespace {

Format chosen_format = Format::text;

spdlog::level::level_enum spd_level(Level level) {
  return static_cast<spdlog::level::level_enum>(level == Level::off ? spdlog::level::off
                                                                    : static_cast<int>(level));
}

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("oee", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

constexpr std::string_view level_names[] = {"trace", "debug", "info", "warn", "error", "off"};

bool is_bare(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  return true;
}

}  // namespace

void configure(Format format, Level level) {
  chosen_format = format;
  sink().set_level(spd_level(level));
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
    append_json_escaped(text_, value);
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
    append_json_escaped(text_, value);
    text_ += '"';
  }
}

void Line::add(std::string_view key, std::uint64_t value) {
  if (chosen_format == Format::json) {
    text_ += ",\"";
    text_ += key;
    text_ += "\":" + std::to_string(value);
  } else {
    text_ += ' ';
    text_ += key;
    text_ += '=' + std::to_string(value);
  }
}

void Line::add(std::string_view key, std::int64_t value) {
  if (value >= 0) return add(key, static_cast<std::uint64_t>(value));
  add(key, std::string_view(std::to_string(value)));
}

void Line::emit() {
  sink().log(spd_level(level_), text_);
}

}  // namespace oee::log
