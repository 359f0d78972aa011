// What is checked of the configuration as a whole; the keys are in config_keys.cc.
#include <boost/asio/ip/address.hpp>

#include "api/app/config_keys.h"

namespace oee {
namespace {

// A name may mean any address tomorrow, but for this one.
bool is_loopback(const Config& config) {
  if (config.listen_host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(config.listen_host, error);
  return !error && address.is_loopback();
}

}  // namespace

Result<void> check_config_together(const Config& config) {
  if (config.role == Role::gateway && config.postgres_url.empty()) {
    return Error{Errc::invalid,
                 "role = gateway needs postgres-url: a gateway has no log of its own"};
  }
  if (config.role == Role::gateway && config.redis_url.empty()) {
    return Error{Errc::invalid, "role = gateway needs redis-url: it gets live updates from there"};
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return Error{Errc::invalid,
                 config.tls_cert.empty() ? "tls-key needs tls-cert" : "tls-cert needs tls-key"};
  }
  if (config.rate_limit == 0 && config.rate_limit_burst != 0) {
    return Error{Errc::invalid, "rate-limit-burst needs rate-limit"};
  }
  if (config.access_file.empty() && !config.insecure_open_access && !is_loopback(config)) {
    return Error{Errc::invalid, "listen = " + config.listen_host +
                                    " lets other machines connect, and that needs access-file "
                                    "(or insecure-open-access, where only friends can connect)"};
  }
  return {};
}

}  // namespace oee
