// Access: the access control of one shard: it finds the principal of a request, checks its role and
// its rate limit. Owned by the shard; loop's thread.
//
// Without an access list every caller is the principal "default", which may do everything. With a
// list a request needs `Authorization: Bearer TOKEN` (RFC 6750). A WebSocket may send the
// subprotocol `bearer.TOKEN` instead, because browsers cannot set headers there. The request of a
// stream may have a one-time ticket in its query instead (`ticket=`, see stream_tickets.h). A token
// in the query is ignored: URLs end up in logs, histories and Referer headers. On open routes a
// caller without a token that is known, valid now and allowed for its address is the principal
// "nobody", which has no role. The address is the one that the server sees.
//
// The rate limit is per principal. Callers without a principal share one limit per address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access/access_list.h"
#include "api/access/rate_limiter.h"
#include "api/access/stream_tickets.h"
#include "api/http/message.h"

namespace oee {

class Access {
 public:
  // The sender of one request.
  struct Caller {
    const BeastRequest& request;
    const Socket::Address& address;
    std::string_view request_id;
    bool websocket = false;  // an upgrade: the subprotocol may contain the token
    // The holder of the ticket in the query, from take_ticket(); nullopt: the query has none.
    std::optional<PrincipalPtr> ticket = {};
  };
  struct Entry {
    PrincipalPtr principal;             // never null
    std::uint64_t rate_client = 0;      // for take()
    std::optional<RateVerdict> rate;    // only when the request was counted
    std::optional<HttpAnswer> refusal;  // 401, 403 or 429, as problem+json

    // For the request log. Null: the caller has no token, or an unknown one. A token that is
    // refused because it expired, or for the client's address, has its name.
    TokenName token_name() const;
  };

  // `list` null: access is open. `limiter` and `tickets` outlive this; null: no limit, no tickets.
  explicit Access(std::shared_ptr<const AccessList> list = nullptr, RateLimiter* limiter = nullptr,
                  const StreamTickets* tickets = nullptr);
  // Open access without a limit.
  static const Access& none();

  // The list applies to requests from here on. Requests under way keep their principal.
  void set_list(std::shared_ptr<const AccessList> list) { list_ = std::move(list); }

  // Whether the query of a stream's request may have a ticket; take_ticket() decides.
  static bool mentions_ticket(std::string_view query) {
    return query.find("ticket=") != query.npos;
  }
  // The holder of the ticket in the query, which is used from now on. Null: it is unknown, used or
  // expired. nullopt: the query has none. The text of `query` is valid until the Task ends.
  Task<std::optional<PrincipalPtr>> take_ticket(std::string_view query) const;
  // Decides on one request. `limited`: it counts against the caller's rate limit.
  Entry admit(const Caller& caller, AccessRole needed, bool limited, const Clock& clock) const;
  // Whether a stream of a principal of an earlier list may go on: the current list still grants
  // `role` to its token, does not show it fewer accounts, and the token has not expired and may
  // come from the client's address.
  bool still_allows(const Principal& principal, AccessRole role, const Socket::Address& client,
                    WallTime now) const;
  // Counts one more message of an admitted client. false: it is over its limit.
  bool take(std::uint64_t rate_client, const Clock& clock) const;
  // Adds RateLimit-Policy and RateLimit. REQUIRES: the verdict is from admit().
  void add_rate_headers(HttpAnswer& answer, const RateVerdict& verdict) const;

 private:
  PrincipalPtr principal_of(const Caller& caller, std::string_view token, AccessRole needed) const;

  std::shared_ptr<const AccessList> list_;
  RateLimiter* limiter_;
  const StreamTickets* tickets_;
};

}  // namespace oee
