// The Redis bus against a real Redis: its deliveries, and its reactions to faults of Redis.
#include "projections/redis/bus.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>

#include "projections/redis/codec.h"
#include "projections/redis/push_message.h"
#include "projections/redis/url.h"
#include "tests/support/bus_sinks.h"
#include "tests/support/clients/contract.h"
#include "tests/support/log/sample_log.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using namespace std::chrono_literals;

// A plain client with its own connection: an outside user of the channels, or the cause of a fault.
class RedisClient {
 public:
  explicit RedisClient(std::uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  RedisReply command(std::initializer_list<std::string_view> arguments) {
    std::string bytes;
    append_redis_command(bytes, arguments);
    boost::asio::write(socket_, boost::asio::buffer(bytes));
    return next();
  }
  RedisReply next() {
    for (;;) {
      auto reply = reader_.next();
      EXPECT_TRUE(reply.ok());
      if (*reply) return std::move(**reply);
      char bytes[65'536];
      const std::size_t size = socket_.read_some(boost::asio::buffer(bytes));
      reader_.feed({bytes, size});
    }
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  RedisReader reader_;
};

struct RedisBusTest : testing::Test {
  RedisBusTest() { sample.add_usual_orders(1, 500); }
  std::unique_ptr<Bus> make(RedisBusOptions options) {
    if (options.url.empty()) options.url = redis.url();
    options.metrics = metrics;
    auto bus = make_redis_bus(std::move(options));
    EXPECT_TRUE(bus.ok());
    return std::move(*bus);
  }
  std::unique_ptr<Bus> make_engine_bus() {
    RedisBusOptions options;
    options.log_id = log_id;
    return make(std::move(options));
  }
  std::unique_ptr<Bus> make_gateway_bus(const std::string& url = {}) {
    RedisBusOptions options;
    options.url = url;
    options.publish = false;
    return make(std::move(options));
  }
  bool eventually_healthy(const Bus& bus) {
    return test::eventually([&] { return bus.unhealthy_reason().empty(); });
  }
  // An engine's bus, and in `reader` a gateway's bus, which feeds the sink.
  std::unique_ptr<Bus> start_engine_bus() {
    auto bus = make_engine_bus();
    reader = make_gateway_bus();
    reader->subscribe(sink);
    for (Bus* each : {bus.get(), reader.get()}) {
      each->start();
      EXPECT_TRUE(eventually_healthy(*each)) << each->unhealthy_reason();
    }
    return bus;
  }

  // An engine of another log takes the place of the first one, and a gateway changes to it.
  void expect_followed(const LogIdentity& log) {
    auto engine = make_engine_bus();
    reader = make_gateway_bus();
    reader->subscribe(sink);
    for (Bus* each : {engine.get(), reader.get()}) {
      each->start();
      ASSERT_TRUE(eventually_healthy(*each)) << each->unhealthy_reason();
    }
    engine->publish(sample.batch(1, 11));
    ASSERT_TRUE(sink.wait_updates(10));
    EXPECT_EQ(sink.heads().size(), 0U);
    engine->stop();
    RedisBusOptions options;
    options.log_id = log;
    auto other = make(std::move(options));
    other->start();
    ASSERT_TRUE(eventually_healthy(*other)) << other->unhealthy_reason();
    const auto begin = std::chrono::steady_clock::now();
    other->publish(sample.batch(1, 3));
    ASSERT_TRUE(test::eventually([&] {
      other->publish_head(log, 2);
      std::this_thread::sleep_for(50ms);
      return !sink.heads().empty();
    }));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 3s);
    EXPECT_EQ(sink.heads().front(), std::pair(log, Seq{2}));
    EXPECT_EQ(sink.updates().size(), 10U);
    other->publish(sample.batch(3, 5));
    EXPECT_TRUE(sink.wait_updates(12));
  }

  test::RedisServer redis;
  test::SampleLog sample;
  test::CollectingSink sink;
  const LogId log_id = test::log_id(1);
  std::shared_ptr<RedisBusMetrics> metrics = std::make_shared<RedisBusMetrics>();
  std::unique_ptr<Bus> reader;
};

TEST_F(RedisBusTest, OutsideUsersReceiveEveryUpdateOfTheirOrderAndOfAll) {
  auto bus = start_engine_bus();
  const OrderId id = test::order_id(2);
  RedisClient all(redis.port());
  RedisClient one(redis.port());
  RedisClient heads(redis.port());
  all.command({"SUBSCRIBE", "oee:events"});
  one.command({"SUBSCRIBE", "oee:orders:" + to_text(id)});
  heads.command({"SUBSCRIBE", "oee:head"});
  bus->publish(sample.batch(1, 3'001));
  bus->publish_head(log_id, 3'000);
  for (Seq seq = 1; seq <= 3'000; ++seq) {
    const RedisReply message = all.next();
    if (seq <= 100) test::expect_contract_frame("redisEvents", message.text_at(2));  // is slow
    const auto push = decode_push(message.text_at(2));
    ASSERT_TRUE(push.ok()) << push.error().detail;
    ASSERT_EQ(push->update.seq, seq);
  }
  for (Version version = 1; version <= test::usual_steps; ++version) {
    const RedisReply message = one.next();
    test::expect_contract_frame("redisOrder", message.text_at(2));
    const auto push = decode_push(message.text_at(2));
    ASSERT_TRUE(push.ok());
    EXPECT_EQ(push->update.order_id, id);
    EXPECT_EQ(push->update.version, version);
  }
  const RedisReply message = heads.next();
  test::expect_contract_frame("redisHead", message.text_at(2));
  EXPECT_EQ(message.text_at(2), encode_head_message(log_id, 3'000));
}

TEST_F(RedisBusTest, AnEnginesOwnSinksAreFedInProcessWhateverRedisDoes) {
  auto bus = make_engine_bus();
  bus->subscribe(sink);
  bus->start();
  ASSERT_TRUE(eventually_healthy(*bus)) << bus->unhealthy_reason();
  // Each publish() has called the sink when it returns, and nothing comes a second time.
  bus->publish(sample.batch(1, 11));
  EXPECT_EQ(sink.updates().size(), 10U);
  ::kill(redis.pid(), SIGSTOP);
  bus->publish(sample.batch(11, 21));
  bus->publish_head(log_id, 20);
  EXPECT_EQ(sink.updates().size(), 20U);
  ::kill(redis.pid(), SIGCONT);
  redis.stop();
  ASSERT_TRUE(test::eventually([&] { return !bus->unhealthy_reason().empty(); }));
  bus->publish(sample.batch(21, 31));
  EXPECT_EQ(sink.updates().size(), 30U);
  EXPECT_EQ(sink.heads(), (std::vector<std::pair<LogIdentity, Seq>>{{log_id, 20}}));
}

TEST_F(RedisBusTest, EnginesWithTwoPrefixesDoNotMeetOnOneRedis) {
  test::CollectingSink sinks[2];
  std::unique_ptr<Bus> engines[2], gateways[2];
  for (int i = 0; i < 2; ++i) {
    RedisBusOptions options;
    options.prefix = i == 0 ? "oee" : "oee:second";
    options.log_id = test::log_id(static_cast<std::uint8_t>(i + 1));
    engines[i] = make(options);
    options.publish = false;
    options.log_id = {};
    gateways[i] = make(options);
    gateways[i]->subscribe(sinks[i]);
    for (Bus* each : {engines[i].get(), gateways[i].get()}) {
      each->start();
      ASSERT_TRUE(eventually_healthy(*each)) << each->unhealthy_reason();
    }
  }
  engines[0]->publish(sample.batch(1, 11));
  engines[1]->publish(sample.batch(11, 16));
  for (int i = 0; i < 2; ++i) {
    const LogId id = test::log_id(static_cast<std::uint8_t>(i + 1));
    engines[i]->publish_head(id, 15);
    ASSERT_TRUE(sinks[i].wait_head(id, 15));
    EXPECT_EQ(sinks[i].updates().size(), i == 0 ? 10U : 5U);
    EXPECT_EQ(sinks[i].heads().size(), 1U);
    EXPECT_EQ(engines[i]->unhealthy_reason(), "");
  }
  EXPECT_EQ(metrics->messages_foreign.load(), 0U);
}

TEST_F(RedisBusTest, ReconnectsAfterItsConnectionsAreCutOff) {
  auto bus = start_engine_bus();
  RedisClient killer(redis.port());
  killer.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  killer.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  ASSERT_TRUE(test::eventually([&] { return metrics->connections_lost >= 3; }));
  ASSERT_TRUE(eventually_healthy(*bus)) << bus->unhealthy_reason();
  ASSERT_TRUE(eventually_healthy(*reader)) << reader->unhealthy_reason();
  bus->publish(sample.batch(1, 11));
  ASSERT_TRUE(sink.wait_updates(10));
}

TEST_F(RedisBusTest, ReconnectsToARestartedRedisAndIsUnhealthyMeanwhile) {
  auto bus = start_engine_bus();
  redis.stop();
  ASSERT_TRUE(test::eventually([&] { return !bus->unhealthy_reason().empty(); }));
  const auto before = std::chrono::steady_clock::now();
  bus->publish(sample.batch(1, 11));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  ASSERT_TRUE(test::eventually([&] { return metrics->updates_dropped >= 10; }));
  ASSERT_TRUE(test::eventually([&] {
    return bus->unhealthy_reason() ==
           "redis 127.0.0.1:" + std::to_string(redis.port()) + ": Connection refused";
  })) << bus->unhealthy_reason();
  ASSERT_TRUE(test::eventually([&] { return !reader->unhealthy_reason().empty(); }));
  redis.start();
  ASSERT_TRUE(eventually_healthy(*bus)) << bus->unhealthy_reason();
  ASSERT_TRUE(eventually_healthy(*reader)) << reader->unhealthy_reason();
  bus->publish(sample.batch(11, 21));
  ASSERT_TRUE(sink.wait_updates(10));
  EXPECT_EQ(sink.updates().front().seq, 11U);
}

TEST_F(RedisBusTest, AHungRedisIsDetectedAndPublishingNeverBlocks) {
  RedisBusOptions options;
  options.log_id = log_id;
  options.queue_bytes_max = 2'000'000;
  auto bus = make(std::move(options));
  bus->subscribe(sink);
  bus->start();
  ASSERT_TRUE(test::eventually([&] { return bus->unhealthy_reason().empty(); }));
  ::kill(redis.pid(), SIGSTOP);
  auto longest = 0ms;
  const auto hung_at = std::chrono::steady_clock::now();
  // 40 MB: more than the sockets' buffers and the queue hold.
  for (int i = 0; i < 30; ++i) {
    const auto before = std::chrono::steady_clock::now();
    bus->publish(sample.batch(1, 1'001));
    longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::steady_clock::now() - before));
  }
  EXPECT_LT(longest, 400ms);  // the time to write ~2 MB of JSON, on a busy machine
  EXPECT_TRUE(test::eventually([&] { return !bus->unhealthy_reason().empty(); }, 8s));
  EXPECT_NE(bus->unhealthy_reason().find("no answer for 3s"), std::string::npos)
      << bus->unhealthy_reason();
  EXPECT_LT(std::chrono::steady_clock::now() - hung_at, 8s);
  EXPECT_GT(metrics->updates_dropped.load(), 0U);
  ::kill(redis.pid(), SIGCONT);
  EXPECT_TRUE(test::eventually([&] { return bus->unhealthy_reason().empty(); }))
      << bus->unhealthy_reason();
}

TEST_F(RedisBusTest, StopsWhileRedisIsHung) {
  auto bus = start_engine_bus();
  ::kill(redis.pid(), SIGSTOP);
  const auto before = std::chrono::steady_clock::now();
  bus->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  ::kill(redis.pid(), SIGCONT);
}

TEST_F(RedisBusTest, LogsInWithThePasswordAndTheDatabaseOfTheUrl) {
  RedisClient admin(redis.port());
  admin.command({"CONFIG", "SET", "requirepass", "s3cret/@"});
  const std::string at = "@127.0.0.1:" + std::to_string(redis.port());
  RedisBusOptions right;
  right.url = "redis://:s3cret%2F%40" + at + "/3";
  right.log_id = log_id;
  reader = make_gateway_bus(right.url);
  reader->subscribe(sink);
  auto bus = make(std::move(right));
  for (Bus* each : {bus.get(), reader.get()}) {
    each->start();
    ASSERT_TRUE(eventually_healthy(*each)) << each->unhealthy_reason();
  }
  bus->publish(sample.batch(1, 11));
  ASSERT_TRUE(sink.wait_updates(10));
  admin.command({"AUTH", "s3cret/@"});
  const RedisReply clients = admin.command({"CLIENT", "LIST"});
  EXPECT_NE(clients.text().find("name=oee-publish"), std::string_view::npos);
  EXPECT_NE(clients.text().find("db=3"), std::string_view::npos);

  for (const std::string& user : {std::string(":wrong"), std::string()}) {
    RedisBusOptions wrong;
    wrong.url = "redis://" + user + (user.empty() ? at.substr(1) : at);
    auto refused = make(std::move(wrong));
    refused->start();
    ASSERT_TRUE(test::eventually([&] {
      return refused->unhealthy_reason().find(user.empty() ? "NOAUTH" : "WRONGPASS") !=
             std::string::npos;
    })) << refused->unhealthy_reason();
    EXPECT_EQ(refused->unhealthy_reason().find("wrong"), std::string::npos);
  }
}

TEST_F(RedisBusTest, AnEngineReportsAnotherEngineOnItsChannels) {
  auto bus = make_engine_bus();
  bus->subscribe(sink);
  bus->start();
  ASSERT_TRUE(eventually_healthy(*bus)) << bus->unhealthy_reason();
  RedisBusOptions options;
  options.log_id = test::log_id(2);
  auto other = make(std::move(options));
  other->start();
  ASSERT_TRUE(test::eventually([&] { return other->unhealthy_reason().empty(); }));
  other->publish(sample.batch(1, 11));
  other->publish_head(test::log_id(2), 10);
  ASSERT_TRUE(test::eventually([&] {
    return bus->unhealthy_reason().find("another engine publishes here too") != std::string::npos;
  })) << bus->unhealthy_reason();
  EXPECT_EQ(metrics->messages_foreign.load(), 1U);
  EXPECT_EQ(sink.calls(), 0U);
}

TEST_F(RedisBusTest, AGatewayGetsAHeadWhenTheLogChanges) {
  expect_followed(test::log_id(2));
}

TEST_F(RedisBusTest, AGatewayGetsAHeadWhenTheLogIsRestored) {
  expect_followed(LogIdentity(log_id, LogEpoch{{1}}));
}

TEST_F(RedisBusTest, MessagesOfOthersOnTheChannelsAreDroppedAndCounted) {
  auto bus = start_engine_bus();
  RedisClient outsider(redis.port());
  const std::vector<std::string> hostile = {
      "hello",
      "",
      std::string(300'000, 'x'),
      "{}",
      "[]",
      "\xff\x00",
      std::string(5'000, '['),
      R"({"logId":"00000000000000000000000000000000","seq":1})",
      R"({"logId":"01010101010101010101010101010101","seq":18446744073709551615})"};
  for (const std::string& message : hostile)
    for (const char* channel : {"oee:events", "oee:head"})
      outsider.command({"PUBLISH", channel, message});
  bus->publish(sample.batch(1, 11));
  bus->publish_head(log_id, 10);
  ASSERT_TRUE(sink.wait_head(log_id, 10));
  EXPECT_EQ(sink.updates().size(), 10U);
  EXPECT_EQ(sink.heads().size(), 1U);
  // The gateway reads both channels, the engine the heads.
  EXPECT_TRUE(test::eventually([&] { return metrics->messages_malformed == 3 * hostile.size(); }))
      << metrics->messages_malformed;
}

TEST(RedisReader, AReplyThatIsTooLargeIsRefusedBeforeItIsThere) {
  RedisReader reader;
  reader.feed("$500000000\r\n");
  const std::string part(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(reader.next().ok()) << i;
    reader.feed(part);
  }
  reader.feed(part);
  EXPECT_FALSE(reader.next().ok());
}

TEST_F(RedisBusTest, CarriesManyUpdatesASecond) {
  auto bus = start_engine_bus();
  constexpr Seq batch_size = 500;
  constexpr Seq rounds = 60;
  std::vector<UpdateBatch> batches;
  for (Seq first = 1; first <= 3'000; first += batch_size)
    batches.push_back(sample.batch(first, first + batch_size));
  const auto before = std::chrono::steady_clock::now();
  for (Seq i = 0; i < rounds; ++i) bus->publish(batches[i % batches.size()]);
  ASSERT_TRUE(sink.wait_updates(rounds * batch_size, 60s));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  const double rate = static_cast<double>(rounds * batch_size) / seconds;
  std::printf("through Redis: %.0f updates/s\n", rate);
  EXPECT_EQ(metrics->updates_dropped.load(), 0U);
  EXPECT_GT(rate, 100);  // low: for sanitizers and loaded machines
}

TEST(RedisUrl, IsParsedIntoItsParts) {
  const auto plain = parse_redis_url("redis://example.org");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->host, "example.org");
  EXPECT_EQ(plain->port, 6379);
  EXPECT_EQ(plain->db, 0U);
  const auto full = parse_redis_url("redis://ann:p%40ss@[::1]:7000/12");
  ASSERT_TRUE(full.ok()) << full.error().detail;
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, 7000);
  EXPECT_EQ(full->user, "ann");
  EXPECT_EQ(full->password, "p@ss");
  EXPECT_EQ(full->db, 12U);
  EXPECT_EQ(redis_name(*full), "redis [::1]:7000");
  const auto password_only = parse_redis_url("redis://:secret@h/");
  ASSERT_TRUE(password_only.ok());
  EXPECT_EQ(password_only->user, "");
  EXPECT_EQ(password_only->password, "secret");
}

TEST(RedisUrl, MistakesAreNamedWithoutTheSecret) {
  for (const std::string url : {"", "localhost", "http://h", "rediss://:secret@h", "redis://",
                                "redis://h:0", "redis://h:99999", "redis://h/x", "redis://h/1/2",
                                "redis://secret@h", "redis://h?x=secret", "redis://:sec ret@h"}) {
    const auto bus = make_redis_bus([&] {
      RedisBusOptions options;
      options.url = url;
      return options;
    }());
    ASSERT_FALSE(bus.ok()) << url;
    EXPECT_EQ(bus.error().code, Errc::invalid);
    EXPECT_EQ(bus.error().detail.find("secret"), std::string::npos) << bus.error().detail;
  }
}

}  // namespace
}  // namespace oee
