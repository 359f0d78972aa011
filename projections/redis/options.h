// RedisBusOptions: the server, the role and the limits of one Redis bus.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/order/ids.h"

namespace oee {

struct RedisBusMetrics;

struct RedisBusOptions {
  std::string url;      // redis://[user:password@]host[:port][/db]; never logged whole
  bool publish = true;  // false: a gateway, which only subscribes
  // Bytes that wait to be sent. When they are more, updates are dropped and counted.
  std::size_t queue_bytes_max = 64ULL << 20;
  // The engine's own log; updates of other logs are ignored. Zero: a gateway, which accepts any
  // log.
  LogId log_id;
  std::shared_ptr<RedisBusMetrics> metrics;  // may be null
};

}  // namespace oee
