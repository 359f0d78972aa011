// A backup is restored to an earlier head under a live subscriber of a gateway: the subscription
// ends with the reason, the positions of before are refused, and a subscription from the beginning
// gets the restored log without a gap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventlog/audit/log_reader.h"
#include "projections/redis/push_message.h"
#include "tests/stack/fault_fixture.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/ws_client.h"

namespace oee::test {
namespace {

using testing::StartsWith;

std::string subscribe(Seq after, const std::string& epoch = {}) {
  std::string text = R"({"type":"subscribe","channel":"orders","after":)" + std::to_string(after);
  if (!epoch.empty()) text += R"(,"epoch":")" + epoch + '"';
  return text + '}';
}

struct Restore : testing::Test {
  // Places orders and waits until they have ended and the tables contain them.
  static void trade(EngineProcess& engine, const std::string& name, int orders) {
    HttpClient client(engine.port());
    for (int n = 0; n < orders; ++n)
      ASSERT_EQ(client.post("/v1/orders", order_body(name + std::to_string(n))).status, 202);
    EXPECT_TRUE(EngineProcess::eventually(30, [&] {
      return engine.health_number("openOrders") == 0 &&
             engine.health_number("projectedSeq") == engine.health_number("headSeq");
    })) << engine.log_text();
  }
  // The frames of a subscription up to caughtUp or an error; returns the last one.
  static boost::json::value follow(WsClient& client, GapChecker& gaps) {
    for (;;) {
      const auto text = client.read();
      if (!text) return {};
      const auto frame = parse_json(*text);
      const std::string type = text_at(frame, "type");
      if (type != "error") {
        EXPECT_EQ(gaps.take(*text), "");
      }
      if (type == "caughtUp" || type == "error") return frame;
    }
  }
  std::string answer(const std::string& message) {
    WsClient client(gateway.port());
    client.send(message);
    GapChecker gaps;
    return text_at(follow(client, gaps), "code");
  }

  TemporaryDirectory dir;
  RedisServer redis;
  const std::string postgres_url = PostgresServer::shared_database();
  const std::filesystem::path copy = dir.path() / "copy";
  const std::filesystem::path restored_dir = dir.path() / "restored";
  const std::vector<std::string> flags = joined(no_delays, store_flags(postgres_url, redis));
  EngineProcess engine{dir.path() / "data", flags};
  EngineProcess restored{restored_dir, flags};
  EngineProcess gateway{dir.path() / "gateway", gateway_flags(postgres_url, redis)};
};

TEST_F(Restore, ToAnEarlierHeadIsSeenByEverySubscriberOfAGateway) {
  engine.start();
  trade(engine, "before-", 10);
  ASSERT_EQ(
      run({program("log-backup"), engine.data_dir().string(), "--to", copy.string()}).exit_code, 0);
  trade(engine, "lost-", 10);
  gateway.start();
  const Seq old_head = engine.health_number("headSeq");
  WsClient live(gateway.port());
  live.send(subscribe(0));
  GapChecker before;
  const std::string old_epoch = text_at(follow(live, before), "epoch");
  EXPECT_EQ(old_epoch, "0000000000000000");
  EXPECT_EQ(before.last(), old_head);
  EXPECT_EQ(engine.stop(), 0);

  const auto made =
      run({program("log-backup"), "--restore", copy.string(), "--to", restored_dir.string()});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  std::filesystem::copy(engine.data_dir() / "venue", restored_dir / "venue",
                        std::filesystem::copy_options::recursive);
  restored.launch();
  EXPECT_EQ(restored.child().wait(30), 4) << restored.log_text();
  EXPECT_NE(whole_log(restored).find("of another epoch of the log"), std::string::npos)
      << restored.log_text();
  // Redis announces the new epoch, PostgreSQL still has the tables of the old one.
  const auto reader = LogReader::open(restored_dir);
  ASSERT_TRUE(reader.ok());
  const LogIdentity log = (*reader)->identity();
  const std::string head_message = encode_head_message(log, (*reader)->head());
  const auto announce = [&] { redis.command({"PUBLISH", "oee:head", head_message}); };
  announce();
  EXPECT_FALSE(reports_unready(gateway, "Redis announces log", 1)) << "one message is believed";
  EXPECT_TRUE(EngineProcess::eventually(20, [&] {
    announce();
    return reports_unready(gateway, "Redis announces log", 0);
  })) << gateway.log_text();
  EXPECT_EQ(HttpClient(gateway.port()).get("/v1/orders").status, 503);
  EXPECT_EQ(HttpClient(gateway.port()).get("/v1/events").status, 503);
  const auto rebuilt = run({program("rebuild-projections"), "--data-dir", restored_dir.string(),
                            "--postgres-url", postgres_url});
  ASSERT_EQ(rebuilt.exit_code, 0) << rebuilt.err;
  restored.start();
  EXPECT_EQ(restored.resume_trading(), 1U) << "after a fail-stop trading is halted";
  EXPECT_TRUE(gets_ready(gateway)) << gateway.log_text();
  while (live.read()) {
  }
  EXPECT_THAT(live.close_reason(), StartsWith("the log was restored from a backup"));

  // The head passes the old one: only the epoch shows that the seqs are of other events.
  trade(restored, "after-", 20);
  const Seq head = restored.health_number("headSeq");
  ASSERT_GT(head, old_head);
  ASSERT_TRUE(gets_ready(gateway)) << gateway.log_text();
  EXPECT_EQ(answer(subscribe(old_head, old_epoch)), "position_unknown");
  EXPECT_EQ(answer(subscribe(head + 1'000)), "position_unknown");
  WsClient again(gateway.port());
  again.send(subscribe(0));
  GapChecker gaps;
  const std::string epoch = text_at(follow(again, gaps), "epoch");
  EXPECT_NE(epoch, old_epoch);
  EXPECT_EQ(gaps.seqs().size(), head);
  EXPECT_EQ(text_at(parse_json(HttpClient(restored.port()).get("/health").body), "epoch"), epoch);
  EXPECT_EQ(answer(subscribe(head, epoch)), "");
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(restored.stop(), 0) << restored.log_text();
}

}  // namespace
}  // namespace oee::test
