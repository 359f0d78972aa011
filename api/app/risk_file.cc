#include "api/app/risk_file.h"

#include <fstream>
#include <string>

#include "core/base/log.h"

namespace oee {
namespace {

Result<RiskLimits> load_risk_limits(const Config& config, const TokenRegistry& tokens) {
  const std::string name = "risk-file " + config.risk_file.string() + ": ";
  std::ifstream file(config.risk_file);
  std::string text(risk_file_bytes_max + 1, '\0');  // the file may have no end
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.empty()) return Error{Errc::invalid, name + "cannot be read, or is empty"};
  auto limits = parse_risk_limits(text, tokens);
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
  log::info("the risk file is read again", log::field("hash", to_hex(as_bytes(hash))));
}

}  // namespace oee
