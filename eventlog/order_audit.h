// OrderAudit: the verifier's own fold. It keeps of every order only what the legality of its next
// event depends on (about 40 bytes), so that a log of ten million orders is audited in a few
// hundred megabytes. Separate from evolve() on purpose: an error there must not hide itself here.
// One thread.
#pragma once

#include <optional>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/order/lifecycle.h"
#include "eventlog/codec.h"

namespace oee {

class OrderAudit {
 public:
  // The next record of the log. One sentence when it must not be there: its order's version is not
  // the next one, the lifecycle table does not allow it, or it names a wrong attempt, venue order
  // or quote.
  std::optional<std::string> take(const RecordHeader& header, const Event& event);

  std::size_t orders() const { return orders_.size(); }

 private:
  struct Standing {
    Version version = 0;
    Attempt attempt = 0;
    Phase phase = Phase::none;
  };
  boost::unordered_flat_map<OrderId, Standing, IdHash> orders_;
};

}  // namespace oee
