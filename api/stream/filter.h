// StreamFilter: the updates that a subscription asks for. Its names are looked up once, when it is
// made. An update is matched by its fields; its JSON is not parsed. A value; pure.
//
// - status: the order's status after the update.
// - token: one of the two tokens that the order swaps.
// - venue: the venue in the update ("dex"). Only updates of an attempt that is built, submitted or
//   confirmed have one.
// - account: the account of the order. Accounts are in no registry: an unknown one has no orders.
// Names of one kind are alternatives. Each kind that is given must match.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/token_registry.h"
#include "core/order/update.h"

namespace oee {

// The names as the client sent them, not yet looked up.
struct FilterNames {
  std::vector<std::string> status;
  std::vector<std::string> token;
  std::vector<std::string> venue;
  std::vector<std::string> account = {};
  bool empty() const { return status.empty() && token.empty() && venue.empty() && account.empty(); }
};

// The first name that is unknown.
struct UnknownName {
  std::string_view kind;  // "status", "token", "venue" or "account"
  std::string message;    // contains the name and the list of known names; of an account: the rule
};

// A subscription names at most so many accounts.
inline constexpr std::size_t stream_accounts_max = 64;

class StreamFilter {
 public:
  StreamFilter() = default;  // everything
  // nullopt: all names are known, and *filter is set. `only_account`: the caller's only account,
  // which is always a condition, and the only one that may be named; empty: any.
  static std::optional<UnknownName> make(const FilterNames& names, const TokenRegistry& registry,
                                         std::string_view only_account, StreamFilter* filter);

  bool everything() const { return everything_; }
  // Whether matches() reads the update's tokens or its account.
  bool reads_tokens() const { return !tokens_.empty() || !accounts_.empty(); }
  bool matches(const Update& update) const {
    if (everything_) return true;
    return (statuses_ == 0 || (statuses_ >> static_cast<unsigned>(update.status()) & 1U) != 0) &&
           (tokens_.empty() || has(tokens_, update.input) || has(tokens_, update.output)) &&
           (venues_.empty() || has(venues_, update.venue)) &&
           (accounts_.empty() || has(accounts_, update.account));
  }

 private:
  template <class Name>
  static bool has(const std::vector<Name>& names, const Name& wanted) {
    for (const Name& name : names)
      if (name == wanted) return true;
    return false;
  }
  bool everything_ = true;
  unsigned statuses_ = 0;  // one bit for each status; 0: any
  std::vector<Symbol> tokens_;
  std::vector<VenueName> venues_;
  std::vector<std::string> accounts_;
};

}  // namespace oee
