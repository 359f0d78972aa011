#include "api/app/risk_file.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/base/log.h"

namespace oee {
namespace {

// A limit that nothing evaluates would be one that the operator relies on in vain.
bool has_price_collar(const RiskLimits& limits) {
  return limits.all.price_collar_bps || limits.account.price_collar_bps ||
         std::any_of(limits.accounts.begin(), limits.accounts.end(),
                     [](const auto& account) { return account.second.price_collar_bps; });
}

Result<RiskLimits> load_risk_limits(const Config& config, const TokenRegistry& tokens) {
  const std::string name = "risk-file " + config.risk_file.string() + ": ";
  std::ifstream file(config.risk_file);
  std::ostringstream text;
  if (!(text << file.rdbuf())) return Error{Errc::invalid, name + "cannot be read, or is empty"};
  auto limits = parse_risk_limits(text.str(), tokens);
  if (!limits.ok()) return Error{Errc::invalid, name + limits.error().detail};
  if (has_price_collar(*limits))
    return Error{Errc::invalid,
                 name + "price_collar_bps: this program has no reference prices to compare with"};
  return limits;
}

}  // namespace

Result<std::unique_ptr<RiskControl>> make_risk_control(const Config& config,
                                                       const TokenRegistry& tokens) {
  if (config.risk_file.empty()) return std::unique_ptr<RiskControl>();
  OEE_TRY_ASSIGN(RiskLimits limits, load_risk_limits(config, tokens));
  return std::make_unique<RiskControl>(std::move(limits));
}

void reload_risk_limits(const Config& config, const TokenRegistry& tokens, RiskControl* risk) {
  if (risk == nullptr) return;
  auto limits = load_risk_limits(config, tokens);
  if (!limits.ok()) {
    log::error("the risk limits are not reloaded; the earlier ones stay in effect",
               log::field("why", limits.error().detail));
    return;
  }
  const Hash256 hash = hash_of(*limits);
  risk->set_limits(*std::move(limits));
  log::info("the risk limits are reloaded", log::field("hash", to_hex(as_bytes(hash))));
}

}  // namespace oee
