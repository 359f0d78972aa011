#include "api/app/config/sources.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "api/access/access_list.h"
#include "api/app/config/keys.h"
#include "api/app/config/text.h"

extern char** environ;

namespace oee {

namespace {

std::string environment_name(const std::string& key) {
  std::string name = "OEE_" + key;
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

// An empty variable counts as unset: compose files and shells pass one for "no value".
std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// --- Flags ---------------------------------------------------------------------------------------

// The line goes to stdout, for `>> access-file`. The secret goes to stderr; it is shown only once.
Result<std::optional<ConfigHelp>> new_token_text(const std::string& owner) {
  const auto made = make_token(owner);
  if (!made.ok()) return Error{Errc::invalid, "--new-token " + made.error().detail};
  return std::optional(ConfigHelp{made->line + "\n",
                                  "The token (it is not stored anywhere): " + made->secret + "\n"});
}

// --- Environment ---------------------------------------------------------------------------------

// HOST, PORT, REDIS_HOST and REDIS_PORT each set one part of an address.
void read_address_parts(const ConfigTexts& from_file, ConfigTexts* values) {
  auto host = environment("HOST");
  auto port = environment("PORT");
  if ((host || port) && !values->contains("listen")) {
    const auto file = from_file.find("listen");
    const std::string base = file == from_file.end()
                                 ? find_config_key("listen")->value.show(Config{})
                                 : file->second.text;
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

// --- File ----------------------------------------------------------------------------------------

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path);
  std::error_code ignored;
  if (!in || !std::filesystem::is_regular_file(path, ignored)) {
    return Error{Errc::invalid, "config = \"" + path + "\": cannot be read"};
  }
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // the byte order mark of some editors
  const auto strange = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  if (strange == text.end()) return text;
  return Error{Errc::invalid, "config = \"" + path + "\": line " +
                                  std::to_string(1 + std::count(text.begin(), strange, '\n')) +
                                  " contains a control character: this is not a text file"};
}

}  // namespace

Result<ConfigFlags> read_config_flags(int argc, const char* const* argv) {
  CLI::App app{"A durable, event-sourced order execution engine.", "order-engine"};
  app.set_help_flag("-h,--help", "print this and exit");
  app.set_version_flag("--version", std::string("order-engine ") + OEE_VERSION,
                       "print the version and exit");
  app.allow_extras();
  app.get_formatter()->column_width(38);
  app.footer(
      "Each flag is also read from the environment as OEE_<FLAG> (OEE_DATA_DIR) and from the\n"
      "file as a key (data-dir = \"./data\"; TOML, or INI when the name ends in .ini).\n"
      "DATABASE_URL, REDIS_URL or REDIS_HOST and REDIS_PORT, HOST and PORT are read too.\n"
      "Order: flag, environment, file, default.");
  CLI::Option* file =
      app.add_option("--config")->type_name("FILE")->description("file to read settings from");
  CLI::Option* owner = app.add_option("--new-token")
                           ->type_name("NAME:ROLE")
                           ->description("create a token, print its line for access-file, exit");
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
  ConfigFlags read;
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

std::optional<std::string> config_file_in_environment() {
  return environment("OEE_CONFIG");
}

Result<ConfigTexts> read_config_environment(const ConfigTexts& from_file) {
  ConfigTexts values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    // OEE_TEST_* belongs to the test programs. Kubernetes sets OEE_SERVICE_* and OEE_PORT* in every
    // container when a service is named "oee".
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

Result<ConfigTexts> read_config_file(const std::string& path) {
  OEE_TRY_ASSIGN(const std::string text, read_text(path));
  std::istringstream in(text);
  std::vector<CLI::ConfigItem> items;
  try {
    items = path.ends_with(".ini") ? CLI::ConfigINI().from_config(in)
                                   : CLI::ConfigTOML().from_config(in);
  } catch (const std::exception& error) {
    return Error{Errc::invalid, "config = " + path + ": " + error.what()};
  }
  ConfigTexts values;
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "--") continue;  // the end of a section
    if (item.name == "++" || !item.parents.empty() || find_config_key(item.name) == nullptr) {
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
    if (item.inputs.size() != 1 && !find_config_key(item.name)->value.list) {
      return Error{Errc::invalid, "config file " + path + ": " + item.name +
                                      " must be one value, in quotes if it has spaces"};
    }
    // An array, or a text that CLI11 has split at its commas.
    values[item.name] = {CLI::detail::join(item.inputs, ","), "file " + path};
  }
  return values;
}

}  // namespace oee
