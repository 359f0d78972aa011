// The texts of the WebSocket protocol: accepted messages, refusals, and frames.
#include "api/push/ws_protocol.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/support/log/sample_log.h"

namespace oee {
namespace {

namespace json = boost::json;

const OrderId id = test::order_id(7);
const std::string id_text = to_text(id);

template <class T>
T parsed(const std::string& text) {
  auto request = parse_ws_request(text);
  EXPECT_TRUE(std::holds_alternative<WsRequest>(request))
      << text << ": " << std::get<WsRefusal>(request).message;
  return std::get<T>(std::get<WsRequest>(request));
}

std::string_view refused(std::string_view text) {
  auto request = parse_ws_request(text);
  if (!std::holds_alternative<WsRefusal>(request)) return "accepted";
  EXPECT_FALSE(std::get<WsRefusal>(request).message.empty());
  return std::get<WsRefusal>(request).code;
}

TEST(WsProtocol, SubscriptionsToAnOrderAreUnderstood) {
  const auto bare = parsed<WsSubscribe>(R"({"type":"subscribe","orderId":")" + id_text + "\"}");
  EXPECT_EQ(bare.topic, id);
  EXPECT_FALSE(bare.after.has_value());
  const auto history =
      parsed<WsSubscribe>(R"({ "after": 0, "orderId":")" + id_text + R"(","type":"subscribe"})");
  EXPECT_EQ(history.after, 0U);
  const auto far = parsed<WsSubscribe>(
      R"({"type":"subscribe","after":18446744073709551615,"orderId":")" + id_text + "\"}");
  EXPECT_EQ(far.after, 18'446'744'073'709'551'615ULL);
}

TEST(WsProtocol, SubscriptionsToTheChannelAreUnderstood) {
  const auto live = parsed<WsSubscribe>(R"({"type":"subscribe","channel":"orders"})");
  EXPECT_FALSE(live.topic.has_value());
  EXPECT_FALSE(live.after.has_value());
  EXPECT_FALSE(live.batch);
  const auto batch = parsed<WsSubscribe>(
      R"({"type":"subscribe","channel":"orders","orderId":null,"after":12,"batch":true,"x":[{}]})");
  EXPECT_EQ(batch.after, 12U);
  EXPECT_TRUE(batch.batch);
}

TEST(WsProtocol, UnsubscribeAndPingAreUnderstood) {
  EXPECT_EQ(parsed<WsUnsubscribe>(R"({"type":"unsubscribe","orderId":")" + id_text + "\"}").topic,
            id);
  EXPECT_FALSE(parsed<WsUnsubscribe>(R"({"type":"unsubscribe","channel":"orders"})").topic);
  parsed<WsPing>(R"({"type":"ping","ts":1})");
}

TEST(WsProtocol, AnUnknownMessageIsRefusedWithItsCode) {
  for (const std::string_view text : {"", "x", "{", "[]", "1", "\"subscribe\"", "{}x",
                                      "{'type':'ping'}", "[[[[[[[[[[[[[[]]]]]]]]]]]]]]"})
    EXPECT_EQ(refused(text), "bad_json") << text;
  for (const std::string_view text :
       {R"({"type":"dance"})", R"({"type":""})", R"({"type":"Subscribe"})"})
    EXPECT_EQ(refused(text), "unknown_type") << text;
  const std::string begin = R"({"type":"subscribe",)";
  for (const std::string& text :
       {std::string("{}"), std::string(R"({"type":1})"), std::string(R"({"type":"subscribe"})"),
        std::string(R"({"type":"unsubscribe"})"), begin + R"("orderId":7})",
        begin + R"("orderId":"7"})", begin + R"("orderId":""})", begin + R"("channel":"trades"})",
        begin + R"("channel":7})", begin + R"("channel":"orders","orderId":")" + id_text + "\"}",
        begin + R"("channel":"orders","after":-1})", begin + R"("channel":"orders","after":1.5})",
        begin + R"("channel":"orders","after":"12"})", begin + R"("channel":"orders","after":1e3})",
        begin + R"("channel":"orders","after":18446744073709551616})",
        begin + R"("channel":"orders","batch":"yes"})",
        begin + R"("batch":true,"orderId":")" + id_text + "\"}"})
    EXPECT_EQ(refused(text), "invalid") << text;
}

