// Ten thousand subscribers of a real engine that resume from the beginning and read nothing. Their
// memory stays within its budget, an order is executed, and a client that reads gets everything.
#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "tests/stack/load/past_orders.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/engine_process.h"
#include "tests/support/process/process_metrics.h"
#include "tools/open_files.h"

namespace oee::test {
namespace {

constexpr std::size_t stalled = memory_is_measurable ? 10'000 : 1'000;  // sanitizers are slow
constexpr int past_orders = 3'000;                                      // 6 records each
constexpr std::uint64_t budget_kib = 32 << 10;
// Sockets of a connection and its session, without what the budget counts.
constexpr std::uint64_t connection_kib = 24;

// Reads everything from the beginning up to `until`, and checks that nothing is missing.
void expect_complete_stream(std::uint16_t port, std::uint64_t until) {
  LeanSocket reader(port);
  ASSERT_TRUE(reader.upgraded());
  reader.subscribe_all(0, false);
  std::uint64_t last = 0;
  while (last < until) {
    const auto frame = reader.next(30);
    ASSERT_TRUE(frame.has_value()) << "the stream ended after " << last;
    ASSERT_NE(frame->opcode, 8U) << "closed after " << last;
    if (frame->opcode == 9) reader.pong(frame->payload);
    if (!frame->payload.starts_with(R"({"type":"update")")) continue;
    std::size_t at = 0;
    const std::uint64_t seq = LeanSocket::next_seq(frame->payload, at);
    ASSERT_EQ(seq, last + 1);
    last = seq;
  }
}

TEST(StalledStreams, TenThousandHoldNoMoreThanTheBudgetAndStopNobody) {
  allow_open_files();
  TemporaryDirectory dir;
  {
    EngineProcess engine(dir.path() / "data", no_delays);
    ASSERT_NO_FATAL_FAILURE(execute_orders(engine, past_orders));
  }
  EngineProcess engine(dir.path() / "data", joined(no_delays, {"--stream-buffer-bytes-max",
                                                               std::to_string(budget_kib << 10)}));
  engine.start();
  const std::uint64_t before_kib = resident_kib(engine.child().pid());
  std::uint64_t held_max = 0;
  std::vector<LeanSocket> sockets;
  while (sockets.size() < stalled) {
    constexpr int small_buffer = 4'096;
    sockets.emplace_back(engine.port(), small_buffer);
    ASSERT_TRUE(sockets.back().upgraded()) << sockets.size() << engine.log_text();
    sockets.back().subscribe_all(0, true);
    if (sockets.size() % 1'000 == 0)
      held_max = std::max(held_max, engine.metric("oee_stream_buffer_bytes"));
  }
  const HttpReply placed = HttpClient(engine.port()).post("/v1/orders", order_body());
  ASSERT_EQ(placed.status, 202) << placed.body;
  const std::string order = "/v1/orders/" + text_at(parse_json(placed.body), "orderId");
  EXPECT_TRUE(EngineProcess::eventually(20, [&] {
    held_max = std::max(held_max, engine.metric("oee_stream_buffer_bytes"));
    return HttpClient(engine.port()).get(order).body.find("confirmed") != std::string::npos;
  }));
  expect_complete_stream(engine.port(), engine.health_number("headSeq"));
  held_max = std::max(held_max, engine.metric("oee_stream_buffer_bytes"));
  const std::uint64_t after_kib = resident_kib(engine.child().pid());
  std::printf(
      "%zu stalled subscribers: %llu KiB held at most of %llu, memory %llu to %llu KiB, "
      "%llu closed\n",
      stalled, static_cast<unsigned long long>(held_max >> 10),
      static_cast<unsigned long long>(budget_kib), static_cast<unsigned long long>(before_kib),
      static_cast<unsigned long long>(after_kib),
      static_cast<unsigned long long>(
          engine.metric(R"(oee_stream_slow_readers_closed_total{reason="budget"})")));
  // At most the writes in flight come on top, one for each shard.
  EXPECT_LE(held_max >> 10, budget_kib + 1'024);
  if (memory_is_measurable) {
    EXPECT_LE(after_kib, before_kib + budget_kib + stalled * connection_kib);
  }
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
