#include "api/app/start_report.h"

#include <cstdlib>

#include "api/app/config/text.h"
#include "core/base/exit_code.h"
#include "core/base/log.h"

namespace oee {

void log_listening(const Config& config, std::uint16_t port, std::string_view role) {
  log::info("listening", log::field("host", config.listen_host), log::field("port", port),
            log::field("role", role), log::field("shards", config.shards),
            log::field("access", config.access_file.empty() ? "open" : "tokens"),
            log::field("tls", config.tls_cert.empty() ? "off" : "on"),
            log::field("readModel", read_model_name(config)), log::field("bus", bus_name(config)));
}

std::string serving_status(const Config& config, std::uint16_t port) {
  return "serving on " + config.listen_host + " port " + std::to_string(port);
}

int refuse_start(const Error& error) {
  log::error("cannot start", log::field("why", error.detail));
  return exit_code(error.code);
}

void abandon_start(const Error& error) {
  const int code = refuse_start(error);
  std::quick_exit(error.code == Errc::in_use ? 1 : code);
}

}  // namespace oee
