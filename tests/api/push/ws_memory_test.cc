// The memory of WebSockets that are idle after a long message.
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/api/push/ws_fixture.h"
#include "tests/support/clients/lean_socket.h"

// In builds with a sanitizer: the bytes that are allocated and not freed.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace oee::test {
namespace {

std::size_t allocated_bytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr)
    return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void ping(std::vector<LeanSocket>& sockets, std::size_t bytes) {
  const std::string text = R"({"type":"ping","x":")" + std::string(bytes, 'x') + "\"}";
  for (LeanSocket& socket : sockets) {
    socket.send_text(text);
    const auto frame = socket.next();
    ASSERT_TRUE(frame.has_value());
    ASSERT_NE(frame->payload.find("pong"), std::string_view::npos);
  }
}

TEST(WsMemory, ALongMessageLeavesNoBufferBehind) {
  constexpr std::size_t count = 200;
  SampleLog sample;
  WsServer server(sample, {});
  std::vector<LeanSocket> sockets;
  for (std::size_t i = 0; i < count; ++i) sockets.emplace_back(server.port());
  for (LeanSocket& socket : sockets) ASSERT_TRUE(socket.upgraded());
  ASSERT_NO_FATAL_FAILURE(ping(sockets, 10));
  const std::size_t before = allocated_bytes();
  ASSERT_NO_FATAL_FAILURE(ping(sockets, 60'000));
  EXPECT_EQ(server.sessions(), count);  // the loop has ended the last message
  const std::size_t after = allocated_bytes();
  const std::size_t more = after > before ? (after - before) / count : 0;
  EXPECT_LT(more, 8'000U) << "bytes a socket";
}

}  // namespace
}  // namespace oee::test
