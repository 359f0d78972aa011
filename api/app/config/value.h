// ConfigValue: the value of one configuration key, from text and back. One maker for each kind of
// value. Pure, except that a file or directory must exist.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/app/config/config.h"
#include "core/base/result.h"

namespace oee {

struct ConfigValue {
  // invalid: the detail is "must be ...", the rule that the text breaks.
  std::function<Result<void>(Config&, const std::string&)> set;
  // The text that `set` accepts. URLs contain their password.
  std::function<std::string(const Config&)> show;
  bool quoted = true;  // in a TOML file
  bool list = false;   // texts separated by commas; in a file also an array
};

namespace config_value {

// A whole number from `min` to `max`, both included. Instantiated for the unsigned types of Config.
template <class Number>
ConfigValue whole(Number Config::*member, std::uint64_t min, std::uint64_t max);
ConfigValue yes_or_no(bool Config::*member);
ConfigValue duration(Micros Config::*member, Micros min, Micros max);
// One duration, or a range of two.
ConfigValue delay_range(DelayRange Config::*member);
ConfigValue role();
ConfigValue log_format();
ConfigValue log_level();
ConfigValue data_dir();
// An existing file; empty: none.
ConfigValue existing_file(std::filesystem::path Config::*member);
// A file that may not exist yet, in an existing directory; empty: none.
ConfigValue file_to_write(std::filesystem::path Config::*member);
ConfigValue listen_address();
ConfigValue postgres_url();
ConfigValue redis_url();
ConfigValue redis_prefix();
ConfigValue allowed_origins();
ConfigValue allowed_hosts();
ConfigValue dialects();
ConfigValue venue_faults();

}  // namespace config_value
}  // namespace oee
