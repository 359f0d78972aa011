// Clients of streams that stop reading, over real sockets: a write without progress ends, and all
// streams together hold no more than their budget. Clients that read miss nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "api/push/stream_buffers.h"
#include "tests/api/push/test_stream.h"
#include "tests/api/push/ws_fixture.h"
#include "tests/support/clients/gap_checker.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/process/process_metrics.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t orders = 1'000;
constexpr Seq seq_last = Seq{orders} * usual_steps;  // ~2 MB of updates
constexpr int small_buffer = 8'192;
const std::string history = "/v1/stream?channel=orders&after=0";

std::unique_ptr<SseClient> sse_reader(std::uint16_t port) {
  SseOptions slow;
  slow.receive_buffer_bytes = small_buffer;
  return std::make_unique<SseClient>(port, history, slow);
}

struct StalledReaders : testing::Test {
  StalledReaders() { sample.add_usual_orders(1, orders); }
  SampleLog sample;
};

TEST_F(StalledReaders, AnEventStreamOfTheHistoryThatIsNotReadEnds) {
  TestStreamOptions options;
  options.send_buffer_bytes = small_buffer;
  options.stall_max = 1s;
  TestStream server(sample, options);
  server.publish(1, seq_last + 1);
  const auto client = sse_reader(server.port());
  ASSERT_EQ(client->status(), 200);
  EXPECT_TRUE(eventually([&] { return server.streams() == 0; }, 8s));
  EXPECT_EQ(server.buffers().stalled.get(), 1U);
  EXPECT_EQ(server.buffers().bytes.get(), 0U);
}

