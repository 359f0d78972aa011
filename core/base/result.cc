#include "core/base/result.h"

namespace oee {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::stale:
      return "stale";
    case Errc::key_mismatch:
      return "key_mismatch";
    case Errc::full:
      return "full";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timeout:
      return "timeout";
    case Errc::indeterminate:
      return "indeterminate";
    case Errc::closed:
      return "closed";
    case Errc::in_use:
      return "in_use";
    case Errc::corrupt:
      return "corrupt";
    case Errc::unsupported:
      return "unsupported";
    case Errc::io:
      return "io";
    case Errc::halted:
      return "halted";
    case Errc::risk_limit:
      return "risk_limit";
  }
  return "?";
}

}  // namespace oee
