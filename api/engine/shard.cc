#include "api/engine/shard.h"

namespace oee {
namespace {

std::function<Task<Result<std::string>>()> scrape_of(const ShardSeams& seams) {
  if (seams.metrics == nullptr) return {};
  return [metrics = seams.metrics, &loop = seams.loop] { return metrics->scrape(loop); };
}

}  // namespace

Shard::Writing::Writing(const ShardSeams& seams, const ShardOptions& options)
    : appender(*seams.log, seams.loop),
      orders(options.shard, options.shards),
      executor(orders, *seams.log, appender, seams.loop, seams.clock, seams.entropy,
               seams.history_worker, seams.venues, options.executor) {
  appender.observe(executor);
}

std::optional<OrderWriting> Shard::writing_for(const ShardOptions& options,
                                               const Admission& admission) {
  if (!writing_) return std::nullopt;
  return OrderWriting{writing_->appender, admission, writing_->executor, options.shard,
                      options.shards};
}

Shard::Shard(ShardSeams seams, ShardOptions options, const Admission& admission,
             const Health& health, const TokenRegistry& tokens)
    : writing_(seams.log != nullptr ? std::make_unique<Writing>(seams, options) : nullptr),
      orders_(
          seams.loop, seams.clock, seams.entropy,
          Orders::Reading{seams.history, seams.history_worker, seams.queries, seams.queries_worker},
          writing_for(options, admission)),
      access_(options.access_list, options.rate_limiter),
      hub_(seams.loop, seams.clock, seams.history_worker, seams.history, options.stream),
      websockets_(WsContext{seams.loop, seams.clock, hub_, orders_, tokens, options.websocket,
                            options.allowed_origins, &access_}),
      streams_(seams.loop, seams.clock, hub_),
      routes_(make_routes(RoutesContext{seams.clock, seams.entropy, orders_, health, tokens,
                                        websockets_, streams_, writing_ == nullptr,
                                        options.test_endpoints, &access_, options.allowed_origins,
                                        &http_meters_, scrape_of(seams), options.settings})) {}

Task<void> Shard::stop_executing() {
  if (writing_) co_await writing_->executor.stop();
}

Task<void> Shard::stop_serving() {
  co_await orders_.stop();
  co_await websockets_.stop();
  co_await streams_.stop();
  co_await hub_.stop();
}

OpenOrderHint Shard::hint() const {
  OpenOrderHint hint;
  hint.seq = writing_->executor.stats().folded.load(std::memory_order_relaxed);
  hint.open = writing_->executor.open_ids();
  return hint;
}

Result<Recovered> recover_shards(
    EventLog& log, std::span<Shard* const> shards, std::span<Loop* const> loops,
    const std::function<void(std::span<BlockSink* const>)>& start_log) {
  Recovered recovered;
  OEE_TRY_ASSIGN(std::vector<Order> open, recover_open_orders(log, &recovered.as_of));
  recovered.open_orders = open.size();
  std::vector<std::vector<Order>> by_shard(shards.size());
  for (Order& order : open) {
    const auto shard = shard_of(order.id, static_cast<std::uint32_t>(shards.size()));
    by_shard[shard].push_back(std::move(order));
  }
  std::vector<BlockSink*> sinks;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    sinks.push_back(&shards[i]->block_sink());
    // Posted before the log starts, so it runs before the first block is taken.
    auto orders = std::make_shared<std::vector<Order>>(std::move(by_shard[i]));
    post(*loops[i], [shard = shards[i], orders, as_of = recovered.as_of] {
      shard->executor().recover(std::move(*orders), as_of);
      shard->executor().start();
    });
  }
  start_log(sinks);
  return recovered;
}

}  // namespace oee
