// Access: the door of one shard: who a request comes from, whether that one may do what it asks,
// and how often. On the shard's loop.
//
// Without an access list everybody is the principal "default", who may do everything. With one a
// request needs `Authorization: Bearer TOKEN` (RFC 6750), and a WebSocket that, or the subprotocol
// `bearer.TOKEN`: browsers cannot set headers there. A token is never taken from the query: URLs
// end up in logs, histories and Referer headers.
//
// The rate limit is per principal; for who has none, per address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access/access_list.h"
#include "api/access/rate_limiter.h"
#include "api/http/server.h"

namespace oee {

class Access {
 public:
  // What asks to come in.
  struct Caller {
    const BeastRequest& request;
    const Socket::Address& address;
    std::string_view request_id;
    bool websocket = false;  // an upgrade: the subprotocol may carry the token
  };
  struct Entry {
    PrincipalPtr principal;             // never null
    std::uint64_t rate_client = 0;      // for take()
    std::optional<RateVerdict> rate;    // when it was counted
    std::optional<HttpAnswer> refusal;  // 401, 403 or 429, as problem+json
  };

  // `limiter` outlives it; null: no limit.
  explicit Access(std::shared_ptr<const AccessList> list = nullptr, RateLimiter* limiter = nullptr);
  // Open to everybody, without limit.
  static const Access& none();

  // From here on this list counts. Requests under way stay who they are.
  void set_list(std::shared_ptr<const AccessList> list) { list_ = std::move(list); }

  // `limited`: counts against the caller's rate limit.
  Entry admit(const Caller& caller, AccessRole needed, bool limited, const Clock& clock) const;
  // Whether who was let in with an earlier list would be let in now.
  bool still_allows(const Principal& principal, AccessRole role) const {
    return !list_ || list_->still_allows(principal, role);
  }
  // One more message of a client that was let in; false: over its limit.
  bool take(std::uint64_t rate_client, const Clock& clock) const;
  // RateLimit-Policy and RateLimit.
  void add_rate_headers(HttpAnswer& answer, const RateVerdict& verdict) const;

 private:
  std::shared_ptr<const AccessList> list_;
  RateLimiter* limiter_;
};

}  // namespace oee
