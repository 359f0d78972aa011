#include "api/access/access.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <iterator>

#include "api/http/problem.h"
#include "api/http/query.h"

namespace oee {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view scheme = "Bearer ";
constexpr std::string_view protocol_prefix = "bearer.";
constexpr std::string_view challenge = "Bearer realm=\"order-engine\"";

// The principal without an access list, and the one of an unknown caller. The pointers have no
// owner: otherwise all shards would change one reference count at every request.
PrincipalPtr default_principal() {
  static const Principal principal;
  return {PrincipalPtr(), &principal};
}
PrincipalPtr unknown_principal() {
  static const Principal principal{.name = "nobody", .roles = 0};
  return {PrincipalPtr(), &principal};
}

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

struct Credentials {
  std::string token;
  std::string_view wrong;  // the error when there is no token; empty: none
};

Credentials credentials_of(const Access::Caller& caller) {
  const auto [first, last] = caller.request.equal_range(http::field::authorization);
  Credentials found;
  if (first != last) {
    const std::string_view value = view_of(first->value());
    if (std::next(first) != last) {
      found.wrong = "The Authorization header is sent more than once.";
    } else if (value.size() <= scheme.size() ||
               !boost::beast::iequals(value.substr(0, scheme.size()), scheme)) {
      found.wrong = "The Authorization header must have the form: Bearer TOKEN.";
    } else {
      found.token = value.substr(value.find_first_not_of(' ', scheme.size() - 1));
    }
  }
  const auto offered = caller.request.equal_range(http::field::sec_websocket_protocol);
  for (auto each = offered.first; caller.websocket && each != offered.second; ++each) {
    for (const auto name : http::token_list{each->value()}) {
      if (!view_of(name).starts_with(protocol_prefix)) continue;
      if (!found.token.empty() || !found.wrong.empty()) {
        found.wrong = "The request contains more than one token.";
      } else {
        found.token = view_of(name).substr(protocol_prefix.size());
      }
    }
  }
  if (caller.ticket) {
    if (!found.token.empty() || !found.wrong.empty())
      found.wrong = "The request contains a token and a ticket.";
  } else if (found.wrong.empty() && found.token.empty()) {
    found.wrong = caller.websocket
                      ? "A token is needed: Authorization: Bearer TOKEN, or the WebSocket "
                        "subprotocol bearer.TOKEN."
                      : "A token is needed: Authorization: Bearer TOKEN.";
  }
  if (found.token.size() > AccessList::token_bytes_max) found.wrong = "The token is too long.";
  return found;
}

HttpAnswer refusal(const ProblemKind& kind, std::string detail, const Access::Caller& caller) {
  Problem problem;
  problem.kind = &kind;
  problem.detail = std::move(detail);
  return answer_of(problem, caller.request_id);
}

// RFC 6750 3: no error code when the request contains no credentials.
HttpAnswer unauthorized(std::string_view detail, bool tried, const Access::Caller& caller) {
  HttpAnswer answer = refusal(problems::unauthorized, std::string(detail), caller);
  answer.headers.emplace_back("WWW-Authenticate",
                              std::string(challenge) + (tried ? ", error=\"invalid_token\"" : ""));
  return answer;
}

HttpAnswer token_expired(const Principal& principal, const Access::Caller& caller) {
  HttpAnswer answer = refusal(
      problems::token_expired,
      "The token of " + principal.name + " expired at " + format_rfc3339(*principal.expires) + ".",
      caller);
  answer.headers.emplace_back("WWW-Authenticate",
                              std::string(challenge) + ", error=\"invalid_token\"");
  return answer;
}

HttpAnswer address_not_allowed(const Principal& principal, const Access::Caller& caller) {
  return refusal(problems::address_not_allowed,
                 "The token of " + principal.name + " may not be used from the address " +
                     caller.address.to_string() + ".",
                 caller);
}

HttpAnswer forbidden(const Principal& principal, AccessRole needed, const Access::Caller& caller) {
  const std::string role(to_string(needed));
  HttpAnswer answer = refusal(problems::forbidden,
                              principal.name + " does not have the role " + role + ".", caller);
  answer.headers.emplace_back(
      "WWW-Authenticate",
      std::string(challenge) + ", error=\"insufficient_scope\", scope=\"" + role + "\"");
  return answer;
}

HttpAnswer too_many(const RateVerdict& verdict, const RateLimit& limit,
                    const Access::Caller& caller) {
  HttpAnswer answer =
      refusal(problems::rate_limited,
              "The limit is " + std::to_string(limit.per_second) +
                  " requests a second with bursts of " + std::to_string(limit.burst) + ".",
              caller);
  answer.headers.emplace_back("Retry-After", std::to_string(verdict.retry_after.count()));
  return answer;
}

}  // namespace

