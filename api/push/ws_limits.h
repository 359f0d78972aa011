// WsLimits: the limits of one WebSocket. Fixed before the first connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/base/time.h"

namespace oee {

struct WsLimits {
  std::size_t frame_bytes_max = 64 * 1024;  // of a client's message; longer: closed with 1009
  std::size_t batch_bytes_max = 64 * 1024;  // of an "updates" message
  std::uint32_t subscriptions_max = 1'024;  // per socket
  // From a message's first byte to its last one; then the client is disconnected.
  Micros message_time_max{30'000'000};
  // Without a byte for this time the client is pinged; without an answer for as long again it is
  // disconnected.
  std::chrono::seconds ping_every{20};
  // The time that a slow reader has for the frame in flight and the close frame.
  Micros close_grace{30'000'000};
  // The same, when the engine stops; also the time for the answer of a refused upgrade.
  Micros stop_grace{2'000'000};
};

}  // namespace oee
