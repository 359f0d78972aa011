#include "api/app/config.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include "api/access/access_list.h"
#include "api/app/config_keys.h"

extern char** environ;

namespace oee {

namespace {

// A raw text and where it came from.
struct Given {
  std::string text;
  std::string origin;
};
using GivenByKey = std::map<std::string, Given>;

const ConfigKey* find_key(const std::string& name) {
  const auto& keys = config_keys();
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&name](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

std::string environment_name(const std::string& key) {
  std::string name = "OEE_" + key;
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

// An empty variable counts as unset: that is how compose files and shells pass "nothing".
std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

struct FlagsRead {
  GivenByKey values;
  std::optional<std::string> config_file;
  std::optional<ConfigHelp> help;
};

// `>> access-file` takes the line, and the secret is seen once.
Result<std::optional<ConfigHelp>> new_token_text(const std::string& owner) {
  const auto made = make_token(owner);
  if (!made.ok()) return Error{Errc::invalid, "--new-token " + made.error().detail};
  return std::optional(ConfigHelp{
      made->line + "\n", "The token, which is not stored anywhere: " + made->secret + "\n"});
}

Result<FlagsRead> read_flags(int argc, const char* const* argv) {
  CLI::App app{"A durable, event-sourced order execution engine.", "order-engine"};
  app.set_help_flag("-h,--help", "print this and exit");
  app.set_version_flag("--version", std::string("order-engine ") + OEE_VERSION,
                       "print the version and exit");
  app.allow_extras();
  app.get_formatter()->column_width(38);
  app.footer(
      "Every flag may also be given as OEE_<FLAG> in the environment (OEE_DATA_DIR) or as a key of "
      "the\n"
      "file (data-dir = \"./data\"; TOML, or INI when it ends in .ini). DATABASE_URL, REDIS_URL or "
      "REDIS_HOST\n"
      "and REDIS_PORT, HOST and PORT are honoured too. Order: flag, environment, file, default.");
  CLI::Option* file =
      app.add_option("--config")->type_name("FILE")->description("read settings from here");
  CLI::Option* owner = app.add_option("--new-token")
                           ->type_name("NAME:ROLE")
                           ->description("make a token, print its line for access-file, exit");
  const Config defaults;
  std::vector<std::pair<const ConfigKey*, CLI::Option*>> options;
  for (const ConfigKey& key : config_keys()) {
    const std::string flag = "--" + key.name;
    const std::string value = key.value.show(defaults);
    const bool is_switch = key.placeholder.empty();
    CLI::Option* option = is_switch ? app.add_flag(flag) : app.add_option(flag);
    option->description(is_switch || value.empty() ? key.help : key.help + " (" + value + ")");
    if (!is_switch) option->type_name(key.placeholder);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);  // twice is refused below
    options.emplace_back(&key, option);
  }
  FlagsRead read;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    read.help = ConfigHelp{app.help(), {}};
    return read;
  } catch (const CLI::CallForVersion& version) {
    read.help = ConfigHelp{std::string(version.what()) + "\n", {}};
    return read;
  } catch (const CLI::ParseError& error) {
    return Error{Errc::invalid, error.what()};
  }
  if (const auto extra = app.remaining(); !extra.empty()) {
    const std::string name = extra[0].substr(0, extra[0].find('='));
    return Error{Errc::invalid, mask_url(name) + ": no such flag; --help lists them"};
  }
  if (!owner->empty()) {
    OEE_TRY_ASSIGN(read.help, new_token_text(owner->results().front()));
    return read;
  }
  for (const auto& [key, option] : options) {
    if (option->results().size() > 1) {
      return Error{Errc::invalid, "--" + key->name + " is given more than once"};
    }
    if (!option->empty()) read.values[key->name] = {option->results().front(), "flag"};
  }
  if (!file->empty()) read.config_file = file->results().front();
  return read;
}

// HOST and PORT, REDIS_HOST and REDIS_PORT set one part of an address each.
void read_address_parts(const GivenByKey& from_file, GivenByKey* values) {
  auto host = environment("HOST");
  auto port = environment("PORT");
  if ((host || port) && !values->contains("listen")) {
    const auto file = from_file.find("listen");
    const std::string base =
        file == from_file.end() ? find_key("listen")->value.show(Config{}) : file->second.text;
    const std::size_t colon = base.rfind(':');
    const std::string names = host && port ? "HOST, PORT" : host ? "HOST" : "PORT";
    if (host && host->find(':') != std::string::npos && host->front() != '[')
      host = "[" + *host + "]";
    (*values)["listen"] = {
        host.value_or(base.substr(0, colon)) + ":" +
            port.value_or(colon == std::string::npos ? "" : base.substr(colon + 1)),
        "environment " + names};
  }
  host = environment("REDIS_HOST");
  port = environment("REDIS_PORT");
  if ((host || port) && !values->contains("redis-url")) {
    const std::string names = host && port ? "REDIS_HOST, REDIS_PORT"
                              : host       ? "REDIS_HOST"
                                           : "REDIS_PORT";
    (*values)["redis-url"] = {"redis://" + host.value_or("127.0.0.1") + ":" + port.value_or("6379"),
                              "environment " + names};
  }
}

Result<GivenByKey> read_environment(const GivenByKey& from_file) {
  GivenByKey values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    // OEE_TEST_* belongs to the test programs; OEE_SERVICE_* and OEE_PORT* are what Kubernetes sets
    // in every container when a service is called "oee".
    if (!name.starts_with("OEE_") || name.starts_with("OEE_TEST_") || name == "OEE_CONFIG" ||
        name.starts_with("OEE_SERVICE_") || name.starts_with("OEE_PORT")) {
      continue;
    }
    const auto& keys = config_keys();
    const auto key = std::find_if(keys.begin(), keys.end(), [&name](const ConfigKey& candidate) {
      return environment_name(candidate.name) == name;
    });
    if (key == keys.end()) {
      return Error{Errc::invalid, name + ": no such key; --help lists them (as OEE_<FLAG>)"};
    }
    if (const auto value = environment(name)) values[key->name] = {*value, "environment " + name};
  }
  for (const auto& [name, key] :
       {std::pair("DATABASE_URL", "postgres-url"), std::pair("REDIS_URL", "redis-url")}) {
    const auto value = environment(name);
    if (value && !values.contains(key)) values[key] = {*value, std::string("environment ") + name};
  }
  read_address_parts(from_file, &values);
  return values;
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path);
  std::error_code ignored;
  if (!in || !std::filesystem::is_regular_file(path, ignored)) {
    return Error{Errc::invalid, "config = \"" + path + "\": cannot be read"};
  }
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // the mark that some editors put first
  const auto strange = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  if (strange == text.end()) return text;
  return Error{Errc::invalid, "config = \"" + path + "\": line " +
                                  std::to_string(1 + std::count(text.begin(), strange, '\n')) +
                                  " holds a control character: this is no text file"};
}

