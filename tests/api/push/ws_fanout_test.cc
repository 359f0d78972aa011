// Many sockets are written from the same bytes. Each has its own numbers, pace and end, and the
// bytes are freed when the last socket has sent them.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "api/push/ws_protocol.h"
#include "tests/api/push/ws_fixture.h"
#include "tests/support/bus_sinks.h"

namespace oee {
namespace {

using test::eventually;
using test::WsClient;

constexpr Seq sample_end = 6'001;  // 1.7 MB of updates: many chunks, the last of them not full
constexpr Seq chunk_seqs_max = SendBuffer::chunk_bytes / 200;

std::string subscribe_all(std::optional<Seq> after, const std::string& more = {}) {
  std::string text = R"({"type":"subscribe","channel":"orders","batch":true)";
  if (after) text += ",\"after\":" + std::to_string(*after);
  return text + more + '}';
}

// Counts the chunks that the hub hands out, without holding them.
class ChunkWatch final : public StreamSubscriber {
 public:
  void on_update(const UpdatePtr&) override {}
  void on_range(const UpdateRange& range) override {
    if (chunks.empty() || chunks.back().lock() != range.chunk) chunks.push_back(range.chunk);
  }
  void on_stream_lost(Seq, std::string_view) override {}
  std::size_t alive() const {
    return static_cast<std::size_t>(std::count_if(
        chunks.begin(), chunks.end(), [](const auto& chunk) { return !chunk.expired(); }));
  }
  std::vector<std::weak_ptr<const SendChunk>> chunks;
};

struct WsFanoutTest : testing::Test {
  WsFanoutTest() { sample.add_usual_orders(1, 1'000); }
  ~WsFanoutTest() override {
    if (server) server->on_loop([this] { server->hub.unsubscribe(watch, std::nullopt); });
  }
  void serve() {
    server = std::make_unique<test::WsServer>(sample, options);
    server->on_loop([this] { server->hub.subscribe(watch, std::nullopt); });
  }
  void publish(Seq from, Seq end, Seq step) {
    for (; from < end; from += step) server->publish(from, std::min(from + step, end));
    ASSERT_TRUE(eventually([&] { return server->position() == end - 1; }));
  }
  std::unique_ptr<WsClient> subscriber(const std::string& request, int receive_buffer_bytes = 0) {
    test::WsClientOptions wanted;
    wanted.receive_buffer_bytes = receive_buffer_bytes;
    auto client = std::make_unique<WsClient>(server->port(), wanted);
    const std::size_t before = server->subscriptions();
    EXPECT_TRUE(client->send(request));
    EXPECT_TRUE(eventually([&] { return server->subscriptions() == before + 1; }));
    return client;
  }
  // The exact frame of these updates at this offset of the subscription.
  std::string frame_of(Seq from, std::size_t count, const SubscriptionOffset& offset) {
    std::string frame;
    std::vector<std::string> texts;
    for (Seq seq = from; seq < from + count; ++seq) texts.push_back(sample.update_at(seq).json);
    if (count == 1) {
      append_update_at(frame, texts[0], offset);
    } else {
      append_updates_frame(frame, {texts.begin(), texts.end()}, offset);
    }
    return frame;
  }
  // Reads updates up to `end` and expects the exact bytes of each frame. Returns the number of
  // frames.
  std::size_t expect_updates(WsClient& client, Seq after, Seq end, std::uint64_t n = 1) {
    std::size_t frames = 0;
    for (SubscriptionOffset offset{n, after}; offset.prev_seq + 1 < end;) {
      const auto text = client.read();
      if (!text) {
        ADD_FAILURE() << "no frame after " << offset.prev_seq << " " << client.close_reason();
        break;
      }
      if (!text->starts_with(R"({"type":"update)")) continue;
      ++frames;
      EXPECT_LE(text->size(), options.limits.batch_bytes_max);
      const auto frame = boost::json::parse(*text).as_object();
      const auto* counted = frame.if_contains("count");
      const auto count = counted ? counted->to_number<std::size_t>() : 1;
      const std::string expected = frame_of(offset.prev_seq + 1, count, offset);
      EXPECT_TRUE(*text == expected) << text->substr(0, 300);
      if (*text != expected) break;
      offset = offset.after(count, offset.prev_seq + count);
    }
    return frames;
  }
  test::SampleLog sample;
  test::WsServerOptions options;
  ChunkWatch watch;
  std::unique_ptr<test::WsServer> server;
};

TEST_F(WsFanoutTest, EachSubscriberHasItsOwnNumbersOnTheSameUpdates) {
  serve();
  const auto first = subscriber(subscribe_all(0));
  publish(1, 101, 10);
  const auto resumed = subscriber(subscribe_all(40));
  const auto late = subscriber(subscribe_all(std::nullopt));
  publish(101, sample_end, 700);
  expect_updates(*first, 0, sample_end);
  expect_updates(*resumed, 40, sample_end);
  expect_updates(*late, 100, sample_end);
}

TEST_F(WsFanoutTest, SingleUpdatesAreJoinedForReadersBehindAndCutAtTheLimit) {
  options.limits.batch_bytes_max = 16 * 1024;
  options.send_buffer_bytes = 8'192;
  serve();
  const auto client = subscriber(subscribe_all(0), 8'192);
  publish(1, 3'001, 1);
  EXPECT_LT(expect_updates(*client, 0, 3'001), 1'000U);
}

TEST_F(WsFanoutTest, TheBytesOfASlowReaderAreFreedWhenItHasThem) {
  options.send_buffer_bytes = 8'192;
  serve();
  const auto slow = subscriber(subscribe_all(0), 8'192);
  const auto quick = subscriber(subscribe_all(0));
  publish(1, sample_end, 500);
  expect_updates(*quick, 0, sample_end);
  const auto count = [this] { return watch.chunks.size(); };
  const auto alive = [this] { return server->on_loop([this] { return watch.alive(); }); };
  ASSERT_GE(server->on_loop(count), sample_end / chunk_seqs_max);
  EXPECT_EQ(alive(), server->on_loop(count)) << "the slow reader waits for all of them";
  expect_updates(*slow, 0, sample_end);
  EXPECT_TRUE(eventually([&] { return alive() == 1; })) << "the buffer's own chunk is left";
  EXPECT_EQ(server->websocket_metrics().queued.get(), 0U);
}

TEST_F(WsFanoutTest, ASlowReaderThatIsClosedHoldsNothingAndHarmsNobody) {
  options.send_buffer_bytes = 8'192;
  options.stream.subscriber_updates_max = 3'000;
  serve();
  const auto slow = subscriber(subscribe_all(0), 8'192);
  const auto quick = subscriber(subscribe_all(0));
  for (Seq from = 1; from < sample_end; from += 500) {
    publish(from, from + 500, 500);
    expect_updates(*quick, from - 1, from + 500, from);
  }
  EXPECT_EQ(server->websocket_metrics().slow_readers_closed.get(), 1U);
  EXPECT_EQ(slow->wait_closed(), 1013);
  const std::string reason = slow->close_reason();
  ASSERT_TRUE(reason.starts_with("slow reader; resume after ")) << reason;
  const Seq resume = std::stoull(reason.substr(reason.rfind(' ') + 1));
  WsClient again(server->port());
  again.send(subscribe_all(resume));
  expect_updates(again, resume, sample_end);
  const auto alive = [this] { return server->on_loop([this] { return watch.alive(); }); };
  EXPECT_TRUE(eventually([&] { return alive() == 1; }));
}

TEST_F(WsFanoutTest, AnUnsubscribedSlowReaderKeepsOnlyTheFrameInHand) {
  options.send_buffer_bytes = 8'192;
  serve();
  const auto slow = subscriber(subscribe_all(0), 8'192);
  publish(1, sample_end, 500);
  ASSERT_TRUE(slow->send(R"({"type":"unsubscribe","channel":"orders"})"));
  const auto alive = [this] { return server->on_loop([this] { return watch.alive(); }); };
  EXPECT_TRUE(eventually([&] { return alive() <= 2; })) << alive();
}

TEST_F(WsFanoutTest, AFilterCopiesTheUpdatesItSelects) {
  serve();
  const auto all = subscriber(subscribe_all(0));
  const auto confirmed = subscriber(subscribe_all(0, R"(,"status":["confirmed"])"));
  publish(1, sample_end, 500);
  expect_updates(*all, 0, sample_end);
  std::uint64_t n = 0;
  Seq last = 0;
  while (n < 1'000) {
    const auto text = confirmed->read();
    ASSERT_TRUE(text.has_value());
    if (!text->starts_with(R"({"type":"updates)")) continue;
    const auto frame = boost::json::parse(*text).as_object();
    EXPECT_EQ(frame.at("n").to_number<std::uint64_t>(), n + 1);
    EXPECT_EQ(frame.at("prevSeq").to_number<Seq>(), last);
    for (const auto& update : frame.at("updates").as_array()) {
      EXPECT_EQ(update.at("status").as_string(), "confirmed");
      last = update.at("seq").to_number<Seq>();
      ++n;
    }
  }
  EXPECT_EQ(n, 1'000U);
}

}  // namespace
}  // namespace oee
