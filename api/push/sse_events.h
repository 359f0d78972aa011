// The texts of server-sent events and of the chunks that carry them. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "api/stream/cursor.h"

namespace oee {

// One event; `name` empty: a message. REQUIRES: `data` is one line.
void append_sse_event(std::string& out, std::string_view name, Seq id, std::string_view data);
// An update as a message, with its place.
void append_sse_update(std::string& out, const Update& update, const SubscriptionOffset& place);
// "close": {"type":"close","code","message","resumeAfter"}.
void append_sse_close(std::string& out, std::string_view code, std::string_view message,
                      Seq resume_after, std::chrono::milliseconds retry);
// A comment; with an id it moves the client's last id and is no event.
void append_sse_keep_alive(std::string& out, std::optional<Seq> id);

// A chunk (RFC 9112 7.1) around what is appended between the two calls. begin_chunk() returns what
// end_chunk() needs; nothing appended between them leaves `out` as it was.
std::size_t begin_chunk(std::string& out);
void end_chunk(std::string& out, std::size_t begin);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace oee
