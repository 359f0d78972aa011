// Other systems' WebSockets over real connections: every frame of an order, byte for byte.
#include <gtest/gtest.h>

#include "api/dialects/frames.h"
#include "tests/api/push/ws_fixture.h"

namespace oee {
namespace {

using namespace std::chrono_literals;
using test::WsClient;

constexpr std::uint32_t order_count = 50;  // in the sample: step by step over all orders
constexpr Seq sample_end = order_count * test::usual_steps + 1;

Seq seq_of(std::uint64_t order, std::uint32_t step) {
  return step * order_count + order;
}

struct DialectSockets : testing::Test {
  DialectSockets() { sample.add_usual_orders(1, order_count); }
  test::WsServer& serve() {
    server = std::make_unique<test::WsServer>(sample, options);
    return *server;
  }
  WsClient& open(const std::string& target) {
    test::WsClientOptions client;
    client.target = target;
    client.headers.emplace_back("X-Request-Id", "conn-1");
    clients.push_back(std::make_unique<WsClient>(server->port(), client));
    EXPECT_TRUE(clients.back()->open()) << target;
    return *clients.back();
  }
  // The time of `step` of order 3 as frames show it.
  std::string time_of(std::uint32_t step) const {
    return format_rfc3339(sample.records()[seq_of(3, step) - 1].time);
  }
  void expect_frames(WsClient& client, const std::vector<std::string>& frames) {
    for (const std::string& frame : frames) EXPECT_EQ(client.read(2s).value_or("(nothing)"), frame);
  }
  void expect_nothing(WsClient& client) {
    const auto text = client.read(50ms);
    EXPECT_FALSE(text.has_value()) << *text;
    EXPECT_FALSE(client.closed());
  }
  // Adds a new order that fails in its last attempt.
  OrderId add_failed_order(const std::string& detail, std::optional<Units> floor = {}) {
    const OrderId failed_id = test::order_id(1'000 + sample.head());
    for (std::uint32_t step = 0; step < 4; ++step) {
      Event event = test::usual_event(failed_id, step);
      if (auto* accepted = std::get_if<OrderAccepted>(&event)) {
        accepted->slippage_bps = 101;
        accepted->min_out_floor = floor;
      }
      sample.add(failed_id, std::move(event));
    }
    sample.add(failed_id, OrderFailed{1, ErrorClass::slippage_exceeded, detail, 1});
    return failed_id;
  }

  test::SampleLog sample;
  test::WsServerOptions options;
  std::unique_ptr<test::WsServer> server;
  std::vector<std::unique_ptr<WsClient>> clients;
  const OrderId id = test::order_id(3);
  const std::string id_text = to_text(id);
  TxHash tx = [] {
    TxHash hash;
    hash.bytes.fill(7);
    return hash;
  }();
  const std::string tx_text = to_text(tx);

  std::vector<std::string> frames_b() const {
    return {R"({"status":"pending","message":"Order accepted"})",
            R"({"status":"routing","message":"Comparing the venues' prices"})",
            R"({"status":"building","message":"Building the transaction"})",
            R"({"status":"submitted","message":"Transaction submitted"})",
            R"({"status":"confirmed","txHash":")" + tx_text + R"(","price":149.333333333333333})"};
  }
  std::string c(std::uint32_t step, const char* status, const char* message,
                const std::string& more) const {
    return R"({"type":"status","status":")" + std::string(status) + R"(","orderId":")" + id_text +
           R"(","timestamp":")" + time_of(step) + R"(","message":")" + message + '"' + more + '}';
  }
  std::vector<std::string> frames_c() const {
    return {c(0, "pending", "Order accepted", ""),
            c(1, "routing", "Comparing the venues' prices", ""),
            c(3, "building", "Building the transaction",
              R"(,"selectedDex":"raydium","estimatedPrice":149.622015)"),
            c(4, "submitted", "Transaction submitted", R"(,"dex":"raydium")"),
            c(5, "confirmed", "Order executed",
              R"(,"txHash":")" + tx_text +
                  R"(","executedPrice":149.333333333333333,"dex":"raydium","amount":1.5)")};
  }
  std::string d(const char* status, const std::string& rest) const {
    return R"({"order_id":")" + id_text + R"(","status":")" + status + R"(",)" + rest + '}';
  }
  std::vector<std::string> frames_d() const {
    const std::string none = R"("execution_price":null,"tx_hash":null,"reason":null)";
    return {
        d("pending", none), d("routing", none), d("building", none),
        d("submitted", R"("execution_price":null,"tx_hash":")" + tx_text + R"(","reason":null)"),
        d("confirmed",
          R"("execution_price":149.333333333333333,"tx_hash":")" + tx_text + R"(","reason":null)")};
  }
  std::vector<std::string> frames_e() const {
    std::vector<std::string> frames;
    const std::pair<std::uint32_t, const char*> steps[] = {
        {0, "pending"}, {1, "routing"}, {3, "building"}, {4, "submitted"}, {5, "confirmed"}};
    for (const auto& [step, status] : steps)
      frames.push_back(R"({"id":")" + id_text + R"(","status":")" + status + R"(","timestamp":")" +
                       time_of(step) + R"("})");
    return frames;
  }
};

