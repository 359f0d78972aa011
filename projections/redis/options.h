// RedisBusOptions: the server, the role and the limits of one Redis bus.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/order/ids.h"

namespace oee {

struct RedisBusMetrics;

struct RedisBusOptions {
  std::string url;  // redis://[user:password@]host[:port][/db]; never logged whole
  // true: an engine. It publishes, its sinks are fed in process, and it reads the heads on Redis
  // only to find another engine there. false: a gateway, whose sinks are fed from Redis.
  bool publish = true;
  std::string prefix = "oee";  // of the channels; engines that share a Redis differ in it
  // Bytes that wait to be sent. When they are more, updates are dropped and counted.
  std::size_t queue_bytes_max = 64ULL << 20;
  // The engine's own log and epoch. Zero: a gateway, which follows the log of Bus::follow() until
  // another one alone is announced.
  LogIdentity log_id;
  std::shared_ptr<RedisBusMetrics> metrics;  // may be null
};

}  // namespace oee
