// use_task on real sockets: results and errors arrive as values, on the loop's thread.
#include "core/runtime/asio_task.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "core/base/task.h"
#include "core/runtime/gate.h"
#include "core/runtime/loop.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Loop::executor_type>;
using TcpSocket = asio::basic_stream_socket<tcp, Loop::executor_type>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Loop::executor_type>;

Task<void> echo_once(Acceptor& acceptor) {
  auto [ec, socket] = co_await acceptor.async_accept(use_task);
  EXPECT_FALSE(ec) << ec.message();
  std::string text(5, '\0');
  auto [read_ec, read_size] = co_await asio::async_read(socket, asio::buffer(text), use_task);
  EXPECT_FALSE(read_ec);
  EXPECT_EQ(read_size, 5U);
  auto [write_ec, write_size] = co_await asio::async_write(socket, asio::buffer(text), use_task);
  EXPECT_FALSE(write_ec);
  EXPECT_EQ(write_size, 5U);
}

Task<std::string> ask(Loop& loop, std::uint16_t port, std::string text) {
  TcpSocket socket(loop);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  auto ec = co_await socket.async_connect(endpoint, use_task);
  EXPECT_FALSE(ec) << ec.message();
  auto [write_ec, write_size] = co_await asio::async_write(socket, asio::buffer(text), use_task);
  EXPECT_FALSE(write_ec);
  EXPECT_EQ(write_size, text.size());
  std::string answer(text.size(), '\0');
  auto [read_ec, read_size] = co_await asio::async_read(socket, asio::buffer(answer), use_task);
  EXPECT_FALSE(read_ec);
  auto [end_ec, end_size] = co_await socket.async_read_some(asio::buffer(text), use_task);
  EXPECT_EQ(end_ec, asio::error::eof);
  EXPECT_EQ(end_size, 0U);
  co_return answer;
}

Task<void> ask_into(Loop& loop, std::uint16_t port, std::string* answer, std::thread::id* thread) {
  *answer = co_await ask(loop, port, "hello");
  *thread = std::this_thread::get_id();
}

TEST(UseTask, ReadsAndWritesOfARealConnectionYieldTheirResults) {
  Loop loop(1);
  Acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Gate gate;
  std::string answer;
  std::thread::id thread;
  spawn(gate, "echo", echo_once(acceptor));
  spawn(gate, "ask", ask_into(loop, acceptor.local_endpoint().port(), &answer, &thread));
  loop.run();
  EXPECT_EQ(answer, "hello");
  EXPECT_EQ(thread, std::this_thread::get_id());
  EXPECT_EQ(gate.inside(), 0U);
}

Task<void> wait_into(Timer& timer, boost::system::error_code* ec, int* resumed) {
  *ec = co_await timer.async_wait(use_task);
  ++*resumed;
}

TEST(UseTask, CancellingTheIoObjectResumesTheTaskWithAnErrorOnce) {
  Loop loop(1);
  Timer timer(loop, std::chrono::hours(1));
  Gate gate;
  boost::system::error_code ec;
  int resumed = 0;
  spawn(gate, "wait", wait_into(timer, &ec, &resumed));
  post(loop, [&timer] { timer.cancel(); });
  loop.run();
  EXPECT_EQ(ec, asio::error::operation_aborted);
  EXPECT_EQ(resumed, 1);
}

Task<void> resolve_and_fail(Loop& loop, std::uint16_t port, boost::system::error_code* connect_ec) {
  asio::ip::basic_resolver<tcp, Loop::executor_type> resolver(loop);
  auto [ec, results] = co_await resolver.async_resolve("127.0.0.1", std::to_string(port), use_task);
  EXPECT_FALSE(ec) << ec.message();
  TcpSocket socket(loop);
  auto connected = co_await asio::async_connect(socket, results, use_task);
  *connect_ec = connected.ec;
}

TEST(UseTask, ARefusedConnectionIsAValueNotAnException) {
  Loop loop(1);
  std::uint16_t port = 0;
  {
    Acceptor closed_again(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = closed_again.local_endpoint().port();
  }
  Gate gate;
  boost::system::error_code ec;
  spawn(gate, "resolve", resolve_and_fail(loop, port, &ec));
  loop.run();
  EXPECT_EQ(ec, asio::error::connection_refused);
}

// Many operations in one frame: nothing is destroyed twice (ASan would report it).
Task<void> many_waits(Loop& loop, int* done) {
  Timer timer(loop);
  for (int i = 0; i < 1000; ++i) {
    timer.expires_after(std::chrono::microseconds(0));
    auto ec = co_await timer.async_wait(use_task);
    EXPECT_FALSE(ec);
    ++*done;
  }
}

TEST(UseTask, ManyOperationsInOneFrameAllComplete) {
  Loop loop(1);
  Gate gate;
  int done = 0;
  spawn(gate, "waits", many_waits(loop, &done));
  loop.run();
  EXPECT_EQ(done, 1000);
}

}  // namespace
}  // namespace oee
