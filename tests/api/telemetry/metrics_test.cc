// GET /metrics: the text format, the table, and the counts of the routes.
#include "api/telemetry/metrics_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace http = boost::beast::http;
using testing::HasSubstr;
using testing::Not;

const std::string good_body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";

TEST(MetricsRegistry, NamesFollowTheConventionsAndAreUnique) {
  std::set<std::string_view> names;
  for (const MetricInfo& info : metric_table()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(info.name.starts_with("oee_") || info.name.starts_with("process_")) << info.name;
    EXPECT_EQ(info.name.ends_with("_total"), info.kind == MetricKind::counter) << info.name;
    EXPECT_TRUE(info.kind != MetricKind::durations || info.name.ends_with("_seconds"));
    EXPECT_TRUE(info.help.ends_with('.')) << info.name;
  }
}

TEST(MetricsRegistry, TheTextContainsTheSamplesOfTheCollectors) {
  MetricsRegistry metrics;
  DurationHistogram histogram;
  histogram.add(Micros{70});
  histogram.add(Micros{1'500});
  metrics.add([&](MetricSamples& out) {
    out.value(Metric::open_orders, 3, {{"status", "a \"b\"\n\\"}});
    Distribution distribution;
    histogram.add_to(distribution);
    out.distribution(Metric::log_sync_duration, distribution);
  });
  metrics.add([](MetricSamples& out) {
    out.value(Metric::open_orders, 4, {{"status", "routing"}});
    out.value(Metric::log_commits, 12'345'678'901.0);
  });
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE oee_open_orders gauge\n"));
  EXPECT_THAT(text, HasSubstr("oee_open_orders{status=\"a \\\"b\\\"\\n\\\\\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("oee_open_orders{status=\"routing\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE oee_log_commits_total counter\n"));
  EXPECT_THAT(text, HasSubstr("oee_log_commits_total 12345678901\n"));
  EXPECT_THAT(text, HasSubstr("oee_log_sync_duration_seconds_bucket{le=\"5e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("oee_log_sync_duration_seconds_bucket{le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("oee_log_sync_duration_seconds_bucket{le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("oee_log_sync_duration_seconds_sum 0.00157\n"));
  EXPECT_THAT(text, Not(HasSubstr("oee_disk_low")));
}

// Handles a request as the server does: handle(), timer(), then the status of the answer.
unsigned ask(TestApi& rest, http::verb method, const std::string& target,
             const std::string& body = {}) {
  BeastRequest request(method, target, 11);
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  auto handling = rest.routes->handle(request, "req-1", rest.address);
  const RequestTimer timer = rest.routes->timer();
  const HttpAnswer answer = run_now(std::move(handling));
  timer.answered(answer.status);
  return answer.status;
}

std::map<std::string, std::uint64_t> counted(const TestApi& rest) {
  std::map<std::string, std::uint64_t> counts;
  for (const RouteMetrics& route : rest.metrics.routes)
    for (std::size_t kind = 0; kind < route.answers.size(); ++kind)
      if (route.answers[kind].get() > 0)
        counts[route.method + " " + route.pattern + " " + std::to_string(kind)] =
            route.answers[kind].get();
  return counts;
}

TEST(MetricsRegistry, RequestsAreCountedByTheirRoutesPatternNotByTheirPath) {
  TestApi rest;
  const std::string id = "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e";
  EXPECT_EQ(ask(rest, http::verb::post, "/v1/orders", good_body), 202U);
  EXPECT_EQ(ask(rest, http::verb::post, "/v1/orders", "{}"), 422U);
  EXPECT_EQ(ask(rest, http::verb::get, "/v1/orders/" + id), 404U);
  EXPECT_EQ(ask(rest, http::verb::head, "/v1/orders/" + id), 404U);
  EXPECT_EQ(ask(rest, http::verb::get, "/v1/orders/" + id + "/events"), 404U);
  EXPECT_EQ(ask(rest, http::verb::get, "/no/such/path/" + id), 404U);
  EXPECT_EQ(ask(rest, http::verb::patch, "/v1/orders"), 405U);
  rest.routes->refuse(431, "too_large", "", "req-2");
  const std::map<std::string, std::uint64_t> wanted = {
      {"POST /v1/orders 2", 1},     {"POST /v1/orders 4", 1},
      {"GET /v1/orders/{id} 4", 2}, {"GET /v1/orders/{id}/events 4", 1},
      {"other other 4", 3},
  };
  EXPECT_EQ(counted(rest), wanted);
  Distribution accepted;
  rest.metrics.accepted.add_to(accepted);
  std::uint64_t accepted_count = 0;
  for (const auto count : accepted.counts) accepted_count += count;
  EXPECT_EQ(accepted_count, 1U) << "only accepted orders";
}

TEST(MetricsRegistry, TheRouteReturnsTheTextFormatForAnyQuery) {
  TestApi none;
  EXPECT_EQ(none.get("/metrics").status, 404U);
  TestApi rest(false, false, Access::none(), {},
               [] { return answer_at_once(std::string("oee_ready 1\n")); });
  const HttpAnswer answer = rest.get("/metrics?name[]=oee_ready");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body, "oee_ready 1\n");
  TestApi busy(false, false, Access::none(), {}, [] {
    return answer_at_once(Error{Errc::full, "too many"});
  });
  EXPECT_EQ(busy.get("/metrics").status, 503U);
  TestApi gateway(true, false, Access::none(), {},
                  [] { return answer_at_once(std::string("oee_ready 1\n")); });
  EXPECT_EQ(gateway.get("/metrics").status, 200U);
}

}  // namespace
}  // namespace oee::test
