// The options of each component, made from the configuration. Main thread.
#pragma once

#include <functional>

#include "api/app/config/config.h"
#include "api/engine/engine.h"
#include "core/venue/paper/options.h"
#include "eventlog/rocks/log.h"
#include "projections/postgres/options.h"
#include "projections/projector_options.h"

namespace oee {

// Called on the thread that failed, with the reason for the halt.
using OnFailStop = std::function<void(const Error& why)>;

// Both read files. invalid: one sentence that names the file and the error.
Result<TokenRegistry> load_tokens(const Config& config);
Result<EngineOptions> engine_options(const Config& config);

RocksLogOptions log_options(const Config& config, OnFailStop on_fail_stop);
paper::ExchangeOptions paper_options(const Config& config);
ProjectorOptions projector_options(const Config& config, OnFailStop on_fail_stop);
PostgresOptions postgres_options(const Config& config);

}  // namespace oee
