// LimitBreach: a configured limit that a request breaks, and its form as an Error, in which it
// passes through every seam. Values; any thread.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"

namespace oee {

struct LimitBreach {
  std::string name;   // "account.open_orders", "all.open_notional.SOL": no colon, no space
  std::string limit;  // "50", "1.5", "SOL,USDC"; no ", value "
  std::string value;  // of the limited quantity, if the request were accepted

  friend bool operator==(const LimitBreach&, const LimitBreach&) = default;
};

// risk_limit, with the detail "NAME: limit LIMIT, value VALUE".
Error to_error(const LimitBreach& breach);
// The breach that to_error() made this error of; nullopt: the error is another one.
std::optional<LimitBreach> breach_of(const Error& error);

}  // namespace oee
