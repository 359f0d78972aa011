// The opaque token that continues a list where a page ended. The same text on every read model, so
// that a client may go on after an engine was replaced by a gateway. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/order/ids.h"

namespace oee {

enum class ListKind : char { orders = 'o', dead_letters = 'd' };

// Goes on with orders that were accepted before `accepted_seq`.
std::string page_cursor(ListKind kind, Seq accepted_seq);

// The largest accepted_seq the next page may hold plus one; the maximum for an empty text (the
// newest). invalid: not a token of this kind of list.
Result<Seq> parse_page_cursor(ListKind kind, std::string_view text);

}  // namespace oee
