#include "api/app/config/value.h"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <cctype>
#include <charconv>
#include <set>
#include <string_view>

namespace oee::config_value {

namespace {

Error must(const std::string& what) {
  return {Errc::invalid, "must be " + what};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

template <class Number>
bool parse_number(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && end == text.data() + text.size();
}

template <class Value>
ConfigValue one_of(Value Config::*member, std::vector<std::pair<std::string, Value>> names) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    std::string list;
    for (const auto& [name, value] : names) {
      if (name == text) {
        config.*member = value;
        return {};
      }
      list += (list.empty() ? "" : ", ") + name;
    }
    return must("one of " + list);
  };
  auto show = [=](const Config& config) {
    for (const auto& [name, value] : names) {
      if (value == config.*member) return name;
    }
    return std::string("?");
  };
  return {set, show};
}

// A simulated delay above ten minutes is a typing error.
constexpr Micros delay_max{600'000'000};

// --- Addresses, directories and URLs -------------------------------------------------------------

Result<void> set_listen(Config& config, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string::npos || colon == 0 || !parse_number(text.substr(colon + 1), &port)) {
    return must("HOST:PORT such as 127.0.0.1:3000 (port 0 takes any free one)");
  }
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return must("[HOST]:PORT for an IPv6 address");
  config.listen_host = host;
  config.listen_port = port;
  return {};
}

std::string show_listen(const Config& config) {
  const bool ipv6 = config.listen_host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + config.listen_host + "]" : config.listen_host;
  return host + ":" + std::to_string(config.listen_port);
}

Result<void> set_data_dir(Config& config, const std::string& text) {
  std::error_code ignored;
  if (text.empty()) return must("a directory");
  if (std::filesystem::exists(text, ignored) && !std::filesystem::is_directory(text, ignored)) {
    return must("a directory, but it is a file");
  }
  config.data_dir = text;
  return {};
}

// libpq accepts URIs and key=value text. It checks the rest when it connects.
Result<void> set_postgres_url(Config& config, const std::string& text) {
  const bool uri = text.starts_with("postgres://") || text.starts_with("postgresql://");
  const bool pairs = text.find("://") == std::string::npos && text.find('=') != std::string::npos;
  if (text != "none" && !text.empty() && !uri && !pairs) {
    return must("postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or none");
  }
  config.postgres_url = text == "none" ? "" : text;
  return {};
}

Result<void> set_redis_url(Config& config, const std::string& text) {
  const Error bad = must("redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER], or none");
  config.redis_url.clear();
  if (text == "none" || text.empty()) return {};
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->scheme() != "redis" || url->host().empty()) return bad;
  std::uint16_t port = 0;
  if (url->has_port() && !parse_number(std::string(url->port()), &port)) return bad;
  config.redis_url = text;
  return {};
}

// Redis takes any bytes; these need no quotes in any shell, pattern or access list.
Result<void> set_redis_prefix(Config& config, const std::string& text) {
  constexpr std::size_t size_max = 64;
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
  if (text.empty() || text.size() > size_max || text.find_first_not_of(allowed) != text.npos)
    return must("1 to 64 of the characters A-Z a-z 0-9 _ . : -");
  config.redis_prefix = text;
  return {};
}

// An origin is scheme://host[:port], as browsers send it, without a path or a trailing slash.
Result<void> set_allowed_origins(Config& config, const std::string& text) {
  config.allowed_origins.clear();
  if (text.empty()) return {};
  for (const std::string& origin : split(text, ',')) {
    const auto url = boost::urls::parse_uri(origin);
    const bool web = url && (url->scheme() == "http" || url->scheme() == "https");
    if (!web || url->host().empty() || !url->path().empty() || url->has_query()) {
      return must("origins such as https://example.com:8443, separated by commas");
    }
    config.allowed_origins.push_back(origin);
  }
  return {};
}

// A name as a Host header has it, without its port.
Result<void> set_allowed_hosts(Config& config, const std::string& text) {
  config.allowed_hosts.clear();
  if (text.empty()) return {};
  for (const std::string& name : split(text, ',')) {
    const bool valid = !name.empty() && name.back() != '.' &&
                       std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                       });
    if (!valid)
      return must("host names without a port, such as engine.example, separated by commas");
    config.allowed_hosts.push_back(name);
  }
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

