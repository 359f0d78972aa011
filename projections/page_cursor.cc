#include "projections/page_cursor.h"

#include <limits>

#include "core/base/bytes.h"

namespace oee {
namespace {

// A token is the kind, 16 hexadecimal digits of the seq and 8 of a check value. The check value
// lets a mistyped token be refused instead of returning a wrong page.
constexpr std::size_t seq_digits = 16;
constexpr std::size_t check_digits = 8;

std::string with_check(std::string token) {
  const Hash256 hash = sha256({"oee/page/1", token});
  return token + to_hex(as_bytes(hash).substr(0, check_digits / 2));
}

}  // namespace

std::string page_cursor(ListKind kind, Seq accepted_seq) {
  std::string seq;
  append_be<std::uint64_t>(seq, accepted_seq);
  return with_check(static_cast<char>(kind) + to_hex(seq));
}

Result<Seq> parse_page_cursor(ListKind kind, std::string_view text) {
  if (text.empty()) return static_cast<Seq>(std::numeric_limits<std::int64_t>::max());
  const Error bad{Errc::invalid, "not a page cursor of this list"};
  if (text.size() != 1 + seq_digits + check_digits || text[0] != static_cast<char>(kind))
    return bad;
  const std::string token(text.substr(0, 1 + seq_digits));
  const auto bytes = from_hex(token.substr(1));
  if (!bytes || with_check(token) != text) return bad;
  const Seq seq = load_be<std::uint64_t>(*bytes);
  if (seq > static_cast<Seq>(std::numeric_limits<std::int64_t>::max())) return bad;
  return seq;
}

}  // namespace oee
