// The opaque token that continues a list where a page ended. Every read model uses the same text,
// so that a client can continue its list when a gateway replaces an engine. Pure. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/order/ids.h"

namespace oee {

enum class ListKind : char { orders = 'o', dead_letters = 'd' };

// The token whose page continues with orders that were accepted before `accepted_seq`.
std::string page_cursor(ListKind kind, Seq accepted_seq);

// The end (half-open) of the accepted_seqs that the next page contains. An empty text begins at the
// newest order: the result is then the largest seq. invalid: not a token of this kind of list.
Result<Seq> parse_page_cursor(ListKind kind, std::string_view text);

}  // namespace oee
