// RedisBusMetrics: what the Redis bus counts since the start. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace oee {

struct RedisBusMetrics {
  std::atomic<std::uint64_t> updates_published{0};  // written to the connection
  std::atomic<std::uint64_t> updates_dropped{0};    // no connection, or the queue was full
  std::atomic<std::uint64_t> updates_received{0};
  std::atomic<std::uint64_t> connections_lost{0};
  std::atomic<std::uint64_t> messages_malformed{0};  // dropped: neither an update nor a head
  std::atomic<std::uint64_t> messages_foreign{0};    // dropped: of another log
};

}  // namespace oee
