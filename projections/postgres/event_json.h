// Events read back from the JSON that write_event_data() wrote: how a reader of PostgreSQL gets
// records. Pure. Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "core/order/event.h"

namespace oee {

// The JSON has symbols and exact amounts, but not the tokens' decimals. With the tokens, amounts
// come back at their tokens' scales, as they were logged; without, at the smallest scale
// (write_event_data() of the result is the same text either way, but evolve() needs the real
// scales).
struct TokenPair {
  Token input;
  Token output;
};

// corrupt: not the data of such an event; names the member.
Result<Event> parse_event_data(EventType type, std::string_view json,
                               const std::optional<TokenPair>& tokens);

}  // namespace oee
