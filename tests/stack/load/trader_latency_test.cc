// Accepts and cancels beside readers, at the real engine: a thousand subscribers that resume from
// the beginning again and again, four clients that page through the events of one type, a
// subscriber that never reads, and a PostgreSQL that answers nothing while clients list orders.
#include <gtest/gtest.h>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "core/runtime/thread.h"
#include "tests/stack/load/past_orders.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/engine_process.h"
#include "tools/open_files.h"

namespace oee::test {
namespace {

constexpr int past_orders = 3'000;
constexpr int timed_orders = 1'000;
constexpr int subscriber_threads = 4;
constexpr int subscribers_per_thread = 250;
constexpr int pagers = 4;
constexpr int listers = 4;
constexpr double slow_machine_ms = 60;

// The readers' programs have processors of their own elsewhere. Here they share the engine's, and
// take what it leaves.
void take_what_others_leave() {
  const sched_param none{};
  ASSERT_EQ(sched_setscheduler(0, SCHED_IDLE, &none), 0);
}

// Runs its threads from the construction to the destruction.
class Readers {
 public:
  explicit Readers(std::uint16_t port) : never_reads_(port, 4'096) {
    if (!never_reads_.upgraded()) ADD_FAILURE() << "the subscriber that never reads was refused";
    never_reads_.subscribe_all(0, true);
    for (int i = 0; i < subscriber_threads; ++i)
      threads_.emplace_back([this, port] { resume_again_and_again(port); });
    for (int i = 0; i < pagers; ++i)
      threads_.emplace_back([this, port] { page_through_events(port); });
    for (int i = 0; i < listers; ++i) threads_.emplace_back([this, port] { list_orders(port); });
  }
  ~Readers() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  std::uint64_t frames() const { return frames_; }
  std::uint64_t pages() const { return pages_; }

 private:
  void resume_again_and_again(std::uint16_t port) {
    take_what_others_leave();
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
    take_what_others_leave();
    HttpClient client(port);
    while (!stopping_) {
      const HttpReply page = client.get("/v1/events?type=OrderExpired&limit=1000");
      if (page.status != 200) ADD_FAILURE() << page.status << " " << page.body;
      ++pages_;
    }
  }
  // The orders of the read model, whose PostgreSQL does not answer.
  void list_orders(std::uint16_t port) {
    take_what_others_leave();
    while (!stopping_) {
      const HttpReply list = HttpClient(port).get("/v1/orders?status=failed");
      if (list.status != 503) ADD_FAILURE() << list.status << " " << list.body;
    }
  }

  LeanSocket never_reads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> pages_{0};
  std::vector<std::thread> threads_;
};

struct Latencies {
  double accept_ms = 0;
  double cancel_ms = 0;
};

double p99(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() * 99 / 100];
}

// The p99 of POST /v1/orders and DELETE /v1/orders/{id}, one after another on one connection.
Latencies place_and_cancel(std::uint16_t port) {
  HttpClient client(port);
  const auto timed = [](auto request, int status, std::vector<double>& took) {
    const auto began = std::chrono::steady_clock::now();
    HttpReply reply = request();
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - began;
    took.push_back(ms.count());
    EXPECT_EQ(reply.status, status) << reply.body;
    return reply;
  };
  std::vector<double> accepts;
  std::vector<double> cancels;
  for (int i = 0; i < timed_orders; ++i) {
    const HttpReply placed =
        timed([&] { return client.post("/v1/orders", order_body()); }, 202, accepts);
    const std::string id = text_at(parse_json(placed.body), "orderId");
    timed([&] { return client.del("/v1/orders/" + id); }, 202, cancels);
  }
  return {p99(accepts), p99(cancels)};
}

std::string place_order(std::uint16_t port) {
  const HttpReply placed = HttpClient(port).post("/v1/orders", order_body());
  EXPECT_EQ(placed.status, 202) << placed.body;
  return text_at(parse_json(placed.body), "orderId");
}

void expect_update(LeanSocket& subscriber, const std::string& order_id) {
  while (const auto frame = subscriber.next(20))
    if (frame->payload.find(order_id) != std::string_view::npos) return;
  ADD_FAILURE() << "no update of order " << order_id;
}

TEST(TraderLatency, ReadersHardlyDelayAcceptsAndCancels) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "it measures time, of which the sanitizer takes most";
#endif
  allow_open_files();
  TemporaryDirectory dir;
  RedisServer redis;
  PostgresServer postgres;
  const auto stores = store_flags(postgres.url("orders"), redis);
  {
    EngineProcess engine(dir.path() / "data", joined(no_delays, stores));
    ASSERT_NO_FATAL_FAILURE(execute_orders(engine, past_orders));
  }
  // A new process, so that the past is in its log and not in the shards' rings. No order is
  // executed, so that each can be cancelled.
  EngineProcess engine(dir.path() / "data",
                       joined(joined(no_delays, stores), {"--execution-concurrency", "0"}));
  EngineProcess gateway(dir.path() / "gateway", gateway_flags(postgres.url("orders"), redis));
  engine.start();
  gateway.start();
  postgres.hang();
  wake_soon_on_this_thread();  // the trader, too, has a processor elsewhere
  const Latencies idle = place_and_cancel(engine.port());
  Latencies busy;
  {
    const Readers readers(engine.port());
    ASSERT_TRUE(EngineProcess::eventually(
        60, [&] { return readers.frames() > 10'000 && readers.pages() > 8; }));
    const std::uint64_t frames = readers.frames();
    const std::uint64_t pages = readers.pages();
    busy = place_and_cancel(engine.port());
    EXPECT_GT(readers.frames(), frames) << "the subscribers have no work";
    EXPECT_GT(readers.pages(), pages) << "the pages do not arrive";
  }
  std::printf(
      "p99 idle and beside the readers: accept %.2f, %.2f ms, %.1f times; "
      "cancel %.2f, %.2f ms, %.1f times\n",
      idle.accept_ms, busy.accept_ms, busy.accept_ms / idle.accept_ms, idle.cancel_ms,
      busy.cancel_ms, busy.cancel_ms / idle.cancel_ms);
  LeanSocket live(gateway.port());
  ASSERT_TRUE(live.upgraded());
  live.subscribe_all(std::nullopt, false);
  expect_update(live, place_order(engine.port()));
  // Two processors also run these clients' threads: 9 to 16 ms beside the readers were measured.
  EXPECT_LE(busy.accept_ms, std::max(3 * idle.accept_ms, slow_machine_ms));
  EXPECT_LE(busy.cancel_ms, std::max(5 * idle.cancel_ms, slow_machine_ms));
  postgres.resume();
  EXPECT_EQ(gateway.stop(), 0) << gateway.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
