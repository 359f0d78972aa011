// Risk limits of a real engine: exactly as many orders as the limits allow, also when many clients
// compete and after kill -9; the file is reloaded on SIGHUP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/process/engine_process.h"
#include "tests/support/process/faulty_disk.h"

namespace oee::test {
namespace {

using testing::HasSubstr;

constexpr const char* order = R"({"inputToken":"SOL","outputToken":"USDC","amount":"1.5"})";

class RiskStack : public testing::Test {
 protected:
  void SetUp() override { write("[all]\nopen_orders = 50\n"); }
  void write(const std::string& text) { std::ofstream(file()) << text; }
  std::string file() const { return (dir_.path() / "risk.toml").string(); }
  // Accepted orders stay open: none is executed.
  std::vector<std::string> flags() const {
    return {"--risk-file", file(), "--execution-concurrency", "0"};
  }
  static std::string use_of(HttpClient& client, const std::string& scope, const std::string& name) {
    const auto answer = parse_json(client.get("/v1/risk").body);
    for (const auto& row : answer.at("items").as_array())
      if (text_at(row, "scope") == scope && text_at(row, "name") == name)
        return text_at(row, "use") + " of " + text_at(row, "limit");
    return "no row";
  }
  TemporaryDirectory dir_;
};

TEST_F(RiskStack, Of128ConnectionsExactlyTheLimitsNumberGetAnOpenOrderAlsoAfterAKill) {
  EngineProcess engine(dir_.path() / "data", flags());
  engine.start();
  HttpClient first(engine.port());
  const std::string id = text_at(parse_json(first.post("/v1/orders", order).body), "orderId");
  std::atomic<int> accepted = 1;
  std::atomic<int> refused = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 128; ++i) {
    clients.emplace_back([&] {
      HttpClient client(engine.port(), std::chrono::seconds(30));
      for (int n = 0; n < 4; ++n) {
        const HttpReply reply = client.post("/v1/orders", order);
        if (reply.status == 202) ++accepted;
        if (reply.status == 422) ++refused;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(accepted, 50);
  EXPECT_EQ(refused, 4 * 128 - 49);

  engine.kill_hard();
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(use_of(client, "all", "open_orders"), "50 of 50");
  const HttpReply reply = client.post("/v1/orders", order);
  ASSERT_EQ(reply.status, 422) << reply.body;
  const auto problem = parse_json(reply.body);
  EXPECT_EQ(text_at(problem, "code"), "risk_limit");
  EXPECT_EQ(text_at(problem, "name"), "all.open_orders");
  EXPECT_EQ(text_at(problem, "limit"), "50");
  EXPECT_EQ(text_at(problem, "value"), "51");

  EXPECT_EQ(client.del("/v1/orders/" + id).status, 202);
  EXPECT_EQ(client.post("/v1/orders", order).status, 202);
  EXPECT_EQ(client.post("/v1/orders", order).status, 422);
  EXPECT_EQ(use_of(client, "all", "open_orders"), "50 of 50");
}

TEST_F(RiskStack, AnAmendmentKeepsTheLimitsAlsoAfterAKill) {
  write("[account]\nopen_notional = { SOL = \"3\" }\nslippage_bps = 300\n");
  EngineProcess engine(dir_.path() / "data", flags());
  engine.start();
  HttpClient first(engine.port());
  const auto placed = first.post("/v1/orders", order);
  ASSERT_EQ(placed.status, 202) << placed.body;
  const std::string path = "/v1/orders/" + text_at(parse_json(placed.body), "orderId");
  const auto amend = [&](HttpClient& client, int version, const std::string& terms) {
    return client.send("PATCH", path, terms, {{"If-Match", '"' + std::to_string(version) + '"'}});
  };
  const auto expect_refused = [&](const HttpReply& reply, const std::string& name,
                                  const std::string& limit, const std::string& value) {
    ASSERT_EQ(reply.status, 422) << reply.body;
    const auto problem = parse_json(reply.body);
    EXPECT_EQ(text_at(problem, "code"), "risk_limit");
    EXPECT_EQ(text_at(problem, "name"), name);
    EXPECT_EQ(text_at(problem, "limit"), limit);
    EXPECT_EQ(text_at(problem, "value"), value);
  };
  expect_refused(amend(first, 1, R"({"amount":"3.5"})"), "account.open_notional.SOL", "3", "3.5");
  expect_refused(amend(first, 1, R"({"slippageBps":301})"), "account.slippage_bps", "300", "301");
  EXPECT_EQ(amend(first, 1, R"({"amount":"3"})").status, 202);
  EXPECT_EQ(use_of(first, "account", "open_notional"), "3 of 3");

  engine.kill_hard();
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(use_of(client, "account", "open_notional"), "3 of 3");
  expect_refused(amend(client, 2, R"({"amount":"3.1"})"), "account.open_notional.SOL", "3", "3.1");
  expect_refused(client.post("/v1/orders", order), "account.open_notional.SOL", "3", "4.5");
  EXPECT_EQ(amend(client, 2, R"({"amount":"1.5"})").status, 202);
  EXPECT_EQ(client.post("/v1/orders", order).status, 202);
}

TEST_F(RiskStack, AHangupReloadsTheFileAndABrokenOneKeepsTheLimits) {
  EngineProcess engine(dir_.path() / "data", flags());
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(use_of(client, "all", "open_orders"), "0 of 50");
  EXPECT_EQ(client.post("/v1/orders", order).status, 202);
  const auto reload = [&](const std::string& text, const std::string& logged) {
    write(text);
    engine.child().signal(SIGHUP);
    EXPECT_TRUE(EngineProcess::eventually(10, [&] {
      return engine.log_text().find(logged) != std::string::npos;
    })) << engine.log_text();
  };
  reload("[account]\nopen_orders = 1\n", "the risk file is read again");
  EXPECT_TRUE(EngineProcess::eventually(
      10, [&] { return use_of(client, "account", "open_orders") == "1 of 1"; }));
  EXPECT_EQ(client.post("/v1/orders", order).status, 422);
  reload("[account]\nopen_order = 5\n", "is not a limit");
  EXPECT_EQ(use_of(client, "account", "open_orders"), "1 of 1");
  EXPECT_EQ(client.post("/v1/orders", order).status, 422);
}

TEST_F(RiskStack, EachChangeOfTheLimitsIsAnEventAndVerifyFindsTheLogWithinThem) {
  EngineProcess engine(dir_.path() / "data", flags());
  const auto changes = [&] {
    std::vector<std::string> texts;
    HttpClient client(engine.port());
    const auto events = parse_json(client.get("/v1/events?type=RiskLimitsChanged&limit=50").body);
    for (const auto& event : events.at("items").as_array()) {
      EXPECT_EQ(text_at(event, "type"), "RiskLimitsChanged");
      EXPECT_EQ(text_at(event.at("data"), "by"), "engine");
      texts.push_back(text_at(event.at("data"), "limits"));
    }
    return texts;
  };
  const std::string first = "oee/risk-limits/2\n";
  std::vector<std::string> expected{first + "all open_orders 50\n"};
  engine.start();
  {
    HttpClient client(engine.port());
    EXPECT_EQ(client.post("/v1/orders", order).status, 202);
    EXPECT_EQ(changes(), expected);
    engine.child().signal(SIGHUP);
    EXPECT_TRUE(EngineProcess::eventually(10, [&] {
      return engine.log_text().find("the risk file is read again") != std::string::npos;
    }));
    EXPECT_EQ(changes(), expected) << "the limits are the same";
    write("[all]\nopen_orders = 1\n");
    engine.child().signal(SIGHUP);
    expected.push_back(first + "all open_orders 1\n");
    EXPECT_TRUE(EngineProcess::eventually(10, [&] { return changes() == expected; }));
    EXPECT_EQ(client.post("/v1/orders", order).status, 422);
  }
  engine.kill_hard();
  engine.start();  // with the limits of the log
  EXPECT_EQ(changes(), expected);
  engine.kill_hard();
  write("[account]\nopen_orders = 2\n");
  engine.start();
  expected.push_back(first + "account open_orders 2\n");
  EXPECT_EQ(changes(), expected);
  {
    HttpClient client(engine.port());
    EXPECT_EQ(client.post("/v1/orders", order).status, 202);
    EXPECT_EQ(client.post("/v1/orders", order).status, 422);
  }
  engine.stop();

  EngineProcess without(dir_.path() / "data", {"--execution-concurrency", "0"});
  without.start();
  expected.push_back(first);
  {
    HttpClient client(without.port());
    const auto events = parse_json(client.get("/v1/events?type=RiskLimitsChanged&limit=50").body);
    EXPECT_EQ(events.at("items").as_array().size(), expected.size());
    EXPECT_EQ(client.post("/v1/orders", order).status, 202);
  }
  without.stop();
  const auto verified = run({program("log-dump"), "verify", (dir_.path() / "data").string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(RiskStack, AStopWaitsForAChangeOfTheLimitsThatIsUnderWay) {
  FaultyDisk disk(dir_.path() / "fault");
  EngineProcess engine(dir_.path() / "data", flags());
  engine.start();
  disk.hang();
  write("[all]\nopen_orders = 7\n");
  engine.child().signal(SIGHUP);
  ASSERT_TRUE(EngineProcess::eventually(10, [&] {
    return engine.log_text().find("the risk file is read again") != std::string::npos;
  })) << engine.log_text();
  engine.child().signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  disk.work();
  EXPECT_EQ(engine.child().wait(12), 0) << engine.log_text();
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(use_of(client, "all", "open_orders"), "0 of 7");
}

TEST_F(RiskStack, AStopRightAfterAStartWithOtherLimitsIsOrderly) {
  EngineProcess engine(dir_.path() / "data", flags());
  for (int n = 1; n <= 12; ++n) {
    write("[all]\nopen_orders = " + std::to_string(n) + "\n");
    engine.start(false);
    EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  }
}

// The registry's reference prices: SOL in USDC.
TEST_F(RiskStack, ALimitPriceFarFromTheReferencePriceIsRefusedAndCounted) {
  write("[account]\nprice_collar_bps = 100\n");
  EngineProcess engine(dir_.path() / "data", flags());
  engine.start();
  HttpClient client(engine.port());
  const auto limit_order = [](const std::string& price) {
    return R"({"inputToken":"SOL","outputToken":"USDC","amount":"1.5","type":"limit",)"
           R"("limitPrice":")" +
           price + R"("})";
  };
  const auto expect_refused = [](const HttpReply& reply, const std::string& value) {
    ASSERT_EQ(reply.status, 422) << reply.body;
    const auto problem = parse_json(reply.body);
    EXPECT_EQ(text_at(problem, "code"), "risk_limit");
    EXPECT_EQ(text_at(problem, "name"), "account.price_collar_bps");
    EXPECT_EQ(text_at(problem, "limit"), "100");
    EXPECT_EQ(text_at(problem, "value"), value);
  };
  const auto refused = [&] {
    const std::string name = "oee_orders_refused_total{reason=\"risk_limit\"} ";
    const std::string text = client.get("/metrics").body;
    const auto at = text.find(name);
    if (at == text.npos) return std::string("none");
    return text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  };
  EXPECT_EQ(refused(), "0");
  expect_refused(client.post("/v1/orders", limit_order("151.51")), "101");
  expect_refused(client.post("/v1/orders", limit_order("148.49")), "101");
  EXPECT_EQ(refused(), "2");
  const HttpReply placed = client.post("/v1/orders", limit_order("151.5"));
  ASSERT_EQ(placed.status, 202) << placed.body;
  EXPECT_EQ(client.post("/v1/orders", order).status, 202) << "no limit price";
  const std::string path = "/v1/orders/" + text_at(parse_json(placed.body), "orderId");
  const auto amend = [&](const std::string& price) {
    return client.send("PATCH", path, R"({"limitPrice":")" + price + R"("})",
                       {{"If-Match", "\"1\""}});
  };
  expect_refused(amend("151.51"), "101");
  EXPECT_EQ(refused(), "2") << "new orders alone";
  EXPECT_EQ(amend("148.5").status, 202);
}

TEST_F(RiskStack, AWrongFileIsRefusedByTheStartAndByCheckConfig) {
  for (const std::string text :
       {"[all]\nopen_order = 5\n", "[all]\nlargest_order = { DOGE = \"1\" }\n", "[all", "",
        "[accounts.desk]\nprice_collar_bps = 1000001\n"}) {
    write(text);
    std::vector<std::string> argv{program("order-engine"), "--risk-file", file(), "--data-dir",
                                  (dir_.path() / "data").string()};
    EXPECT_EQ(run(argv).exit_code, 2) << text;
    argv.push_back("--check-config");
    const auto checked = run(argv);
    EXPECT_EQ(checked.exit_code, 2) << text;
    EXPECT_THAT(checked.err, HasSubstr("risk-file " + file() + ": "));
  }
}

}  // namespace
}  // namespace oee::test
