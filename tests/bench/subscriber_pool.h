// SubscriberPool: WebSocket subscribers of all orders by the thousand, as cheap as they can be: one
// thread, one epoll, frames counted and skipped where they lie. The first of them is the witness,
// who also counts the updates in its messages (all get the same ones) and can record them.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace oee::bench {

class SubscriberPool {
 public:
  // All connected and subscribed, reading. Throws when one is not let in.
  SubscriberPool(std::uint16_t port, std::size_t size, bool record);
  ~SubscriberPool();
  SubscriberPool(const SubscriberPool&) = delete;

  struct Totals {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;  // payload
    std::uint64_t gone = 0;   // subscribers that the server closed
    std::uint64_t witness_bytes = 0;
    std::uint64_t updates = 0;    // that the witness saw
    std::uint64_t confirmed = 0;  // of these, confirmations
  };
  Totals totals() const;
  // Ends the reading. The witness's messages then, each with the size of its payload before it in 4
  // bytes, least significant first.
  void stop();
  void save(const std::filesystem::path& file) const;

 private:
  struct Member;
  void run();
  void read(Member& member);
  void take(Member& member, const char* bytes, std::size_t size);
  void end_frame(Member& member);
  void witness(const Member& member);

  const bool record_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<char> buffer_;
  std::string recorded_;
  std::atomic<std::uint64_t> frames_{0}, bytes_{0}, gone_{0}, witness_bytes_{0}, updates_{0},
      confirmed_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace oee::bench
