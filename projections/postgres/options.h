// PostgresOptions: which server the PostgreSQL adapters use, and how long they wait for it.
#pragma once

#include <chrono>
#include <string>

namespace oee {

struct PostgresOptions {
  std::string url;  // libpq URI or key=value text; never logged with its password
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds statement_timeout{30};  // 0: no limit
};

}  // namespace oee
