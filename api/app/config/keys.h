// The configuration keys as one table: name, help, and how a text becomes a value and back. Flags,
// environment, file, --help and --check-config all read this table. A new key is one line here and
// one member of Config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/app/config/value.h"

namespace oee {

struct ConfigKey {
  std::string name;         // the flag without its dashes
  std::string placeholder;  // in --help; empty: a switch
  std::string help;
  ConfigValue value;
};

// In the order of --help. Exists for the whole program.
const std::vector<ConfigKey>& config_keys();

// Null: no such key.
const ConfigKey* find_config_key(std::string_view name);

}  // namespace oee