TEST(WsProtocol, FramesMatchTheContract) {
  EXPECT_EQ(subscribed_frame(id, 4, false),
            R"({"type":"subscribed","orderId":")" + id_text + R"(","after":4})");
  EXPECT_EQ(subscribed_frame({}, 4, true),
            R"({"type":"subscribed","channel":"orders","after":4,"batch":true})");
  const LogEpoch epoch = *parse_log_epoch("00000000000000ff");
  EXPECT_EQ(subscribed_frame({}, 4, false, epoch),
            R"({"type":"subscribed","channel":"orders","after":4,"epoch":"00000000000000ff"})");
  EXPECT_EQ(caught_up_frame({}, 9, epoch),
            R"({"type":"caughtUp","seq":9,"channel":"orders","epoch":"00000000000000ff"})");
  EXPECT_EQ(position_unknown_frame({5, epoch}),
            R"({"type":"error","code":"position_unknown","message":"the log has no such position; )"
            R"(read again from the first event","headSeq":5,"epoch":"00000000000000ff"})");
  EXPECT_EQ(unsubscribed_frame({}), R"({"type":"unsubscribed","channel":"orders"})");
  EXPECT_EQ(caught_up_frame({}, 9), R"({"type":"caughtUp","seq":9,"channel":"orders"})");
  EXPECT_EQ(pong_frame(), R"({"type":"pong"})");
  EXPECT_EQ(error_frame("bad_json", "a \"quote\""),
            R"({"type":"error","code":"bad_json","message":"a \"quote\""})");
}

Order folded(std::uint32_t steps) {
  test::SampleLog sample;
  Order order;
  for (std::uint32_t i = 0; i < steps; ++i) EXPECT_TRUE(evolve(order, sample.step(id)).ok());
  return order;
}

TEST(WsProtocol, TheStateKeepsItsNulls) {
  EXPECT_EQ(state_frame(folded(1)),
            R"({"orderId":")" + id_text +
                R"(","status":"pending","txHash":null,"executedPrice":null,"dex":null})");
  EXPECT_EQ(state_frame(folded(4)),
            R"({"orderId":")" + id_text +
                R"(","status":"building","txHash":null,"executedPrice":null,"dex":"raydium"})");
  const Order confirmed = folded(test::usual_steps);
  EXPECT_EQ(state_frame(confirmed),
            R"({"orderId":")" + id_text + R"(","status":"confirmed","txHash":")" +
                to_text(*confirmed.tx_hash) +
                R"(","executedPrice":149.333333333333333,"dex":"raydium"})");
}

TEST(WsProtocol, ABareUpdateIsTheUpdateWithoutItsType) {
  test::SampleLog sample;
  for (std::uint32_t i = 0; i < test::usual_steps; ++i) {
    const Update update = update_of(sample.step(id));
    json::object expected = json::parse(update.json).as_object();
    EXPECT_EQ(expected.at("type").as_string(), "update");
    expected.erase("type");
    EXPECT_EQ(json::parse(bare_update(update.json)).as_object(), expected);
  }
}

std::string updates_frame(const std::vector<std::string_view>& updates,
                          const SubscriptionOffset& first) {
  std::string frame;
  append_updates_frame(frame, updates, first);
  return frame;
}

TEST(WsProtocol, AnUpdatesFrameHoldsTheUpdatesAsTheyAre) {
  EXPECT_EQ(updates_frame({"{\"a\":1}"}, {1, 0}),
            R"({"type":"updates","n":1,"prevSeq":0,"count":1,"updates":[{"a":1}]})");
  constexpr std::uint64_t most = ~std::uint64_t{0};
  const std::string two = updates_frame({"{\"a\":1}", "{\"b\":2}"}, {most, most});
  EXPECT_EQ(two, R"({"type":"updates","n":18446744073709551615,"prevSeq":18446744073709551615,)"
                 R"("count":2,"updates":[{"a":1},{"b":2}]})");
  EXPECT_LE(two.size(), updates_frame_overhead + 7 + 7 + 1);
}

TEST(WsProtocol, ACloseReasonFitsItsFrameAndKeepsTheSeq) {
  EXPECT_EQ(close_reason("slow reader", 12'345), "slow reader; resume after 12345");
  const std::string longest = close_reason(std::string(500, 'x'), 18'446'744'073'709'551'615ULL);
  EXPECT_EQ(longest.size(), 123U);
  EXPECT_TRUE(longest.ends_with("; resume after 18446744073709551615"));
}

}  // namespace
}  // namespace oee
