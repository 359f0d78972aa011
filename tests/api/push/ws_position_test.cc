// The position from which a WebSocket subscription resumes: a log that does not have it refuses the
// subscription, and a log that is restored meanwhile ends it.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/api/push/ws_fixture.h"
#include "tests/support/bus_sinks.h"

namespace oee {
namespace {

using namespace std::chrono_literals;
using test::WsClient;
namespace json = boost::json;

constexpr std::uint32_t order_count = 500;  // in the sample: seqs 1..3,000, step by step

std::string subscribe_all(Seq after) {
  return R"({"type":"subscribe","channel":"orders","after":)" + std::to_string(after) + '}';
}
json::object next(WsClient& client) {
  const auto text = client.read();
  return text ? json::parse(*text).as_object() : json::object();
}
std::string type_of(const json::object& frame) {
  const auto* type = frame.if_contains("type");
  return type ? std::string(type->as_string()) : std::string();
}

struct WsPosition : testing::Test {
  WsPosition() {
    sample.add_usual_orders(1, order_count);
    options.log = LogIdentity(test::log_id(1), LogEpoch{{0xAB}});
    options.log_head = 100;
  }
  // The type of the first frame, or the code of the error.
  std::string first(const std::string& message, json::object* frame = nullptr) {
    WsClient client(server->port());
    client.send(message);
    const json::object got = next(client);
    if (frame) *frame = got;
    return type_of(got) == "error" ? std::string(got.at("code").as_string()) : type_of(got);
  }
  std::string resume(const std::string& epoch, Seq after = 50) {
    return R"({"type":"subscribe","channel":"orders","after":)" + std::to_string(after) +
           R"(,"epoch":")" + epoch + "\"}";
  }
  test::SampleLog sample;
  test::WsServerOptions options;
  std::unique_ptr<test::WsServer> server;
};

TEST_F(WsPosition, AnotherEpochOrASeqBeyondTheHeadIsUnknown) {
  server = std::make_unique<test::WsServer>(sample, options);
  server->publish(1, 101);
  json::object frame;
  EXPECT_EQ(first(resume("ab00000000000000"), &frame), "subscribed");
  EXPECT_EQ(frame.at("epoch"), "ab00000000000000");
  EXPECT_EQ(first(subscribe_all(100)), "subscribed");  // a client that knows no epoch
  for (const std::string& message :
       {resume("0000000000000000"), resume("ab00000000000000", 101), subscribe_all(101)}) {
    EXPECT_EQ(first(message, &frame), "position_unknown") << message;
    EXPECT_EQ(frame.at("headSeq"), 100) << message;
    EXPECT_EQ(frame.at("epoch"), "ab00000000000000") << message;
  }
  EXPECT_EQ(first(resume("ab")), "invalid");
}

TEST_F(WsPosition, AGatewayWaitsForAHeadThatReachesTheSeq) {
  options.log_head.reset();
  server = std::make_unique<test::WsServer>(sample, options);
  server->publish(1, 101);
  ASSERT_TRUE(test::eventually([&] { return server->position() == 100; }));
  {
    WsClient client(server->port());
    client.send(subscribe_all(110));
    EXPECT_FALSE(client.read(300ms).has_value());
    server->publish(101, 121);
    EXPECT_EQ(type_of(next(client)), "subscribed");
    EXPECT_EQ(next(client).at("seq"), 111);
  }
  EXPECT_EQ(first(subscribe_all(121)), "unavailable");  // no head came
  WsClient client(server->port());
  client.send(subscribe_all(121));
  EXPECT_FALSE(client.read(300ms).has_value());
  server->hub.on_head(options.log, 120);
  EXPECT_EQ(next(client).at("code"), "position_unknown");
}

// The reason names a seq to resume after. A client that resumes after its last seq would get a
// chain of offsets without a gap, over records that it never got.
TEST_F(WsPosition, ARestoredLogClosesItsSubscribersWithTheReason) {
  options.log_head = 3'000;
  server = std::make_unique<test::WsServer>(sample, options);
  server->publish(1, 3'001);
  ASSERT_TRUE(test::eventually([&] { return server->position() == 3'000; }));
  WsClient live(server->port());
  live.send(subscribe_all(2'999));
  for (const char* type : {"subscribed", "update", "caughtUp"})
    ASSERT_EQ(type_of(next(live)), type);
  server->hub.on_head(LogIdentity(test::log_id(1), LogEpoch{{0xCD}}), 40);
  while (live.read()) {
  }
  EXPECT_TRUE(live.close_reason().starts_with("the log was restored from a backup"))
      << live.close_reason();
  EXPECT_TRUE(live.close_reason().ends_with("; resume after 0")) << live.close_reason();
}

}  // namespace
}  // namespace oee
