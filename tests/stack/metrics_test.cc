// /metrics of real processes: the values agree with the log, promtool accepts the text, and every
// metric that tools/deploy uses is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "tests/stack/fault_fixture.h"
#include "tests/support/clients/ws_client.h"

namespace oee::test {
namespace {

using testing::HasSubstr;

std::string source_file(const std::string& name) {
  std::ifstream file(std::string(OEE_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The samples of one scrape, by name and labels as in the text.
class Scrape {
 public:
  explicit Scrape(std::uint16_t port) {
    HttpClient client(port);
    const HttpReply reply = client.get("/metrics");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    text = reply.body;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.rfind(' ');
      if (line.starts_with("# TYPE ")) families.insert(line.substr(7, space - 7));
      if (line.empty() || line[0] == '#') continue;
      samples[line.substr(0, space)] = std::stod(line.substr(space + 1));
      names.insert(line.substr(0, line.find_first_of("{ ")));
    }
  }
  double at(const std::string& sample) const {
    const auto found = samples.find(sample);
    EXPECT_NE(found, samples.end()) << sample;
    return found == samples.end() ? -1 : found->second;
  }
  // The sum over all labels.
  double sum(const std::string& name) const {
    double total = 0;
    for (const auto& [sample, value] : samples)
      if (sample == name || sample.starts_with(name + "{")) total += value;
    return total;
  }
  std::string text;
  std::map<std::string, double> samples;
  std::set<std::string> names;
  std::set<std::string> families;
};

RunResult promtool(std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), "/usr/bin/promtool");
  return run(arguments, 60, input);
}

// An engine with PostgreSQL and Redis, a gateway beside it, and orders with every outcome.
class MetricsTest : public testing::Test {
 protected:
  static constexpr int orders = 120;
  static constexpr int dialect_orders = 3;
  void SetUp() override {
    const std::vector<std::string> shared = {"--postgres-url", PostgresServer::shared_database(),
                                             "--redis-url", redis_.url()};
    engine_.emplace(dir_.path() / "data",
                    joined(joined(no_delays, {"--venue-faults", "reject=0.4", "--breaker-failures",
                                              "0", "--backoff", "1ms", "--access-log",
                                              (dir_.path() / "access.log").string()}),
                           shared));
    gateway_.emplace(dir_.path() / "gateway", joined({"--role", "gateway"}, shared));
    ASSERT_NO_FATAL_FAILURE(engine_->start());
    ASSERT_NO_FATAL_FAILURE(gateway_->start());
  }
  void trade() {
    HttpClient client(engine_->port());
    for (int i = 0; i < orders; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
    EXPECT_EQ(client.post("/v1/orders", "{}").status, 422);
    for (int i = 0; i < dialect_orders; ++i)
      ASSERT_EQ(client.post("/order", R"({"tokenIn":"SOL","tokenOut":"USDC","amount":1})").status,
                200);
    ASSERT_TRUE(
        EngineProcess::eventually(20, [&] { return engine_->health_number("openOrders") == 0; }));
    ASSERT_TRUE(EngineProcess::eventually(
        20, [&] { return engine_->health_number("projectorLagEvents") == 0; }));
  }
  // Counts the events of the whole log by "type" and by "type errorClass".
  std::map<std::string, double> count_log() {
    std::map<std::string, double> counts;
    const RunResult dump =
        run({program("log-dump"), engine_->data_dir().string(), "--format", "json"});
    EXPECT_EQ(dump.exit_code, 0) << dump.err;
    std::istringstream lines(dump.out);
    for (std::string line; std::getline(lines, line);) {
      const auto event = parse_json(line);
      const std::string type = text_at(event, "type");
      counts[type] += 1;
      const std::string error = text_at(event.at("data"), "errorClass");
      if (!error.empty()) counts[type + " " + error] += 1;
    }
    return counts;
  }

  TemporaryDirectory dir_;
  RedisServer redis_;
  std::optional<EngineProcess> engine_, gateway_;
};

TEST_F(MetricsTest, CountsEqualThoseOfTheLog) {
  ASSERT_NO_FATAL_FAILURE(trade());
  const Scrape scrape(engine_->port());
  auto counts = count_log();
  double events = 0;
  for (const auto& [what, count] : counts)
    if (what.find(' ') == what.npos) events += count;
  EXPECT_EQ(scrape.sum("oee_events_total"), events);
  for (const auto& [what, count] : counts) {
    if (const auto space = what.find(' '); space == what.npos) {
      EXPECT_EQ(scrape.at("oee_events_total{type=\"" + what + "\"}"), count);
    } else {
      const std::string name =
          what.starts_with("OrderFailed") ? "oee_dead_letters_total" : "oee_retries_total";
      EXPECT_EQ(scrape.at(name + "{class=\"" + what.substr(space + 1) + "\"}"), count);
    }
  }
  EXPECT_GT(counts["AttemptFailed"], 0) << "the faults caused no retries";
  EXPECT_GT(counts["OrderFailed"], 0) << "the faults caused no dead letters";
  EXPECT_EQ(scrape.sum("oee_retries_total"), counts["AttemptFailed"]);
  EXPECT_EQ(scrape.at("oee_dead_letters_open"), counts["OrderFailed"]);
  EXPECT_EQ(scrape.at("oee_orders_accepted_total"), orders + dialect_orders);
  EXPECT_EQ(scrape.sum("oee_orders_ended_total"), orders + dialect_orders);
  EXPECT_EQ(scrape.sum("oee_open_orders"), 0);
  EXPECT_EQ(scrape.at("oee_accept_duration_seconds_count"), orders + dialect_orders);
  EXPECT_EQ(scrape.at("oee_http_requests_total{route=\"/v1/orders\",method=\"POST\","
                      "status=\"2xx\"}"),
            orders);
  EXPECT_EQ(scrape.at("oee_http_requests_total{route=\"/v1/orders\",method=\"POST\","
                      "status=\"4xx\"}"),
            1);
  for (const char* head : {"oee_log_head_seq", "oee_log_durable_seq", "oee_log_commit_records_sum",
                           "oee_consumer_seq{consumer=\"projector\"}"})
    EXPECT_EQ(scrape.at(head), events) << head;
  EXPECT_EQ(scrape.sum("oee_order_duration_seconds_count"), orders + dialect_orders);
  EXPECT_EQ(scrape.at("oee_order_stage_duration_seconds_count{stage=\"accepted_to_routing\"}"),
            orders + dialect_orders);
  EXPECT_EQ(scrape.at("oee_order_stage_duration_seconds_count{stage=\"routing_to_building\"}"),
            counts["RouteSelected"]);
  EXPECT_EQ(scrape.at("oee_attempts_total"), counts["TransactionBuilt"]);
  EXPECT_EQ(scrape.at("oee_log_commits_total"), scrape.at("oee_log_sync_duration_seconds_count"));
  EXPECT_EQ(scrape.at("oee_log_appends_total"), scrape.at("oee_log_commit_appends_sum"));
  double submits = 0;
  for (const char* venue : {"raydium", "meteora"})
    for (const char* outcome : {"settled", "refused", "accepted"}) {
      const auto found =
          scrape.samples.find("oee_venue_calls_total{venue=\"" + std::string(venue) +
                              "\",call=\"submit\",outcome=\"" + std::string(outcome) + "\"}");
      if (found != scrape.samples.end()) submits += found->second;
    }
  EXPECT_EQ(submits, counts["TransactionBuilt"]);
  for (const char* up : {"oee_ready", "oee_redis_up", "oee_postgres_up"})
    EXPECT_EQ(scrape.at(up), 1) << up;
}

TEST_F(MetricsTest, AQuoteCountsWithTheVenuesCalls) {
  HttpClient client(engine_->port());
  const auto counted = [this](const std::string& what) {
    return Scrape(engine_->port()).samples["oee_venue_" + what];
  };
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(
        client.get("/v1/quote?inputToken=SOL&outputToken=USDC&amount=" + std::to_string(i + 1))
            .status,
        200);
  for (const std::string venue : {"raydium", "meteora"}) {
    const std::string of = "{venue=\"" + venue + "\",call=\"quote\"";
    EXPECT_EQ(counted("calls_total" + of + ",outcome=\"quoted\"}"), 3) << venue;
    EXPECT_EQ(counted("call_duration_seconds_count" + of + "}"), 3) << venue;
  }
}

TEST_F(MetricsTest, EveryMetricThatIsAskedForIsInALiveScrape) {
  WsClient watcher(engine_->port());
  ASSERT_TRUE(watcher.send(R"({"type":"subscribe","channel":"orders","after":0})"));
  ASSERT_NO_FATAL_FAILURE(trade());
  const Scrape scrape(engine_->port());
  EXPECT_EQ(scrape.at("oee_websocket_sessions"), 1);
  EXPECT_EQ(scrape.at("oee_stream_subscribers"), 1);
  EXPECT_GT(scrape.at("oee_websocket_messages_total"), orders);
  const std::regex metric("\\b(oee|process)_[a-z_]+");
  for (const char* file : {"tools/deploy/grafana-dashboard.json", "tools/deploy/alerts.yaml"}) {
    const std::string text = source_file(file);
    std::set<std::string> asked;
    for (std::sregex_iterator it(text.begin(), text.end(), metric), end; it != end; ++it)
      asked.insert(it->str());
    EXPECT_GT(asked.size(), 10U) << file;
    for (const std::string& name : asked)
      EXPECT_TRUE(scrape.names.count(name) + scrape.families.count(name) > 0)
          << name << " in " << file;
  }
  // An engine with all stores serves every metric of the table.
  const std::string table = source_file("api/telemetry/metrics_table.cc");
  std::size_t known = 0;
  const std::regex quoted("\"((oee|process)_[a-z_]+)\"");
  for (std::sregex_iterator it(table.begin(), table.end(), quoted), end; it != end; ++it, ++known)
    EXPECT_EQ(scrape.families.count((*it)[1].str()), 1U) << (*it)[1].str();
  EXPECT_EQ(known, scrape.families.size());
}

TEST_F(MetricsTest, PromtoolAcceptsWhatEnginesAndGatewaysServe) {
  ASSERT_NO_FATAL_FAILURE(trade());
  for (EngineProcess* process : {&*engine_, &*gateway_}) {
    const Scrape scrape(process->port());
    const RunResult checked = promtool({"check", "metrics"}, scrape.text);
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    EXPECT_EQ(checked.out + checked.err, "");
    // No value that a user chooses is a label: ids, accounts, keys.
    EXPECT_FALSE(std::regex_search(scrape.text, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-7")));
  }
  const Scrape gateway(gateway_->port());
  EXPECT_THAT(gateway.text, HasSubstr("role=\"gateway\""));
  for (const char* name : {"oee_ready", "oee_redis_up", "oee_postgres_up", "oee_stream_seq",
                           "oee_dead_letters_open", "process_open_fds"})
    EXPECT_EQ(gateway.names.count(name), 1U) << name;
  EXPECT_EQ(gateway.names.count("oee_open_orders"), 0U) << "a gateway has no orders";
}

TEST(Deploy, AlertRulesAreValidAndFireWhenTheyShould) {
  const std::string dir = std::string(OEE_SOURCE_DIR) + "/tools/deploy/";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"check", "rules", dir + "alerts.yaml"},
                                             {"check", "config", dir + "prometheus.yaml"},
                                             {"test", "rules", dir + "alerts_test.yaml"}}) {
    const RunResult result = promtool(arguments);
    EXPECT_EQ(result.exit_code, 0) << arguments[1] << "\n" << result.out << result.err;
  }
  // Each alert has a runbook of one sentence.
  const std::string alerts = source_file("tools/deploy/alerts.yaml");
  const auto count = [&alerts](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = alerts.find(what, at)) != alerts.npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count("- alert: "), count("runbook: \""));
}

TEST(Deploy, TheDashboardIsJsonWithAnExpressionInEveryPanel) {
  const auto dashboard = parse_json(source_file("tools/deploy/grafana-dashboard.json"));
  std::set<std::int64_t> ids;
  for (const auto& panel : dashboard.at("panels").as_array()) {
    EXPECT_TRUE(ids.insert(panel.at("id").as_int64()).second);
    if (text_at(panel, "type") == "row") continue;
    EXPECT_FALSE(panel.at("targets").as_array().empty()) << text_at(panel, "title");
    for (const auto& target : panel.at("targets").as_array()) {
      std::string rules = text_at(target, "expr");
      for (const auto& [variable, value] :
           {std::pair("$__rate_interval", "1m"), std::pair("$instance", ".*")})
        for (std::size_t at; (at = rules.find(variable)) != rules.npos;)
          rules.replace(at, std::string(variable).size(), value);
      rules = "groups: [{name: g, rules: [{record: \"a:b\", expr: '" + rules + "'}]}]\n";
      TemporaryDirectory dir;
      std::ofstream(dir.path() / "rules.yaml") << rules;
      const RunResult result = promtool({"check", "rules", (dir.path() / "rules.yaml").string()});
      EXPECT_EQ(result.exit_code, 0) << rules << result.out << result.err;
    }
  }
  EXPECT_GT(ids.size(), 20U);
}

TEST(Trace, ARequestsTraceIsInEveryEventLineAndMessageOfItsOrder) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data", {"--venue-delay", "0ms", "--quote-delay", "0ms",
                                             "--log-level", "debug", "--log-format", "json",
                                             "--venue-faults", "reject=0.5", "--backoff", "1ms"});
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  const HttpReply placed = client.post(
      "/v1/orders", order_body(),
      {{"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}, {"X-Request-Id", "mine"}});
  ASSERT_EQ(placed.status, 202) << placed.body;
  EXPECT_EQ(placed.headers.at("x-request-id"), "mine");
  const std::string id = text_at(parse_json(placed.body), "orderId");
  ASSERT_TRUE(
      EngineProcess::eventually(20, [&] { return engine.health_number("openOrders") == 0; }));
  std::size_t events = 0;
  const auto listed = parse_json(client.get("/v1/events").body);
  for (const auto& event : listed.at("items").as_array()) {
    EXPECT_EQ(text_at(event, "correlationId"), trace) << text_at(event, "type");
    ++events;
  }
  EXPECT_GE(events, 6U);
  WsClient watcher(engine.port());
  ASSERT_TRUE(watcher.send(R"({"type":"subscribe","orderId":")" + id + R"(","after":0})"));
  std::size_t updates = 0;
  while (updates < events) {  // some may come after caughtUp: the hub follows the log
    const auto message = watcher.read();
    ASSERT_TRUE(message) << updates << " of " << events << " updates";
    const auto json = parse_json(*message);
    if (text_at(json, "type") != "update") continue;
    EXPECT_EQ(text_at(json, "correlationId"), trace) << *message;
    ++updates;
  }
  EXPECT_EQ(engine.stop(), 0);
  std::size_t lines = 0;
  std::istringstream log(whole_log(engine));
  for (std::string line; std::getline(log, line);) {
    const auto json = parse_json(line);
    if (text_at(json, "order") != id) continue;
    EXPECT_EQ(text_at(json, "trace"), trace) << line;
    EXPECT_TRUE(json.as_object().contains("seq")) << line;
    ++lines;
  }
  EXPECT_EQ(lines, events) << "a line for each event";
  for (const char* format : {"text", "json", "csv"}) {
    const RunResult dump =
        run({program("log-dump"), engine.data_dir().string(), "--format", format});
    std::size_t named = 0;
    std::istringstream rows(dump.out);
    for (std::string row; std::getline(rows, row);) named += row.find(trace) != row.npos;
    EXPECT_EQ(named, events) << format;
  }
}

}  // namespace
}  // namespace oee::test
