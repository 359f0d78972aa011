// The command line of order-load.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace oee::load {

// The kinds of orders: the types, and an exact output of a market order.
inline constexpr std::array<std::string_view, 6> order_kinds = {"market", "limit", "stop",
                                                                "sniper", "twap",  "exact"};
using Mix = std::array<std::uint32_t, order_kinds.size()>;  // percentages, by kind

// Orders get one price, or each one of its own between two bounds.
struct PriceRange {
  std::string low;
  std::string high{};  // with as many digits; empty: the same
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;
  bool tls = false;                   // the URL is https
  std::string ca_file;                // PEM: the authorities to trust instead of the system's
  bool insecure = false;              // accept any certificate
  std::string token;                  // sent as Authorization: Bearer; empty: none
  std::optional<double> rate;         // orders a second, each sent on time
  std::optional<std::uint64_t> open;  // orders kept open
  // without rate and open, each connection sends its next order after its answer
  std::uint32_t connections = 128;
  std::chrono::microseconds duration{10'000'000};
  std::uint64_t orders = UINT64_MAX;  // sending ends at the first of duration and orders
  bool keys = false;  // each order has a clientOrderId, so that a lost answer can be retried
  std::string input_token = "SOL";
  std::string output_token = "USDC";
  std::string amount = "0.01";
  Mix mix{100};                         // their sum is 100
  PriceRange limit_price{"0.000001"};   // of limit orders; every market pays this one
  PriceRange trigger_price{"1000000"};  // of stop orders; every market is at or below this one
  std::string output_amount = "0.01";   // of exact outputs, for at most `amount`
  std::uint32_t retries = 10;
  bool retry_at_once = false;                     // ignore Retry-After: a client that misbehaves
  std::chrono::microseconds timeout{30'000'000};  // of one request
  std::chrono::microseconds grace{
      60'000'000};       // for requests and orders under way when sending ends
  bool outcomes = true;  // follow every accepted order to its end
  bool json = false;
  bool quiet = false;
};

std::string url_of(const Options& options);

// nullopt: help or version was printed and the program ends. invalid: the detail is the sentence to
// print; exit code 2.
Result<std::optional<Options>> parse_options(int argc, const char* const* argv);

}  // namespace oee::load
