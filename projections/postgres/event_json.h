// Reads events back from the JSON that write_event_data() wrote (column order_events.data). Pure.
// Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "core/order/event.h"

namespace oee {

// The JSON contains symbols and exact amounts, but not the tokens' decimals. With the tokens,
// amounts have their tokens' scales, as they were logged; without, the smallest scale that is
// exact. write_event_data() of the result is the same text either way; evolve() needs the real
// scales.
struct TokenPair {
  Token input;
  Token output;
};

// corrupt: not the data of an event of this type; the message names the member.
Result<Event> parse_event_data(EventType type, std::string_view json,
                               const std::optional<TokenPair>& tokens);

}  // namespace oee
