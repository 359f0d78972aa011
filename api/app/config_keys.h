// The configuration keys as one table: name, help, how a text becomes a value and back. Flags,
// environment, file, --help and --check-config all read this table; a new key is one line here and
// one in Config.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/app/config.h"

namespace oee {

// What a key does with its value. `set` answers invalid with what the value must be ("must be …").
struct ConfigValue {
  std::function<Result<void>(Config&, const std::string&)> set;
  // the text that `set` takes; URLs with their password
  std::function<std::string(const Config&)> show;
  bool quoted = true;  // in a TOML file
};

struct ConfigKey {
  std::string name;         // the flag without its dashes
  std::string placeholder;  // in --help; empty: a switch
  std::string help;
  ConfigValue value;
};

// In the order of --help. Lives for the whole program.
const std::vector<ConfigKey>& config_keys();

// What no key can say alone. invalid: one sentence naming the keys.
Result<void> check_config_together(const Config& config);

}  // namespace oee
