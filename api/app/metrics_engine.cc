// Reads the metrics of the shards for /metrics. Each shard counts by itself; the sums are reported.
#include <algorithm>

#include "api/app/metrics.h"

namespace oee {
namespace {

// The sum over all shards. `read` returns the number of one shard.
template <class Read>
std::uint64_t sum(const Engine& engine, Read read) {
  std::uint64_t total = 0;
  for (const auto& shard : engine.shards()) total += read(*shard);
  return total;
}
// The same for histograms.
template <class Read>
Distribution sum_of(const Engine& engine, Read histogram) {
  Distribution total;
  for (const auto& shard : engine.shards()) histogram(*shard).add_to(total);
  return total;
}

void add_requests(MetricSamples& out, const Engine& engine) {
  const auto& first = engine.shards().front()->http_metrics();
  for (std::size_t i = 0; i < first.routes.size(); ++i) {
    const std::string_view route = first.routes[i].pattern;
    const std::string_view method = first.routes[i].method;
    const auto metrics_of = [i](const Shard& shard) -> const RouteMetrics& {
      return shard.http_metrics().routes[i];
    };
    std::uint64_t answers = 0;
    for (const auto& [kind, name] :
         {std::pair(1U, "1xx"), {2U, "2xx"}, {3U, "3xx"}, {4U, "4xx"}, {5U, "5xx"}}) {
      const auto count = sum(
          engine, [&, kind = kind](const Shard& s) { return metrics_of(s).answers[kind].get(); });
      answers += count;
      // 2xx and 5xx are reported from 0 on, so that their first rate is right. The others are rare.
      if (count > 0 || kind == 2 || kind == 5)
        out.value(Metric::http_requests, count,
                  {{"route", route}, {"method", method}, {"status", name}});
    }
    if (answers > 0)
      out.distribution(Metric::http_request_duration,
                       sum_of(
                           engine, [&](const Shard& s) -> auto& { return metrics_of(s).took; }),
                       {{"route", route}, {"method", method}});
  }
  out.distribution(Metric::accept_duration,
                   sum_of(
                       engine, [](const Shard& s) -> auto& { return s.http_metrics().accepted; }));
  out.value(Metric::http_connections, engine.connections());
  out.value(Metric::http_connections_limit, engine.options().http.connections_max);
}

void add_streams(MetricSamples& out, const Engine& engine) {
  Seq position = ~Seq{0};
  for (const auto& shard : engine.shards())
    position = std::min(position, shard->stream_metrics().position.load());
  out.value(Metric::stream_seq, position);
  const auto stream = [&](Metric metric, Count StreamMetrics::*count) {
    const auto read = [count](const Shard& s) { return (s.stream_metrics().*count).get(); };
    out.value(metric, sum(engine, read));
  };
  stream(Metric::stream_subscribers, &StreamMetrics::subscribers);
  stream(Metric::stream_lost, &StreamMetrics::lost);
  stream(Metric::stream_ignored, &StreamMetrics::ignored);
  const auto buffers = [&](Count StreamBufferMetrics::*count) {
    return sum(engine,
               [count](const Shard& s) { return (s.stream_buffer_metrics().*count).get(); });
  };
  out.value(Metric::stream_buffer_bytes, buffers(&StreamBufferMetrics::bytes));
  out.value(Metric::stream_buffer_bytes_limit, engine.options().stream_buffer_bytes_max);
  out.value(Metric::stream_slow_readers, buffers(&StreamBufferMetrics::stalled),
            {{"reason", "stalled"}});
  out.value(Metric::stream_slow_readers, buffers(&StreamBufferMetrics::over_budget),
            {{"reason", "budget"}});
  const auto sockets = [&](Metric metric, Count WsMetrics::*count) {
    const auto read = [count](const Shard& s) { return (s.websocket_metrics().*count).get(); };
    out.value(metric, sum(engine, read));
  };
  sockets(Metric::websocket_sessions, &WsMetrics::open);
  sockets(Metric::websocket_sessions_opened, &WsMetrics::opened);
  sockets(Metric::websocket_queued, &WsMetrics::queued);
  sockets(Metric::websocket_messages, &WsMetrics::messages);
  sockets(Metric::websocket_slow_readers, &WsMetrics::slow_readers_closed);
}

double unknown_age_seconds(const Engine& engine, const Clock& clock) {
  std::int64_t oldest = 0;
  for (const auto& shard : engine.shards()) {
    const std::int64_t since = shard->executor_metrics().unknown_since_us.load();
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
  out.value(Metric::orders_refused, admission.refused_risk_limit(), {{"reason", "risk_limit"}});
  for (const OrderStatus status : {OrderStatus::pending, OrderStatus::resting, OrderStatus::routing,
                                   OrderStatus::building, OrderStatus::submitted})
    out.value(Metric::open_orders,
              sum(engine, [=](const Shard& s) { return s.open_orders(status); }),
              {{"status", to_string(status)}});
  out.value(Metric::open_orders_limit, engine.options().open_orders_max);
  const auto executors = [&](Metric metric, std::atomic<std::uint64_t> ExecutorMetrics::*gauge) {
    const auto read = [gauge](const Shard& s) { return (s.executor_metrics().*gauge).load(); };
    out.value(metric, sum(engine, read));
  };
  executors(Metric::orders_executing, &ExecutorMetrics::executing);
  executors(Metric::orders_waiting, &ExecutorMetrics::waiting);
  out.value(Metric::live_attempts_limit, engine.options().executor.live_attempts_max);
  executors(Metric::unknown_outcomes, &ExecutorMetrics::unknown);
  out.value(Metric::unknown_outcome_age, unknown_age_seconds(engine, clock));
  // Every shard folds the same halts.
  out.value(Metric::halts, engine.shards().front()->executor_metrics().halts.load());
  out.distribution(Metric::log_append_wait, sum_of(
                                                engine, [](const Shard& s) -> auto& {
                                                  return s.executor_metrics().append_duration;
                                                }));
}

void add_stages(MetricSamples& out, const Engine& engine) {
  for (std::size_t i = 0; i < StageMetrics::stage_names.size(); ++i) {
    const auto stage = static_cast<StageMetrics::Stage>(i);
    const auto read = [stage](const Shard& s) -> auto& {
      return s.executor_metrics().stages.stage(stage);
    };
    out.distribution(Metric::order_stage_duration, sum_of(engine, read),
                     {{"stage", StageMetrics::stage_names[i]}});
  }
  for (const OrderStatus end : {OrderStatus::confirmed, OrderStatus::failed, OrderStatus::cancelled,
                                OrderStatus::expired}) {
    const auto read = [end](const Shard& s) -> auto& {
      return s.executor_metrics().stages.order_duration(end);
    };
    out.distribution(Metric::order_duration, sum_of(engine, read), {{"status", to_string(end)}});
  }
}

void add_venues(MetricSamples& out, const Engine& engine) {
  const std::size_t venues = engine.shards().front()->executor_metrics().venues.size();
  for (std::size_t v = 0; v < venues; ++v) {
    const auto metrics_of = [v](const Shard& s) -> const VenueMetrics& {
      return *s.executor_metrics().venues[v];
    };
    const std::string_view venue = metrics_of(*engine.shards().front()).venue();
    out.value(Metric::live_attempts,
              sum(engine, [&](const Shard& s) { return metrics_of(s).live.load(); }),
              {{"venue", venue}});
    for (const auto call : {VenueMetrics::quote, VenueMetrics::submit}) {
      const MetricLabels labels = {{"venue", venue}, {"call", VenueMetrics::call_names[call]}};
      auto worst = CircuitBreaker::State::closed;
      for (const auto& shard : engine.shards())
        worst = std::max(worst, metrics_of(*shard).breakers[call].state.load());
      out.value(Metric::venue_breaker_state, static_cast<std::uint64_t>(worst), labels);
      const auto openings = [&](const Shard& s) {
        return metrics_of(s).breakers[call].openings.get();
      };
      out.value(Metric::venue_breaker_openings, sum(engine, openings), labels);
    }
    for (std::size_t c = 0; c < VenueMetrics::call_names.size(); ++c) {
      const auto call = static_cast<VenueMetrics::Call>(c);
      const std::string_view name = VenueMetrics::call_names[c];
      std::uint64_t calls = 0;
      for (std::size_t o = 0; o < VenueMetrics::outcome_names.size(); ++o) {
        const auto count =
            sum(engine, [&](const Shard& s) { return metrics_of(s).count(call, o); });
        calls += count;
        if (count > 0)
          out.value(
              Metric::venue_calls, count,
              {{"venue", venue}, {"call", name}, {"outcome", VenueMetrics::outcome_names[o]}});
      }
      const auto took = [&](const Shard& s) -> auto& {
        return metrics_of(s).took(call);
      };
      if (calls > 0)
        out.distribution(Metric::venue_call_duration, sum_of(engine, took),
                         {{"venue", venue}, {"call", name}});
    }
  }
}

}  // namespace

void add_engine_metrics(MetricsRegistry& registry, const Engine& engine, const Clock& clock) {
  registry.add([&engine, &clock](MetricSamples& out) {
    add_requests(out, engine);
    add_streams(out, engine);
    if (engine.shards().front()->is_gateway()) return;
    add_orders(out, engine, clock);
    add_stages(out, engine);
    add_venues(out, engine);
  });
}

}  // namespace oee
