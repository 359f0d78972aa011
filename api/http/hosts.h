// The Host headers that a server accepts. Pure; any thread.
//
// A page of another site can let its own name resolve to this machine after it was loaded (DNS
// rebinding). Its requests are then of the same origin for its browser, and only their Host differs
// from that of the server's own page. A page cannot choose its Host, and an IP address is no name
// that could resolve to another machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oee {

// Whether the host of a Host header ("engine.example:3000", "[::1]") is an IP address, localhost or
// one of `names`. The port may be any or none, and a name may end with a dot.
bool host_accepted(std::string_view host, const std::vector<std::string>& names);

// Whether two names are equal without the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b);

}  // namespace oee
