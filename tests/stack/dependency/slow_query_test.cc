// Queries that PostgreSQL does not answer for seconds: the gateway stays ready and answers others.
#include <gtest/gtest.h>

#include <future>
#include <pqxx/pqxx>

#include "tests/stack/fault_fixture.h"

namespace oee::test {
namespace {

TEST(SlowQueries, LeaveAGatewayReadyAndOtherQueriesAnswered) {
  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  EngineProcess engine(dir.path() / "data", joined(no_delays, store_flags(postgres_url, redis)));
  EngineProcess gateway(dir.path() / "gateway", gateway_flags(postgres_url, redis));
  engine.start();
  gateway.start();
  pqxx::connection locker(postgres_url);
  pqxx::work tx(locker);
  tx.exec("LOCK TABLE oee.orders IN ACCESS EXCLUSIVE MODE");
  const auto list = [&] {
    return HttpClient(gateway.port()).get("/v1/orders?venue=raydium&status=failed").status;
  };
  std::vector<std::future<int>> slow;
  for (int i = 0; i < 3; ++i) slow.push_back(std::async(std::launch::async, list));
  pause(500);
  const auto begin = Steady::now();
  // The wait for a position that the read model has not reached reads the cursor, for 2 s.
  const HttpReply beyond = HttpClient(gateway.port()).get("/v1/orders?afterSeq=1000000");
  EXPECT_GE(beyond.status, 400) << beyond.body;
  EXPECT_LT(seconds_since(begin), 4) << beyond.body;
  for (int i = 0; i < 2; ++i) slow.push_back(std::async(std::launch::async, list));
  HttpClient probe(gateway.port());
  while (seconds_since(begin) < 7) {
    const HttpReply ready = probe.get("/readyz");
    EXPECT_EQ(ready.status, 200) << ready.body;
    if (ready.status != 200) break;
    pause(100);
  }
  tx.abort();
  for (auto& status : slow) {
    const int answer = status.get();
    EXPECT_TRUE(answer == 200 || answer == 503) << answer;
  }
  EXPECT_EQ(list(), 200);
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_EQ(engine.stop(), 0);
}

}  // namespace
}  // namespace oee::test
