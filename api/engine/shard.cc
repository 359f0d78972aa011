#include "api/engine/shard.h"

#include "api/engine/route_groups.h"
#include "core/order/decide.h"

namespace oee {
namespace {

std::function<Task<Result<std::string>>()> scrape_of(const ShardSeams& seams) {
  if (seams.metrics == nullptr) return {};
  return [metrics = seams.metrics, &loop = seams.loop] { return metrics->scrape(loop); };
}

std::optional<StreamTickets> tickets_of(const ShardSeams& seams, const ShardOptions& options) {
  if (options.tickets == nullptr) return std::nullopt;
  return StreamTickets(*options.tickets, seams.loop, seams.clock);
}

}  // namespace

Shard::Writing::Writing(const ShardSeams& seams, const ShardOptions& options)
    : appender(*seams.log, seams.loop),
      orders(options.shard, options.shards),
      executor(ExecutorContext{.orders = orders,
                               .log = *seams.log,
                               .appender = appender,
                               .loop = seams.loop,
                               .clock = seams.clock,
                               .entropy = seams.entropy,
                               .read = *seams.writes_worker,
                               .venues = seams.venues,
                               .pools = seams.pools},
               options.executor) {
  appender.observe(executor);
}

std::optional<OrderWriting> Shard::writing_for(const ShardSeams& seams, const ShardOptions& options,
                                               const Admission& admission,
                                               const TokenRegistry& tokens) {
  if (!writing_) return std::nullopt;
  return OrderWriting{.appender = writing_->appender,
                      .admission = admission,
                      .executor = writing_->executor,
                      .open_orders = *seams.open_orders,
                      .tokens = tokens,
                      .worker = *seams.writes_worker,
                      .shard = options.shard,
                      .shards = options.shards};
}

Shard::Shard(ShardSeams seams, ShardOptions options, const Admission& admission,
             const Health& health, const TokenRegistry& tokens)
    : writing_(seams.log != nullptr ? std::make_unique<Writing>(seams, options) : nullptr),
      orders_(seams.loop, seams.clock, seams.entropy,
              Orders::Reading{.history = seams.history,
                              .history_worker = seams.history_worker,
                              .queries = seams.queries,
                              .queries_worker = seams.queries_worker,
                              .announced = seams.announced},
              writing_for(seams, options, admission, tokens)),
      tickets_(tickets_of(seams, options)),
      access_(options.access_list, options.rate_limiter, tickets_ ? &*tickets_ : nullptr),
      hub_(seams.loop, seams.clock, seams.backfill_worker, seams.history, options.stream),
      buffers_(seams.loop, seams.clock, options.stream_budget),
      dialects_(options.dialects),
      websockets_(WsContext{.loop = seams.loop,
                            .clock = seams.clock,
                            .hub = hub_,
                            .buffers = buffers_,
                            .orders = orders_,
                            .tokens = tokens,
                            .limits = options.websocket,
                            .allowed_origins = options.allowed_origins,
                            .access = &access_,
                            .factories = {&dialects_},
                            .log = options.request_log}),
      streams_(seams.loop, seams.clock, hub_, buffers_, {}, access_),
      routes_(make_routes(
          RoutesContext{.clock = seams.clock,
                        .orders = orders_,
                        .websockets = websockets_,
                        .gateway = writing_ == nullptr,
                        .test_endpoints = options.test_endpoints,
                        .access = &access_,
                        .allowed_origins = options.allowed_origins,
                        .metrics = &http_metrics_},
          make_route_groups(RouteGroupsContext{.clock = seams.clock,
                                               .entropy = seams.entropy,
                                               .orders = orders_,
                                               .tokens = tokens,
                                               .streams = streams_,
                                               .tickets = tickets_ ? &*tickets_ : nullptr,
                                               .operation = {.health = health,
                                                             .scrape = scrape_of(seams),
                                                             .settings = options.settings},
                                               .market = seams.market,
                                               .risk = seams.risk,
                                               .gateway = writing_ == nullptr,
                                               .dialects = options.dialects,
                                               .quote_key = options.quote_key}))) {}

Task<void> Shard::stop_executing() {
  if (writing_) co_await writing_->executor.stop();
}

Task<void> Shard::stop_serving() {
  co_await websockets_.stop();
  co_await streams_.stop();
  co_await hub_.stop();
  co_await orders_.stop();  // last: a database that hangs must not keep sockets from being closed
}

Task<AppendAnswer> Shard::halt_at_start(std::string why) {
  HaltTrading command;
  command.by = "engine";
  command.why = std::move(why);
  AppendRequest request;
  request.order_id = engine_stream;
  request.expected_version = writing_->executor.halts().version();
  request.events.push_back(event_of(std::move(command)));
  co_return co_await writing_->appender.append(std::move(request));
}

Task<AppendAnswer> Shard::change_limits(std::string limits, std::string why) {
  const RiskLimitsChanged changed{std::move(limits), "engine", std::move(why)};
  // Another event of the stream may come first. The executor has folded it when the conflict is
  // answered.
  AppendAnswer answer = Error{Errc::conflict, {}};
  for (int tries = 0; tries < 8 && !answer.ok() && answer.error().code == Errc::conflict; ++tries) {
    AppendRequest request;
    request.order_id = engine_stream;
    request.expected_version = writing_->executor.halts().version();
    request.events.push_back(changed);
    answer = co_await writing_->appender.append(std::move(request));
  }
  co_return answer;
}

OpenOrderHint Shard::hint() const {
  OpenOrderHint hint;
  hint.seq = writing_->executor.metrics().folded.load(std::memory_order_relaxed);
  hint.open = writing_->executor.open_ids();
  return hint;
}

}  // namespace oee
