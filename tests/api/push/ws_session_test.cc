// WebSocket sessions over real connections: the frames that clients get, their order, and the end.
#include "api/push/ws_session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include "tests/api/push/ws_fixture.h"
#include "tests/support/bus_sinks.h"
#include "tests/support/clients/lean_socket.h"

namespace oee {
namespace {

using namespace std::chrono_literals;
using test::LeanSocket;
using test::seqs_between;
using test::WsClient;
namespace json = boost::json;

// in the sample: seqs 1..3,000, step by step over all orders
constexpr std::uint32_t order_count = 500;

Seq seq_of(std::uint64_t order, std::uint32_t step) {
  return step * order_count + order;
}

std::string subscribe_order(const OrderId& id, std::optional<Seq> after = std::nullopt) {
  std::string text = R"({"type":"subscribe","orderId":")" + to_text(id) + '"';
  if (after) text += ",\"after\":" + std::to_string(*after);
  return text + '}';
}
std::string subscribe_all(std::optional<Seq> after = std::nullopt, bool batch = false) {
  std::string text = R"({"type":"subscribe","channel":"orders")";
  if (after) text += ",\"after\":" + std::to_string(*after);
  if (batch) text += ",\"batch\":true";
  return text + '}';
}

// The next frame. An empty object: there is none.
json::object next(WsClient& client, std::chrono::milliseconds wait = WsClient::wait_default) {
  const auto text = client.read(wait);
  return text ? json::parse(*text).as_object() : json::object();
}
std::string type_of(const json::object& frame) {
  const auto* type = frame.if_contains("type");
  return type ? std::string(type->as_string()) : std::string();
}
Seq seq_in(const json::value& frame) {
  return frame.as_object().at("seq").to_number<Seq>();
}

// The seqs in one frame of updates, found without parsing it.
void append_seqs(const std::string& text, std::vector<Seq>& seqs) {
  constexpr std::string_view mark = "\"seq\":";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
    seqs.push_back(std::stoull(text.substr(at + mark.size(), 20)));
}

// The seqs of at least `count` updates, or until a frame of another type (`last`) or nothing
// arrives.
std::vector<Seq> read_updates(WsClient& client, std::size_t count, json::object* last = nullptr) {
  std::vector<Seq> seqs;
  while (seqs.size() < count) {
    const auto text = client.read();
    if (text && text->starts_with(R"({"type":"update)")) {
      append_seqs(*text, seqs);
      continue;
    }
    if (last && text) *last = json::parse(*text).as_object();
    break;
  }
  return seqs;
}

struct WsSessionTest : testing::Test {
  WsSessionTest() { sample.add_usual_orders(1, order_count); }
  test::WsServer& serve() {
    server = std::make_unique<test::WsServer>(sample, options);
    return *server;
  }
  void expect_nothing(WsClient& client) {
    const auto text = client.read(50ms);
    EXPECT_FALSE(text.has_value()) << *text;
    EXPECT_FALSE(client.closed());
  }
  test::SampleLog sample;
  test::WsServerOptions options;
  std::unique_ptr<test::WsServer> server;
  const OrderId id = test::order_id(3);
};

TEST_F(WsSessionTest, AnOrdersHistoryIsSentThenItContinuesLive) {
  serve().publish(1, seq_of(3, 2) + 1);
  WsClient client(server->port());
  ASSERT_TRUE(client.open());
  client.send(subscribe_order(id, 0));
  json::object frame = next(client);
  EXPECT_EQ(type_of(frame), "subscribed");
  EXPECT_EQ(frame.at("orderId").as_string(), to_text(id));
  EXPECT_EQ(read_updates(client, 3), (std::vector<Seq>{seq_of(3, 0), seq_of(3, 1), seq_of(3, 2)}));
  frame = next(client);
  EXPECT_EQ(type_of(frame), "caughtUp");
  EXPECT_EQ(seq_in(frame), seq_of(3, 2));
  server->publish(seq_of(3, 2) + 1, 3'001);
  EXPECT_EQ(read_updates(client, 3), (std::vector<Seq>{seq_of(3, 3), seq_of(3, 4), seq_of(3, 5)}));
  expect_nothing(client);
}

TEST_F(WsSessionTest, AfterSkipsWhatTheClientHas) {
  serve().publish(1, 3'001);
  WsClient client(server->port());
  client.send(subscribe_order(id, seq_of(3, 3)));
  EXPECT_EQ(type_of(next(client)), "subscribed");
  json::object last;
  EXPECT_EQ(read_updates(client, 9, &last), (std::vector<Seq>{seq_of(3, 4), seq_of(3, 5)}));
  EXPECT_EQ(type_of(last), "caughtUp");
  EXPECT_EQ(seq_in(last), 3'000U);
}

TEST_F(WsSessionTest, WithoutAfterTheStateComesOnceThenBareUpdates) {
  serve().publish(1, seq_of(3, 1) + 1);
  WsClient client(server->port());
  client.send(subscribe_order(id));
  EXPECT_EQ(client.read(),
            R"({"orderId":")" + to_text(id) +
                R"(","status":"routing","txHash":null,"executedPrice":null,"dex":null})");
  expect_nothing(client);
  server->publish(seq_of(3, 1) + 1, 3'001);
  const std::string_view statuses[] = {"routing", "building", "submitted", "confirmed"};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const json::object frame = next(client);
    EXPECT_EQ(frame.if_contains("type"), nullptr);
    EXPECT_EQ(frame.at("orderId").as_string(), to_text(id));
    EXPECT_EQ(frame.at("status").as_string(), statuses[i]);
    EXPECT_EQ(seq_in(frame), seq_of(3, i + 2));
    if (i == 1) {
      EXPECT_EQ(frame.at("dex").as_string(), "raydium");
      EXPECT_TRUE(frame.at("price").is_number());
    }
    if (i == 3) {
      EXPECT_TRUE(frame.at("executedPrice").is_number());
      EXPECT_TRUE(frame.at("txHash").is_string());
    }
  }
  expect_nothing(client);
}

TEST_F(WsSessionTest, AStateAheadOfTheStreamIsNotSentTwice) {
  serve().publish(1, seq_of(3, 1) + 1);
  server->history.reach(3'000);  // durable; the stream sends it later
  WsClient client(server->port());
  client.send(subscribe_order(id));
  EXPECT_EQ(next(client).at("status").as_string(), "confirmed");
  server->publish(seq_of(3, 1) + 1, 3'001);
  ASSERT_TRUE(test::eventually([&] { return server->position() == 3'000; }));
  expect_nothing(client);
}

TEST_F(WsSessionTest, TheChannelWithoutAfterIsLiveOnly) {
  serve().publish(1, 101);
  WsClient client(server->port());
  client.send(subscribe_all());
  json::object frame = next(client);
  EXPECT_EQ(type_of(frame), "subscribed");
  EXPECT_EQ(frame.at("channel").as_string(), "orders");
  frame = next(client);
  EXPECT_EQ(type_of(frame), "caughtUp");
  EXPECT_EQ(seq_in(frame), 100U);
  server->publish(101, 111);
  EXPECT_EQ(read_updates(client, 10), seqs_between(101, 111));
}

TEST_F(WsSessionTest, AFrameIsTheUpdateAsItWasEncodedWithItsOffset) {
  serve().publish(1, 2);
  WsClient client(server->port());
  client.send(subscribe_all(0));
  next(client);
  std::string expected = update_of(sample.records()[0]).json;
  expected.insert(std::string_view(R"({"type":"update",)").size(), R"("n":1,"prevSeq":0,)");
  EXPECT_EQ(client.read(), expected);
}

TEST_F(WsSessionTest, NoGapAndNoDuplicateAcrossThePastAndThePresent) {
  options.stream.ring_updates_max = 200;  // some of the history is in the ring, most is not
  serve().publish(1, 2);
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    for (Seq from = 2; from < 3'001; from += 7) {
      server->publish(from, std::min<Seq>(from + 7, 3'001));
      std::this_thread::sleep_for(500us);
    }
    done = true;
  });
  std::vector<std::unique_ptr<WsClient>> clients;
  std::vector<Seq> afters;
  while (!done && clients.size() < 15) {
    clients.push_back(std::make_unique<WsClient>(server->port()));
    afters.push_back(server->position() * (clients.size() % 4) / 3);
    clients.back()->send(subscribe_all(afters.back(), clients.size() % 2 == 0));
    std::this_thread::sleep_for(30ms);
  }
  publisher.join();
  ASSERT_GT(clients.size(), 5U);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(type_of(next(*clients[i])), "subscribed");
    std::vector<Seq> seqs;
    int caught_up = 0;
    while (afters[i] + seqs.size() < 3'000 && !clients[i]->closed()) {
      json::object last;
      const std::size_t missing = 3'000 - afters[i] - seqs.size();
      for (const Seq seq : read_updates(*clients[i], missing, &last)) seqs.push_back(seq);
      if (last.empty()) continue;
      ASSERT_EQ(type_of(last), "caughtUp");
      ASSERT_GE(seq_in(last), seqs.empty() ? afters[i] : seqs.back());
      ++caught_up;
    }
    EXPECT_EQ(seqs, seqs_between(afters[i] + 1, 3'001)) << i;
    EXPECT_LE(caught_up, 1);
  }
}

TEST_F(WsSessionTest, BatchesHoldConsecutiveUpdatesAndStayUnder64K) {
  serve().publish(1, 3'001);
  WsClient client(server->port());
  client.send(subscribe_all(0, true));
  EXPECT_EQ(type_of(next(client)), "subscribed");
  std::vector<Seq> seqs;
  std::size_t frames = 0;
  while (seqs.size() < 3'000) {
    const auto text = client.read();
    ASSERT_TRUE(text.has_value());
    EXPECT_LE(text->size(), 65'536U);
    ++frames;
    const json::object frame = json::parse(*text).as_object();
    if (type_of(frame) == "update") {
      seqs.push_back(seq_in(frame));
      continue;
    }
    ASSERT_EQ(type_of(frame), "updates");
    for (const json::value& update : frame.at("updates").as_array()) {
      EXPECT_EQ(type_of(update.as_object()), "update");
      seqs.push_back(seq_in(update));
    }
  }
  EXPECT_EQ(seqs, seqs_between(1, 3'001));
  EXPECT_LT(frames, 200U);
}

TEST_F(WsSessionTest, OneSocketHoldsManySubscriptions) {
  serve();
  WsClient client(server->port());
  server->publish(1, seq_of(order_count, 0) + 1);
  for (std::uint64_t order = 1; order <= 100; ++order)
    client.send(subscribe_order(test::order_id(order), seq_of(order_count, 0)));
  for (int i = 0; i < 200; ++i) {
    const std::string type = type_of(next(client));
    ASSERT_TRUE(type == "subscribed" || type == "caughtUp") << type;
  }
  server->publish(seq_of(order_count, 0) + 1, seq_of(order_count, 1) + 1);
  EXPECT_EQ(read_updates(client, 100), seqs_between(seq_of(1, 1), seq_of(101, 1)));
  expect_nothing(client);
}

TEST_F(WsSessionTest, UnsubscribeEndsItAndConfirms) {
  serve().publish(1, 11);
  WsClient client(server->port());
  client.send(subscribe_all());
  next(client);
  next(client);
  client.send(R"({"type":"unsubscribe","channel":"orders"})");
  EXPECT_EQ(client.read(), R"({"type":"unsubscribed","channel":"orders"})");
  EXPECT_EQ(server->subscriptions(), 0U);
  server->publish(11, 21);
  expect_nothing(client);
  client.send(R"({"type":"unsubscribe","channel":"orders"})");
  EXPECT_EQ(next(client).at("code").as_string(), "not_subscribed");
}

TEST_F(WsSessionTest, ASecondSubscribeReplacesTheFirst) {
  serve().publish(1, 11);
  WsClient client(server->port());
  client.send(subscribe_all());
  next(client);
  next(client);
  client.send(subscribe_all(4));
  EXPECT_EQ(type_of(next(client)), "subscribed");
  json::object last;
  EXPECT_EQ(read_updates(client, 99, &last), seqs_between(5, 11));
  EXPECT_EQ(type_of(last), "caughtUp");
  server->publish(11, 21);
  EXPECT_EQ(read_updates(client, 10), seqs_between(11, 21));
  expect_nothing(client);
  EXPECT_EQ(server->subscriptions(), 1U);
}

TEST_F(WsSessionTest, AnUnknownMessageIsAnsweredAndTheSocketStaysOpen) {
  serve().publish(1, 11);
  WsClient client(server->port());
  const std::pair<std::string, std::string> wrong[] = {
      {"not json", "bad_json"},
      {"[]", "bad_json"},
      {R"({"type":"dance"})", "unknown_type"},
      {R"({"type":"subscribe"})", "invalid"},
      {R"({"type":"subscribe","channel":"trades"})", "invalid"},
      {R"({"type":"subscribe","orderId":"nope"})", "invalid"},
      {subscribe_order(test::order_id(999'999)), "not_found"},
      {subscribe_order(test::order_id(999'999), 0), "not_found"}};
  for (const auto& [text, code] : wrong) {
    client.send(text);
    const json::object frame = next(client);
    EXPECT_EQ(type_of(frame), "error") << text;
    EXPECT_EQ(frame.at("code").as_string(), code) << text;
    EXPECT_FALSE(frame.at("message").as_string().empty());
  }
  client.send(R"({"type":"ping"})", true);
  EXPECT_EQ(next(client).at("code").as_string(), "unsupported");
  client.send(R"({"type":"ping"})");
  EXPECT_EQ(client.read(), R"({"type":"pong"})");
  EXPECT_EQ(server->subscriptions(), 0U);
}

TEST_F(WsSessionTest, AnOrderThatTheReadModelDoesNotKnowYetIsFoundOnceItDoes) {
  serve().publish(1, 11);
  server->history.reach(1);  // a gateway's PostgreSQL, behind the stream
  WsClient client(server->port());
  client.send(subscribe_order(id));
  expect_nothing(client);
  server->history.reach(10);
  EXPECT_EQ(next(client).at("status").as_string(), "pending");
}

TEST_F(WsSessionTest, AHistoryThatFailsIsAnErrorNotAWrongAnswer) {
  options.stream.gap_wait_max = Micros(100'000);
  serve().publish(1, 11);
  server->history.fail(true);
  WsClient client(server->port());
  client.send(subscribe_order(id, 0));
  EXPECT_EQ(next(client).at("code").as_string(), "unavailable");
  server->history.fail(false);
  client.send(subscribe_order(id, 0));
  EXPECT_EQ(type_of(next(client)), "subscribed");
}

TEST_F(WsSessionTest, TheSubscriptionsOfASocketAreBounded) {
  options.limits.subscriptions_max = 3;
  serve().publish(1, 11);
  WsClient client(server->port());
  for (std::uint64_t order = 1; order <= 4; ++order)
    client.send(subscribe_order(test::order_id(order)));
  int refused = 0;
  for (int i = 0; i < 4; ++i) {
    const json::object frame = next(client);
    if (type_of(frame) != "error") continue;
    EXPECT_EQ(frame.at("code").as_string(), "too_many_subscriptions");
    ++refused;
  }
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(server->subscriptions(), 3U);
}

TEST_F(WsSessionTest, ASlowReaderIsClosedWithTheSeqToResumeFrom) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  serve();
  test::WsClientOptions slow;
  slow.receive_buffer_bytes = 8'192;
  WsClient client(server->port(), slow);
  client.send(subscribe_all(0));
  next(client);
  next(client);
  for (Seq from = 1; from < 3'001; from += 50) server->publish(from, from + 50);
  ASSERT_TRUE(test::eventually([&] { return server->position() == 3'000; }));
  json::object last;
  const std::vector<Seq> seqs = read_updates(client, 3'001, &last);
  ASSERT_LT(seqs.size(), 3'000U);
  // on a busy machine it may be closed before the first
  const Seq got = seqs.empty() ? 0 : seqs.back();
  EXPECT_EQ(seqs, seqs_between(1, got + 1));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.close_code(), 1013);
  EXPECT_EQ(client.close_reason(), "slow reader; resume after " + std::to_string(got));
  const WsMetrics& metrics = server->websocket_metrics();
  EXPECT_EQ(metrics.opened.get(), 1U);
  EXPECT_EQ(metrics.slow_readers_closed.get(), 1U);
  EXPECT_GE(metrics.messages.get(), got);
  EXPECT_EQ(metrics.queued.get(), 0U) << "what was dropped waits no more";
  WsClient again(server->port());
  again.send(subscribe_all(got));
  next(again);
  EXPECT_EQ(read_updates(again, 3'000 - got), seqs_between(got + 1, 3'001));
}

TEST_F(WsSessionTest, ASlowReaderOfThePastIsWaitedFor) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  serve().publish(1, 3'001);
  test::WsClientOptions slow;
  slow.receive_buffer_bytes = 8'192;
  WsClient client(server->port(), slow);
  client.send(subscribe_all(0));
  std::this_thread::sleep_for(100ms);
  next(client);
  EXPECT_EQ(read_updates(client, 3'000), seqs_between(1, 3'001));
  EXPECT_EQ(type_of(next(client)), "caughtUp");
}

TEST_F(WsSessionTest, ASlowReaderThatNeverReadsIsDisconnectedAfterItsGrace) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  options.limits.close_grace = Micros(200'000);
  serve();
  test::WsClientOptions slow;
  slow.receive_buffer_bytes = 8'192;
  WsClient client(server->port(), slow);
  client.send(subscribe_all(0));
  next(client);
  next(client);
  for (Seq from = 1; from < 3'001; from += 50) server->publish(from, from + 50);
  EXPECT_TRUE(test::eventually([&] { return server->sessions() == 0; }, 5s));
}

// It reads nothing, so it answers no ping either. Its grace is longer than pings are waited for.
TEST_F(WsSessionTest, ASlowReaderIsReportedTheSeqToTheEndOfItsGrace) {
  options.stream.subscriber_updates_max = 1'000;
  options.send_buffer_bytes = 8'192;
  options.limits.ping_every = 1s;
  serve();
  LeanSocket client(server->port(), 128 * 1024);
  ASSERT_TRUE(client.upgraded());
  client.subscribe_all(0, false);
  ASSERT_TRUE(test::eventually([&] { return server->subscriptions() == 1; }));
  const WsMetrics& metrics = server->websocket_metrics();
  // Slowly enough that the queue grows only when the kernel takes no more.
  for (Seq from = 1; from < 3'001 && metrics.slow_readers_closed.get() == 0; from += 50) {
    server->publish(from, from + 50);
    std::this_thread::sleep_for(5ms);
  }
  ASSERT_TRUE(test::eventually([&] { return metrics.slow_readers_closed.get() == 1; }));
  std::this_thread::sleep_for(4s);
  std::optional<LeanSocket::Frame> frame;
  while ((frame = client.next()) && frame->opcode != 8) {
  }
  ASSERT_TRUE(frame.has_value()) << "no close frame";
  EXPECT_TRUE(frame->payload.starts_with("\x03\xF5slow reader; resume after ")) << frame->payload;
}

TEST_F(WsSessionTest, AClientThatDoesNotAnswerPingsIsDisconnected) {
  options.limits.ping_every = 1s;
  serve();
  WsClient silent(server->port());  // reads nothing, so answers nothing
  WsClient answering(server->port());
  ASSERT_TRUE(silent.open());
  ASSERT_TRUE(answering.open());
  ASSERT_TRUE(test::eventually([&] { return server->sessions() == 2; }));
  answering.idle(3'500ms);
  EXPECT_EQ(server->sessions(), 1U);
  answering.send(R"({"type":"ping"})");
  EXPECT_EQ(answering.read(), R"({"type":"pong"})");
}

TEST_F(WsSessionTest, AMessageOver64KIsRefusedWith1009) {
  serve();
  WsClient fits(server->port());
  fits.send(R"({"type":"ping","x":")" + std::string(65'000, 'x') + "\"}");
  EXPECT_EQ(fits.read(), R"({"type":"pong"})");
  WsClient client(server->port());
  client.send(std::string(65'537, ' '));
  EXPECT_EQ(client.wait_closed(), 1009);
}

// It answers pings meanwhile, and the server holds up to 64 KiB for it.
TEST_F(WsSessionTest, AClientThatDoesNotEndItsMessageIsDisconnected) {
  options.limits.message_time_max = Micros(500'000);
  serve();
  test::LeanSocket hostile(server->port());
  WsClient good(server->port());
  ASSERT_TRUE(hostile.upgraded());
  hostile.send_text(std::string(60'000, ' '), 1);
  good.send(R"({"type":"ping","x":")" + std::string(60'000, 'x') + "\"}");
  EXPECT_EQ(good.read(), R"({"type":"pong"})");
  EXPECT_TRUE(test::eventually([&] { return server->sessions() == 1; }));
  good.send(R"({"type":"ping"})");
  EXPECT_EQ(good.read(), R"({"type":"pong"})");
}

TEST_F(WsSessionTest, AForeignOriginIsRefusedWith403) {
  options.allowed_origins.emplace_back("https://app.example.org");
  serve();
  for (const auto& [origin, status] :
       {std::pair<std::string, int>{"https://evil.example", 403},
        {"null", 403},
        {"https://app.example.org", 101},
        {"http://127.0.0.1:" + std::to_string(server->port()), 101}}) {
    test::WsClientOptions from_page;
    from_page.headers.emplace_back("Origin", origin);
    WsClient client(server->port(), from_page);
    EXPECT_EQ(client.http_status(), status) << origin;
    EXPECT_EQ(client.open(), status == 101);
  }
}

TEST_F(WsSessionTest, StopClosesWith1001AndNamesTheSeq) {
  serve().publish(1, 11);
  WsClient client(server->port());
  client.send(subscribe_all());
  next(client);
  next(client);
  std::thread stopper([&] { server->stop(); });
  EXPECT_EQ(client.wait_closed(), 1001);
  EXPECT_EQ(client.close_reason(), "the server is stopping; resume after 10");
  stopper.join();
  EXPECT_EQ(server->sessions(), 0U);
}

TEST_F(WsSessionTest, StopDoesNotWaitForARefusedClientThatReadsNothing) {
  options.full_send_buffer = true;
  options.limits.stop_grace = Micros(100'000);
  serve();
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket client(io);
  client.connect({boost::asio::ip::address_v4::loopback(), server->port()});
  boost::asio::write(client, boost::asio::buffer(std::string_view(
                                 "GET /ws HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\n"
                                 "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                 "Sec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")));
  std::this_thread::sleep_for(50ms);  // the refusal waits for the client
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(WsSessionTest, StopDoesNotWaitForAClientThatDoesNotAnswer) {
  options.limits.stop_grace = Micros(200'000);
  serve();
  WsClient client(server->port());
  ASSERT_TRUE(client.open());
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST_F(WsSessionTest, AnUnfillableGapCloses1013WithTheSeq) {
  options.stream.gap_wait_max = Micros(100'000);
  serve().publish(1, 11);
  WsClient client(server->port());
  client.send(subscribe_all());
  next(client);
  next(client);
  server->hub.on_updates(sample.batch(20, 31));
  EXPECT_EQ(client.wait_closed(), 1013);
  EXPECT_EQ(client.close_reason(), "updates are not available now; resume after 10");
}

TEST_F(WsSessionTest, AClientThatVanishesLeavesNothingBehind) {
  serve().publish(1, 11);
  for (int i = 0; i < 20; ++i) {
    WsClient client(server->port());
    client.send(subscribe_all(0));
    client.send(subscribe_order(id, 0));
    if (i % 2 == 0) next(client);
    if (i % 3 == 0) client.close();
    client.drop();
  }
  EXPECT_TRUE(test::eventually([&] { return server->sessions() == 0; }));
  EXPECT_EQ(server->subscriptions(), 0U);
}

TEST_F(WsSessionTest, BytesBehindTheUpgradeRequestAreRefused) {
  serve();
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), server->port()});
  boost::asio::write(socket, boost::asio::buffer(std::string(
                                 "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81")));
  std::string answer(12, '\0');
  boost::asio::read(socket, boost::asio::buffer(answer));
  EXPECT_EQ(answer, "HTTP/1.1 400");
}

}  // namespace
}  // namespace oee
