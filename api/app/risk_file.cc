#include "api/app/risk_file.h"

#include <fstream>
#include <sstream>

#include "core/base/log.h"

namespace oee {
namespace {

Result<RiskLimits> load_risk_limits(const Config& config, const TokenRegistry& tokens) {
  const std::string name = "risk-file " + config.risk_file.string() + ": ";
  std::ifstream file(config.risk_file);
  std::ostringstream text;
  if (!(text << file.rdbuf())) return Error{Errc::invalid, name + "cannot be read, or is empty"};
  auto limits = parse_risk_limits(text.str(), tokens);
  if (!limits.ok()) return Error{Errc::invalid, name + limits.error().detail};
  return limits;
}

}  // namespace

Result<RiskLimits> read_risk_limits(const Config& config, const TokenRegistry& tokens) {
  if (config.risk_file.empty()) return RiskLimits();
  return load_risk_limits(config, tokens);
}

void reload_risk_limits(const Config& config, const TokenRegistry& tokens, Engine& engine) {
  if (config.risk_file.empty()) return;
  auto limits = load_risk_limits(config, tokens);
  if (!limits.ok()) {
    log::error("the risk limits are not reloaded; the earlier ones stay in effect",
               log::field("why", limits.error().detail));
    return;
  }
  const Hash256 hash = hash_of(*limits);
  engine.change_limits(*std::move(limits));
  log::info("the risk limits are reloaded", log::field("hash", to_hex(as_bytes(hash))));
}

}  // namespace oee
