// Who may do what: the bearer tokens of the access file, each with the name and roles of its owner.
// Immutable: a changed file is a new list. Any thread.
//
// The file has one token a line, `NAME ROLE[,ROLE] SHA256-HEX`, fields apart by spaces or tabs;
// empty lines and lines that begin with `#` are skipped. NAME: 1 to 64 of letters, digits, `.`, `_`
// and `-`; it is the account that the owner's orders carry, and several tokens may have one name
// (to change a token, add the new one, hand it out, remove the old one). Roles: `read`, `submit`,
// `operate` (which includes the others).
//
// A token is 256 random bits, so plain SHA-256 is the right hash: there is no dictionary to try,
// and a slow hash would only make every request slow. The table is searched by the hash of what was
// sent: how long that takes tells of hashes, which an attacker cannot steer, never of a token.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/sha256.h"

namespace oee {

// What a route asks of who calls it, and a bit of what a token grants. `open`: nothing.
enum class AccessRole : std::uint8_t { open = 0, read = 1, submit = 2, operate = 4 };
std::string_view to_string(AccessRole role);

// The authenticated caller; its name is the account of its commands and the `by` of its acts.
struct Principal {
  std::string name = "default";
  Hash256 token{};  // its SHA-256
  std::uint8_t roles = static_cast<std::uint8_t>(AccessRole::operate);

  bool may(AccessRole role) const {
    const auto granted = roles | ((roles & 4U) != 0 ? 7U : 0U);
    return (granted & static_cast<unsigned>(role)) == static_cast<unsigned>(role);
  }
};
// Shared: a request may outlive the list that its token was in.
using PrincipalPtr = std::shared_ptr<const Principal>;

class AccessList {
 public:
  static constexpr std::size_t tokens_max = 100'000;  // 20 MB
  static constexpr std::size_t token_bytes_max = 256;

  // invalid: one sentence that begins with the number of the line.
  static Result<AccessList> parse(std::string_view text);

  // Null: no such token.
  PrincipalPtr find(std::string_view token) const;
  // Whether whoever came with an earlier list may still do it.
  bool still_allows(const Principal& earlier, AccessRole role) const;
  std::size_t size() const { return by_hash_.size(); }

 private:
  std::map<Hash256, PrincipalPtr> by_hash_;
};

// Reads and parses the file; logs a warning when others than its owner may read it. invalid: one
// sentence that names the file, and the line. Blocking; main thread.
Result<std::shared_ptr<const AccessList>> load_access_list(const std::filesystem::path& file);

// A new token for `owner`, which is NAME:ROLE[,ROLE].
struct NewToken {
  std::string secret;  // for its owner; stored nowhere
  std::string line;    // for the access file
};
Result<NewToken> make_token(std::string_view owner);

}  // namespace oee
