// Reads the messages of the order stream: {"type":"update",…} and {"type":"updates","updates":[…]}.
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
  std::uint64_t seq = 0;    // of the message itself, where it has one: caughtUp
  std::uint64_t after = 0;  // likewise: the position at which a subscription begins
};

// Calls `each` for every update in the message, in its order.
MessageSeen read_message(std::string_view message,
                         const std::function<void(const UpdateSeen&)>& each);

}  // namespace oee::load
