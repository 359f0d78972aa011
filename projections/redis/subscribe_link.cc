#include "projections/redis/subscribe_link.h"

#include "projections/redis/metrics.h"
#include "projections/redis/options.h"
#include "projections/redis/status.h"

namespace oee {

RedisSubscribeLink::RedisSubscribeLink(const RedisContext& context)
    : heads_only_(context.options.publish),
      channels_(context.channels),
      metrics_(context.metrics),
      status_(context.status),
      messages_(context.options, context.channels, context.clock, context.metrics, context.status),
      link_(context.loop, context.clock, context.entropy, context.url, "oee-subscribe",
            RedisTiming(), *this) {}

void RedisSubscribeLink::on_open() {
  was_open_ = true;
  subscribed_ = 0;
  RedisChunk chunk;
  append_redis_command(chunk.bytes, {"SUBSCRIBE", channels_.head});
  if (!heads_only_) append_redis_command(chunk.bytes, {"SUBSCRIBE", channels_.events});
  link_.send(std::move(chunk));
}

void RedisSubscribeLink::on_reply(const RedisReply& reply) {
  if (reply.is_error()) return link_.close(std::string(reply.text()));
  const std::size_t channels = heads_only_ ? 1 : 2;
  const std::string_view kind = reply.text_at(0);
  if (kind == "message") {
    messages_.take(reply.text_at(1), reply.text_at(2));
  } else if (kind == "subscribe" && ++subscribed_ == channels) {
    status_.set_healthy(RedisStatus::Side::subscribe);
  }
}

void RedisSubscribeLink::on_closed(const std::string& why) {
  if (std::exchange(was_open_, false)) ++metrics_.connections_lost;
  status_.set_unhealthy(RedisStatus::Side::subscribe, why);
}

}  // namespace oee
