#include "core/seams/venue.h"

namespace oee {

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::accepted:
      return "accepted";
    case Fate::settled:
      return "settled";
    case Fate::refused:
      return "refused";
    case Fate::expired:
      return "expired";
    case Fate::dead:
      return "dead";
    case Fate::not_seen:
      return "not_seen";
  }
  return "unknown";
}

}  // namespace oee