Access::Access(std::shared_ptr<const AccessList> list, RateLimiter* limiter,
               const StreamTickets* tickets)
    : list_(std::move(list)),
      limiter_(limiter != nullptr && limiter->on() ? limiter : nullptr),
      tickets_(tickets) {}

const Access& Access::none() {
  static const Access open;
  return open;
}

TokenName Access::Entry::token_name() const {
  if (principal->token == Hash256{}) return nullptr;
  return {principal, &principal->name};
}

Task<std::optional<PrincipalPtr>> Access::take_ticket(std::string_view query) const {
  QueryReader reader(query);
  if (!reader.has("ticket")) co_return std::optional<PrincipalPtr>();
  std::optional<std::string> text = reader.text("ticket", AccessList::token_bytes_max);
  PrincipalPtr holder;
  if (text && tickets_ != nullptr) holder = co_await tickets_->take(*std::move(text));
  co_return std::optional<PrincipalPtr>(std::move(holder));
}

// Null: no such token, or a ticket that does not let its holder in.
PrincipalPtr Access::principal_of(const Caller& caller, std::string_view token,
                                  AccessRole needed) const {
  if (!caller.ticket) return list_->find(token);
  PrincipalPtr holder = *caller.ticket ? list_->find(**caller.ticket) : nullptr;
  return holder && holder->may(needed) ? holder : nullptr;
}

bool Access::still_allows(const Principal& principal, AccessRole role,
                          const Socket::Address& client, WallTime now) const {
  if (!list_) return true;
  const PrincipalPtr found = list_->find(principal);
  const bool sees_less =
      found && principal.only_account().empty() && !found->only_account().empty();
  return found && found->may(role) && !sees_less && !found->expired(now) &&
         found->may_come_from(client);
}

Access::Entry Access::admit(const Caller& caller, AccessRole needed, bool limited,
                            const Clock& clock) const {
  Entry entry;
  entry.principal = list_ ? unknown_principal() : default_principal();
  bool known = false;
  if (list_) {
    const Credentials credentials = credentials_of(caller);
    PrincipalPtr found =
        credentials.wrong.empty() ? principal_of(caller, credentials.token, needed) : nullptr;
    const bool expired = found && found->expired(clock.now());
    const bool elsewhere = found && !found->may_come_from(caller.address);
    if (needed == AccessRole::open && (expired || elsewhere)) found = nullptr;
    if (!found && needed != AccessRole::open) {
      const bool tried = !credentials.token.empty() || caller.ticket;
      const std::string_view unknown =
          caller.ticket ? "The ticket is unknown, used or expired." : "The token is unknown.";
      const std::string_view why = credentials.wrong.empty() ? unknown : credentials.wrong;
      entry.refusal = unauthorized(why, tried, caller);
    } else if (found) {
      known = !expired && !elsewhere;
      entry.principal = std::move(found);
      if (expired) {
        entry.refusal = token_expired(*entry.principal, caller);
      } else if (elsewhere) {
        entry.refusal = address_not_allowed(*entry.principal, caller);
      } else if (!entry.principal->may(needed)) {
        entry.refusal = forbidden(*entry.principal, needed, caller);
      }
    }
  }
  if (limiter_ == nullptr || !limited) return entry;
  entry.rate_client =
      known ? limiter_->client_of(entry.principal->name) : limiter_->client_of(caller.address);
  entry.rate = limiter_->take(entry.rate_client, clock.steady_now());
  if (!entry.rate->allowed) entry.refusal = too_many(*entry.rate, limiter_->limit(), caller);
  return entry;
}

bool Access::take(std::uint64_t rate_client, const Clock& clock) const {
  return limiter_ == nullptr || limiter_->take(rate_client, clock.steady_now()).allowed;
}

void Access::add_rate_headers(HttpAnswer& answer, const RateVerdict& verdict) const {
  answer.headers.emplace_back("RateLimit-Policy", rate_policy_text(limiter_->limit()));
  answer.headers.emplace_back("RateLimit", rate_state_text(verdict));
}

}  // namespace oee
