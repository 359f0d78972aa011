// Config: the validated configuration. A value; config_parse.h reads it once, in main.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "api/dialects/dialect_set.h"
#include "core/base/log.h"
#include "core/base/time.h"

namespace oee {

enum class Role : std::uint8_t { all, gateway };

struct DelayRange {  // "2s-3s"; one duration sets both
  Micros min{0};
  Micros max{0};
};

struct VenueFaults {  // probabilities 0..1 per request
  double lose_request = 0;
  double lose_reply = 0;
  double duplicate = 0;
  double late = 0;
  Micros late_delay{0};
  double reject = 0;
  std::uint32_t move_bps = 0;  // price move of the pool between quote and trade
};

struct Config {
  std::filesystem::path data_dir = "./data";
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 3000;  // 0: any free port (logged at start)
  std::uint32_t shards = 0;          // resolved to the number of cores by parse
  std::string postgres_url;          // empty: embedded read model
  std::string redis_url;             // empty: in-process bus
  std::string redis_prefix = "oee";  // of the channels
  Role role = Role::all;
  DelayRange venue_delay{Micros{2'000'000}, Micros{3'000'000}};
  DelayRange quote_delay{Micros{100'000}, Micros{300'000}};
  std::uint64_t venue_seed = 0;  // 0: the ledger's own, drawn at its creation
  VenueFaults venue_faults;
  std::filesystem::path tokens_file;  // empty: the registry shipped with the program
  std::uint32_t max_attempts = 3;
  Micros backoff{2'000'000};
  std::uint32_t execution_concurrency = 1000;  // 0: new orders wait, live attempts go on
  std::uint32_t live_attempts_max = 20'000;    // at one venue
  std::uint32_t path_impact_bps = 5;           // of the best quote; from it on paths are compared
  std::uint32_t leg_gain_bps = 1;              // of the output, by each further leg of a split
  std::uint32_t breaker_failures = 5;          // in a row; 0: no breaker opens
  std::uint32_t open_orders_max = 100'000;
  std::filesystem::path risk_file;  // empty: no risk limits
  std::uint32_t connections_max = 12'000;
  std::uint32_t connections_per_address_max =
      0;                                     // 0: no limit; the default beyond loopback is 1000
  DialectSet dialects = DialectSet::all();   // the default beyond loopback is none
  std::vector<std::string> allowed_origins;  // of web pages (CORS, WebSocket); empty: same host
  std::vector<std::string> allowed_hosts;    // names in Host besides listen_host and localhost
  std::filesystem::path access_file;         // empty: no token is needed
  bool insecure_open_access = false;         // no access_file although other machines can connect
  std::uint32_t rate_limit = 0;              // requests a second of one client; 0: no limit
  std::uint32_t rate_limit_burst = 0;        // 0: the requests of one second
  std::filesystem::path tls_cert;            // both files or none
  std::filesystem::path tls_key;
  std::filesystem::path access_log;  // empty: none
  std::uint64_t stream_buffer_bytes_max = 512 << 20;
  std::uint64_t disk_free_min_mb = 512;
  log::Format log_format = log::Format::text;
  log::Level log_level = log::Level::info;
  bool start_halted = false;
  bool enable_test_endpoints = false;
  bool check_config = false;

  // The source of each key: "flag", "environment NAME", "file PATH" or "default".
  std::map<std::string, std::string> origin;
};

}  // namespace oee
