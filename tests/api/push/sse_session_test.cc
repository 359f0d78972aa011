// GET /v1/stream over real connections: what clients are told, in which order, and how it ends.
#include "api/push/sse_session.h"

#include <gtest/gtest.h>

#include "tests/api/push/test_stream.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/sse_client.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t order_count = 500;  // of the story: seqs 1..3,000, step by step

Seq seq_of(std::uint64_t order, std::uint32_t step) {
  return step * order_count + order;
}
const std::string channel = "/v1/stream?channel=orders";
std::string order_stream(const OrderId& id) {
  return "/v1/stream?orderId=" + to_text(id);
}

// What a stream said up to its caughtUp (or, when `seq` is given, up to that update).
struct Told {
  GapChecker gaps;
  std::string wrong;
  SseEvent last;
};
Told read_stream(SseClient& client, Seq seq = 0, double seconds = 10) {
  Told told;
  while (auto event = client.next_event(seconds)) {
    told.last = *event;
    if (event->name == "close") break;
    told.wrong += told.gaps.take(event->data);
    if (seq == 0 ? event->name == "caughtUp" : told.gaps.last() >= seq) break;
  }
  return told;
}
void go_on(SseClient& client, Told& told, Seq seq) {
  while (told.gaps.last() < seq) {
    const auto event = client.next_event();
    if (!event) return;
    told.last = *event;
    if (event->name == "close") return;
    told.wrong += told.gaps.take(event->data);
  }
}

struct SseSessionTest : testing::Test {
  SseSessionTest() { story.usual_lives(1, order_count); }
  TestStream& serve() {
    face = std::make_unique<TestStream>(story, options);
    return *face;
  }
  SampleLog story;
  StreamFaceOptions options;
  std::unique_ptr<TestStream> face;
  const OrderId id = order_id_of(3);
};

