// RedisContext: the parts of a Redis bus that its publishing and its subscribing side share. The
// bus owns them; they outlive both sides.
#pragma once

#include "core/runtime/loop.h"
#include "core/seams/clock.h"
#include "core/seams/entropy.h"

namespace oee {

class RedisStatus;
struct RedisBusMetrics;
struct RedisBusOptions;
struct RedisChannels;
struct RedisUrl;

struct RedisContext {
  Loop& loop;
  Clock& clock;
  Entropy& entropy;
  const RedisUrl& url;
  const RedisBusOptions& options;
  const RedisChannels& channels;
  RedisBusMetrics& metrics;
  RedisStatus& status;
};

}  // namespace oee
