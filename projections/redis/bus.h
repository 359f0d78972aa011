// The Bus over Redis pub/sub: hiredis as protocol codec on Asio sockets, one publishing and one
// subscribing connection on a thread of its own, reconnecting with jittered back-off. With the
// default prefix an engine publishes CloudEvents to oee:events and oee:orders:<id>, and the head to
// oee:head. Its own sinks are fed in process, whatever Redis does; it subscribes to oee:head only
// to report another engine that publishes there. A gateway publishes nothing and subscribes to
// oee:events and oee:head. Nothing is stored: a crash loses what was not sent.
#pragma once

#include <memory>

#include "core/seams/bus.h"
#include "projections/redis/metrics.h"
#include "projections/redis/options.h"

namespace oee {

// invalid: the URL is malformed; the message does not contain its password. The bus connects in
// start(); an unreachable Redis is reported by unhealthy_reason() and is not an error.
Result<std::unique_ptr<Bus>> make_redis_bus(RedisBusOptions options);

}  // namespace oee