TEST_F(DialectSockets, BReceivesStatusesAsTheyHappen) {
  serve().publish(1, seq_of(3, 0) + 1);
  WsClient& client = open("/ws?orderId=" + id_text);
  const auto frames = frames_b();
  expect_frames(client, {frames[0]});
  expect_nothing(client);
  server->publish(seq_of(3, 0) + 1, sample_end);
  expect_frames(client, {frames.begin() + 1, frames.end()});
  expect_nothing(client);
}

TEST_F(DialectSockets, CIsGreetedUpdatedAndClosedAtTheEnd) {
  serve().publish(1, seq_of(3, 3) + 1);
  WsClient& client = open("/order/" + id_text);
  const std::string greeting = client.read(2s).value_or("");
  EXPECT_TRUE(greeting.starts_with(
      R"({"type":"connection","status":"connected","orderId":")" + id_text +
      R"(","connectionId":"conn-1","message":"Connected; the order's updates follow",)"
      R"("timestamp":"20)"))
      << greeting;
  const auto frames = frames_c();
  expect_frames(client, {frames[0], frames[1], frames[2]});
  expect_nothing(client);
  server->publish(seq_of(3, 3) + 1, sample_end);
  expect_frames(client, {frames[3], frames[4]});
  EXPECT_EQ(client.wait_closed(2s), 1000);
}

TEST_F(DialectSockets, DSendsBareIdsToEitherPath) {
  serve().publish(1, seq_of(3, 1) + 1);
  for (const char* path : {"/api/orders/execute", "/api/orders/status"}) {
    WsClient& client = open(path);
    expect_nothing(client);
    client.send(id_text);
    expect_frames(client, {frames_d()[0], frames_d()[1]});
    expect_nothing(client);
  }
  server->publish(seq_of(3, 1) + 1, sample_end);
  for (auto& client : clients) {
    const auto frames = frames_d();
    expect_frames(*client, {frames.begin() + 2, frames.end()});
    expect_nothing(*client);
  }
}

TEST_F(DialectSockets, EReceivesStatusesWithTheirTimes) {
  serve().publish(1, seq_of(3, 1) + 1);
  WsClient& client = open("/api/orders/execute?orderId=" + id_text);
  server->publish(seq_of(3, 1) + 1, sample_end);
  expect_frames(client, frames_e());
  expect_nothing(client);
}

TEST_F(DialectSockets, LateSubscribersGetEveryStatus) {
  serve().publish(1, sample_end);
  expect_frames(open("/ws?orderId=" + id_text), frames_b());
  WsClient& c_client = open("/order/" + id_text);
  EXPECT_TRUE(c_client.read(2s).value_or("").starts_with(R"({"type":"connection")"));
  expect_frames(c_client, frames_c());
  EXPECT_EQ(c_client.wait_closed(2s), 1000);
  WsClient& d_client = open("/api/orders/status");
  d_client.send(" \"" + id_text + "\"\n");
  expect_frames(d_client, frames_d());
  d_client.send(id_text);  // once more, on the same socket
  expect_frames(d_client, frames_d());
  expect_frames(open("/api/orders/execute?orderId=" + id_text), frames_e());
}

