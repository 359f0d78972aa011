#include "api/app/app.h"

#include <filesystem>

#include "api/app/access_files.h"
#include "api/app/component_options.h"
#include "api/app/process/process_limits.h"
#include "api/app/risk_file.h"
#include "api/app/run_engine.h"
#include "api/app/run_gateway.h"
#include "api/app/start_report.h"
#include "api/http/request_log.h"
#include "core/base/log.h"

namespace oee {

Result<void> check_named_files(const Config& config) {
  OEE_TRY_ASSIGN(const TokenRegistry tokens, load_tokens(config));
  OEE_TRY(read_risk_limits(config, tokens));
  EngineOptions unused;
  return add_access(config, unused);
}

int run_app(const Config& config) {
  log::configure(config.log_format, config.log_level);
  stop_when_memory_runs_out();
  auto tokens = load_tokens(config);
  if (!tokens.ok()) return refuse_start(tokens.error());
  std::error_code ec;
  std::filesystem::create_directories(config.data_dir, ec);
  if (ec && config.role == Role::all)
    return refuse_start(
        {Errc::invalid, "data-dir " + config.data_dir.string() + ": " + ec.message()});
  auto options = engine_options(config);
  if (!options.ok()) return refuse_start(options.error());
  const auto request_log = RequestLog::open(config.access_log);
  if (!request_log.ok()) return refuse_start(request_log.error());
  options->request_log = request_log->get();
  return config.role == Role::gateway ? run_gateway(config, *tokens, *options)
                                      : run_engine(config, *tokens, *options);
}

}  // namespace oee
