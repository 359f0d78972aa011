// The texts of server-sent events and of the chunks that carry them. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/stream/cursor.h"

namespace oee {

// The position that an event's id states: "SEQ", or "SEQ-EPOCH" in a log that was restored.
struct SseId {
  Seq seq = 0;
  LogEpoch epoch;
};
// No value: the text is not such an id.
std::optional<SseId> parse_sse_id(std::string_view text);

// One event; `name` empty: a message event. REQUIRES: `data` is one line.
void append_sse_event(std::string& out, std::string_view name, const SseId& id,
                      std::string_view data);
// An update as a message event, with its offset. `epoch`: of the update's log.
void append_sse_update(std::string& out, const Update& update, const SubscriptionOffset& offset,
                       const LogEpoch& epoch);
// "close": {"type":"close","code","message","resumeAfter"}.
void append_sse_close(std::string& out, std::string_view code, std::string_view message,
                      const SseId& resume_after, std::chrono::milliseconds retry);
// A comment, not an event. With an id it sets the client's last event id.
void append_sse_keep_alive(std::string& out, const std::optional<SseId>& id);

// A chunk (RFC 9112 7.1) around the bytes appended between the two calls. end_chunk() takes the
// result of begin_chunk(). When nothing was appended between them, `out` is as before.
std::size_t begin_chunk(std::string& out);
void end_chunk(std::string& out, std::size_t begin);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace oee
