// AccessList: the bearer tokens of the access file, each with the name and roles of its owner.
// Immutable: a changed file makes a new list. Any thread.
//
// The file has one token a line, `NAME ROLE[,ROLE] SHA256-HEX [expires=TIME] [from=RANGE[,RANGE]]`,
// with spaces or tabs between the fields. Empty lines and lines that begin with `#` are skipped.
// - NAME: 1 to 64 letters, digits, `.`, `_` and `-`. It is the account of the owner's orders.
//   Several tokens may have the same name: to change a token, add the new one, distribute it, then
//   remove the old one.
// - ROLE: `read` and `submit`: the orders of every account; `operate`, which includes both; or
//   `own` alone: submits orders, and reads and cancels those of its account. For `own` an order of
//   another account does not exist.
// - TIME: RFC 3339. From then on the token is refused. A time in the past is no error: otherwise a
//   token that expires would keep the engine from starting.
// - RANGE: see AddressRange. The token is refused to clients of other addresses.
//
// A token is 256 random bits, so plain SHA-256 suffices: there is no dictionary to try, and a slow
// hash would slow down every request. The table is searched by the hash of the token that was sent.
// The time of the search depends only on hashes, which an attacker cannot choose.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/access/address_range.h"
#include "core/base/result.h"
#include "core/base/sha256.h"
#include "core/base/time.h"

namespace oee {

// The role that a route requires; a token grants a set of these bits. `open`: no role is required.
// The last two are granted by either of their bits. Such a route shows and changes no orders but
// those that Principal::may_see() allows.
enum class AccessRole : std::uint8_t {
  open = 0,
  read = 1,
  submit = 2,
  operate = 4,
  own = 8,
  read_own = read | own,
  submit_own = submit | own,
};
std::string_view to_string(AccessRole role);  // "read" and "submit" for the last two

// The authenticated caller. Its name is the account of its orders and the `by` of its other
// commands.
struct Principal {
  std::string name = "default";
  Hash256 token{};  // SHA-256 of its token
  std::uint8_t roles = static_cast<std::uint8_t>(AccessRole::operate);
  std::optional<WallTime> expires = {};  // its token is refused from then on
  std::vector<AddressRange> from = {};   // its token is refused to other clients; empty: to none

  // A number for fair shares among principals: the same for all tokens of one name, never 0.
  std::uint64_t client() const { return std::hash<std::string>()(name) | 1; }

  bool may(AccessRole role) const {
    const auto granted = roles | ((roles & 4U) != 0 ? 7U : 0U);
    return role == AccessRole::open || (granted & static_cast<unsigned>(role)) != 0;
  }
  // The account whose orders alone the caller may see and change; empty: those of every account.
  std::string_view only_account() const {
    return roles == static_cast<unsigned>(AccessRole::own) ? std::string_view(name)
                                                           : std::string_view();
  }
  bool may_see(std::string_view account) const {
    return only_account().empty() || only_account() == account;
  }
  bool expired(WallTime now) const { return expires && now >= *expires; }
  bool may_come_from(const Socket::Address& client) const;
};
// Shared: a request may outlive the list that contains its token.
using PrincipalPtr = std::shared_ptr<const Principal>;

class AccessList {
 public:
  static constexpr std::size_t tokens_max = 100'000;  // 25 MB, and 24 B for each range
  static constexpr std::size_t token_bytes_max = 256;
  static constexpr std::size_t ranges_max = 32;  // of one token

  // invalid: one sentence that begins with the number of the line. It contains no token.
  static Result<AccessList> parse(std::string_view text);

  // Null: the token is unknown.
  PrincipalPtr find(std::string_view token) const;
  // The principal of this list with the token and the name of one of an earlier list. Null: there
  // is none.
  PrincipalPtr find(const Principal& earlier) const;
  // Whether a token expires in (after, until].
  bool expires_between(WallTime after, WallTime until) const;
  std::size_t expired(WallTime now) const;  // tokens
  std::size_t size() const { return by_hash_.size(); }

 private:
  std::map<Hash256, PrincipalPtr> by_hash_;
  std::vector<WallTime> expiries_;  // sorted
};

// Reads and parses the file. Logs a warning when the file is readable by others than its owner, and
// when tokens have expired.
// invalid: one sentence that names the file and the line. Blocking; main thread.
Result<std::shared_ptr<const AccessList>> load_access_list(const std::filesystem::path& file);

// The prefix and 256 bits from the operating system, as hex.
std::string random_secret(std::string_view prefix);

// A new token for `owner`, NAME:ROLE[,ROLE]. invalid: the detail is "must be ...".
struct NewToken {
  std::string secret;  // for its owner; never stored
  std::string line;    // for the access file
};
Result<NewToken> make_token(std::string_view owner);

}  // namespace oee
