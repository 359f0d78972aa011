#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "core/base/log.h"
#include "tests/api/http/http_fixture.h"

namespace oee::test {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

HttpLimits quick_limits() {
  HttpLimits limits;
  limits.header_timeout = std::chrono::seconds(1);
  limits.body_timeout = std::chrono::seconds(1);
  limits.write_stall_max = std::chrono::seconds(1);
  return limits;
}

std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}
std::string post(std::string_view body, std::string_view more = "") {
  return "POST /e HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(HttpServer, KeepsAConnectionForManyRequests) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body " + std::to_string(i);
    ASSERT_TRUE(client.send(post(body)));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(response->header("Connection"), "");
  }
  EXPECT_EQ(server.server().connections(), 1u);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string all = get("/slow");
  for (int i = 0; i < 50; ++i) all += post("n" + std::to_string(i));
  all += get("/last", "Connection: close\r\n");
  ASSERT_TRUE(client.send(all));
  EXPECT_EQ(client.response()->body, "GET /slow h");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.response()->body, "n" + std::to_string(i));
  EXPECT_EQ(client.response()->body, "GET /last h");
  EXPECT_TRUE(client.ends());
}

TEST(HttpServer, TakesABodyOfExactlyTheLimit) {
  TestServer server;
  RawClient client(server.port());
  const std::string body(64 * 1024, 'b');
  ASSERT_TRUE(client.send(post(body)));
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, body);
}

TEST(HttpServer, RefusesALargeBodyBeforeItIsSent) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"));
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 413);
}

// The client is still sending when it is refused. The answer must reach it nevertheless.
TEST(HttpServer, ARefusalReachesAClientThatIsStillSending) {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    client.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" +
                std::string(200'000, 'b'));
    const auto response = client.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 413);
  }
}

TEST(HttpServer, SaysContinueOnlyWhenTheBodyIsAwaited) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(
      "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n"));
  const auto interim = client.response();
  ASSERT_TRUE(interim.has_value());
  EXPECT_EQ(interim->status, 100);
  ASSERT_TRUE(client.send("abc"));
  EXPECT_EQ(client.response()->body, "abc");
  ASSERT_TRUE(client.send(post("already here", "Expect: 100-continue\r\n")));
  const auto only = client.response();
  ASSERT_TRUE(only.has_value());
  EXPECT_EQ(only->status, 200);
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" + get("/b")));
  const auto head = client.response();
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->header("Content-Length"), std::to_string(std::string("HEAD /a h").size()));
  EXPECT_EQ(client.response()->body, "GET /b h");
}

TEST(HttpServer, EndsAnHttp10ConnectionUnlessItIsToBeKept) {
  TestServer server;
  RawClient plain(server.port());
  ASSERT_TRUE(plain.send("GET /a HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(plain.response()->header("Connection"), "close");
  EXPECT_TRUE(plain.ends());
  RawClient kept(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(kept.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const auto response = kept.response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->header("Connection"), "keep-alive");
  }
}

TEST(HttpServer, TakesOverASaneRequestIdAndReplacesAnyOther) {
  TestServer server;
  RawClient client(server.port());
  const auto id_for = [&client](const std::string& line) {
    client.send(get("/", line));
    const auto response = client.response();
    return response ? response->header("X-Request-Id") : "no response";
  };
  EXPECT_EQ(id_for("X-Request-Id: abc-1.2_Z\r\n"), "abc-1.2_Z");
  EXPECT_EQ(id_for("x-request-id: " + std::string(64, 'a') + "\r\n"), std::string(64, 'a'));
  const std::string made = id_for("");
  EXPECT_FALSE(made.empty());
  for (const std::string& bad : {std::string("a b"), std::string("a\"b"), std::string(65, 'a')}) {
    const std::string id = id_for("X-Request-Id: " + bad + "\r\n");
    EXPECT_NE(id, bad);
    EXPECT_NE(id, made);
    EXPECT_FALSE(id.empty());
  }
}

TEST(HttpServer, DatesEveryResponse) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/")));
  const std::string date = client.response()->header("Date");
  tm parts{};
  ASSERT_NE(strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts), nullptr) << date;
  EXPECT_LE(std::abs(timegm(&parts) - time(nullptr)), 2);
}

