// The codes that close a WebSocket, and the codes of the `close` event of an event stream: one
// table for every session. Constants.
#pragma once

#include <cstdint>
#include <string_view>

namespace oee {

// RFC 6455 7.4.1, and the IANA registry for 1013. Boost.Beast itself closes with 1002, 1007 and
// 1009.
namespace ws_close {
inline constexpr std::uint16_t normal = 1000;            // a dialect's order has ended
inline constexpr std::uint16_t going_away = 1001;        // the engine stops
inline constexpr std::uint16_t policy_violation = 1008;  // the token has ended; no such order
inline constexpr std::uint16_t try_again_later = 1013;   // slow reader, or updates are unavailable
}  // namespace ws_close

// The "code" member of a `close` event.
namespace sse_close {
inline constexpr std::string_view slow_reader = "slow_reader";    // its queue, or the memory
inline constexpr std::string_view unavailable = "unavailable";    // updates cannot be read now
inline constexpr std::string_view stopping = "stopping";          // the engine stops
inline constexpr std::string_view unauthorized = "unauthorized";  // the token has ended
}  // namespace sse_close

}  // namespace oee
