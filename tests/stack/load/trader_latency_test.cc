// A cancel beside readers of the past, at the real engine: a thousand subscribers that resume from
// the beginning again and again, and four clients that page through the events of one type.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/engine_process.h"
#include "tools/open_files.h"

namespace oee::test {
namespace {

constexpr int past_orders = 3'000;  // 6 records each
constexpr int cancels = 300;        // in each measurement
constexpr int subscriber_threads = 4;
constexpr int subscribers_per_thread = 250;
constexpr int pagers = 4;

// Runs its threads from the construction to the destruction.
class Readers {
 public:
  explicit Readers(std::uint16_t port) {
    for (int i = 0; i < subscriber_threads; ++i)
      threads_.emplace_back([this, port] { resume_again_and_again(port); });
    for (int i = 0; i < pagers; ++i)
      threads_.emplace_back([this, port] { page_through_events(port); });
  }
  ~Readers() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  std::uint64_t frames() const { return frames_; }
  std::uint64_t pages() const { return pages_; }

 private:
  void resume_again_and_again(std::uint16_t port) {
    std::vector<LeanSocket> sockets;
    for (int i = 0; i < subscribers_per_thread; ++i) {
      sockets.emplace_back(port);
      if (!sockets.back().upgraded()) ADD_FAILURE() << "a subscriber was refused";
      sockets.back().subscribe_all(0, true);
    }
    constexpr int frames_at_once = 32;
    while (!stopping_) {
      for (LeanSocket& socket : sockets) {
        for (int i = 0; i < frames_at_once; ++i) {
          const auto frame = socket.next(0);
          if (!frame) break;
          ++frames_;
          if (frame->opcode == 9) socket.pong(frame->payload);
          if (frame->payload.starts_with(R"({"type":"caughtUp")")) socket.subscribe_all(0, true);
        }
      }
    }
  }
  void page_through_events(std::uint16_t port) {
    HttpClient client(port);
    while (!stopping_) {
      const HttpReply page = client.get("/v1/events?type=OrderExpired&limit=1000");
      if (page.status != 200) ADD_FAILURE() << page.status << " " << page.body;
      ++pages_;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> pages_{0};
  std::vector<std::thread> threads_;
};

// Of DELETE /v1/orders/{id} for each of these orders, one after another.
double p99_ms_of_cancels(std::uint16_t port, const std::vector<std::string>& ids) {
  HttpClient client(port);
  std::vector<double> took;
  for (const std::string& id : ids) {
    const auto began = std::chrono::steady_clock::now();
    const HttpReply reply = client.del("/v1/orders/" + id);
    took.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
            .count());
    EXPECT_EQ(reply.status, 202) << reply.body;
  }
  std::sort(took.begin(), took.end());
  return took[took.size() * 99 / 100];
}

std::vector<std::string> place_open_orders(std::uint16_t port) {
  HttpClient client(port);
  std::vector<std::string> ids;
  for (int i = 0; i < cancels; ++i) {
    const HttpReply placed = client.post("/v1/orders", order_body());
    EXPECT_EQ(placed.status, 202) << placed.body;
    ids.push_back(text_at(parse_json(placed.body), "orderId"));
  }
  return ids;
}

void fill_the_past(const std::filesystem::path& data_dir) {
  EngineProcess engine(data_dir, no_delays);
  engine.start();
  const auto loaded =
      run({program("order-load"), "--url", engine.url(), "--orders", std::to_string(past_orders),
           "--connections", "32", "--grace", "180s", "--quiet", "--json"},
          240);
  ASSERT_EQ(loaded.exit_code, 0) << loaded.out << loaded.err;
  ASSERT_EQ(engine.stop(), 0);
}

TEST(CancelLatency, ReadersOfThePastHardlyDelayACancel) {
  allow_open_files();
  TemporaryDirectory dir;
  ASSERT_NO_FATAL_FAILURE(fill_the_past(dir.path() / "data"));
  // A new process, so that the past is in its log and not in the shards' rings. No order is
  // executed, so that each can be cancelled.
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--execution-concurrency", "0"}));
  engine.start();
  const auto first = place_open_orders(engine.port());
  const auto second = place_open_orders(engine.port());
  const double idle_ms = p99_ms_of_cancels(engine.port(), first);
  double busy_ms = 0;
  {
    const Readers readers(engine.port());
    ASSERT_TRUE(EngineProcess::eventually(
        60, [&] { return readers.frames() > 10'000 && readers.pages() > 8; }));
    const std::uint64_t frames = readers.frames();
    const std::uint64_t pages = readers.pages();
    busy_ms = p99_ms_of_cancels(engine.port(), second);
    EXPECT_GT(readers.frames(), frames) << "the subscribers have no work";
    EXPECT_GT(readers.pages(), pages) << "the pages do not arrive";
  }
  std::printf("p99 of a cancel: idle %.2f ms, beside the readers %.2f ms: %.1f times\n", idle_ms,
              busy_ms, busy_ms / idle_ms);
  // The aim is 5 times. A machine of two cores also runs the 8 threads of these clients and needs
  // more. A cancel behind a page of each subscriber waits for a thousand reads of 64 records.
  EXPECT_LE(busy_ms, std::max(20 * idle_ms, 150.0));
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
