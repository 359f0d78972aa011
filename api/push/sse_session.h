// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) of one shard:
// GET /v1/stream, the same updates as on /ws over a StreamCursor each. A stream ends when the
// client leaves, does not read, or the engine stops; the last two are said. Loop's thread.
//
// An update is a message event whose `id` is its seq and whose data is the update's frame on /ws,
// with its place ("n", "prevSeq"). `subscribed`, `caughtUp` and `close` are events of those names.
// `close` says why and the seq to resume from, which is its `id` too: an EventSource comes back
// with it as Last-Event-ID. While nothing is sent a comment keeps the connection alive, and moves
// the client's last id to what has been looked at, so that a filter that fits little costs no
// second look.
#pragma once

#include <memory>
#include <optional>

#include "api/access/access.h"
#include "api/http/server.h"
#include "api/push/ws_protocol.h"
#include "api/stream/cursor.h"

namespace oee {

struct SseLimits {
  std::size_t write_bytes_max = 64 * 1024;  // events that wait are sent together
  Micros keep_alive_every{15'000'000};
  std::chrono::milliseconds retry{1'000};  // a client's pause before it comes back after `close`
  Micros close_grace{5'000'000};           // for a slow reader to take what was begun and `close`
  Micros stop_grace{2'000'000};            // the same, when the engine stops
};

// Why a stream ends, as `close` says it.
namespace sse_codes {
inline constexpr std::string_view slow_reader = "slow_reader";    // its queue was full
inline constexpr std::string_view unavailable = "unavailable";    // updates cannot be read now
inline constexpr std::string_view stopping = "stopping";          // the server is stopping
inline constexpr std::string_view unauthorized = "unauthorized";  // its token may not read any more
}  // namespace sse_codes

struct SseRequest {
  WsTopic topic;
  std::optional<Seq> after;  // none: from now on
  StreamFilter filter;
  PrincipalPtr principal;  // who asks
};

class SseSessions {
 public:
  // All outlive it.
  SseSessions(Loop& loop, Clock& clock, StreamHub& hub, SseLimits limits = {});
  ~SseSessions();

  // The body of an answer. It may outlive nothing of the above.
  std::unique_ptr<HttpStream> open(SseRequest request);
  // After the access list has changed: ends the streams of tokens that may not read any more.
  void close_revoked(const Access& access);
  // Ends every stream with `close` and waits for them. Idempotent.
  Task<void> stop();
  bool stopping() const;
  std::size_t count() const;  // those that run
  StreamHub& hub();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