TEST_F(DialectSockets, DMayWatchSeveralOrdersOnOneSocket) {
  serve().publish(1, sample_end);
  WsClient& client = open("/api/orders/execute");
  client.send(to_text(test::order_id(4)));
  for (int i = 0; i < 5; ++i)
    EXPECT_NE(client.read(2s).value_or("").find(to_text(test::order_id(4))), std::string::npos);
  client.send(id_text);
  expect_frames(client, frames_d());
}

TEST_F(DialectSockets, UnknownIdsAreRefusedInTheDialectsWords) {
  serve().publish(1, sample_end);
  const std::string unknown = to_text(test::order_id(99'999));
  for (const std::string& bad : {unknown, std::string("nonsense"), std::string("%00")}) {
    WsClient& b = open("/ws?orderId=" + bad);
    EXPECT_TRUE(b.read(2s).value_or("").starts_with(R"({"status":"error","message":")")) << bad;
    EXPECT_EQ(b.wait_closed(2s), 1008) << bad;
    WsClient& c_client = open("/order/" + bad);
    const std::string c_frame = c_client.read(2s).value_or("");
    EXPECT_TRUE(c_frame.starts_with(R"({"type":"error","orderId":")" + bad + R"(","message":")"))
        << c_frame;
    EXPECT_EQ(c_client.wait_closed(2s), 1008) << bad;
    WsClient& e = open("/api/orders/execute?orderId=" + bad);
    EXPECT_TRUE(e.read(2s).value_or("").starts_with(R"({"error":")")) << bad;
    EXPECT_EQ(e.wait_closed(2s), 1008) << bad;
    WsClient& d_client = open("/api/orders/status");
    d_client.send(bad);
    EXPECT_TRUE(d_client.read(2s).value_or("").starts_with(R"({"error":")")) << bad;
    d_client.send(id_text);  // it stays open
    expect_frames(d_client, frames_d());
  }
  EXPECT_EQ(open("/ws?orderId=").read(2s),
            R"({"status":"error","message":"not an order id: a UUID is expected"})");
  WsClient& binary = open("/api/orders/status");
  binary.send(id_text, true);
  EXPECT_EQ(binary.read(2s), R"({"error":"not an order id: a UUID is expected"})");
}

TEST_F(DialectSockets, AFailedReadIsReportedAsToBeTriedAgain) {
  serve().publish(1, sample_end);
  server->history.fail(true);
  WsClient& client = open("/order/" + id_text);
  EXPECT_NE(client.read(2s).value_or("").find("cannot be read now"), std::string::npos);
  EXPECT_EQ(client.wait_closed(2s), 1013);
}

TEST_F(DialectSockets, AFailureForSlippageNamesBothPercentages) {
  const OrderId failed_id = add_failed_order("would give 220.1, below min out 222.1");
  serve().publish(1, sample.head() + 1);
  WsClient& client = open("/api/orders/status");
  client.send(to_text(failed_id));
  for (int i = 0; i < 3; ++i) client.read(2s);
  // 220.1 / 222.1 * 98.99 % = 98.099 % of the first quote.
  EXPECT_EQ(client.read(2s), R"({"order_id":")" + to_text(failed_id) +
                                 R"(","status":"failed","execution_price":null,"tx_hash":null,)"
                                 R"x("reason":"Price moved 1.91% (max allowed: 1.01%)"})x");
}

TEST_F(DialectSockets, ADiscardedOrderWasFailedAndARequeuedOneGoesOn) {
  const OrderId discarded = add_failed_order("no reason");
  sample.add(discarded, DeadLetterDiscarded{"default", "cleared"});
  const OrderId requeued = add_failed_order("would give 1, below min out 2", Units{5});
  sample.add(requeued, DeadLetterRequeued{"default", "again"});
  serve().publish(1, sample.head() + 1);
  std::string last;
  WsClient& first = open("/order/" + to_text(discarded));
  for (int i = 0; i < 5; ++i) last = first.read(2s).value_or("");
  EXPECT_TRUE(last.ends_with(R"("message":"Order failed: no reason","error":"no reason"})"))
      << last;
  EXPECT_FALSE(first.read(2s).has_value());
  EXPECT_EQ(first.wait_closed(2s), 1000);
  WsClient& second = open("/order/" + to_text(requeued));
  for (int i = 0; i < 5; ++i) last = second.read(2s).value_or("");
  EXPECT_TRUE(last.ends_with(R"("error":"would give 1, below min out 2"})")) << last;
  EXPECT_TRUE(second.read(2s).value_or("").ends_with(R"("message":"Will be retried: again"})"));
  expect_nothing(second);
}

TEST_F(DialectSockets, AnUnknownOutcomeOfCNamesTheVenueOfItsTransaction) {
  const OrderId unknown = test::order_id(1'000);
  for (std::uint32_t step = 0; step < 5; ++step)
    sample.add(unknown, test::usual_event(unknown, step));
  sample.add(unknown, OutcomeUnknown{1, "no answer"});
  serve().publish(1, sample.head() + 1);
  std::string last;
  WsClient& client = open("/order/" + to_text(unknown));
  for (int i = 0; i < 6; ++i) last = client.read(2s).value_or("");
  EXPECT_TRUE(last.ends_with(R"("message":"Outcome not known yet: no answer","dex":"raydium"})"))
      << last;
}

TEST_F(DialectSockets, ForeignOriginsAreRefusedAndStopIsReported) {
  serve().publish(1, seq_of(3, 0) + 1);
  test::WsClientOptions foreign;
  foreign.target = "/order/" + id_text;
  foreign.headers.emplace_back("Origin", "https://evil.example");
  WsClient refused(server->port(), foreign);
  EXPECT_EQ(refused.http_status(), 403);
  WsClient& client = open("/ws?orderId=" + id_text);
  expect_frames(client, {frames_b()[0]});
  EXPECT_EQ(server->sessions(), 1u);
  server->stop();
  EXPECT_EQ(client.wait_closed(2s), 1001);
}

TEST_F(DialectSockets, SlowReadersAreClosedWithTheSeqToResumeFrom) {
  options.stream.subscriber_updates_max = 8;
  options.send_buffer_bytes = 4'096;
  options.limits.close_grace = Micros(5'000'000);
  sample = test::SampleLog();
  sample.add(id, test::usual_event(id, 0));
  sample.add(id, test::usual_event(id, 1));
  sample.add(id, test::usual_event(id, 2));
  sample.add(id, test::usual_event(id, 3));
  for (int i = 0; i < 2'000; ++i) sample.add(id, OutcomeUnknown{1, std::string(1'000, 'x')});
  serve().publish(1, 5);
  test::WsClientOptions slow;
  slow.target = "/ws?orderId=" + id_text;
  slow.receive_buffer_bytes = 4'096;
  WsClient client(server->port(), slow);
  expect_frames(client, {frames_b()[0]});
  server->publish(5, sample.head() + 1);
  EXPECT_EQ(client.wait_closed(5s), 1013);
  EXPECT_TRUE(client.close_reason().starts_with("slow reader; resume after "));
}

// A gateway's updates come from Redis.
TEST(DialectFrames, AnUpdateThatIsNotJsonHasNoFrameAndAPriceThatIsNoNumberIsNull) {
  const FrameMember price{"price", FrameSource::price};
  DialectSocket socket{};
  socket.frame = {&price, 1};
  DialectFrames frames(socket, Order());
  Update update;
  update.json = R"({"type":"update","price":1.50})";
  EXPECT_EQ(frames.frame_of(update), R"({"price":1.50})");
  update.json = R"({"type":"update","price":"0,\"admin\":true"})";
  EXPECT_EQ(frames.frame_of(update), R"({"price":null})");
  for (const char* text : {"", "[]", "{", "{\"price\":1}}"}) {
    update.json = text;
    EXPECT_EQ(frames.frame_of(update), "") << text;
  }
}

// The other engines have no limit orders.
TEST(DialectFrames, AnOrderThatRestsIsPendingAndARequestedCancelHasNoFrame) {
  const FrameMember members[] = {{"status", FrameSource::status},
                                 {"message", FrameSource::message}};
  DialectSocket socket{};
  socket.frame = members;
  DialectFrames frames(socket, Order());
  const auto frame = [&](EventType type, const char* json) {
    Update update;
    update.type = type;
    update.json = json;
    return frames.frame_of(update);
  };
  EXPECT_EQ(frame(EventType::order_rested, R"({"reason":"the best quote is too low"})"),
            R"({"status":"pending","message":"Waiting for the order's price: )"
            R"(the best quote is too low"})");
  EXPECT_EQ(frame(EventType::order_amended, R"({"reason":"requested over REST"})"),
            R"({"status":"pending","message":"The order's terms have changed"})");
  EXPECT_EQ(frame(EventType::order_partially_filled, "{}"),
            R"({"status":"pending","message":"A part of the order is executed"})");
  EXPECT_EQ(frame(EventType::cancel_requested, R"({"reason":"requested over REST"})"), "");
}

// The other engines have one transaction an order: the legs of a split show as its submission, and
// a transaction's hash is that of the frame's own event.
TEST(DialectFrames, ASplitIsSubmittedAndEndsAsAnOrderOfOneTransaction) {
  const FrameMember members[] = {{"status", FrameSource::status},
                                 {"txHash", FrameSource::tx_hash},
                                 {"message", FrameSource::message}};
  DialectSocket socket{};
  socket.frame = members;
  DialectFrames frames(socket, Order());
  const auto frame = [&](EventType type, const std::string& json) {
    Update update;
    update.type = type;
    update.json = json;
    return frames.frame_of(update);
  };
  const std::string leg = R"({"attempt":1,"leg":1,"dex":"meteora","amountIn":5)";
  EXPECT_EQ(frame(EventType::leg_built, leg + "}"), "");
  EXPECT_EQ(frame(EventType::leg_submitted, leg + R"(,"txHash":"abc"})"),
            R"({"status":"submitted","txHash":"abc","message":"Transaction submitted"})");
  EXPECT_EQ(frame(EventType::leg_outcome_unknown, R"({"leg":1,"reason":"timeout"})"),
            R"({"status":"submitted","txHash":null,"message":"Outcome not known yet: timeout"})");
  EXPECT_EQ(frame(EventType::leg_filled, leg + R"(,"txHash":"abc","amountOut":7})"), "");
  EXPECT_EQ(frame(EventType::leg_ended, R"({"leg":0,"reason":"moved"})"), "");
  EXPECT_NE(frame(EventType::order_confirmed, R"({"dex":"meteora","txHash":"abc"})")
                .find(R"("status":"confirmed","txHash":"abc")"),
            std::string::npos);
}

TEST(DialectFrames, APriceMoveIsSaidInExactHundredths) {
  struct Case {
    const char* detail;
    std::uint32_t slippage_bps;
    const char* text;
  };
  const Case cases[] = {
      {"would give 98.09, below min out 98.99", 101, "Price moved 1.91% (max allowed: 1.01%)"},
      {"would give 98, below min out 99", 100, "Price moved 2.00% (max allowed: 1.00%)"},
      {"would give 98.999999, below min out 99", 100, "Price moved 1.01% (max allowed: 1.00%)"},
      {"would give 0, below min out 99", 5, "Price moved 100.00% (max allowed: 0.05%)"},
      {"would give 0.000000001, below min out 18446744073.709551615", 0,
       "Price moved 100.00% (max allowed: 0.00%)"},
      {"would give 99, below min out 98", 100, ""},
      {"would give x, below min out 98", 100, ""},
      {"would give 98, below min out 99", 10'000, ""},
      {"the venue rejected the transaction", 100, ""},
      {"", 100, ""},
  };
  for (const Case& each : cases)
    EXPECT_EQ(price_moved_text(each.detail, each.slippage_bps), each.text) << each.detail;
}

}  // namespace
}  // namespace oee
