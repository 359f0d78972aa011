#include "api/app/config/text.h"

#include <algorithm>

#include "api/app/config/keys.h"

namespace oee {

std::vector<Setting> settings_of(const Config& config) {
  std::vector<Setting> settings;
  for (const ConfigKey& key : config_keys()) {
    if (key.name == "check-config") continue;  // an action, not a setting
    const auto origin = config.origin.find(key.name);
    settings.push_back({key.name, mask_url(key.value.show(config)),
                        origin == config.origin.end() ? "default" : origin->second});
  }
  return settings;
}

std::string describe_config(const Config& config) {
  std::vector<std::string> lines;
  std::size_t width = 0;
  const std::vector<Setting> settings = settings_of(config);
  for (const Setting& setting : settings) {
    const bool quoted = find_config_key(setting.name)->value.quoted;
    const std::string value = quoted ? "\"" + setting.value + "\"" : setting.value;
    width = std::max(width, lines.emplace_back(setting.name + " = " + value).size());
  }
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text +=
        lines[i] + std::string(width - lines[i].size(), ' ') + "   # " + settings[i].origin + "\n";
  }
  return text;
}

std::string_view read_model_name(const Config& config) {
  return config.postgres_url.empty() ? "embedded" : "postgresql";
}

std::string_view bus_name(const Config& config) {
  return config.redis_url.empty() ? "in-process" : "redis";
}

std::string mask_url(const std::string& url) {
  std::string masked = url;
  const std::size_t scheme = masked.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  // The last '@' before the query: a password may contain an '@' or '/' that is not escaped.
  const std::size_t at = masked.rfind('@', masked.find('?', begin));
  const std::size_t colon = masked.find(':', begin);
  if (at != std::string::npos && colon < at) masked.replace(colon + 1, at - colon - 1, "***");
  // "?password=…" in a URL, and "password=…" in libpq's key=value form.
  for (std::size_t key = masked.find("password="); key != std::string::npos;
       key = masked.find("password=", key + 9)) {
    const std::size_t value = key + 9;
    const bool quoted = value < masked.size() && masked[value] == '\'';
    const std::size_t end =
        quoted ? masked.find('\'', value + 1) : masked.find_first_of("& ", value);
    // The closing quote is replaced with its value. replace() limits the length to the rest.
    const std::size_t length = end == std::string::npos ? end : end - value + (quoted ? 1 : 0);
    masked.replace(value, length, "***");
  }
  return masked;
}

}  // namespace oee