// --- dialects ------------------------------------------------------------------------------------

Result<void> set_dialects(Config& config, const std::string& text) {
  std::string letters;
  if (text == "all") letters = DialectSet::names;
  if (text != "all" && text != "none") {
    for (const std::string& name : split(text, ',')) {
      const char letter = name.size() == 1
                              ? static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])))
                              : '?';
      if (DialectSet::names.find(letter) == std::string_view::npos)
        return must("all, none, or some of A,B,C,D,E; \"" + name + "\" is not a dialect");
      letters += letter;
    }
  }
  config.dialects = DialectSet(letters);
  return {};
}

std::string show_dialects(const Config& config) {
  if (config.dialects == DialectSet::all()) return "all";
  std::string text;
  for (const char letter : DialectSet::names)
    if (config.dialects.has(letter)) text.append(text.empty() ? "" : ",") += letter;
  return text.empty() ? "none" : text;
}

// --- venue-faults --------------------------------------------------------------------------------

struct Probability {
  std::string_view name;
  double VenueFaults::*member;
};
constexpr std::array<Probability, 5> probabilities{{{"lose-request", &VenueFaults::lose_request},
                                                    {"lose-reply", &VenueFaults::lose_reply},
                                                    {"duplicate", &VenueFaults::duplicate},
                                                    {"late", &VenueFaults::late},
                                                    {"reject", &VenueFaults::reject}}};

Result<void> set_fault(VenueFaults& faults, const std::string& name, std::string value) {
  if (name == "move") {
    if (parse_number(value, &faults.move_bps) && faults.move_bps <= 10'000) return {};
    return must("move=BPS with at most 10000 basis points");
  }
  const auto found = std::find_if(probabilities.begin(), probabilities.end(),
                                  [&name](const Probability& p) { return p.name == name; });
  if (found == probabilities.end()) {
    return must("made of lose-request, lose-reply, duplicate, late, reject and move, not \"" +
                name + "\"");
  }
  if (name == "late") {
    const std::size_t colon = value.find(':');
    const auto delay = parse_duration(colon == std::string::npos ? "" : value.substr(colon + 1));
    if (!delay.ok() || *delay > delay_max)
      return must("late=PROBABILITY:DELAY, such as late=0.1:5s");
    faults.late_delay = *delay;
    value = value.substr(0, colon);
  }
  double probability = -1;
  if (!parse_number(value, &probability) || !(probability >= 0 && probability <= 1)) {
    return must(name + "=PROBABILITY with a probability from 0 to 1");
  }
  faults.*(found->member) = probability;
  return {};
}

Result<void> set_venue_faults(Config& config, const std::string& text) {
  VenueFaults faults;
  std::set<std::string> seen;
  if (text != "none" && !text.empty()) {
    for (const std::string& part : split(text, ',')) {
      const std::size_t equals = part.find('=');
      if (equals == std::string::npos) return must("NAME=VALUE pairs separated by commas, or none");
      const std::string name = part.substr(0, equals);
      if (!seen.insert(name).second) return must("a list that names " + name + " once");
      OEE_TRY(set_fault(faults, name, part.substr(equals + 1)));
    }
  }
  config.venue_faults = faults;
  return {};
}

std::string show_venue_faults(const Config& config) {
  const VenueFaults& faults = config.venue_faults;
  std::string text;
  auto add = [&text](std::string_view name, const std::string& value) {
    text.append(text.empty() ? "" : ",").append(name).append("=").append(value);
  };
  for (const Probability& p : probabilities) {
    const double value = faults.*(p.member);
    if (value == 0) continue;
    char digits[32];
    std::string shown(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    if (p.name == "late") shown += ":" + format_duration(faults.late_delay);
    add(p.name, shown);
  }
  if (faults.move_bps != 0) add("move", std::to_string(faults.move_bps));
  return text.empty() ? "none" : text;
}

std::string or_none(const std::string& text) {
  return text.empty() ? "none" : text;
}

}  // namespace

template <class Number>
ConfigValue whole(Number Config::*member, std::uint64_t min, std::uint64_t max) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    std::uint64_t number = 0;
    if (!parse_number(text, &number) || number < min || number > max) {
      return must("a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    config.*member = static_cast<Number>(number);
    return {};
  };
  return {set, [=](const Config& config) { return std::to_string(config.*member); }, false};
}

template ConfigValue whole(std::uint32_t Config::*, std::uint64_t, std::uint64_t);
template ConfigValue whole(std::uint64_t Config::*, std::uint64_t, std::uint64_t);

ConfigValue yes_or_no(bool Config::*member) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    if (text != "true" && text != "false" && text != "1" && text != "0") {
      return must("true or false");
    }
    config.*member = text == "true" || text == "1";
    return {};
  };
  auto show = [=](const Config& config) -> std::string {
    return config.*member ? "true" : "false";
  };
  return {set, show, false};
}

