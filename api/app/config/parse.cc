#include "api/app/config/parse.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <thread>
#include <vector>

#include "api/app/config/keys.h"
#include "api/app/config/text.h"

namespace oee {

namespace {

// A twelfth of the default connections-max: one client cannot take them all, and an office behind
// one address has room.
constexpr std::uint32_t connections_per_address_beyond_loopback = 1'000;

// The value of each key from the first source that has it.
Result<Config> apply(const std::vector<const ConfigTexts*>& sources) {
  Config config;
  for (const ConfigKey& key : config_keys()) {
    const ConfigText* given = nullptr;
    for (const ConfigTexts* source : sources) {
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

// The defaults that differ when other machines can connect.
void set_defaults_of_exposure(Config& config) {
  if (is_loopback(config)) return;
  if (config.origin["dialects"] == "default") config.dialects = DialectSet();
  if (config.origin["connections-per-address-max"] == "default")
    config.connections_per_address_max = connections_per_address_beyond_loopback;
}

// The rules between several keys.
Result<void> check_combination(const Config& config) {
  if (config.role == Role::gateway && config.postgres_url.empty()) {
    return Error{Errc::invalid,
                 "role = gateway needs postgres-url: a gateway has no log of its own"};
  }
  if (config.role == Role::gateway && config.redis_url.empty()) {
    return Error{Errc::invalid,
                 "role = gateway needs redis-url: a gateway gets live updates from Redis"};
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return Error{Errc::invalid,
                 config.tls_cert.empty() ? "tls-key needs tls-cert" : "tls-cert needs tls-key"};
  }
  if (config.rate_limit == 0 && config.rate_limit_burst != 0) {
    return Error{Errc::invalid, "rate-limit-burst needs rate-limit"};
  }
  if (config.enable_test_endpoints && !config.dialects.has('C')) {
    return Error{Errc::invalid,
                 "enable-test-endpoints needs the dialect C in dialects: /test/dlq is C's"};
  }
  if (config.access_file.empty() && !config.insecure_open_access && !is_loopback(config)) {
    return Error{Errc::invalid, "listen = " + config.listen_host +
                                    " lets other machines connect, which needs access-file "
                                    "(or insecure-open-access, in a network that you trust)"};
  }
  return {};
}

}  // namespace

bool is_loopback(const Config& config) {
  if (config.listen_host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(config.listen_host, error);
  return !error && address.is_loopback();
}

Result<std::variant<Config, ConfigHelp>> parse_config(int argc, const char* const* argv) {
  using Parsed = std::variant<Config, ConfigHelp>;
  OEE_TRY_ASSIGN(const ConfigFlags flags, read_config_flags(argc, argv));
  if (flags.help) return Parsed(*flags.help);
  const auto path = flags.config_file ? flags.config_file : config_file_in_environment();
  ConfigTexts from_file;
  if (path) {
    OEE_TRY_ASSIGN(from_file, read_config_file(*path));
  }
  OEE_TRY_ASSIGN(const ConfigTexts from_environment, read_config_environment(from_file));
  OEE_TRY_ASSIGN(Config config, apply({&flags.values, &from_environment, &from_file}));
  set_defaults_of_exposure(config);
  OEE_TRY(check_combination(config));
  if (config.shards == 0) config.shards = std::max(1U, std::thread::hardware_concurrency());
  return Parsed(std::move(config));
}

}  // namespace oee