Result<GivenByKey> read_file(const std::string& path) {
  OEE_TRY_ASSIGN(const std::string text, read_text(path));
  std::istringstream in(text);
  std::vector<CLI::ConfigItem> items;
  try {
    items = path.ends_with(".ini") ? CLI::ConfigINI().from_config(in)
                                   : CLI::ConfigTOML().from_config(in);
  } catch (const std::exception& error) {
    return Error{Errc::invalid, "config = " + path + ": " + error.what()};
  }
  GivenByKey values;
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "--") continue;  // the end of a section
    if (item.name == "++" || !item.parents.empty() || find_key(item.name) == nullptr) {
      const std::string what =
          item.name == "++" ? "section " + CLI::detail::join(item.parents, ".") : item.fullname();
      return Error{Errc::invalid, "config file " + path + ": no such key: " + what};
    }
    if (values.contains(item.name)) {
      return Error{Errc::invalid, "config file " + path + ": " + item.name + " is given twice"};
    }
    for (const std::string& input : item.inputs) {
      if (input.starts_with('"') || input.starts_with('\'')) {
        return Error{Errc::invalid, "config file " + path + ": " + item.name +
                                        " has an open quote (a # begins a comment, in quotes too)"};
      }
    }
    const bool list = item.name == "venue-faults" || item.name == "allowed-origins";
    if (item.inputs.size() != 1 && !list) {
      return Error{Errc::invalid, "config file " + path + ": " + item.name +
                                      " must be one value, in quotes if it has spaces"};
    }
    // An array, or a text that the reader has split at its commas.
    values[item.name] = {CLI::detail::join(item.inputs, ","), "file " + path};
  }
  return values;
}

Result<Config> apply(const std::vector<const GivenByKey*>& sources) {
  Config config;
  for (const ConfigKey& key : config_keys()) {
    const Given* given = nullptr;
    for (const GivenByKey* source : sources) {
      const auto found = source->find(key.name);
      if (found != source->end()) {
        given = &found->second;
        break;
      }
    }
    config.origin[key.name] = given == nullptr ? "default" : given->origin;
    if (given == nullptr) continue;
    if (const auto set = key.value.set(config, given->text); !set.ok()) {
      return Error{Errc::invalid, key.name + " = \"" + mask_url(given->text) + "\" (" +
                                      given->origin + ") " + set.error().detail};
    }
  }
  return config;
}

}  // namespace

Result<std::variant<Config, ConfigHelp>> parse_config(int argc, const char* const* argv) {
  using Parsed = std::variant<Config, ConfigHelp>;
  OEE_TRY_ASSIGN(const FlagsRead flags, read_flags(argc, argv));
  if (flags.help) return Parsed(*flags.help);
  const auto path = flags.config_file ? flags.config_file : environment("OEE_CONFIG");
  GivenByKey from_file;
  if (path) {
    OEE_TRY_ASSIGN(from_file, read_file(*path));
  }
  OEE_TRY_ASSIGN(const GivenByKey from_environment, read_environment(from_file));
  OEE_TRY_ASSIGN(Config config, apply({&flags.values, &from_environment, &from_file}));
  OEE_TRY(check_config_together(config));
  if (config.shards == 0) config.shards = std::max(1U, std::thread::hardware_concurrency());
  return Parsed(std::move(config));
}

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
    const bool quoted = find_key(setting.name)->value.quoted;
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

std::string mask_url(const std::string& url) {
  std::string masked = url;
  const std::size_t scheme = masked.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  // The last '@' before a query: a password may hold an '@' or '/' that should have been escaped.
  const std::size_t at = masked.rfind('@', masked.find('?', begin));
  const std::size_t colon = masked.find(':', begin);
  if (at != std::string::npos && colon < at) masked.replace(colon + 1, at - colon - 1, "***");
  // "?password=…" of a URL and "password=…" of libpq's key=value form.
  for (std::size_t key = masked.find("password="); key != std::string::npos;
       key = masked.find("password=", key + 9)) {
    const std::size_t value = key + 9;
    const bool quoted = value < masked.size() && masked[value] == '\'';
    const std::size_t end =
        quoted ? masked.find('\'', value + 1) : masked.find_first_of("& ", value);
    // A closing quote goes with its value; replace() takes "too many" as "all".
    const std::size_t length = end == std::string::npos ? end : end - value + (quoted ? 1 : 0);
    masked.replace(value, length, "***");
  }
  return masked;
}

}  // namespace oee
