// Reads the messages of the order stream: {"type":"update",…} and
// {"type":"updates","updates":[…]}.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace oee::load {

struct UpdateSeen {
  std::string_view order_id;
  std::string_view status;
  std::uint64_t seq = 0;
};

struct MessageSeen {
  std::string type;         // empty: the message is not a JSON object
  std::uint64_t seq = 0;    // of the message itself (caughtUp); 0: it has none
  std::uint64_t after = 0;  // the seq after which a subscription begins; 0: it has none
};

// Calls `each` for every update in the message, in the message's order.
MessageSeen read_message(std::string_view message,
                         const std::function<void(const UpdateSeen&)>& each);

}  // namespace oee::load
