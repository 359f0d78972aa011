// StreamOptions: the limits of one shard's live stream (api/stream/hub.h). A value; fixed when the
// hub is made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"

namespace oee {

struct StreamOptions {
  // true: an engine, whose bus carries its own log. false: a gateway. Other programs can publish on
  // its bus, so a head or an update beyond a gap counts only while heads and history agree with it.
  bool trusts_bus = true;
  // Updates in the ring: ~300 B each, shared by all shards.
  std::size_t ring_updates_max = 65'536;
  // Updates that wait for one socket. A client with more is closed with 1013.
  std::uint32_t subscriber_updates_max = 8'192;
  // While more waits for one socket, its subscriptions read no further history.
  std::size_t subscriber_history_bytes_max = 16 * 1024;
  // A gap that is not filled within this time ends the subscriptions. When a gateway's heads do not
  // confirm the updates behind the gap, they are ignored instead, and the subscriptions stay.
  Micros gap_wait_max{5'000'000};
  // Without an update or a head for this long, the hub reads the history itself.
  Micros bus_silence_max{1'000'000};
  // The ring is kept for this long after the last subscriber left: a client that reconnects is
  // served from it. A hub that does not trust its bus never becomes idle.
  Micros idle_after{60'000'000};
};

}  // namespace oee
