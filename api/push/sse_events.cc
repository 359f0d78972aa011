#include "api/push/sse_events.h"

#include <charconv>

#include "api/push/ws_protocol.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

constexpr std::size_t size_digits = 8;  // leading zeros are allowed

void append_id(std::string& out, const SseId& id) {
  out += "id: ";
  out += std::to_string(id.seq);
  if (!id.epoch.is_zero()) {
    out += '-';
    append_text(out, id.epoch);
  }
  out += '\n';
}

}  // namespace

std::optional<SseId> parse_sse_id(std::string_view text) {
  SseId id;
  const std::string_view digits = text.substr(0, text.find('-'));
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, id.seq);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (digits.size() == text.size()) return id;
  const Result<LogEpoch> epoch = parse_log_epoch(text.substr(digits.size() + 1));
  if (!epoch.ok()) return std::nullopt;
  id.epoch = *epoch;
  return id;
}

void append_sse_event(std::string& out, std::string_view name, const SseId& id,
                      std::string_view data) {
  check(data.find_first_of("\r\n") == data.npos, "append_sse_event: more than one line");
  if (!name.empty()) {
    out += "event: ";
    out += name;
    out += '\n';
  }
  append_id(out, id);
  out += "data: ";
  out += data;
  out += "\n\n";
}

void append_sse_update(std::string& out, const Update& update, const SubscriptionOffset& offset,
                       const LogEpoch& epoch) {
  append_id(out, {update.seq, epoch});
  out += "data: ";
  append_update_at(out, update.json, offset);
  out += "\n\n";
}

void append_sse_close(std::string& out, std::string_view code, std::string_view message,
                      const SseId& resume_after, std::chrono::milliseconds retry) {
  out += "retry: " + std::to_string(retry.count()) + '\n';
  std::string data;
  JsonWriter json(data);
  json.object([&] {
    json.key("type").text("close");
    json.key("code").text(code);
    json.key("message").text(message);
    json.key("resumeAfter").number(resume_after.seq);
  });
  append_sse_event(out, "close", resume_after, data);
}

void append_sse_keep_alive(std::string& out, const std::optional<SseId>& id) {
  out += ": keep-alive\n";
  if (id) append_id(out, *id);
  out += '\n';
}

std::size_t begin_chunk(std::string& out) {
  const std::size_t begin = out.size();
  out.append(size_digits, '0');
  out += "\r\n";
  return begin;
}

void end_chunk(std::string& out, std::size_t begin) {
  std::size_t size = out.size() - begin - size_digits - 2;
  if (size == 0) return out.resize(begin);
  for (std::size_t i = begin + size_digits; size > 0; size /= 16)
    out[--i] = "0123456789abcdef"[size % 16];
  out += "\r\n";
}

}  // namespace oee
