// Redis is killed, hangs, disconnects its subscribers, and has other programs that publish on the
// channels. Submits stay as fast as before, and the WebSocket streams of the engine and of a
// gateway beside it have no gap and no repeat.
#include <gtest/gtest.h>

#include "projections/redis/push_message.h"
#include "tests/stack/dependency/dependency_fixture.h"
#include "tests/support/log/sample_log.h"

namespace oee::test {
namespace {

struct RedisFaults : DependencyFixture {
  RedisFaults() : DependencyFixture(false, std::chrono::milliseconds(2)) {}
  void expect_recovered(const char* after) {
    EXPECT_TRUE(gets_ready(engine)) << after << engine.log_text();
    EXPECT_TRUE(gets_ready(gateway)) << after << gateway.log_text();
    expect_streams_caught_up(after);
  }
};

TEST_F(RedisFaults, KilledAndHungItIsMissedByNoSubmitAndNoSubscriber) {
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    redis.stop();
    EXPECT_TRUE(reports_unready(engine, "redis")) << "/readyz does not report that Redis is away";
    EXPECT_TRUE(reports_unready(gateway, "redis"));
    trade(150);
    // The engine feeds its own streams without Redis.
    const Seq head = engine.health_number("headSeq");
    EXPECT_TRUE(EngineProcess::eventually(20, [&] { return of_engine->last() >= head; }));
    redis.start();
    trade(50);
    expect_recovered("killed");
    redis.hang();
    EXPECT_TRUE(reports_unready(engine, "no answer")) << "/readyz does not report that Redis hangs";
    trade(150);
    redis.resume();
    trade(50);
    expect_recovered("hung");
  }
  const std::string log = whole_log(engine);
  EXPECT_NE(log.find("the Redis stream is unhealthy"), std::string::npos) << log;
  EXPECT_EQ(of_engine->subscriptions(), 1);
  finish("Redis killed and hung", 2 * rounds);
}

LogId log_id_of(const EngineProcess& engine) {
  HttpClient client(engine.port());
  const auto raw = from_hex(text_at(parse_json(client.get("/health").body), "logId"));
  return LogId::from_bytes(*raw);
}

// Messages that no engine sends, and well-formed ones far ahead of the log.
std::vector<std::string> hostile_messages(const LogId& log_id) {
  SampleLog sample;
  sample.step(order_id(7));
  const LogIdentity other_epoch(log_id, LogEpoch{{1}});
  const LogIdentity other_log(LogId{{1, 2, 3}});
  std::vector<std::string> messages = {"",
                                       "hello",
                                       "{}",
                                       "[]",
                                       "\xff\xfe",
                                       std::string(300'000, 'x'),
                                       std::string(50'000, '['),
                                       encode_head_message(LogId{}, 5),
                                       encode_head_message(log_id, 0),
                                       encode_head_message(log_id, 1'000'000'000),
                                       encode_head_message(log_id, ~Seq{0} >> 1),
                                       encode_head_message(log_id, ~Seq{0}),
                                       encode_head_message(other_epoch, 0),
                                       encode_head_message(other_epoch, 1'000'000'000),
                                       encode_head_message(other_log, 1)};
  append_push(messages.emplace_back(), other_epoch, update_of(sample.records().front()));
  for (const Seq seq : {Seq{0}, Seq{1'000'000'000}, ~Seq{0} >> 1, ~Seq{0}}) {
    Record record = sample.records().front();
    record.seq = seq;
    append_push(messages.emplace_back(), log_id, update_of(record));
  }
  // Valid JSON of the right fields that is not what every update's JSON begins with.
  const std::string begin = R"("data":{"type":"update",)";
  const std::string good = messages[messages.size() - 3];
  messages.push_back(good);
  messages.back().replace(good.find(begin), begin.size(), R"("data":{"kind":"update",)");
  return messages;
}

TEST_F(RedisFaults, GarbageAndHeadsFarAheadReachNoSubscriber) {
  const std::vector<std::string> hostile = hostile_messages(log_id_of(engine));
  int faults = 0;
  for (int round = 0; round < 15; ++round) {
    for (const std::string& message : hostile) {
      for (const char* channel : {"oee:events", "oee:head"}) {
        const std::string published = redis.command({"PUBLISH", channel, message});
        EXPECT_TRUE(published.starts_with(":")) << published;
        ++faults;
      }
    }
    trade(15);
  }
  expect_recovered("garbage");
  for (EngineProcess* process : {&engine, &gateway}) {
    HttpClient client(process->port());
    const std::string metrics = client.get("/metrics").body;
    const std::string name = "oee_redis_messages_dropped_total{reason=\"malformed\"} ";
    const std::size_t at = metrics.find(name);
    ASSERT_NE(at, std::string::npos);
    EXPECT_GT(std::stoi(metrics.substr(at + name.size())), 15 * 8);
    EXPECT_NE(metrics.find("oee_stream_lost_total 0\n"), std::string::npos);
  }
  EXPECT_EQ(of_engine->subscriptions(), 1);
  EXPECT_EQ(of_gateway->subscriptions(), 1);
  finish("garbage on Redis", faults);
}

TEST(RedisPrefix, TwoEnginesShareARedis) {
  TemporaryDirectory dir;
  RedisServer redis;
  const auto flags = [&redis](const std::string& prefix) {
    return joined(no_delays, {"--redis-url", redis.url(), "--redis-prefix", prefix});
  };
  EngineProcess first(dir.path() / "first", flags("oee"));
  EngineProcess second(dir.path() / "second", flags("oee-second"));
  first.start();
  second.start();
  EXPECT_TRUE(gets_ready(first)) << first.log_text();
  EXPECT_TRUE(gets_ready(second)) << second.log_text();
  EXPECT_FALSE(reports_unready(first, "another engine", 2));
  EXPECT_FALSE(reports_unready(second, "another engine", 0));
  EngineProcess third(dir.path() / "third", flags("oee"));
  third.launch();
  EXPECT_TRUE(reports_unready(first, "another engine"));
  EXPECT_TRUE(gets_ready(second));
}

TEST_F(RedisFaults, CutOffItsSubscribersComeBackWithoutAGap) {
  int faults = 0;
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string killed = redis.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    EXPECT_TRUE(killed.starts_with(":")) << killed;
    trade(15);
  }
  expect_recovered("CLIENT KILL");
  // Redis disconnects a subscriber whose output buffer exceeds 32 KB: one message of 1 MB is
  // enough. The message is no update, and subscribers ignore it.
  EXPECT_EQ(redis.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 32768 0 0"}),
            "+OK\r\n");
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i, ++faults) {
    const std::string published = redis.command({"PUBLISH", "oee:events", large});
    EXPECT_TRUE(published.starts_with(":")) << published;
    trade(15);
  }
  expect_recovered("output limit");
  const std::string log = whole_log(engine);
  EXPECT_NE(log.find("closed by the server"), std::string::npos) << log;
  finish("Redis cuts its subscribers off", faults);
}

}  // namespace
}  // namespace oee::test
