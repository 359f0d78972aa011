// Reads exact values back from the texts that append_text(Decimal) and to_text(Id) wrote, and from
// PostgreSQL's text of an array. Pure. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.h"
#include "core/order/ids.h"

namespace oee {

// The decimal in `text`, at scale `scale` when it fits, else at the smallest exact scale (a price,
// or an amount that was logged with more decimals than its token has). corrupt: not a plain decimal
// number of at most 18 decimals and 64 bits.
Result<Decimal> parse_exact_decimal(std::string_view text, std::uint8_t scale);

// 32 hexadecimal digits. corrupt: something else.
template <class Tag>
Result<Id<Tag, 16>> parse_hex_id(std::string_view text) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != 16) return Error{Errc::corrupt, "not 32 hexadecimal digits"};
  return Id<Tag, 16>::from_bytes(*bytes);
}

// The text that PostgreSQL has for a text[] of these elements, and back (its manual, 8.15.6).
// corrupt: not such a text.
std::string text_array(const std::vector<std::string>& elements);
Result<std::vector<std::string>> parse_text_array(std::string_view text);

}  // namespace oee
