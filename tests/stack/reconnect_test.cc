// Ten thousand reconnects to a real engine under load: clients connect in waves, catch up from
// their last seq, read some live updates and disconnect. No client misses an update or gets one
// twice, submits stay fast, and neither memory nor descriptors grow with the number of reconnects.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <numeric>
#include <thread>
#include <vector>

#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/engine_process.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

using std::chrono::steady_clock;

constexpr int wave_clients = 50;
constexpr int waves = 200;       // 10,000 reconnects
constexpr int waves_warm = 40;   // after 2,000 reconnects memory must not grow any more
constexpr int live_updates = 5;  // each reads at least as many after caughtUp
constexpr auto wave_every = std::chrono::milliseconds(120);  // some 400 reconnects a second
constexpr int senders = 4;
// With sanitizers a wave takes seconds. A client that waits for its turn to read must not fall
// 8,192 updates behind meanwhile: the server would close it.
constexpr int orders_a_second_each = memory_is_measurable ? 75 : 10;
constexpr int orders_before =
    36'000;  // fills the log's memory first, so that it does not count as growth
constexpr double submit_p99_ms_max = 2'000;  // for a machine that does other things too

// Submits orders at a steady rate over its own connections. A late answer delays the next submits;
// latency counts from the time when an order was due.
class SteadyOrders {
 public:
  explicit SteadyOrders(std::uint16_t port) : sent_(senders) {
    for (Sender& each : sent_) each.thread = std::thread([this, &each, port] { run(each, port); });
  }
  ~SteadyOrders() { stop(); }
  void stop() {
    stopping_ = true;
    for (Sender& each : sent_)
      if (each.thread.joinable()) each.thread.join();
  }
  // After stop().
  std::vector<double> latencies_ms() const {
    std::vector<double> all;
    for (const Sender& each : sent_)
      all.insert(all.end(), each.latencies_ms.begin(), each.latencies_ms.end());
    std::sort(all.begin(), all.end());
    return all;
  }
  int refused() const {
    return std::accumulate(sent_.begin(), sent_.end(), 0,
                           [](int sum, const Sender& each) { return sum + each.refused; });
  }

 private:
  struct Sender {
    std::thread thread;
    std::vector<double> latencies_ms;
    int refused = 0;
  };
  void run(Sender& sender, std::uint16_t port) {
    HttpClient client(port);
    const auto begin = steady_clock::now();
    for (int i = 0; !stopping_; ++i) {
      const auto due = begin + i * std::chrono::microseconds(1'000'000 / orders_a_second_each);
      std::this_thread::sleep_until(due);
      if (client.post("/v1/orders", order_body()).status != 202) ++sender.refused;
      sender.latencies_ms.push_back(
          std::chrono::duration<double, std::milli>(steady_clock::now() - due).count());
    }
  }
  std::vector<Sender> sent_;
  std::atomic<bool> stopping_{false};
};

double percentile(const std::vector<double>& sorted, double p) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))];
}

// One client over all of its connections.
class ReconnectingClient {
 public:
  void connect(std::uint16_t port) { socket_.emplace(port); }
  void subscribe(bool batch) {
    ASSERT_TRUE(socket_->upgraded());
    socket_->subscribe_all(last_, batch);
  }
  // Reads until it has caught up and received some live updates.
  void follow() {
    bool caught_up = false;
    for (int live = 0; !caught_up || live < live_updates;) {
      const auto frame = socket_->next(20);
      if (frame && frame->opcode == 9) {  // in a slow wave the last clients are silent for long
        socket_->pong(frame->payload);
        continue;
      }
      ASSERT_TRUE(frame && frame->opcode == 1) << (frame ? "closed: " + std::string(frame->payload)
                                                         : "no frame, or the connection ended");
      if (frame->payload.starts_with(R"({"type":"caughtUp")")) {
        std::size_t at = 0;
        ASSERT_EQ(LeanSocket::next_seq(frame->payload, at), last_);
        caught_up = true;
      } else if (frame->payload.starts_with(R"({"type":"update)")) {
        const std::uint64_t before = last_;
        ASSERT_NO_FATAL_FAILURE(take(frame->payload));
        if (caught_up) live += static_cast<int>(last_ - before);
      }
    }
  }
  void leave(bool politely) {
    politely ? socket_->leave() : socket_->drop();
    socket_.reset();
  }
  void begin_at(std::uint64_t seq) { first_ = last_ = seq; }
  std::uint64_t last() const { return last_; }
  std::uint64_t updates() const { return last_ - first_; }

