// The sources of the configuration: flags, environment and file, each as raw texts by key. Nothing
// else reads flags or environment. Main thread.
//
// Errors of all calls: invalid: one sentence that names the source and the key.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace oee {

// A raw text and its source: "flag", "environment NAME" or "file PATH".
struct ConfigText {
  std::string text;
  std::string origin;
};
using ConfigTexts = std::map<std::string, ConfigText>;  // by key

// For --help, --version and --new-token: `text` is printed on stdout, `message` on stderr, and the
// program exits 0.
struct ConfigHelp {
  std::string text;
  std::string message;
};

struct ConfigFlags {
  ConfigTexts values;
  std::optional<std::string> config_file;
  std::optional<ConfigHelp> help;
};

Result<ConfigFlags> read_config_flags(int argc, const char* const* argv);
// The file that OEE_CONFIG names.
std::optional<std::string> config_file_in_environment();
// TOML; INI when the path ends in .ini.
Result<ConfigTexts> read_config_file(const std::string& path);
// HOST and PORT complete an address of the file, so the file is read first.
Result<ConfigTexts> read_config_environment(const ConfigTexts& from_file);

}  // namespace oee
