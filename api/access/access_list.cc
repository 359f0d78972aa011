#include "api/access/access_list.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <vector>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/order/command.h"

namespace oee {
namespace {

constexpr std::array roles = {AccessRole::read, AccessRole::submit, AccessRole::operate,
                              AccessRole::own};
// Secret scanners recognise published tokens by this prefix.
constexpr std::string_view token_prefix = "oee_";

Error wrong(std::string what) {
  return Error{Errc::invalid, std::move(what)};
}

std::vector<std::string_view> fields_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> fields;
  std::size_t at = line.find_first_not_of(blanks);
  while (at != line.npos) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(blanks, end);
  }
  return fields;
}

// The part of a field that a message may show. A longer field may be a token in the wrong place and
// is not shown.
std::string shown(std::string_view field) {
  constexpr std::size_t shown_max = 16;
  if (field.size() > shown_max) return "a text of " + std::to_string(field.size()) + " characters";
  std::string text(1, '"');
  text.append(field).append(1, '"');
  return text;
}

Result<std::uint8_t> parse_roles(std::string_view text) {
  std::uint8_t granted = 0;
  for (;;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, comma);
    const auto* const role = std::find_if(
        roles.begin(), roles.end(), [name](AccessRole each) { return to_string(each) == name; });
    if (role == roles.end())
      return wrong("a role must be read, submit, operate or own, not " + shown(name));
    granted |= static_cast<std::uint8_t>(*role);
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  constexpr auto own = static_cast<std::uint8_t>(AccessRole::own);
  if ((granted & own) != 0 && granted != own)
    return wrong("the role own must be alone: the others include the orders of every account");
  return granted;
}

Result<Principal> parse_principal(std::string_view name, std::string_view role_names) {
  if (!is_account_name(name))
    return wrong("a name must be " + std::string(account_name_rule) + ", not " + shown(name));
  Principal principal;
  principal.name = name;
  OEE_TRY_ASSIGN(principal.roles, parse_roles(role_names));
  return principal;
}

Result<Hash256> parse_hash(std::string_view text) {
  const Result<std::string> bytes = from_hex(text);
  Hash256 hash;
  if (!bytes.ok() || bytes->size() != hash.size())
    return wrong("the third field must be a SHA-256 in 64 hexadecimal digits, not " + shown(text));
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

Result<void> parse_expiry(std::string_view text, Principal& principal) {
  if (principal.expires) return wrong("expires is given more than once");
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time.ok())
    return wrong("expires must be an RFC 3339 time such as 2027-01-31T00:00:00Z, not " +
                 shown(text));
  principal.expires = *time;
  return {};
}

Result<void> parse_ranges(std::string_view text, Principal& principal) {
  if (!principal.from.empty()) return wrong("from is given more than once");
  for (;;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view each = text.substr(0, comma);
    const Result<AddressRange> range = AddressRange::parse(each);
    if (!range.ok()) return wrong("from: " + shown(each) + " " + range.error().detail);
    if (principal.from.size() == AccessList::ranges_max)
      return wrong("from has more than " + std::to_string(AccessList::ranges_max) + " ranges");
    principal.from.push_back(*range);
    if (comma == text.size()) return {};
    text.remove_prefix(comma + 1);
  }
}

// A field after the third one.
Result<void> parse_condition(std::string_view field, Principal& principal) {
  constexpr std::string_view expires = "expires=";
  constexpr std::string_view from = "from=";
  if (field.starts_with(expires)) return parse_expiry(field.substr(expires.size()), principal);
  if (field.starts_with(from)) return parse_ranges(field.substr(from.size()), principal);
  return wrong("a field after the third must be expires=TIME or from=RANGE[,RANGE], not " +
               shown(field));
}

// REQUIRES: at least three fields.
Result<Principal> parse_line(const std::vector<std::string_view>& fields) {
  OEE_TRY_ASSIGN(Principal principal, parse_principal(fields[0], fields[1]));
  OEE_TRY_ASSIGN(principal.token, parse_hash(fields[2]));
  for (std::size_t i = 3; i < fields.size(); ++i) OEE_TRY(parse_condition(fields[i], principal));
  return principal;
}

}  // namespace

bool Principal::may_come_from(const Socket::Address& client) const {
  return from.empty() || std::any_of(from.begin(), from.end(), [&](const AddressRange& range) {
           return range.contains(client);
         });
}