TEST(HttpServer, ClosesASlowHeadWith408) {
  TestServer server(quick_limits());
  RawClient client(server.port());
  const auto begin = steady_clock::now();
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\n"));
  for (int i = 0; i < 8; ++i) {  // single bytes must not renew the limit
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    client.send("X");
  }
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 408);
  EXPECT_LT(seconds_since(begin), 2.5);
  EXPECT_TRUE(client.ends());
}

TEST(HttpServer, ClosesASlowBodyWith408) {
  TestServer server(quick_limits());
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 408);
}

// One deadline for all chunks: each may arrive in time.
TEST(HttpServer, ClosesASlowBodyInChunksWith408) {
  TestServer server(quick_limits());
  RawClient client(server.port());
  ASSERT_TRUE(client.send("POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto begin = steady_clock::now();
  std::optional<RawResponse> response;
  while (!(response = client.response(0.1)) && seconds_since(begin) < 5) client.send("1\r\nx\r\n");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(response->body.starts_with("body_timeout"));
  EXPECT_TRUE(client.ends());
}

TEST(HttpServer, SaysContinueBeforeABodyInChunks) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n"));
  EXPECT_EQ(client.response()->status, 100);
  ASSERT_TRUE(client.send("3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_EQ(client.response()->body, "abc");
}

TEST(HttpServer, ClosesASilentConnectionWithoutAnAnswer) {
  TestServer server(quick_limits());
  RawClient client(server.port());
  const auto begin = steady_clock::now();
  EXPECT_EQ(client.rest(5), "");
  EXPECT_GT(seconds_since(begin), 0.6);
  EXPECT_LT(seconds_since(begin), 2.5);
  EXPECT_TRUE(server.reaches(0));
}

TEST(HttpServer, KeepsAnIdleConnectionSixTimesAsLong) {
  TestServer server(quick_limits());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(client.response().has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(client.response().has_value());
  const auto begin = steady_clock::now();
  EXPECT_TRUE(client.ends(10));
  EXPECT_GT(seconds_since(begin), 5.0);
}

TEST(HttpServer, ClosesIdleConnectionsSoonerWhenItIsNearlyFull) {
  HttpLimits limits;  // an idle connection has 60 s
  limits.connections_max = 10;
  limits.idle_timeout_nearly_full = std::chrono::seconds(1);
  TestServer server(limits, 1);
  std::vector<std::unique_ptr<RawClient>> idle;
  const auto open_one = [&] {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_TRUE(idle.back()->send(get("/")));
    ASSERT_TRUE(idle.back()->response().has_value());
  };
  for (int i = 0; i < 9; ++i) open_one();
  EXPECT_FALSE(server.reaches(8, 2.5));  // 90 %
  open_one();
  EXPECT_TRUE(server.reaches(1, 3));
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(idle[static_cast<std::size_t>(i)]->ends());
  // The newest was not idle for so long, and then had room again.
  EXPECT_FALSE(server.reaches(0, 2.5));
  ASSERT_TRUE(idle.back()->send(get("/")));
  EXPECT_TRUE(idle.back()->response().has_value());
}

TEST(HttpServer, ClosesAClientThatDoesNotReadItsAnswer) {
  TestServer server(quick_limits());
  RawClient client(server.port(), 4096);
  ASSERT_TRUE(client.send(get("/big") + get("/big")));
  EXPECT_TRUE(server.reaches(1));
  EXPECT_TRUE(server.reaches(0, 8));
}

// The kernel holds most of one answer; the other takes much longer than write_stall_max.
TEST(HttpServer, ASlowClientThatTakesSomeBytesGetsTheWholeAnswer) {
  TestServer server(quick_limits());
  RawClient client(server.port(), 64 * 1024);
  ASSERT_TRUE(client.send(get("/big") + get("/big", "Connection: close\r\n")));
  const auto begin = steady_clock::now();
  std::size_t size = 0;
  for (std::string part; !(part = client.some(5)).empty(); size += part.size())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // at most 64 KiB each time
  EXPECT_GT(size, 8u << 20);
  EXPECT_GT(seconds_since(begin), 3.0);
}

// The kernel holds most of one answer of each client, the server the other one.
TEST(HttpServer, TheSlowestClientsAreDisconnectedWhenAnswersHoldTooMuchMemory) {
  HttpLimits limits;  // a client has 10 s to take a byte
  limits.unsent_bytes_max = 10 << 20;
  TestServer server(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  const auto ask = [&] {
    clients.push_back(std::make_unique<RawClient>(server.port(), 64 * 1024));
    ASSERT_TRUE(clients.back()->send(get("/big") + get("/big", "Connection: close\r\n")));
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
  };
  ask();
  ask();
  EXPECT_EQ(server.server().connections(), 2u);  // 8 MiB
  ask();
  EXPECT_TRUE(server.reaches(2, 3));
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(server.server().connections(), 2u);
  EXPECT_LT(clients[0]->rest(5).size(), 8u << 20);
  for (const std::size_t kept : {1, 2}) EXPECT_GT(clients[kept]->rest(10).size(), 8u << 20);
}

TEST(HttpServer, TheKernelEndsAConnectionWhoseClientAcknowledgesNothing) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send(get("/ws/user-timeout",
                      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")));
  EXPECT_EQ(client.rest(5), "30000 ms");
}

TEST(HttpServer, DeliversALargeAnswerWhole) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/big")));
  const auto response = client.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body.size(), 4u << 20);
}

TEST(HttpServer, TurnsAwayConnectionsOverTheMaximum) {
  HttpLimits limits;
  limits.connections_max = 3;
  TestServer server(limits);
  std::vector<std::unique_ptr<RawClient>> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_TRUE(kept.back()->send(get("/")));
    ASSERT_TRUE(kept.back()->response().has_value());
  }
  RawClient extra(server.port());
  const auto response = extra.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 503);
  extra.finish_sending();
  EXPECT_TRUE(extra.ends());
  kept.pop_back();
  ASSERT_TRUE(server.reaches(2));
  RawClient next(server.port());
  ASSERT_TRUE(next.send(get("/")));
  EXPECT_EQ(next.response()->status, 200);
}

TEST(HttpServer, TurnsAwayConnectionsOfOneAddressOverItsMaximum) {
  HttpLimits limits;
  limits.connections_per_address_max = 2;
  TestServer server(limits);
  std::vector<std::unique_ptr<RawClient>> kept;
  for (int i = 0; i < 2; ++i) {
    kept.push_back(std::make_unique<RawClient>(server.port()));
    ASSERT_TRUE(kept.back()->send(get("/")));
    ASSERT_TRUE(kept.back()->response().has_value());
  }
  RawClient extra(server.port());
  const auto response = extra.response();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 503);
  EXPECT_NE(response->body.find("address_connections_full"), std::string::npos) << response->body;
  extra.finish_sending();
  EXPECT_TRUE(extra.ends());
  kept.pop_back();
  ASSERT_TRUE(server.reaches(1));
  for (int i = 0; i < 100; ++i) {  // each frees its slot shortly after it ended
    RawClient next(server.port());
    ASSERT_TRUE(next.send(get("/")));
    EXPECT_EQ(next.response()->status, 200);
    next.close();
    ASSERT_TRUE(server.reaches(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(HttpServer, DealsConnectionsToAllShards) {
  TestServer server({}, 3);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 9; ++i) {
    auto& client = clients.emplace_back(std::make_unique<RawClient>(server.port()));
    ASSERT_TRUE(client->send(get("/")));
    ASSERT_TRUE(client->response().has_value());
  }
  for (std::size_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(server.handler<EchoHandler>(shard).handled, 3);
  }
}

TEST(HttpServer, APortInUseIsNamed) {
  TestServer server;
  Loop loop{1};
  SystemClock clock(loop);
  EchoHandler handler(clock);
  std::vector<HttpServer::ShardBinding> bindings = {{&loop, &clock, &handler}};
  HttpServer second({}, bindings, loop);
  const auto listened = second.listen("127.0.0.1", server.port());
  ASSERT_FALSE(listened.ok());
  EXPECT_EQ(listened.error().code, Errc::in_use);
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_NE(listened.error().detail.find(place), std::string::npos) << listened.error().detail;
  EXPECT_EQ(second.listen("no.such.host.invalid", 0).error().code, Errc::invalid);
}

TEST(HttpServer, HandsAnUpgradeOverWithItsEarlyBytes) {
  TestServer server;
  RawClient client(server.port());
  const std::string upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  // On a connection with an earlier request. Another target refuses the upgrade like a plain
  // request.
  ASSERT_TRUE(client.send(get("/other", upgrade)));
  EXPECT_EQ(client.response()->body, "GET /other h");
  ASSERT_TRUE(client.send(get("/ws", upgrade) + "early"));
  EXPECT_EQ(client.rest(5), "taken /ws early");
  EXPECT_TRUE(server.reaches(0));
}

TEST(HttpServer, DrainFinishesBusyConnectionsAndClosesIdleOnes) {
  TestServer server;
  RawClient idle(server.port());
  ASSERT_TRUE(idle.send(get("/")));
  ASSERT_TRUE(idle.response().has_value());
  RawClient busy(server.port());
  ASSERT_TRUE(busy.send(get("/slow")));
  ASSERT_TRUE(server.reaches(2));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  server.server().drain();
  EXPECT_TRUE(idle.ends());
  const auto answer = busy.response();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "GET /slow h");
  EXPECT_EQ(answer->header("Connection"), "close");
  EXPECT_TRUE(busy.ends());
  EXPECT_TRUE(server.reaches(0));
  EXPECT_FALSE(RawClient(server.port()).connected());
}

TEST(HttpServer, StopEndsEveryConnectionWhateverItDoes) {
  TestServer server;
  RawClient idle(server.port()), half(server.port()), busy(server.port()),
      slow(server.port(), 4096);
  half.send("GET / HT");
  busy.send(get("/slow"));
  slow.send(get("/big"));
  ASSERT_TRUE(server.reaches(4));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  server.stop();
  EXPECT_EQ(server.server().connections(), 0u);
  EXPECT_TRUE(idle.ends());
  EXPECT_TRUE(half.ends());
  EXPECT_TRUE(busy.ends());
  EXPECT_TRUE(slow.ends());
}

TEST(HttpServer, SurvivesRunningOutOfDescriptors) {
  // Sets up the logger while there are descriptors. UBSan also needs some for a new type.
  log::warn("descriptors will run out now, on purpose");
  TestServer server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  RawClient first(server.port());
  ASSERT_TRUE(first.send(get("/")));
  ASSERT_TRUE(first.response().has_value());
  RawClient waiting(server.port());
  ASSERT_TRUE(server.reaches(2));
  // The next client's own descriptor is the last one of the process.
  const int lowest_free = dup(0);
  ASSERT_GE(lowest_free, 0);
  ::close(lowest_free);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest_free) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  RawClient starved(server.port());
  const bool connected = starved.connected();
  starved.send(get("/late"));
  const bool answered_early = starved.response(0.4).has_value();
  const bool others_served = first.send(get("/")) && first.response().has_value();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(connected);
  EXPECT_FALSE(answered_early);
  EXPECT_TRUE(others_served);
  const auto late = starved.response();
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->body, "GET /late h");
}

TEST(HttpServer, AbruptClientsLeaveNothingBehind) {
  TestServer server;
  for (int i = 0; i < 40; ++i) {
    RawClient client(server.port());
    client.send(i % 2 == 0 ? get("/big") : post("half").substr(0, 40));
  }
  EXPECT_TRUE(server.reaches(0, 60));
}

}  // namespace
}  // namespace oee::test
