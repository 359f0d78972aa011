// ScriptedEngine: a small server with the part of the API that order-load uses. Its script selects
// its faults. Blocking, one thread per connection. For tests of order-load only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace oee::test {

struct Script {
  std::uint64_t refuse_first = 0;      // number of first submits that get 503 with Retry-After
  int retry_after = 0;                 // seconds
  std::set<std::uint64_t> never_end;   // orders that stay open, numbered from 0 by acceptance
  std::set<std::uint64_t> end_unsent;  // confirmed, but the stream does not report it
  // accepted, and the connection is closed without an answer
  std::set<std::uint64_t> cut_after_accept;
  bool same_id = false;      // every order gets one id
  bool stall_first = false;  // the first answer takes 300 ms
  int status = 202;
  bool batch = true;
};

class ScriptedEngine {
 public:
  explicit ScriptedEngine(Script script);
  ~ScriptedEngine();
  std::string url() const;
  std::uint64_t accepted() const;

 private:
  using Socket = boost::asio::ip::tcp::socket;
  void accept_loop();
  void serve(Socket socket);
  // False: close the connection. `answer` is the whole HTTP answer.
  bool handle(const std::string& method, const std::string& target, const std::string& body,
              std::string* answer);
  // Waits until there is an update at index `from`, then returns the updates from there on. Empty:
  // the engine stops.
  std::vector<std::string> wait_updates(std::size_t from);
  std::string id_of(std::uint64_t order) const;

  const Script script_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> sessions_;
  std::vector<int> sockets_;  // of open sessions, to shut them down at the end
  std::uint64_t submits_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t seq_ = 0;
  std::map<std::string, std::uint64_t> by_key_;
  std::vector<std::string> updates_;
  bool stopping_ = false;
};

}  // namespace oee::test