std::string_view to_string(AccessRole role) {
  switch (role) {
    case AccessRole::open:
      return "open";
    case AccessRole::read:
    case AccessRole::read_own:
      return "read";
    case AccessRole::submit:
    case AccessRole::submit_own:
      return "submit";
    case AccessRole::own:
      return "own";
    case AccessRole::operate:
      break;
  }
  return "operate";
}

Result<AccessList> AccessList::parse(std::string_view text) {
  AccessList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> fields = fields_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields.empty() || fields.front().starts_with('#')) continue;
    const std::string line = "line " + std::to_string(number) + ": ";
    if (fields.size() < 3)
      return wrong(line + "must be NAME ROLE[,ROLE] SHA256-HEX, but has " +
                   std::to_string(fields.size()) + (fields.size() == 1 ? " field" : " fields"));
    Result<Principal> principal = parse_line(fields);
    if (!principal.ok()) return wrong(line + principal.error().detail);
    if (list.size() == tokens_max)
      return wrong(line + "exceeds the limit of tokens, " + std::to_string(tokens_max));
    const auto owner = std::make_shared<const Principal>(*std::move(principal));
    if (!list.by_hash_.emplace(owner->token, owner).second)
      return wrong(line + "repeats the token of an earlier line");
    if (owner->expires) list.expiries_.push_back(*owner->expires);
  }
  std::sort(list.expiries_.begin(), list.expiries_.end());
  if (list.size() == 0)
    return wrong("line 1: the file contains no token, so every request would be refused");
  return list;
}

PrincipalPtr AccessList::find(std::string_view token) const {
  const auto found = by_hash_.find(sha256({token}));
  return found == by_hash_.end() ? nullptr : found->second;
}

PrincipalPtr AccessList::find(const Principal& earlier) const {
  const auto found = by_hash_.find(earlier.token);
  if (found == by_hash_.end() || found->second->name != earlier.name) return nullptr;
  return found->second;
}

bool AccessList::expires_between(WallTime after, WallTime until) const {
  const auto next = std::upper_bound(expiries_.begin(), expiries_.end(), after);
  return next != expiries_.end() && *next <= until;
}

std::size_t AccessList::expired(WallTime now) const {
  const auto end = std::upper_bound(expiries_.begin(), expiries_.end(), now);
  return static_cast<std::size_t>(end - expiries_.begin());
}

Result<std::shared_ptr<const AccessList>> load_access_list(const std::filesystem::path& file) {
  std::error_code error;
  std::ifstream in(file);
  if (!in || !std::filesystem::is_regular_file(file, error))
    return wrong("access-file " + file.string() + " cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  auto list = AccessList::parse(text.str());
  if (!list.ok()) return wrong("access-file " + file.string() + " " + list.error().detail);
  using std::filesystem::perms;
  const perms others =
      std::filesystem::status(file, error).permissions() & (perms::group_read | perms::others_read);
  if (!error && others != perms::none)
    log::warn("the access file is readable by others than its owner; run chmod 600",
              log::field("file", file.string()));
  const auto now = std::chrono::floor<Micros>(std::chrono::system_clock::now());
  if (const std::size_t expired = list->expired(now); expired > 0)
    log::warn("tokens of the access file have expired", log::field("file", file.string()),
              log::field("tokens", expired));
  return std::make_shared<const AccessList>(*std::move(list));
}

std::string random_secret(std::string_view prefix) {
  std::array<char, 32> random;
  const auto got = ::getrandom(random.data(), random.size(), 0);
  check(got == static_cast<ssize_t>(random.size()), "getrandom failed");
  return std::string(prefix) + to_hex({random.data(), random.size()});
}

Result<NewToken> make_token(std::string_view owner) {
  const std::size_t colon = std::min(owner.find(':'), owner.size());
  if (colon == owner.size()) return wrong("must be NAME:ROLE[,ROLE], such as trader:submit,read");
  const std::string_view name = owner.substr(0, colon);
  const std::string_view role_names = owner.substr(colon + 1);
  const Result<Principal> principal = parse_principal(name, role_names);
  if (!principal.ok()) return principal.error();
  NewToken made;
  made.secret = random_secret(token_prefix);
  made.line = std::string(name) + " " + std::string(role_names) + " " +
              to_hex(as_bytes(sha256({made.secret})));
  return made;
}

}  // namespace oee
