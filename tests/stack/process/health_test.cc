// /readyz, /health and /metrics show a bad state from outside while it lasts.
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "tests/stack/fault_fixture.h"

namespace oee::test {
namespace {

TEST(Visible, UnknownOutcomesShowTheirNumberAndTheAgeOfTheOldest) {
  TemporaryDirectory dir;
  EngineProcess engine(dir.path() / "data",
                       joined(no_delays, {"--venue-faults", "lose-request=1"}));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  HttpClient client(engine.port());
  for (int i = 0; i < 5; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
  // A lost call times out after 2 s.
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return engine.health_number("unknownOutcomes") == 5;
  })) << client.get("/health").body;
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return engine.health_number("unknownOutcomeAgeSeconds") >= 3;
  })) << client.get("/health").body;
  const std::string health = client.get("/health").body;
  const std::string metrics = client.get("/metrics").body;
  EXPECT_NE(metrics.find("\noee_unknown_outcomes 5\n"), metrics.npos);
  const std::string age_name = "\noee_unknown_outcome_age_seconds ";
  const std::size_t age_at = metrics.find(age_name);
  ASSERT_NE(age_at, metrics.npos);
  const double age = std::stod(metrics.substr(age_at + age_name.size()));
  EXPECT_GE(age, 3);
  EXPECT_LE(age, 60);
  engine.kill_hard();
  std::cout << "unknown outcomes: " << health << std::endl;
}

TEST(Visible, AStuckProjectionShowsAsLagInEventsAndSeconds) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  const std::vector<std::string> shared = {"--postgres-url", postgres_url, "--redis-url",
                                           redis.url()};
  EngineProcess engine(dir.path() / "data", joined(no_delays, shared));
  EngineProcess gateway(dir.path() / "gateway",
                        joined({"--role", "gateway", "--log-level", "warn"}, shared));
  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_NO_FATAL_FAILURE(gateway.start());
  HttpClient client(engine.port());
  std::uint64_t events = 0;
  std::uint64_t seconds = 0;
  {
    pqxx::connection locker(postgres_url);
    pqxx::work tx(locker);
    tx.exec("LOCK TABLE oee.orders, oee.projection_state IN ACCESS EXCLUSIVE MODE");
    for (int i = 0; i < 5; ++i) ASSERT_EQ(client.post("/v1/orders", order_body()).status, 202);
    EXPECT_TRUE(EngineProcess::eventually(10, [&] {
      events = engine.health_number("projectorLagEvents");
      seconds = engine.health_number("projectorLagSeconds");
      return events >= 5 && seconds >= 3;
    })) << client.get("/health").body;
    EXPECT_LE(seconds, 10U);
    EXPECT_EQ(engine.health_number("publisherLagEvents"), 0U);
    // The gateway reads everything from PostgreSQL.
    EXPECT_TRUE(reports_unready(gateway, "postgres"));
    tx.abort();
  }
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return engine.health_number("projectorLagEvents") == 0 &&
           engine.health_number("projectorLagSeconds") == 0;
  })) << client.get("/health").body;
  EXPECT_TRUE(gets_ready(gateway));
  EXPECT_EQ(engine.health_number("headSeq"), engine.health_number("projectedSeq"));
  EXPECT_TRUE(EngineProcess::eventually(10, [&] {
    return gateway.health_number("projectedSeq") == engine.health_number("headSeq");
  }));
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  std::cout << "stuck projection: shown " << events << " events and " << seconds << " s behind"
            << std::endl;
}

}  // namespace
}  // namespace oee::test
