// GET /v1/stream over real connections: the events that clients get, their order, and the end.
#include "api/push/sse_session.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/api/push/test_stream.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/http_client.h"
#include "tests/support/clients/sse_client.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t order_count = 500;  // in the sample: seqs 1..3,000, step by step

Seq seq_of(std::uint64_t order, std::uint32_t step) {
  return step * order_count + order;
}
const std::string channel = "/v1/stream?channel=orders";
std::string order_stream(const OrderId& id) {
  return "/v1/stream?orderId=" + to_text(id);
}

// The events of a stream up to its caughtUp or, when `seq` is given, up to that update.
struct Received {
  GapChecker gaps;
  std::string wrong;
  SseEvent last;
};
Received read_stream(SseClient& client, Seq seq = 0, double seconds = 10) {
  Received received;
  while (auto event = client.next_event(seconds)) {
    received.last = *event;
    if (event->name == "close") break;
    received.wrong += received.gaps.take(event->data);
    if (seq == 0 ? event->name == "caughtUp" : received.gaps.last() >= seq) break;
  }
  return received;
}
void read_until(SseClient& client, Received& received, Seq seq) {
  while (received.gaps.last() < seq) {
    const auto event = client.next_event();
    if (!event) return;
    received.last = *event;
    if (event->name == "close") return;
    received.wrong += received.gaps.take(event->data);
  }
}

struct SseSessionTest : testing::Test {
  SseSessionTest() { sample.add_usual_orders(1, order_count); }
  TestStream& serve() {
    server = std::make_unique<TestStream>(sample, options);
    return *server;
  }
  SampleLog sample;
  TestStreamOptions options;
  std::unique_ptr<TestStream> server;
  const OrderId id = order_id(3);
};

