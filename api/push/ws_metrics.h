// WsMetrics: the metrics of one shard's WebSockets. The loop's thread writes; any thread reads.
#pragma once

#include "core/base/metrics.h"

namespace oee {

struct WsMetrics {
  Count open;                 // sessions now
  Count opened;               // sessions since the start
  Count queued;               // messages that wait for their sockets now
  Count messages;             // messages queued since the start
  Count slow_readers_closed;  // sessions since the start
};

}  // namespace oee
