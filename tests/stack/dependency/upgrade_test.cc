// An engine and a gateway of different releases over one database: each order of their upgrade.
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "tests/stack/fault_fixture.h"
#include "tests/support/previous_schema.h"

namespace oee::test {
namespace {

struct Upgrade : testing::Test {
  void execute(const std::string& sql) {
    pqxx::connection connection(postgres_url);
    pqxx::nontransaction tx(connection);
    tx.exec(sql);
  }
  // Places an order on the engine and waits until the gateway lists it as confirmed.
  void expect_order_reaches_gateway() {
    const HttpReply placed = HttpClient(engine.port()).post("/v1/orders", order_body());
    ASSERT_EQ(placed.status, 202) << placed.body;
    const std::string id = text_at(parse_json(placed.body), "orderId");
    HttpClient reader(gateway.port());
    EXPECT_TRUE(EngineProcess::eventually(20, [&] {
      const HttpReply page = reader.get("/v1/orders?status=confirmed");
      return page.status == 200 && page.body.find(id) != std::string::npos;
    })) << gateway.log_text();
  }
  void expect_gateway_reports(const char* reason) {
    EXPECT_TRUE(EngineProcess::eventually(20, [&] {
      return whole_log(gateway).find(reason) != std::string::npos;
    })) << gateway.log_text();
    EXPECT_TRUE(reports_unready(gateway, ""));
  }

  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine{dir.path() / "data", joined(no_delays, store_flags(postgres_url, redis))};
  EngineProcess gateway{dir.path() / "gateway", gateway_flags(postgres_url, redis)};
};

TEST_F(Upgrade, AGatewayBeforeItsEngineServesWhenTheEngineHasMigrated) {
  engine.start();
  gateway.start();
  expect_order_reaches_gateway();
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_EQ(engine.stop(), 0);
  execute(back_to_previous_schema);
  gateway.launch();
  expect_gateway_reports("the schema is of version 2,");
  engine.start();
  EXPECT_TRUE(gets_ready(gateway)) << gateway.log_text();
  expect_order_reaches_gateway();
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(Upgrade, AnEngineBeforeItsGatewaysLeavesThemServing) {
  engine.start();
  gateway.start();
  // The engine's next release migrates.
  execute(
      "ALTER TABLE oee.orders ADD COLUMN invented text;"
      "INSERT INTO oee.schema_migrations (version, name) VALUES (1000, 'invented')");
  expect_order_reaches_gateway();
  EXPECT_EQ(gateway.stop(), 0);
  gateway.start();
  expect_order_reaches_gateway();
  EXPECT_EQ(gateway.stop(), 0);
  // A release that earlier gateways cannot read.
  execute("UPDATE oee.schema_migrations SET min_reader_version = 1000 WHERE version = 1000");
  gateway.launch();
  expect_gateway_reports("the schema is for readers of version 1000");
  gateway.kill_hard();
  EXPECT_EQ(engine.stop(), 0);
}

}  // namespace
}  // namespace oee::test
