// RateLimiter: how many requests each client may make: a token bucket of `burst` requests that
// fills with `per_second` requests a second, shared by all shards and exact over them. Any thread;
// no lock.
//
// A bucket is one number, the time at which it is full again (the generic cell rate algorithm,
// ITU-T I.371): a request moves it on by one interval, and is refused when it would be more than a
// full burst ahead of now. Clients stand in a table of fixed size; when a client's place is taken,
// of the eight that it may have, the bucket that is the fullest gives way: it is the least recently
// used, and one that is full has nothing to remember. Two threads that meet a new client at once
// may count it twice: one burst more, once.
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

// What a client is told of its bucket.
struct RateVerdict {
  bool allowed = true;
  std::uint64_t remaining = 0;          // requests that would be allowed at once
  std::chrono::seconds full_in{0};      // rounded up
  std::chrono::seconds retry_after{0};  // of a refusal: rounded up, at least 1
};

class RateLimiter {
 public:
  static constexpr std::size_t clients_max = 65'536;  // tracked; 1 MiB

  // `seed`: random, so that nobody can choose whose place his is.
  RateLimiter(RateLimit limit, std::uint64_t seed);

  bool on() const { return limit_.per_second != 0; }
  // REQUIRES: on(). One request of this client.
  RateVerdict take(std::uint64_t client, SteadyTime now);

  // A client by its name, or by the network of its address.
  std::uint64_t client_of(std::string_view name) const;
  std::uint64_t client_of(const Socket::Address& address) const;
  const RateLimit& limit() const { return limit_; }

 private:
  static constexpr std::size_t ways = 8;
  struct Bucket {
    std::atomic<std::uint64_t> client{0};  // 0: none yet
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
