// PostgresOptions: which server the PostgreSQL adapters use, and how long they wait for it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/seams/read_model.h"

namespace oee {

struct PostgresOptions {
  std::string url;  // libpq URI or key=value text; never logged with its password
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds statement_timeout{30};  // 0: no limit
  // Called in the snapshot of every read of orders and events; its error is that of the read.
  // Empty: the tables are always read. Any thread.
  std::function<Result<void>(const ProjectionCursor& tables)> check_tables = {};
};

}  // namespace oee
