// What one shard measures of its WebSockets. Written by its loop's thread, read by any.
#pragma once

#include "core/base/metrics.h"

namespace oee {

struct WsMeters {
  Count open;
  Count opened;    // since the start
  Count queued;    // messages that wait for their sockets now
  Count messages;  // queued since the start
  Count slow_readers_closed;
};

}  // namespace oee