TEST_F(StalledReaders, AWebSocketOfTheHistoryThatOnlyAnswersPingsEnds) {
  WsServerOptions options;
  options.send_buffer_bytes = small_buffer;
  options.limits.ping_every = 1s;
  options.stall_max = 2s;
  WsServer server(sample, options);
  server.publish(1, seq_last + 1);
  LeanSocket client(server.port(), small_buffer);
  ASSERT_TRUE(client.upgraded());
  client.subscribe_all(0, false);
  ASSERT_TRUE(eventually([&] { return server.sessions() == 1; }));
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (server.sessions() == 1 && std::chrono::steady_clock::now() < until) {
    client.pong("");
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(server.sessions(), 0U);
  EXPECT_EQ(server.buffers().stalled.get(), 1U);
}

// The kernel acknowledges what was read only when a large part of its buffer is free.
TEST_F(StalledReaders, ASlowReaderThatTakesSomeBytesGoesOn) {
  TestStreamOptions options;
  options.send_buffer_bytes = small_buffer;
  options.stall_max = 2s;
  TestStream server(sample, options);
  server.publish(1, seq_last + 1);
  RawClient client(server.port(), 128 * 1024);
  client.send("GET " + history + " HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto begin = std::chrono::steady_clock::now();
  std::string end;
  while (end.find("event: caughtUp") == end.npos) {
    const std::string part = client.some(5);  // at most 64 KiB
    ASSERT_FALSE(part.empty()) << "stalled: " << server.buffers().stalled.get();
    end = end.substr(end.size() - std::min<std::size_t>(end.size(), 50)) + part;
    std::this_thread::sleep_for(80ms);
  }
  EXPECT_GT(std::chrono::steady_clock::now() - begin, options.stall_max);
  EXPECT_EQ(server.buffers().stalled.get(), 0U);
}

TEST_F(StalledReaders, HundredsHoldNoMoreThanTheBudgetAndHarmNoReader) {
  constexpr std::uint64_t budget = 2 << 20;
  constexpr int stalled = 300;
  TestStreamOptions options;
  options.send_buffer_bytes = small_buffer;
  options.buffer_bytes_max = budget;
  options.stall_max = 120s;  // the readers are read one after the other
  TestStream server(sample, options);
  server.publish(1, seq_last + 1);
  const std::uint64_t before_kib = resident_kib();
  std::uint64_t held_max = 0;
  std::vector<std::unique_ptr<SseClient>> silent;
  for (int i = 0; i < stalled; ++i) {
    silent.push_back(sse_reader(server.port()));
    ASSERT_EQ(silent.back()->status(), 200);
    held_max = std::max(held_max, server.buffers().bytes.get());
  }
  // Those that were there first are the slowest, and are gone.
  EXPECT_TRUE(eventually([&] { return server.buffers().over_budget.get() > stalled / 2; }));
  std::this_thread::sleep_for(600ms);  // two sweeps: a new reader is faster than all of them
  const std::uint64_t growth_kib = std::max(resident_kib(), before_kib) - before_kib;
  std::vector<std::unique_ptr<SseClient>> readers;
  for (int i = 0; i < 20; ++i)
    readers.push_back(
        std::make_unique<SseClient>(server.port(), "/v1/stream?channel=orders&after=5000"));
  for (const auto& reader : readers) {
    GapChecker gaps;
    std::string wrong;
    while (gaps.last() < seq_last) {
      const auto event = reader->next_event();
      ASSERT_TRUE(event.has_value());
      ASSERT_NE(event->name, "close") << "after " << gaps.last();
      wrong += gaps.take(event->data);
    }
    EXPECT_EQ(wrong, "");
    held_max = std::max(held_max, server.buffers().bytes.get());
  }
  EXPECT_LE(held_max, budget + 128 * 1024);
  if (memory_is_measurable) {
    EXPECT_LT(growth_kib, 24 * 1024U);
  }
  std::printf("%d stalled readers: %llu bytes held at most, memory +%llu KiB\n", stalled,
              static_cast<unsigned long long>(held_max),
              static_cast<unsigned long long>(growth_kib));
}

// Publishes all updates for one client, which reads nothing and is over the budget alone.
template <class Server>
void publish_over_budget(Server& server) {
  ASSERT_TRUE(eventually([&] { return server.subscriptions() == 1; }));
  for (Seq from = 1; from <= seq_last; from += 100) server.publish(from, from + 100);
  ASSERT_TRUE(eventually([&] { return server.position() == seq_last; }));
  EXPECT_EQ(server.buffers().over_budget.get(), 1U);
  EXPECT_LT(server.buffers().bytes.get(), 100'000U);  // the write in flight
}

TEST_F(StalledReaders, AnEventStreamOverTheBudgetIsSentTheSeqToResumeFrom) {
  TestStreamOptions options;
  options.send_buffer_bytes = small_buffer;
  options.buffer_bytes_max = 200'000;
  TestStream server(sample, options);
  const auto client = sse_reader(server.port());
  publish_over_budget(server);
  GapChecker gaps;
  std::optional<SseEvent> event;
  while ((event = client->next_event()) && event->name != "close") gaps.take(event->data);
  ASSERT_TRUE(event.has_value());
  const auto close = boost::json::parse(event->data).as_object();
  EXPECT_EQ(close.at("code").as_string(), "slow_reader");
  EXPECT_EQ(close.at("resumeAfter").to_number<Seq>(), gaps.last());
}

TEST_F(StalledReaders, AWebSocketOverTheBudgetIsClosedWith1013AndTheSeqToResumeFrom) {
  WsServerOptions options;
  options.send_buffer_bytes = small_buffer;
  options.buffer_bytes_max = 200'000;
  WsServer server(sample, options);
  LeanSocket client(server.port(), 128 * 1024);
  ASSERT_TRUE(client.upgraded());
  client.subscribe_all(0, false);
  publish_over_budget(server);
  Seq last = 0;
  std::optional<LeanSocket::Frame> frame;
  for (; (frame = client.next()) && frame->opcode != 8;) {
    std::size_t at = 0;
    if (frame->payload.starts_with(R"({"type":"update")"))
      last = LeanSocket::next_seq(frame->payload, at);
  }
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->payload, "\x03\xF5slow reader; resume after " + std::to_string(last));
}

// --- The choice between shards, without sockets that write ---------------------------------------

class FakeStream final : public BufferedStream {
 public:
  FakeStream(Loop& loop, StreamBuffers& buffers)
      : BufferedStream(buffers), socket_(Socket::Tcp(loop)) {}
  bool closed = false;
  bool disconnected = false;

 private:
  Socket& socket() override { return socket_; }
  bool close_slow() override {
    if (closed) return false;
    closed = true;
    hold(10'000);  // the write in flight
    return true;
  }
  void cut() override { disconnected = true; }
  Socket socket_;
};

TEST(StreamBuffersTest, TheSlowestStreamOfAllShardsIsClosedAndThenDisconnected) {
  Loop loops[2];
  VirtualClock clocks[2];
  StreamBudget budget(1'000'000);
  StreamBuffers buffers[2] = {{loops[0], clocks[0], &budget, 1h},
                              {loops[1], clocks[1], &budget, 1h}};
  const auto pass = [&](int sweeps) {
    for (int i = 0; i < sweeps; ++i)
      for (VirtualClock& clock : clocks) clock.fire_next();
  };
  FakeStream slow(loops[0], buffers[0]);
  FakeStream reader(loops[1], buffers[1]);
  slow.hold(400'000);
  slow.write_begins();
  pass(4);
  reader.hold(500'000);
  reader.write_begins();
  pass(1);
  reader.hold(900'000);  // the largest, but not the slowest
  EXPECT_FALSE(slow.closed);
  loops[0].poll();
  EXPECT_TRUE(slow.closed);
  EXPECT_FALSE(slow.disconnected);
  loops[0].restart();
  reader.hold(1'010'000);
  loops[0].poll();
  EXPECT_TRUE(slow.disconnected);
  EXPECT_FALSE(reader.closed);
  EXPECT_EQ(budget.bytes(), 1'010'000U);
  reader.hold(1'100'000);
  EXPECT_TRUE(reader.closed);  // it alone is left
  EXPECT_EQ(budget.bytes(), 10'000U);
}

TEST(StreamBuffersTest, AWriteWithoutProgressEndsAndOneThatHasEndedDoesNot) {
  Loop loop;
  VirtualClock clock;
  StreamBuffers buffers(loop, clock, nullptr, 1s);
  FakeStream waits(loop, buffers);
  FakeStream idle(loop, buffers);
  waits.write_begins();
  idle.write_begins();
  idle.write_ends();
  for (int i = 0; i < 3; ++i) clock.fire_next();
  EXPECT_FALSE(waits.disconnected);
  for (int i = 0; i < 3; ++i) clock.fire_next();
  EXPECT_TRUE(waits.disconnected);
  EXPECT_FALSE(idle.disconnected);
  EXPECT_EQ(buffers.metrics().stalled.get(), 1U);
}

}  // namespace
}  // namespace oee::test
