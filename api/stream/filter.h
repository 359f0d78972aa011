// StreamFilter: which updates a subscription asks for. Its names are looked up once, when it is
// made; an update is then matched by what it carries, without a look at its JSON. Pure.
//
// A status is the one that the update gives the order; a token is either of the two that the order
// swaps; a venue is the one that the update names ("dex"): those of an attempt that is built,
// submitted or confirmed. Names of one kind are alternatives; each kind that is given must match.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/token_registry.h"
#include "core/order/update.h"

namespace oee {

// What a client says, not yet looked up.
struct FilterNames {
  std::vector<std::string> status;
  std::vector<std::string> token;
  std::vector<std::string> venue;
  bool empty() const { return status.empty() && token.empty() && venue.empty(); }
};

// The first name that is not known.
struct UnknownName {
  std::string_view kind;  // "status", "token" or "venue"
  std::string message;    // names it, and what it could have been
};

class StreamFilter {
 public:
  StreamFilter() = default;  // everything
  // Empty: all names are known, and *filter is made of them.
  static std::optional<UnknownName> make(const FilterNames& names, const TokenRegistry& registry,
                                         StreamFilter* filter);

  bool everything() const { return everything_; }
  bool matches(const Update& update) const {
    if (everything_) return true;
    return (statuses_ == 0 || (statuses_ >> static_cast<unsigned>(update.status()) & 1U) != 0) &&
           (tokens_.empty() || has(tokens_, update.input) || has(tokens_, update.output)) &&
           (venues_.empty() || has(venues_, update.venue));
  }

 private:
  template <class Name>
  static bool has(const std::vector<Name>& names, const Name& wanted) {
    for (const Name& name : names)
      if (name == wanted) return true;
    return false;
  }
  bool everything_ = true;
  unsigned statuses_ = 0;  // a bit each; none: any
  std::vector<Symbol> tokens_;
  std::vector<VenueName> venues_;
};

}  // namespace oee