 private:
  void take(std::string_view text) {
    std::size_t at = 0;
    while (const std::uint64_t seq = LeanSocket::next_seq(text, at)) {
      ASSERT_EQ(seq, last_ + 1);
      last_ = seq;
    }
  }
  std::optional<LeanSocket> socket_;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
};

struct Reconnects : testing::Test {
  Reconnects() : engine(dir.path() / "data", no_delays) {}

  void fill_memory() {
    const auto loaded = run(
        {program("order-load"), "--url", engine.url(), "--orders", std::to_string(orders_before),
         "--connections", "64", "--grace", "60s", "--quiet", "--no-outcomes"},
        120);
    ASSERT_EQ(loaded.exit_code, 0) << loaded.out << loaded.err;
    ASSERT_TRUE(
        EngineProcess::eventually(60, [&] { return engine.health_number("openOrders") == 0; }));
    const std::uint64_t head = engine.health_number("headSeq");
    for (ReconnectingClient& each : clients) each.begin_at(head);
  }
  void wave(int number) {
    for (ReconnectingClient& each : clients) each.connect(engine.port());
    for (std::size_t i = 0; i < clients.size(); ++i)
      ASSERT_NO_FATAL_FAILURE(clients[i].subscribe((i + number) % 2 == 0));
    for (ReconnectingClient& each : clients) ASSERT_NO_FATAL_FAILURE(each.follow());
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i].leave((i + number) % 3 == 0);
  }
  std::uint64_t memory() { return resident_kib(engine.child().pid()); }

  TemporaryDirectory dir;
  EngineProcess engine;
  std::vector<ReconnectingClient> clients = std::vector<ReconnectingClient>(wave_clients);
};

TEST_F(Reconnects, TenThousandUnderLoadMissNothingAndLeaveNothingBehind) {
  engine.start();
  ASSERT_NO_FATAL_FAILURE(fill_memory());
  const std::size_t descriptors = open_descriptors(engine.child().pid());
  const auto begin = steady_clock::now();
  SteadyOrders load(engine.port());
  std::uint64_t warm = 0;
  for (int i = 0; i < waves; ++i) {
    std::this_thread::sleep_until(begin + i * wave_every);
    if (i == waves_warm) warm = memory();
    ASSERT_NO_FATAL_FAILURE(wave(i)) << "wave " << i;
  }
  const std::uint64_t end = memory();
  load.stop();
  const double took = std::chrono::duration<double>(steady_clock::now() - begin).count();
  if (memory_is_measurable) EXPECT_LE(end, warm * 6 / 5) << warm << " KiB after 2,000";
  EXPECT_TRUE(EngineProcess::eventually(5,
                                        [&] {
                                          return open_descriptors(engine.child().pid()) <=
                                                 descriptors + 2;  // tables of RocksDB
                                        }))
      << open_descriptors(engine.child().pid()) << ", before " << descriptors;
  EXPECT_EQ(load.refused(), 0);
  const std::vector<double> latencies = load.latencies_ms();
  if (memory_is_measurable) EXPECT_LT(percentile(latencies, 0.99), submit_p99_ms_max);
  std::uint64_t updates = 0;
  for (const ReconnectingClient& each : clients) updates += each.updates();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  std::printf(
      "reconnects: %d in %.1f s, %llu updates, gaps 0, duplicates 0; submits %zu,"
      " p50 %.2f ms, p99 %.2f ms; memory %llu -> %llu MiB\n",
      waves * wave_clients, took, static_cast<unsigned long long>(updates), latencies.size(),
      percentile(latencies, 0.5), percentile(latencies, 0.99),
      static_cast<unsigned long long>(warm / 1024), static_cast<unsigned long long>(end / 1024));
}

}  // namespace
}  // namespace oee::test
