// Finding: a broken invariant, found by one of LogChecker's parts. A value.
#pragma once

#include <string>

#include "eventlog/audit/invariants.h"

namespace oee {

struct Finding {
  Invariant invariant{};
  std::string what;
};

}  // namespace oee
