// The shards' metrics: what each counts by itself, summed.
#include <algorithm>

#include "api/app/metrics.h"

namespace oee {
namespace {

// Over all shards. `read` takes a shard and gives a number.
template <class Read>
std::uint64_t sum(const Engine& engine, Read read) {
  std::uint64_t total = 0;
  for (const auto& shard : engine.shards()) total += read(*shard);
  return total;
}
// `histogram` takes a shard and gives its histogram.
template <class Read>
Distribution sum_of(const Engine& engine, Read histogram) {
  Distribution total;
  for (const auto& shard : engine.shards()) histogram(*shard).add_to(total);
  return total;
}

void add_requests(MetricSamples& out, const Engine& engine) {
  const auto& first = engine.shards().front()->http_meters();
  for (std::size_t i = 0; i < first.routes.size(); ++i) {
    const std::string_view route = first.routes[i].pattern;
    const std::string_view method = first.routes[i].method;
    const auto meters = [i](const Shard& shard) -> const RouteMeters& {
      return shard.http_meters().routes[i];
    };
    std::uint64_t answers = 0;
    for (const auto& [kind, name] :
         {std::pair(1U, "1xx"), {2U, "2xx"}, {3U, "3xx"}, {4U, "4xx"}, {5U, "5xx"}}) {
      const auto count =
          sum(engine, [&, kind = kind](const Shard& s) { return meters(s).answers[kind].get(); });
      answers += count;
      // Rates of what may appear later begin at 0; the other classes are rare.
      if (count > 0 || kind == 2 || kind == 5)
        out.value(Metric::http_requests, count,
                  {{"route", route}, {"method", method}, {"status", name}});
    }
    if (answers > 0)
      out.distribution(Metric::http_request_duration,
                       sum_of(
                           engine, [&](const Shard& s) -> auto& { return meters(s).took; }),
                       {{"route", route}, {"method", method}});
  }
  out.distribution(Metric::accept_duration,
                   sum_of(
                       engine, [](const Shard& s) -> auto& { return s.http_meters().accepted; }));
  out.value(Metric::http_connections, engine.connections());
  out.value(Metric::http_connections_limit, engine.options().http.connections_max);
}

void add_streams(MetricSamples& out, const Engine& engine) {
  Seq position = ~Seq{0};
  for (const auto& shard : engine.shards())
    position = std::min(position, shard->stream_meters().position.load());
  out.value(Metric::stream_seq, position);
  const auto stream = [&](Metric metric, Count StreamMeters::*count) {
    const auto read = [count](const Shard& s) { return (s.stream_meters().*count).get(); };
    out.value(metric, sum(engine, read));
  };
  stream(Metric::stream_subscribers, &StreamMeters::subscribers);
  stream(Metric::stream_lost, &StreamMeters::lost);
  const auto sockets = [&](Metric metric, Count WsMeters::*count) {
    const auto read = [count](const Shard& s) { return (s.websocket_meters().*count).get(); };
    out.value(metric, sum(engine, read));
  };
  sockets(Metric::websocket_sessions, &WsMeters::open);
  sockets(Metric::websocket_sessions_opened, &WsMeters::opened);
  sockets(Metric::websocket_queued, &WsMeters::queued);
  sockets(Metric::websocket_messages, &WsMeters::messages);
  sockets(Metric::websocket_slow_readers, &WsMeters::slow_readers_closed);
}

double unknown_age_seconds(const Engine& engine, const Clock& clock) {
  std::int64_t oldest = 0;
  for (const auto& shard : engine.shards()) {
    const std::int64_t since = shard->executor_stats().unknown_since_us.load();
    if (since != 0 && (oldest == 0 || since < oldest)) oldest = since;
  }
  if (oldest == 0) return 0;
  const std::int64_t age_us = clock.now().time_since_epoch().count() - oldest;
  return static_cast<double>(std::max<std::int64_t>(age_us, 0)) / 1e6;
}

void add_orders(MetricSamples& out, const Engine& engine, const Clock& clock) {
  const Admission& admission = engine.admission();
  out.value(Metric::orders_refused, admission.refused_full(), {{"reason", "open_orders"}});
  out.value(Metric::orders_refused, admission.refused_busy(), {{"reason", "busy"}});
  for (const OrderStatus status :
       {OrderStatus::pending, OrderStatus::routing, OrderStatus::building, OrderStatus::submitted})
    out.value(Metric::open_orders,
              sum(engine, [=](const Shard& s) { return s.open_orders(status); }),
              {{"status", to_string(status)}});
  out.value(Metric::open_orders_limit, engine.options().open_orders_max);
  const auto executors = [&](Metric metric, std::atomic<std::uint64_t> ExecutorStats::*figure) {
    const auto read = [figure](const Shard& s) { return (s.executor_stats().*figure).load(); };
    out.value(metric, sum(engine, read));
  };
  executors(Metric::orders_executing, &ExecutorStats::executing);
  executors(Metric::orders_waiting, &ExecutorStats::waiting);
  executors(Metric::unknown_outcomes, &ExecutorStats::unknown);
  out.value(Metric::unknown_outcome_age, unknown_age_seconds(engine, clock));
  out.distribution(Metric::log_append_wait, sum_of(
                                                engine, [](const Shard& s) -> auto& {
                                                  return s.executor_meters().append_wait;
                                                }));
}

void add_stages(MetricSamples& out, const Engine& engine) {
  for (std::size_t i = 0; i < StageMeters::stage_names.size(); ++i) {
    const auto stage = static_cast<StageMeters::Stage>(i);
    const auto read = [stage](const Shard& s) -> auto& {
      return s.executor_meters().stages.stage(stage);
    };
    out.distribution(Metric::order_stage_duration, sum_of(engine, read),
                     {{"stage", StageMeters::stage_names[i]}});
  }
  for (const OrderStatus end : {OrderStatus::confirmed, OrderStatus::failed, OrderStatus::cancelled,
                                OrderStatus::expired}) {
    const auto read = [end](const Shard& s) -> auto& {
      return s.executor_meters().stages.life(end);
    };
    out.distribution(Metric::order_duration, sum_of(engine, read), {{"status", to_string(end)}});
  }
}

void add_venues(MetricSamples& out, const Engine& engine) {
  const std::size_t venues = engine.shards().front()->executor_meters().venues.size();
  for (std::size_t v = 0; v < venues; ++v) {
    const auto meters = [v](const Shard& s) -> const VenueMeters& {
      return *s.executor_meters().venues[v];
    };
    const std::string_view venue = meters(*engine.shards().front()).venue();
    for (std::size_t c = 0; c < VenueMeters::call_names.size(); ++c) {
      const auto call = static_cast<VenueMeters::Call>(c);
      const std::string_view name = VenueMeters::call_names[c];
      std::uint64_t calls = 0;
      for (std::size_t o = 0; o < VenueMeters::outcome_names.size(); ++o) {
        const auto count = sum(engine, [&](const Shard& s) { return meters(s).count(call, o); });
        calls += count;
        if (count > 0)
          out.value(Metric::venue_calls, count,
                    {{"venue", venue}, {"call", name}, {"outcome", VenueMeters::outcome_names[o]}});
      }
      const auto took = [&](const Shard& s) -> auto& {
        return meters(s).took(call);
      };
      if (calls > 0)
        out.distribution(Metric::venue_call_duration, sum_of(engine, took),
                         {{"venue", venue}, {"call", name}});
    }
  }
}

}  // namespace

void add_engine_metrics(Metrics& metrics, const Engine& engine, const Clock& clock) {
  metrics.add([&engine, &clock](MetricSamples& out) {
    add_requests(out, engine);
    add_streams(out, engine);
    if (engine.shards().front()->is_gateway()) return;
    add_orders(out, engine, clock);
    add_stages(out, engine);
    add_venues(out, engine);
  });
}

}  // namespace oee
