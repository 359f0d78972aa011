// RedisChannels: the names of one engine's channels. Pub/sub ignores the database of the URL, so
// engines that share a Redis differ in their prefix. A value; any thread.
#pragma once

#include <string>

namespace oee {

struct RedisChannels {
  explicit RedisChannels(const std::string& prefix)
      : events(prefix + ":events"), head(prefix + ":head"), order_prefix(prefix + ":orders:") {}

  std::string events;        // every update
  std::string head;          // the head, every 250 ms
  std::string order_prefix;  // followed by an order id: the updates of that order
};

}  // namespace oee
