// SubscriberPool: thousands of WebSocket subscribers of all orders at low cost: one thread and one
// epoll count the frames and skip their payloads. All subscribers get the same messages. The first
// one, the probe, also counts the updates in its messages and can record them.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace oee::bench {

class SubscriberPool {
 public:
  // Connects and subscribes all and begins to read. Throws when one is refused.
  // `on_message`, if any, gets each message of the probe, on the reading thread.
  SubscriberPool(std::uint16_t port, std::size_t size, bool record,
                 std::function<void(std::string_view)> on_message = {});
  ~SubscriberPool();
  SubscriberPool(const SubscriberPool&) = delete;

  struct Totals {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;        // payload
    std::uint64_t gone = 0;         // subscribers that the server closed
    std::uint64_t probe_bytes = 0;  // payload of the probe
    std::uint64_t updates = 0;      // in the probe's messages
    std::uint64_t confirmed = 0;    // confirmations among these updates
  };
  Totals totals() const;
  // Ends the reading.
  void stop();
  // Writes the probe's messages, each after its size as 4 bytes, least significant first.
  // REQUIRES: stopped.
  void save(const std::filesystem::path& file) const;

 private:
  struct Member;
  void run();
  void read(Member& member);
  void take(Member& member, const char* bytes, std::size_t size);
  void end_frame(Member& member);
  void count_updates(const Member& member);

  const bool record_;
  const std::function<void(std::string_view)> on_message_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<char> buffer_;
  std::string recorded_;
  std::atomic<std::uint64_t> frames_{0}, bytes_{0}, gone_{0}, probe_bytes_{0}, updates_{0},
      confirmed_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace oee::bench
