#include "api/app/access_files.h"

#include "api/http/request_log.h"
#include "api/http/tls.h"
#include "core/base/log.h"

namespace oee {

Result<void> add_access(const Config& config, EngineOptions& options) {
  options.allowed_origins = config.allowed_origins;
  options.http.connections_per_address_max = config.connections_per_address_max;
  // A page that reaches an open engine by a name of its own could trade. With an access file it has
  // no token, so the names are checked only when they are given.
  if (config.access_file.empty() || !config.allowed_hosts.empty()) {
    options.http.host_names = config.allowed_hosts;
    options.http.host_names->push_back(config.listen_host);
  }
  options.rate_limit.per_second = config.rate_limit;
  options.rate_limit.burst =
      config.rate_limit_burst != 0 ? config.rate_limit_burst : config.rate_limit;
  if (!config.access_file.empty()) {
    OEE_TRY_ASSIGN(options.access_list, load_access_list(config.access_file));
  }
  if (!config.tls_cert.empty()) {
    OEE_TRY_ASSIGN(options.tls, load_tls(config.tls_cert, config.tls_key));
  }
  return {};
}

void reload_access(const Config& config, Engine& engine) {
  if (!config.access_file.empty()) {
    const auto list = load_access_list(config.access_file);
    if (list.ok()) {
      engine.set_access_list(*list);
      log::info("the access file is reloaded", log::field("tokens", (*list)->size()));
    } else {
      log::error("the access file is not reloaded; the earlier one stays in effect",
                 log::field("why", list.error().detail));
    }
  }
  if (!config.tls_cert.empty()) {
    auto context = load_tls(config.tls_cert, config.tls_key);
    if (context.ok()) {
      engine.set_tls(*std::move(context));
      log::info("the certificate is reloaded");
    } else {
      log::error("the certificate is not reloaded; the earlier one stays in effect",
                 log::field("why", context.error().detail));
    }
  }
  AccessLog* const access_log = engine.options().request_log->access_log();
  if (access_log != nullptr) access_log->reopen();
  if (config.access_file.empty() && config.tls_cert.empty() && access_log == nullptr &&
      config.risk_file.empty())
    log::info("SIGHUP: no access file, certificate or access log is configured");
}

bool flush_access_log(const RequestLog& request_log) {
  AccessLog* const access_log = request_log.access_log();
  return access_log == nullptr || access_log->flush(std::chrono::milliseconds(500));
}

}  // namespace oee