TEST_F(SseSessionTest, AnOrdersStoryIsToldThenItGoesOnLive) {
  serve().publish(1, seq_of(3, 2) + 1);
  SseClient client(face->port(), order_stream(id));
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(client.header("content-type"), "text/event-stream");
  EXPECT_EQ(client.header("cache-control"), "no-store");
  EXPECT_EQ(client.header("x-accel-buffering"), "no");
  EXPECT_EQ(client.header("transfer-encoding"), "chunked");
  EXPECT_FALSE(client.header("x-request-id").empty());
  Told told = read_stream(client);
  EXPECT_EQ(told.gaps.seqs(), (std::vector<Seq>{seq_of(3, 0), seq_of(3, 1), seq_of(3, 2)}));
  EXPECT_EQ(client.last_id(), std::to_string(seq_of(3, 2)));
  face->publish(seq_of(3, 2) + 1, 3'001);
  go_on(client, told, seq_of(3, 5));
  EXPECT_EQ(told.gaps.seqs().size(), 6U);
  EXPECT_EQ(told.last.name, "message");
  EXPECT_TRUE(told.last.data.starts_with(R"({"type":"update","n":6,"prevSeq":)")) << told.last.data;
  EXPECT_EQ(told.wrong, "");
}

TEST_F(SseSessionTest, TheChannelWithoutAfterIsLiveOnly) {
  serve().publish(1, 101);
  SseClient client(face->port(), channel);
  Told told = read_stream(client);
  EXPECT_TRUE(told.gaps.seqs().empty());
  EXPECT_EQ(client.last_id(), "100");
  face->publish(101, 111);
  go_on(client, told, 110);
  EXPECT_EQ(told.gaps.seqs(), seqs_between(101, 111));
  EXPECT_EQ(told.wrong, "");
}

TEST_F(SseSessionTest, LastEventIdWinsOverAfter) {
  serve().publish(1, 101);
  SseOptions back;
  back.headers["Last-Event-ID"] = "90";
  SseClient client(face->port(), channel + "&after=5", back);
  EXPECT_EQ(read_stream(client).gaps.seqs(), seqs_between(91, 101));
  SseClient without(face->port(), channel + "&after=95");
  EXPECT_EQ(read_stream(without).gaps.seqs(), seqs_between(96, 101));
}

TEST_F(SseSessionTest, AnOrderThatNobodyKnowsIsNotFound) {
  serve().publish(1, 101);
  SseClient client(face->port(), order_stream(order_id_of(999'999)));
  EXPECT_EQ(client.status(), 404);
  EXPECT_EQ(client.header("content-type"), "application/problem+json");
}

TEST_F(SseSessionTest, AnOrderThatTheReadModelDoesNotKnowYetIsFoundOnceItDoes) {
  serve().publish(1, 11);
  face->history.reach(1);  // a gateway's PostgreSQL, behind the stream
  SseClient client(face->port(), order_stream(id));
  EXPECT_EQ(client.status(0.1), 0);
  face->history.reach(10);
  EXPECT_EQ(read_stream(client).gaps.seqs(), std::vector<Seq>{3});
}

TEST_F(SseSessionTest, WhatIsAskedWronglyIsRefusedByName) {
  serve().publish(1, 101);
  const std::string order = order_stream(id);
  struct Case {
    std::string target;
    int status;
    std::string where;  // and the code of the first error
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
      {channel + "&venue=%00", 422, "venue unknown_value"},
      {channel + "&batch=true", 400, "batch unknown_parameter"},
      {channel + "&token=%zz", 400, "token bad_encoding"},
  };
  for (const Case& each : cases) {
    SseClient client(face->port(), each.target);
    EXPECT_EQ(client.status(), each.status) << each.target;
    EXPECT_EQ(client.header("content-type"), "application/problem+json");
    const auto problem = boost::json::parse(client.rest()).as_object();
    const auto& error = problem.at("errors").as_array().at(0).as_object();
    EXPECT_EQ(std::string(error.at("parameter").as_string()) + " " +
                  std::string(error.at("code").as_string()),
              each.where)
        << each.target;
  }
  EXPECT_EQ(face->streams(), 0U);
}

TEST_F(SseSessionTest, ALastEventIdThatIsNoSeqIsRefused) {
  serve().publish(1, 101);
  for (const char* wrong :
       {"x", "-1", "1.5", " 7 7", "18446744073709551615", "99999999999999999999"}) {
    SseOptions back;
    back.headers["Last-Event-ID"] = wrong;
    SseClient client(face->port(), channel, back);
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
    EXPECT_EQ(SseClient(face->port(), channel, asked).status(), status) << accept;
  }
}

TEST_F(SseSessionTest, AHeadRequestGetsTheHeadAndTheConnectionGoesOn) {
  serve().publish(1, 11);
  RawClient client(face->port());
  for (int i = 0; i < 2; ++i) {
    client.send("HEAD " + channel + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->header("Content-Type"), "text/event-stream");
    EXPECT_EQ(response->header("Connection"), "");
  }
  EXPECT_EQ(face->streams(), 0U);
}

TEST_F(SseSessionTest, Http10GetsItWithoutChunks) {
  serve().publish(1, 11);
  SseOptions old;
  old.version = "HTTP/1.0";
  SseClient client(face->port(), channel + "&after=0", old);
  EXPECT_EQ(client.header("transfer-encoding"), "");
  EXPECT_EQ(client.header("connection"), "close");
  const Told told = read_stream(client);
  EXPECT_EQ(told.gaps.seqs(), seqs_between(1, 11));
  EXPECT_EQ(told.wrong, "");
}

TEST_F(SseSessionTest, OtherMethodsAreNotAllowed) {
  serve();
  SseOptions post;
  post.method = "DELETE";
  SseClient client(face->port(), channel, post);
  EXPECT_EQ(client.status(), 405);
  EXPECT_EQ(client.header("allow"), "GET, HEAD");
}

TEST_F(SseSessionTest, SilenceIsBrokenByCommentsThatMoveTheLastId) {
  options.sse.keep_alive_every = Micros(50'000);
  serve().publish(1, 101);
  SseClient client(face->port(), channel + "&venue=meteora");  // nothing is of that venue
  read_stream(client);
  EXPECT_EQ(client.last_id(), "100");
  face->publish(101, 301);
  ASSERT_TRUE(eventually([&] { return face->position() == 300; }));
  for (int i = 0; i < 2; ++i) {
    const auto comment = client.next();
    ASSERT_TRUE(comment.has_value());
    EXPECT_EQ(comment->comment, "keep-alive");
    EXPECT_EQ(comment->data, "");
  }
  EXPECT_EQ(client.last_id(), "300");
}

TEST_F(SseSessionTest, ASlowReaderIsToldWhereToGoOn) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  options.sse.write_bytes_max = 4'096;
  serve();
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(face->port(), channel + "&after=0", slow);
  Told told = read_stream(client);
  for (Seq from = 1; from < 3'001; from += 50) face->publish(from, from + 50);
  ASSERT_TRUE(eventually([&] { return face->position() == 3'000; }));
  go_on(client, told, 3'000);
  ASSERT_EQ(told.last.name, "close");
  EXPECT_EQ(told.wrong, "");
  const auto close = boost::json::parse(told.last.data).as_object();
  EXPECT_EQ(close.at("code").as_string(), "slow_reader");
  const Seq got = told.gaps.seqs().empty() ? 0 : told.gaps.last();
  ASSERT_LT(got, 3'000U);
  EXPECT_EQ(close.at("resumeAfter").to_number<Seq>(), got);
  EXPECT_EQ(client.last_id(), std::to_string(got));
  client.rest();
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(client.malformed());
  SseOptions back;
  back.headers["Last-Event-ID"] = client.last_id();
  SseClient again(face->port(), channel, back);
  EXPECT_EQ(read_stream(again).gaps.seqs(), seqs_between(got + 1, 3'001));
}

TEST_F(SseSessionTest, ASlowReaderOfThePastIsWaitedFor) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  serve().publish(1, 3'001);
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(face->port(), channel + "&after=0", slow);
  std::this_thread::sleep_for(100ms);
  const Told told = read_stream(client);
  EXPECT_EQ(told.gaps.seqs(), seqs_between(1, 3'001));
  EXPECT_EQ(told.wrong, "");
}

TEST_F(SseSessionTest, AReaderThatNeverReadsIsDisconnectedAfterItsGrace) {
  options.stream.subscriber_updates_max = 100;
  options.send_buffer_bytes = 8'192;
  options.sse.close_grace = Micros(200'000);
  serve();
  SseOptions slow;
  slow.receive_buffer_bytes = 8'192;
  SseClient client(face->port(), channel, slow);
  ASSERT_TRUE(eventually([&] { return face->subscriptions() == 1; }));
  for (Seq from = 1; from < 3'001; from += 50) face->publish(from, from + 50);
  EXPECT_TRUE(eventually([&] { return face->streams() == 0; }, 5s));
}

TEST_F(SseSessionTest, StopSaysSoAndNamesTheSeq) {
  serve().publish(1, 11);
  SseClient client(face->port(), channel);
  Told told = read_stream(client);
  std::thread stopper([&] { face->stop(); });
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
  SseClient client(face->port(), channel);
  read_stream(client);
  const auto before = std::chrono::steady_clock::now();
  face->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST_F(SseSessionTest, AnUnfillableGapEndsIt) {
  options.stream.gap_wait_max = Micros(100'000);
  serve().publish(1, 11);
  SseClient client(face->port(), channel);
  read_stream(client);
  face->hear(20, 31);
  auto event = client.next_event();
  while (event && event->name != "close") event = client.next_event();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(boost::json::parse(event->data).as_object().at("code").as_string(), "unavailable");
  EXPECT_EQ(client.last_id(), "10");
}

TEST_F(SseSessionTest, AClientThatVanishesLeavesNothingBehind) {
  serve().publish(1, 3'001);
  for (int i = 0; i < 20; ++i) {
    SseClient all(face->port(), channel + "&after=0");
    SseClient one(face->port(), order_stream(id));
    if (i % 2 == 0) all.next();
    if (i % 3 == 0) read_stream(one);
  }
  // Connections first: one that is still to be accepted has no stream yet.
  EXPECT_TRUE(eventually([&] { return face->server().connections() == 0; }));
  EXPECT_TRUE(eventually([&] { return face->streams() == 0; }));
  EXPECT_TRUE(eventually([&] { return face->subscriptions() == 0; }));
}

TEST_F(SseSessionTest, AThousandSubscribersAreCountedAndMissNothing) {
  serve().publish(1, 101);
  std::vector<std::unique_ptr<SseClient>> clients;
  std::vector<Told> told;
  for (int i = 0; i < 1'000; ++i)
    clients.push_back(std::make_unique<SseClient>(face->port(), channel + "&after=80"));
  for (auto& client : clients) told.push_back(read_stream(*client));
  EXPECT_EQ(face->server().connections(), 1'000U);
  EXPECT_EQ(face->subscriptions(), 1'000U);
  for (Seq from = 101; from < 201; from += 10) face->publish(from, from + 10);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    go_on(*clients[i], told[i], 200);
    ASSERT_EQ(told[i].gaps.seqs(), seqs_between(81, 201)) << i;
    ASSERT_EQ(told[i].wrong, "") << i;
    ASSERT_FALSE(clients[i]->malformed());
  }
}

}  // namespace
}  // namespace oee::test
