// The configuration as text for operators: --check-config, GET /v1/config and error messages.
// Passwords never appear. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/app/config/config.h"
#include "api/rest/setting.h"

namespace oee {

// Every key except actions, in the order of --help, with the value in effect.
std::vector<Setting> settings_of(const Config& config);

// One line "key = value   # origin" for each key, in the order of --help. The text is a valid
// configuration file.
std::string describe_config(const Config& config);

// The kind of read model and bus, as the log and /health name them.
std::string_view read_model_name(const Config& config);
std::string_view bus_name(const Config& config);

// A URL with its password replaced by "***".
std::string mask_url(const std::string& url);

}  // namespace oee
