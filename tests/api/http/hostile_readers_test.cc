// Two hundred WebSocket clients do not read while 20,000 updates are sent. Memory stays bounded,
// each of them gets the seq to resume from or is disconnected, and clients that read miss nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "tests/api/push/ws_fixture.h"
#include "tests/support/clients/lean_socket.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

constexpr std::uint32_t orders = 3'334;
constexpr Seq seq_last = Seq{orders} * usual_steps;  // 20,004
constexpr int slow_readers = 200;
constexpr int good_readers = 5;
// A queue of 8,192 updates by reference for each of them, about 56 B each: 92 MB; and some reserve.
constexpr std::uint64_t growth_kib_max = 180 * 1024;

struct Reader {
  LeanSocket socket;
  Seq seq = 0;         // of the last update that was read
  int close_code = 0;  // of the close frame
  std::string reason;
};

bool is_update(std::string_view text) {
  return text.starts_with(R"({"type":"update")");
}

// Reads to `seq` or to the end. Every update must be the next one. A socket whose window was closed
// for long gets its next bytes with the kernel's next probe, which may take as long again.
void read_to(Reader& reader, Seq seq, double seconds = 60) {
  while (reader.seq < seq) {
    const auto frame = reader.socket.next(seconds);
    if (!frame) return;
    if (frame->opcode == 8 && frame->payload.size() >= 2) {
      reader.close_code = static_cast<unsigned char>(frame->payload[0]) * 256 +
                          static_cast<unsigned char>(frame->payload[1]);
      reader.reason = frame->payload.substr(2);
      return;
    }
    if (!is_update(frame->payload)) continue;
    std::size_t at = 0;
    const Seq next = LeanSocket::next_seq(frame->payload, at);
    ASSERT_EQ(next, reader.seq + 1);
    reader.seq = next;
  }
}

struct HostileReaders : testing::Test {
  HostileReaders() {
    sample.add_usual_orders(1, orders);
    options.send_buffer_bytes = 16 * 1024;  // the kernel would buffer megabytes for each otherwise
  }
  void serve(std::chrono::seconds close_grace) {
    options.limits.close_grace = close_grace;
    options.stall_max = close_grace;
    server = std::make_unique<WsServer>(sample, options);
  }
  std::vector<Reader> connect_all(int count, int receive_buffer_bytes) {
    std::vector<Reader> readers;
    for (int i = 0; i < count; ++i) readers.push_back(connect(0, receive_buffer_bytes));
    return readers;
  }
  // Sends all updates while only the good readers read. Returns the growth of memory in KiB.
  std::uint64_t flow(std::vector<Reader>& good) {
    const std::uint64_t before = resident_kib();
    std::uint64_t peak = before;
    for (Seq from = 1; from <= seq_last; from += 200) {
      const Seq end = std::min(from + 200, seq_last + 1);
      server->publish(from, end);
      for (Reader& reader : good) {
        read_to(reader, end - 1);
        EXPECT_EQ(reader.seq, end - 1) << reader.reason;
      }
      peak = std::max(peak, resident_kib());
    }
    if (memory_is_measurable) EXPECT_LT(peak - before, growth_kib_max);
    return peak - before;
  }
  Reader connect(Seq after, int receive_buffer_bytes) {
    Reader reader{LeanSocket(server->port(), receive_buffer_bytes), after, 0, {}};
    EXPECT_TRUE(reader.socket.upgraded());
    reader.socket.subscribe_all(after, false);
    return reader;
  }
  bool sessions_become(std::size_t count, double seconds) {
    return becomes(count, seconds, [this] { return server->sessions(); });
  }
  bool subscriptions_become(std::size_t count, double seconds) {
    return becomes(count, seconds, [this] { return server->subscriptions(); });
  }
  static bool becomes(std::size_t count, double seconds, const std::function<std::size_t()>& read) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (read() != count) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  SampleLog sample;
  WsServerOptions options;
  std::unique_ptr<WsServer> server;
};

// All at the same time: a window that stays closed until the readers before it are done gets its
// next bytes ever later.
void read_all_to(std::vector<Reader>& readers, Seq seq) {
  std::vector<std::jthread> threads;
  for (Reader& reader : readers) threads.emplace_back([&reader, seq] { read_to(reader, seq); });
}

// Expects that the close frame named the seq at which the reader stopped, and that nothing is
// missing after a resume from it.
void expect_resumable(HostileReaders& test, const Reader& slow, bool resume) {
  EXPECT_EQ(slow.close_code, 1013) << "after " << slow.seq;
  EXPECT_EQ(slow.reason, "slow reader; resume after " + std::to_string(slow.seq));
  EXPECT_LT(slow.seq, seq_last);
  if (!resume) return;
  Reader again = test.connect(slow.seq, 0);
  read_to(again, seq_last);
  EXPECT_EQ(again.seq, seq_last);
}

void print_summary(const char* what, std::uint64_t growth_kib) {
  std::printf("slow readers: %d %s, %llu updates flowed, memory +%llu MiB at most\n", slow_readers,
              what, static_cast<unsigned long long>(seq_last),
              static_cast<unsigned long long>(growth_kib / 1024));
}

TEST_F(HostileReaders, LateReadersGetTheSeqToResumeFromAndMissNothing) {
  serve(std::chrono::seconds(120));
  std::vector<Reader> good = connect_all(good_readers, 0);
  // A window below loopback's segment of 64 KiB opens again only after hundreds of milliseconds.
  std::vector<Reader> late = connect_all(slow_readers, 128 * 1024);
  ASSERT_TRUE(subscriptions_become(good_readers + slow_readers, 30));
  const std::uint64_t growth_kib = flow(good);
  read_all_to(late, seq_last);
  for (std::size_t i = 0; i < late.size(); ++i) expect_resumable(*this, late[i], i % 20 == 0);
  late.clear();
  EXPECT_TRUE(sessions_become(good_readers, 30));
  print_summary("closed with 1013 and a seq that held", growth_kib);
}

TEST_F(HostileReaders, ClientsThatNeverReadAreDisconnectedAfterTheirGrace) {
  serve(std::chrono::seconds(1));
  std::vector<Reader> good = connect_all(good_readers, 0);
  const std::vector<Reader> silent = connect_all(slow_readers, 4'096);
  ASSERT_TRUE(subscriptions_become(good_readers + slow_readers, 30));
  const std::uint64_t growth_kib = flow(good);
  EXPECT_TRUE(sessions_become(good_readers, 30));
  EXPECT_EQ(server->subscriptions(), static_cast<std::size_t>(good_readers));
  print_summary("disconnected", growth_kib);
}

}  // namespace
}  // namespace oee::test
