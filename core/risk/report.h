// The limits in effect beside their use, as rows: for GET /v1/risk. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/risk/limits.h"
#include "core/risk/use.h"

namespace oee {

struct RiskRow {
  std::string_view scope;            // "account" or "all"
  std::string_view name;             // of the limit, as in the file
  std::string token;                 // of an amount; else empty
  std::optional<std::string> limit;  // nullopt: none is set
  std::string use;                   // empty: the limit is one of each order, and nothing adds up
};

// The rows of the account, then those of all, at `time`, on the day of use.time() or later. Open
// orders, orders per second and every sum that is not zero are there without a limit too.
std::vector<RiskRow> risk_rows(const RiskLimits& limits, const RiskUse& use,
                               std::string_view account, WallTime time);

}  // namespace oee