ConfigValue delay_range(DelayRange Config::*member) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    const std::size_t dash = text.find('-');
    const auto min = parse_duration(text.substr(0, dash));
    const auto max = dash == std::string::npos ? min : parse_duration(text.substr(dash + 1));
    if (!min.ok() || !max.ok() || *min > *max || *max > delay_max) {
      return must("a duration such as 0ms or a range such as 2s-3s, at most 10m");
    }
    config.*member = {*min, *max};
    return {};
  };
  auto show = [=](const Config& config) {
    const DelayRange& range = config.*member;
    const std::string min = format_duration(range.min);
    return range.min == range.max ? min : min + "-" + format_duration(range.max);
  };
  return {set, show};
}

ConfigValue duration(Micros Config::*member, Micros min, Micros max) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    const auto value = parse_duration(text);
    if (!value.ok() || *value < min || *value > max) {
      return must("a duration from " + format_duration(min) + " to " + format_duration(max));
    }
    config.*member = *value;
    return {};
  };
  return {set, [=](const Config& config) { return format_duration(config.*member); }};
}

ConfigValue role() {
  return one_of<Role>(&Config::role, {{"all", Role::all}, {"gateway", Role::gateway}});
}

ConfigValue log_format() {
  return one_of<log::Format>(&Config::log_format,
                             {{"text", log::Format::text}, {"json", log::Format::json}});
}

ConfigValue log_level() {
  return one_of<log::Level>(&Config::log_level, {{"trace", log::Level::trace},
                                                 {"debug", log::Level::debug},
                                                 {"info", log::Level::info},
                                                 {"warn", log::Level::warn},
                                                 {"error", log::Level::error},
                                                 {"off", log::Level::off}});
}

ConfigValue data_dir() {
  return {set_data_dir, [](const Config& config) { return config.data_dir.string(); }};
}

ConfigValue existing_file(std::filesystem::path Config::*member) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    std::error_code ignored;
    if (!text.empty() && !std::filesystem::is_regular_file(text, ignored)) {
      return must("an existing file");
    }
    config.*member = text;
    return {};
  };
  return {set, [=](const Config& config) { return (config.*member).string(); }};
}

ConfigValue file_to_write(std::filesystem::path Config::*member) {
  auto set = [=](Config& config, const std::string& text) -> Result<void> {
    const std::filesystem::path file(text);
    std::error_code ignored;
    if (!text.empty() && (!std::filesystem::is_directory(
                              file.has_parent_path() ? file.parent_path() : ".", ignored) ||
                          std::filesystem::is_directory(file, ignored))) {
      return must("a file in an existing directory");
    }
    config.*member = file;
    return {};
  };
  return {set, [=](const Config& config) { return (config.*member).string(); }};
}

ConfigValue listen_address() {
  return {set_listen, show_listen};
}

ConfigValue postgres_url() {
  return {set_postgres_url, [](const Config& config) { return or_none(config.postgres_url); }};
}

ConfigValue redis_url() {
  return {set_redis_url, [](const Config& config) { return or_none(config.redis_url); }};
}

ConfigValue redis_prefix() {
  return {set_redis_prefix, [](const Config& config) { return config.redis_prefix; }};
}

ConfigValue allowed_origins() {
  return {set_allowed_origins, [](const Config& config) { return joined(config.allowed_origins); },
          true, true};
}

ConfigValue allowed_hosts() {
  return {set_allowed_hosts, [](const Config& config) { return joined(config.allowed_hosts); },
          true, true};
}

ConfigValue dialects() {
  return {set_dialects, show_dialects, true, true};
}

ConfigValue venue_faults() {
  return {set_venue_faults, show_venue_faults, true, true};
}

}  // namespace oee::config_value
