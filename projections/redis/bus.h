// The Bus over Redis pub/sub: hiredis as protocol codec on Asio sockets, one publish and one
// subscribe connection on a thread of its own, reconnecting with jittered back-off. Publishes
// CloudEvents to oee:events and oee:orders:<id>, and oee:head; subscribes to oee:events and
// oee:head. What is published here comes back through Redis like everybody else's.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "core/seams/bus.h"

namespace oee {

// Counters since the start; any thread reads them.
struct RedisBusStats {
  std::atomic<std::uint64_t> updates_published{0};  // written to the connection
  std::atomic<std::uint64_t> updates_dropped{0};    // no connection, or the queue was full
  std::atomic<std::uint64_t> updates_received{0};
  std::atomic<std::uint64_t> connections_lost{0};
};

struct RedisBusOptions {
  std::string url;      // redis://[user:password@]host[:port][/db]; never logged whole
  bool publish = true;  // false: a gateway, which only subscribes
  // waiting to be sent; beyond it updates are dropped (counted)
  std::size_t queue_bytes_max = 64ULL << 20;
  LogId log_id;                          // zero: a gateway, which takes what it hears
  std::shared_ptr<RedisBusStats> stats;  // may be null
};

// invalid: the URL (named without its password). Connects in start(); an unreachable Redis is
// unhealthy_reason(), not an error.
Result<std::unique_ptr<Bus>> make_redis_bus(RedisBusOptions options);

}  // namespace oee
