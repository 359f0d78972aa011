// One key of the configuration as users see it, in --check-config and GET /v1/config. Values only.
#pragma once

#include <string>

namespace oee {

struct Setting {
  std::string name;    // the flag without its dashes
  std::string value;   // in effect; a password in a URL is "***"
  std::string origin;  // "flag", "environment NAME", "file PATH" or "default"
};

}  // namespace oee
