// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) of one shard:
// GET /v1/stream, the same updates as on /ws, each stream over a StreamCursor of its own. A stream
// ends when the client disconnects, does not read, or the engine stops; in the last two cases a
// `close` event is sent. Owned by the shard; loop's thread.
//
// An update is a message event. Its `id` is its seq, in a restored log with the epoch, and its data
// is the update's frame on /ws with its offset ("n", "prevSeq"). `subscribed`, `caughtUp` and
// `close` are events of those names. `close` contains the reason and the seq to resume after, which
// is also its `id`: an EventSource reconnects with it as Last-Event-ID. While nothing is sent, a
// comment keeps the connection alive. It also sets the client's last id to the last seq examined,
// so that a client with a narrow filter does not make the server examine the same updates again.
#pragma once

#include <memory>
#include <optional>

#include "api/access/access.h"
#include "api/http/message.h"
#include "api/push/stream_buffers.h"
#include "api/push/ws_protocol.h"
#include "api/stream/cursor.h"

namespace oee {

struct SseLimits {
  std::size_t write_bytes_max = 64 * 1024;  // waiting events are sent together
  Micros keep_alive_every{15'000'000};
  std::chrono::milliseconds retry{1'000};  // the client's pause before it reconnects after `close`
  // The time that a slow reader has for the write in flight and `close`.
  Micros close_grace{5'000'000};
  Micros stop_grace{2'000'000};  // the same, when the engine stops
};

struct SseRequest {
  WsTopic topic;
  std::optional<Seq> after;  // none: begin with the next update
  StreamFilter filter;
  PrincipalPtr principal;  // the caller
};

class SseSessions {
 public:
  // The references outlive this object.
  SseSessions(Loop& loop, Clock& clock, StreamHub& hub, StreamBuffers& buffers,
              SseLimits limits = {}, const Access& access = Access::none());
  ~SseSessions();

  // The body of an answer. It must end before this object and its references.
  std::unique_ptr<HttpStream> open(SseRequest request);
  // Called after a change of the access list, and when a token expires: ends the streams whose
  // token may no longer read. A stream whose answer is still on its way ends as soon as it begins.
  void close_revoked();
  // Ends every stream with `close` and waits for them. Idempotent.
  Task<void> stop();
  bool stopping() const;
  std::size_t count() const;  // of open streams
  StreamHub& hub();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oee