TEST_F(SseSessionTest, AnOrdersHistoryIsSentThenItContinuesLive) {
  serve().publish(1, seq_of(3, 2) + 1);
  SseClient client(server->port(), order_stream(id));
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(client.header("content-type"), "text/event-stream");
  EXPECT_EQ(client.header("cache-control"), "no-store");
  EXPECT_EQ(client.header("x-accel-buffering"), "no");
  EXPECT_EQ(client.header("transfer-encoding"), "chunked");
  EXPECT_FALSE(client.header("x-request-id").empty());
  Received received = read_stream(client);
  EXPECT_EQ(received.gaps.seqs(), (std::vector<Seq>{seq_of(3, 0), seq_of(3, 1), seq_of(3, 2)}));
  EXPECT_EQ(client.last_id(), std::to_string(seq_of(3, 2)));
  server->publish(seq_of(3, 2) + 1, 3'001);
  read_until(client, received, seq_of(3, 5));
  EXPECT_EQ(received.gaps.seqs().size(), 6U);
  EXPECT_EQ(received.last.name, "message");
  EXPECT_TRUE(received.last.data.starts_with(R"({"type":"update","n":6,"prevSeq":)"))
      << received.last.data;
  EXPECT_EQ(received.wrong, "");
}

TEST_F(SseSessionTest, TheChannelWithoutAfterIsLiveOnly) {
  serve().publish(1, 101);
  SseClient client(server->port(), channel);
  Received received = read_stream(client);
  EXPECT_TRUE(received.gaps.seqs().empty());
  EXPECT_EQ(client.last_id(), "100");
  server->publish(101, 111);
  read_until(client, received, 110);
  EXPECT_EQ(received.gaps.seqs(), seqs_between(101, 111));
  EXPECT_EQ(received.wrong, "");
}

TEST_F(SseSessionTest, LastEventIdWinsOverAfter) {
  serve().publish(1, 101);
  SseOptions back;
  back.headers["Last-Event-ID"] = "90";
  SseClient client(server->port(), channel + "&after=5", back);
  EXPECT_EQ(read_stream(client).gaps.seqs(), seqs_between(91, 101));
  SseClient without(server->port(), channel + "&after=95");
  EXPECT_EQ(read_stream(without).gaps.seqs(), seqs_between(96, 101));
}

TEST_F(SseSessionTest, AnOrderThatNobodyKnowsIsNotFound) {
  serve().publish(1, 101);
  SseClient client(server->port(), order_stream(order_id(999'999)));
  EXPECT_EQ(client.status(), 404);
  EXPECT_EQ(client.header("content-type"), "application/problem+json");
}

TEST_F(SseSessionTest, AnOrderThatTheReadModelDoesNotKnowYetIsFoundOnceItDoes) {
  serve().publish(1, 11);
  server->history.reach(1);  // a gateway's PostgreSQL, behind the stream
  SseClient client(server->port(), order_stream(id));
  EXPECT_EQ(client.status(0.1), 0);
  server->history.reach(10);
  EXPECT_EQ(read_stream(client).gaps.seqs(), std::vector<Seq>{3});
}

// A gateway looks the order up again and again while its PostgreSQL is behind the stream.
TEST_F(SseSessionTest, APositionOfTheLogBeforeIsUnknownAlsoWhenTheLogChangesDuringTheLookUp) {
  options.log = LogIdentity(log_id(1), LogEpoch{{0xAB}});
  serve().publish_without_history(1, 11);
  SseClient client(server->port(), order_stream(id) + "&after=5&epoch=ab00000000000000");
  EXPECT_EQ(client.status(0.2), 0);
  server->announce_head(LogIdentity(log_id(1), LogEpoch{{0xCD}}), 20);
  server->history.reach(20);
  EXPECT_EQ(client.status(), 422);
}

TEST_F(SseSessionTest, WrongParametersAreRefusedByName) {
  serve().publish(1, 101);
  const std::string order = order_stream(id);
  struct Case {
    std::string target;
    int status;
    std::string where;  // the parameter and the code of the first error
  };
  const Case cases[] = {
      {"/v1/stream", 422, "orderId required"},
      {"/v1/stream?orderId=", 422, "orderId bad_length"},
      {"/v1/stream?orderId=nope", 422, "orderId not_an_id"},
      {"/v1/stream?channel=trades", 422, "channel unknown_value"},
      {order + "&channel=orders", 422, "orderId conflict"},
      {channel + "&channel=orders", 400, "channel repeated"},
      {channel + "&after=-1", 422, "after not_a_number"},
      {channel + "&after=1.5", 422, "after not_a_number"},
      {channel + "&after=18446744073709551615", 422, "after out_of_range"},
      {channel + "&after=1&after=2", 400, "after repeated"},
      {channel + "&status=done", 422, "status unknown_value"},
      {channel + "&status=confirmed,", 422, "status bad_length"},
      {channel + "&status=,", 422, "status bad_length"},
      {channel + "&status=", 422, "status bad_length"},
      {channel + "&status=confirmed&status=Confirmed", 422, "status unknown_value"},
      {channel + "&token=sol", 422, "token unknown_value"},
      {channel + "&token=SOL,DOGE", 422, "token unknown_value"},
      {channel + "&token=0123456789abcdef", 422, "token bad_length"},
      {channel + "&venue=uniswap", 422, "venue unknown_value"},
      {channel + "&venue=%00", 422, "venue bad_encoding"},
      {channel + "&account=a/b", 422, "account unknown_value"},
      {channel + "&batch=true", 400, "batch unknown_parameter"},
      {channel + "&token=%zz", 400, "token bad_encoding"},
  };
  for (const Case& each : cases) {
    SseClient client(server->port(), each.target);
    EXPECT_EQ(client.status(), each.status) << each.target;
    EXPECT_EQ(client.header("content-type"), "application/problem+json");
    const auto problem = boost::json::parse(client.rest()).as_object();
    const auto& error = problem.at("errors").as_array().at(0).as_object();
    EXPECT_EQ(std::string(error.at("parameter").as_string()) + " " +
                  std::string(error.at("code").as_string()),
              each.where)
        << each.target;
  }
  EXPECT_EQ(server->streams(), 0U);
}

TEST_F(SseSessionTest, ALastEventIdThatIsNoSeqIsRefused) {
  serve().publish(1, 101);
  for (const char* wrong :
       {"x", "-1", "1.5", " 7 7", "18446744073709551615", "99999999999999999999"}) {
    SseOptions back;
    back.headers["Last-Event-ID"] = wrong;
    SseClient client(server->port(), channel, back);
    EXPECT_EQ(client.status(), 400) << wrong;
    EXPECT_NE(client.rest().find("invalid_header"), std::string::npos);
  }
}

TEST_F(SseSessionTest, OnlyAClientThatTakesEventStreamsGetsOne) {
  serve().publish(1, 11);
  const std::pair<const char*, int> cases[] = {
      {"text/event-stream", 200},
      {"TEXT/Event-Stream;q=0.1", 200},
      {"text/*", 200},
      {"application/json, */*;q=0.1", 200},
      {"*/*", 200},
      {"application/json", 406},
      {"text/html, application/json;q=0.5", 406},
      {"text/event-stream;q=0, */*", 406},
      {"text/event-stream;q=0.000", 406},
      {"*/*;q=0, text/event-stream", 200},
  };
  for (const auto& [accept, status] : cases) {
    SseOptions asked;
    asked.headers["Accept"] = accept;
    EXPECT_EQ(SseClient(server->port(), channel, asked).status(), status) << accept;
  }
}

TEST_F(SseSessionTest, AHeadRequestGetsTheHeadAndTheConnectionGoesOn) {
  serve().publish(1, 11);
  RawClient client(server->port());
  for (int i = 0; i < 2; ++i) {
    client.send("HEAD " + channel + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->header("Content-Type"), "text/event-stream");
    EXPECT_EQ(response->header("Connection"), "");
  }
  EXPECT_EQ(server->streams(), 0U);
}

TEST_F(SseSessionTest, Http10GetsItWithoutChunks) {
  serve().publish(1, 11);
  SseOptions old;
  old.version = "HTTP/1.0";
  SseClient client(server->port(), channel + "&after=0", old);
  EXPECT_EQ(client.header("transfer-encoding"), "");
  EXPECT_EQ(client.header("connection"), "close");
  const Received received = read_stream(client);
  EXPECT_EQ(received.gaps.seqs(), seqs_between(1, 11));
  EXPECT_EQ(received.wrong, "");
}

TEST_F(SseSessionTest, OtherMethodsAreNotAllowed) {
  serve();
  SseOptions post;
  post.method = "DELETE";
  SseClient client(server->port(), channel, post);
  EXPECT_EQ(client.status(), 405);
  EXPECT_EQ(client.header("allow"), "GET, HEAD");
}

TEST_F(SseSessionTest, CommentsDuringSilenceMoveTheLastId) {
  options.sse.keep_alive_every = Micros(50'000);
  serve().publish(1, 101);
  SseClient client(server->port(), channel + "&venue=meteora");  // no update is of that venue
  read_stream(client);
  EXPECT_EQ(client.last_id(), "100");
  server->publish(101, 301);
  ASSERT_TRUE(eventually([&] { return server->position() == 300; }));
  // On a busy machine comments of before the updates may come first.
  for (int i = 0; i < 200 && client.last_id() != "300"; ++i) {
    const auto comment = client.next();
    ASSERT_TRUE(comment.has_value());
    EXPECT_EQ(comment->comment, "keep-alive");
    EXPECT_EQ(comment->data, "");
  }
  EXPECT_EQ(client.last_id(), "300");
}

TEST_F(SseSessionTest, ASlowReaderGetsTheSeqToResumeFrom) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  options.sse.write_bytes_max = 4'096;
  serve();
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(server->port(), channel + "&after=0", slow);
  Received received = read_stream(client);
  for (Seq from = 1; from < 3'001; from += 50) server->publish(from, from + 50);
  ASSERT_TRUE(eventually([&] { return server->position() == 3'000; }));
  read_until(client, received, 3'000);
  ASSERT_EQ(received.last.name, "close");
  EXPECT_EQ(received.wrong, "");
  const auto close = boost::json::parse(received.last.data).as_object();
  EXPECT_EQ(close.at("code").as_string(), "slow_reader");
  const Seq got = received.gaps.seqs().empty() ? 0 : received.gaps.last();
  ASSERT_LT(got, 3'000U);
  EXPECT_EQ(close.at("resumeAfter").to_number<Seq>(), got);
  EXPECT_EQ(client.last_id(), std::to_string(got));
  client.rest();
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(client.malformed());
  SseOptions back;
  back.headers["Last-Event-ID"] = client.last_id();
  SseClient again(server->port(), channel, back);
  EXPECT_EQ(read_stream(again).gaps.seqs(), seqs_between(got + 1, 3'001));
}

TEST_F(SseSessionTest, ASlowReaderOfThePastIsWaitedFor) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  serve().publish(1, 3'001);
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(server->port(), channel + "&after=0", slow);
  std::this_thread::sleep_for(100ms);
  const Received received = read_stream(client);
  EXPECT_EQ(received.gaps.seqs(), seqs_between(1, 3'001));
  EXPECT_EQ(received.wrong, "");
}

TEST_F(SseSessionTest, AReaderThatNeverReadsIsDisconnectedAfterItsGrace) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  options.sse.close_grace = Micros(200'000);
  serve();
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(server->port(), channel, slow);
  ASSERT_TRUE(eventually([&] { return server->subscriptions() == 1; }));
  for (Seq from = 1; from < 3'001; from += 50) server->publish(from, from + 50);
  EXPECT_TRUE(eventually([&] { return server->streams() == 0; }, 5s));
}

TEST_F(SseSessionTest, StopIsReportedWithTheSeq) {
  serve().publish(1, 11);
  SseClient client(server->port(), channel);
  Received received = read_stream(client);
  std::thread stopper([&] { server->stop(); });
  const auto event = client.next_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->name, "close");
  EXPECT_EQ(event->data, R"({"type":"close","code":"stopping","message":"the server is stopping",)"
                         R"("resumeAfter":10})");
  client.rest();
  EXPECT_TRUE(client.ended());
  client.drop();
  stopper.join();
}

TEST_F(SseSessionTest, StopDoesNotWaitForAClientThatDoesNotLeave) {
  options.sse.stop_grace = Micros(200'000);
  serve();
  SseClient client(server->port(), channel);
  read_stream(client);
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST_F(SseSessionTest, AnUnfillableGapEndsIt) {
  options.stream.gap_wait_max = Micros(100'000);
  serve().publish(1, 11);
  SseClient client(server->port(), channel);
  read_stream(client);
  server->publish_without_history(20, 31);
  auto event = client.next_event();
  while (event && event->name != "close") event = client.next_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(boost::json::parse(event->data).as_object().at("code").as_string(), "unavailable");
  EXPECT_EQ(client.last_id(), "10");
}

TEST_F(SseSessionTest, AClientThatVanishesLeavesNothingBehind) {
  serve().publish(1, 3'001);
  for (int i = 0; i < 20; ++i) {
    SseClient all(server->port(), channel + "&after=0");
    SseClient one(server->port(), order_stream(id));
    if (i % 2 == 0) all.next();
    if (i % 3 == 0) read_stream(one);
  }
  // Connections first: a connection that is not accepted yet has no stream.
  EXPECT_TRUE(eventually([&] { return server->server().connections() == 0; }));
  EXPECT_TRUE(eventually([&] { return server->streams() == 0; }));
  EXPECT_TRUE(eventually([&] { return server->subscriptions() == 0; }));
}

// The token is checked when the request arrives. The stream begins when the hub has started.
TEST_F(SseSessionTest, AStreamDoesNotOutliveATokenThatIsRevokedWhileItOpens) {
  const NewToken reader = *make_token("reader:read");
  const NewToken stays = *make_token("stays:read");
  const auto list = [](const std::string& lines) {
    return std::make_shared<const AccessList>(*AccessList::parse(lines));
  };
  Access access(list(reader.line + "\n" + stays.line + "\n"));
  options.access = &access;
  options.start_hub = false;
  serve();
  const auto open = [&](const NewToken& token, const std::string& target) {
    SseOptions with;
    with.headers = {{"Authorization", "Bearer " + token.secret}};
    return std::make_unique<SseClient>(server->port(), target, with);
  };
  const auto gone = open(reader, channel);
  const auto gone_order = open(reader, order_stream(id));
  const auto kept = open(stays, channel);
  ASSERT_TRUE(eventually([&] { return server->handling() == 3; }));
  server->change_access([&] { access.set_list(list(stays.line + "\n")); });
  server->history.reach(seq_of(3, 2));
  server->start_hub(seq_of(3, 2));
  for (SseClient* client : {gone.get(), gone_order.get()}) {
    EXPECT_EQ(client->status(), 200);
    const auto event = client->next_event();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->name, "close");
    EXPECT_NE(event->data.find(R"("code":"unauthorized")"), std::string::npos) << event->data;
    client->rest();
    EXPECT_TRUE(client->ended());
  }
  const Received received = read_stream(*kept);
  EXPECT_EQ(received.last.name, "caughtUp");
  server->stop();
}

TEST_F(SseSessionTest, AThousandSubscribersAreCountedAndMissNothing) {
  serve().publish(1, 101);
  std::vector<std::unique_ptr<SseClient>> clients;
  std::vector<Received> received;
  for (int i = 0; i < 1'000; ++i)
    clients.push_back(std::make_unique<SseClient>(server->port(), channel + "&after=80"));
  for (auto& client : clients) received.push_back(read_stream(*client));
  EXPECT_EQ(server->server().connections(), 1'000U);
  EXPECT_EQ(server->subscriptions(), 1'000U);
  for (Seq from = 101; from < 201; from += 10) server->publish(from, from + 10);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    read_until(*clients[i], received[i], 200);
    ASSERT_EQ(received[i].gaps.seqs(), seqs_between(81, 201)) << i;
    ASSERT_EQ(received[i].wrong, "") << i;
    ASSERT_FALSE(clients[i]->malformed());
  }
}

// A client that pages through the events of a gateway, after a restore to an earlier head.
TEST_F(SseSessionTest, EventsBeyondTheHeadOfAGatewayAreUnknown) {
  options.log = LogIdentity(log_id(1), LogEpoch{{0xAB}});
  serve().publish(1, 101);
  HttpClient client(server->port());
  const auto heads = std::async(std::launch::async, [this] {
    std::this_thread::sleep_for(500ms);
    server->announce_head(options.log, 100);
  });
  const HttpReply beyond = client.get("/v1/events?after=101");
  EXPECT_EQ(beyond.status, 422);
  EXPECT_NE(beyond.body.find(R"("code":"position_unknown")"), std::string::npos) << beyond.body;
  EXPECT_NE(beyond.body.find(R"("headSeq":100)"), std::string::npos) << beyond.body;
  EXPECT_EQ(client.get("/v1/events?after=100&epoch=cd00000000000000").status, 422);
  EXPECT_EQ(client.get("/v1/events?after=100").status, 503);  // the position is known; no database
}

TEST_F(SseSessionTest, AnIdHasTheEpochOfARestoredLogAndAnotherEpochIsUnknown) {
  options.log = LogIdentity(log_id(1), LogEpoch{{0xAB}});
  serve().publish(1, 101);
  const auto status_with = [&](const std::string& last_id, const std::string& query = "") {
    SseOptions back;
    if (!last_id.empty()) back.headers["Last-Event-ID"] = last_id;
    return SseClient(server->port(), channel + query, back).status();
  };
  {
    SseOptions back;
    back.headers["Last-Event-ID"] = "90-ab00000000000000";
    SseClient client(server->port(), channel, back);
    EXPECT_EQ(read_stream(client).gaps.seqs(), seqs_between(91, 101));
    EXPECT_EQ(client.last_id(), "100-ab00000000000000");
  }
  EXPECT_EQ(status_with("90-cd00000000000000"), 422);
  EXPECT_EQ(status_with("90"), 422);  // of the log before it was restored
  EXPECT_EQ(status_with("90-ab"), 400);
  EXPECT_EQ(status_with("90-"), 400);
  EXPECT_EQ(status_with("", "&after=90"), 200);  // a client that knows no epoch
  EXPECT_EQ(status_with("", "&after=90&epoch=ab00000000000000"), 200);
  EXPECT_EQ(status_with("", "&after=90&epoch=0000000000000000"), 422);
  EXPECT_EQ(status_with("", "&epoch=xyz"), 422);

  SseClient live(server->port(), channel);
  read_stream(live);
  server->announce_head(LogIdentity(log_id(1), LogEpoch{{0xCD}}), 200);
  const auto close = live.next_event();
  ASSERT_TRUE(close.has_value());
  EXPECT_EQ(close->name, "close");
  EXPECT_EQ(live.last_id(), "0-ab00000000000000");
  EXPECT_EQ(status_with(live.last_id()), 422);
}

}  // namespace
}  // namespace oee::test
