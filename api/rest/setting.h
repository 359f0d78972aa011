// Setting: one key of the configuration as --check-config and GET /v1/config show it. A value.
#pragma once

#include <string>

namespace oee {

struct Setting {
  std::string name;    // the flag without its dashes
  std::string value;   // the value in effect; a password in a URL is "***"
  std::string origin;  // "flag", "environment NAME", "file PATH" or "default"
};

}  // namespace oee
