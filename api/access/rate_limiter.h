// RateLimiter: limits the requests of each client by a token bucket. A bucket holds `burst`
// requests and fills with `per_second` requests a second. The limit is exact over all shards. Any
// thread; no lock.
//
// A bucket is one number, the time at which it is full again (the generic cell rate algorithm,
// ITU-T I.371). A request moves that time by one interval. It is refused when the time would be
// more than a full burst after now.
//
// The table of clients has a fixed size. Each client has eight possible slots. When other clients
// occupy all eight, the fullest bucket is replaced: it is the least recently used, and a full
// bucket has no state to lose. When two threads add a new client at the same time, it may get one
// extra burst, once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/socket.h"
#include "core/base/time.h"

namespace oee {

struct RateLimit {
  std::uint32_t per_second = 0;  // 0: no limit
  std::uint32_t burst = 0;       // at least 1 when there is a limit
};

// The result of one request, and the state of the client's bucket after it.
struct RateVerdict {
  bool allowed = true;
  std::uint64_t remaining = 0;          // requests that are allowed at once
  std::chrono::seconds full_in{0};      // rounded up
  std::chrono::seconds retry_after{0};  // only when refused: rounded up, at least 1
};

class RateLimiter {
 public:
  static constexpr std::size_t clients_max = 65'536;  // slots of the table; 1 MiB

  // `seed`: random, so that a client cannot choose the slots of another.
  RateLimiter(RateLimit limit, std::uint64_t seed);

  bool on() const { return limit_.per_second != 0; }
  // Counts one request of this client. REQUIRES: on().
  RateVerdict take(std::uint64_t client, SteadyTime now);

  // The key of a client, from its name or from the network of its address. Never 0.
  std::uint64_t client_of(std::string_view name) const;
  std::uint64_t client_of(const Socket::Address& address) const;
  const RateLimit& limit() const { return limit_; }

 private:
  static constexpr std::size_t ways = 8;
  struct Bucket {
    std::atomic<std::uint64_t> client{0};  // 0: free
    std::atomic<std::int64_t> full_at{0};  // ns of the steady clock
  };
  Bucket& bucket_of(std::uint64_t client, std::int64_t now);

  const RateLimit limit_;
  const std::uint64_t seed_;
  const std::int64_t interval_;  // ns a request
  std::vector<Bucket> buckets_;
};

// draft-ietf-httpapi-ratelimit-headers-10: the values of RateLimit-Policy and RateLimit.
std::string rate_policy_text(const RateLimit& limit);
std::string rate_state_text(const RateVerdict& verdict);

}  // namespace oee
