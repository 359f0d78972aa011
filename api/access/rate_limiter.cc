#include "api/access/rate_limiter.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/sha256.h"

namespace oee {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::chrono::seconds seconds_up(std::int64_t ns) {
  return std::chrono::seconds((std::max<std::int64_t>(ns, 0) + second_ns - 1) / second_ns);
}

std::int64_t ns_of(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

}  // namespace

RateLimiter::RateLimiter(RateLimit limit, std::uint64_t seed)
    : limit_(limit),
      seed_(seed),
      interval_(limit.per_second == 0 ? 0 : second_ns / limit.per_second),
      buckets_(limit.per_second == 0 ? 0 : clients_max) {
  check(limit.per_second == 0 || limit.burst > 0, "RateLimiter: the burst is 0");
}

std::uint64_t RateLimiter::client_of(std::string_view name) const {
  const std::string_view seed(reinterpret_cast<const char*>(&seed_), sizeof seed_);
  const Hash256 hash = sha256({seed, name});
  std::uint64_t client = 0;
  std::copy_n(hash.begin(), sizeof client, reinterpret_cast<std::uint8_t*>(&client));
  return std::max<std::uint64_t>(client, 1);
}

std::uint64_t RateLimiter::client_of(const Socket::Address& address) const {
  return client_of("address " + network_of(address).to_string());
}

RateLimiter::Bucket& RateLimiter::bucket_of(std::uint64_t client, std::int64_t now) {
  Bucket* const first = &buckets_[client % (clients_max / ways) * ways];
  Bucket* fullest = first;
  for (Bucket* each = first; each != first + ways; ++each) {
    if (each->client.load(std::memory_order_relaxed) == client) return *each;
    if (each->full_at.load(std::memory_order_relaxed) <
        fullest->full_at.load(std::memory_order_relaxed))
      fullest = each;
  }
  fullest->full_at.store(now, std::memory_order_relaxed);
  fullest->client.store(client, std::memory_order_relaxed);
  return *fullest;
}

RateVerdict RateLimiter::take(std::uint64_t client, SteadyTime time) {
  const std::int64_t now = ns_of(time);
  const std::int64_t depth = interval_ * limit_.burst;
  Bucket& bucket = bucket_of(client, now);
  RateVerdict verdict;
  std::int64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t next = std::max(full_at, now) + interval_;
    verdict.allowed = next - now <= depth;
    if (!verdict.allowed) {
      verdict.retry_after = std::max(seconds_up(next - now - depth), std::chrono::seconds(1));
      break;
    }
    if (bucket.full_at.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) {
      full_at = next;
      break;
    }
  }
  verdict.remaining =
      static_cast<std::uint64_t>(std::max<std::int64_t>(depth - (full_at - now), 0) / interval_);
  verdict.full_in = seconds_up(full_at - now);
  return verdict;
}

std::string rate_policy_text(const RateLimit& limit) {
  const std::uint32_t window = (limit.burst + limit.per_second - 1) / limit.per_second;
  return "\"default\";q=" + std::to_string(limit.burst) + ";w=" + std::to_string(window);
}

std::string rate_state_text(const RateVerdict& verdict) {
  return "\"default\";r=" + std::to_string(verdict.remaining) +
         ";t=" + std::to_string(verdict.full_in.count());
}

}  // namespace oee
