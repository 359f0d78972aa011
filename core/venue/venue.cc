#include "core/seams/venue.h"

namespace oee {

std::string_view to_string(VenueStatus status) {
  switch (status) {
    case VenueStatus::accepted:
      return "accepted";
    case VenueStatus::settled:
      return "settled";
    case VenueStatus::rejected:
      return "rejected";
    case VenueStatus::expired:
      return "expired";
    case VenueStatus::cancelled:
      return "cancelled";
    case VenueStatus::not_found:
      return "not_found";
  }
  return "unknown";
}

}  // namespace oee
