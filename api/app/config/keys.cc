#include "api/app/config/keys.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace oee {

namespace {

using namespace config_value;
using C = Config;
constexpr std::uint64_t million = 1'000'000;

std::vector<ConfigKey> process_keys() {
  return {
      {"data-dir", "DIR", "directory of the log, the venue's ledger and the read model",
       data_dir()},
      {"listen", "HOST:PORT", "address to serve on; port 0: any free port", listen_address()},
      {"shards", "N", "threads that serve and execute; 0: one per core", whole(&C::shards, 0, 256)},
      {"postgres-url", "URL", "read model in PostgreSQL; none: embedded", postgres_url()},
      {"redis-url", "URL", "updates to gateways and others through Redis; none: in-process only",
       redis_url()},
      {"redis-prefix", "PREFIX",
       "of the channels on Redis; engines that share a Redis differ in it", redis_prefix()},
      {"role", "all|gateway", "gateway: reads and streams only, over PostgreSQL and Redis", role()},
  };
}

std::vector<ConfigKey> venue_keys() {
  return {
      {"venue-delay", "MIN-MAX", "time the paper venue takes to settle; 0ms: none",
       delay_range(&C::venue_delay)},
      {"quote-delay", "MIN-MAX", "time the paper venue takes to quote; 0ms: none",
       delay_range(&C::quote_delay)},
      {"venue-seed", "N", "seed of the paper venue's prices; 0: the seed stored in its ledger",
       whole(&C::venue_seed, 0, std::numeric_limits<std::uint64_t>::max())},
      {"venue-faults", "LIST",
       "lose-request=P,lose-reply=P,duplicate=P,late=P:DELAY,reject=P,move=BPS; probabilities 0..1",
       venue_faults()},
      {"tokens-file", "FILE", "token and pool registry (JSON) instead of the built-in one",
       existing_file(&C::tokens_file)},
  };
}

std::vector<ConfigKey> execution_keys() {
  return {
      {"start-halted", "", "halt trading at the start, until DELETE /v1/halt/{id}",
       yes_or_no(&C::start_halted)},
      {"max-attempts", "N", "attempts per order", whole(&C::max_attempts, 1, 100)},
      {"backoff", "D", "wait before the second attempt, doubled for each further one",
       duration(&C::backoff, Micros{1'000}, Micros{3'600'000'000})},
      {"execution-concurrency", "N",
       "orders routed and built at a time; 0: none, and live attempts go on",
       whole(&C::execution_concurrency, 0, million)},
      {"live-attempts-max", "N", "live attempts at one venue; above it the venue gets no order",
       whole(&C::live_attempts_max, 1, 10 * million)},
      {"path-impact-bps", "N",
       "price impact of the best quote from which paths of several pools are compared; 10001: "
       "never",
       whole(&C::path_impact_bps, 0, 10'001)},
      {"leg-gain-bps", "N",
       "gain of the output by each further leg of a split order; 10000: no order is split",
       whole(&C::leg_gain_bps, 0, 10'000)},
      {"breaker-failures", "N",
       "failures in a row of a venue's quotes or submissions that leave it out; 0: never",
       whole(&C::breaker_failures, 0, million)},
      {"open-orders-max", "N", "new orders are refused at this number of open orders",
       whole(&C::open_orders_max, 1, 10 * million)},
      {"risk-file", "FILE",
       "limits of each account's orders and of all (TOML); reloaded on SIGHUP; see api/README.md",
       existing_file(&C::risk_file)},
  };
}

std::vector<ConfigKey> access_keys() {
  return {
      {"connections-max", "N", "new connections are refused at this number of connections",
       whole(&C::connections_max, 1, million)},
      {"allowed-origins", "LIST",
       "web origins whose pages may use the API (CORS, WebSocket); empty: the same host only",
       allowed_origins()},
      {"allowed-hosts", "LIST",
       "host names of this server, beside IP addresses, localhost and the listen host",
       allowed_hosts()},
      {"connections-per-address-max", "N",
       "connections of one address; 0: no limit; default beyond loopback: 1000",
       whole(&C::connections_per_address_max, 0, million)},
      {"dialects", "LIST|none|all",
       "other engines' clients that are served: A,B,C,D,E; default beyond loopback: none",
       dialects()},
      {"access-file", "FILE",
       "tokens and roles: NAME ROLE[,ROLE] SHA256-HEX lines; see api/README.md",
       existing_file(&C::access_file)},
      {"insecure-open-access", "", "allow other machines to connect without an access-file",
       yes_or_no(&C::insecure_open_access)},
      {"rate-limit", "N", "requests a second of one client; 0: no limit",
       whole(&C::rate_limit, 0, million)},
      {"rate-limit-burst", "N", "requests of one client at once; 0: the requests of one second",
       whole(&C::rate_limit_burst, 0, million)},
      {"tls-cert", "FILE", "serve TLS with this PEM certificate chain",
       existing_file(&C::tls_cert)},
      {"tls-key", "FILE", "PEM key of the certificate", existing_file(&C::tls_key)},
  };
}

std::vector<ConfigKey> operation_keys() {
  return {
      {"stream-buffer-bytes-max", "N",
       "memory for stream clients that do not read yet; at the limit the slowest are closed",
       whole(&C::stream_buffer_bytes_max, million, 1'000'000 * million)},
      {"disk-free-min-mb", "N", "new orders are refused when less disk space is free, in MiB",
       whole(&C::disk_free_min_mb, 0, 1'000 * million)},
      {"access-log", "FILE", "one JSON line for each answered request; reopened on SIGHUP",
       file_to_write(&C::access_log)},
      {"log-format", "text|json", "format of the log on stderr", log_format()},
      {"log-level", "LEVEL", "trace, debug, info, warn, error or off", log_level()},
      {"enable-test-endpoints", "", "serve the requests under /test: failing orders, paper venues",
       yes_or_no(&C::enable_test_endpoints)},
      {"check-config", "", "validate, print each value and its origin, exit",
       yes_or_no(&C::check_config)},
  };
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> all;
    for (auto group :
         {process_keys(), venue_keys(), execution_keys(), access_keys(), operation_keys()})
      std::move(group.begin(), group.end(), std::back_inserter(all));
    return all;
  }();
  return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto& keys = config_keys();
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [name](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace oee
