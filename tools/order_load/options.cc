#include "tools/order_load/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <fstream>
#include <iostream>

#include "core/base/decimal.h"
#include "core/base/time.h"

namespace oee::load {

namespace {

constexpr const char* notes =
    "Latencies are measured from the time at which an order was due, so they include every stall\n"
    "of the server. Results are printed on stdout, progress on stderr.\n"
    "Exit codes: 0 every accepted order ended and every answer was valid, 1 otherwise, 2 usage,\n"
    "6 the server cannot be reached.";

Result<void> read_url(const std::string& text, Options* options) {
  const auto url = boost::urls::parse_uri(text);
  const bool known = url && (url->scheme() == "http" || url->scheme() == "https");
  if (!known || url->host().empty() || (url->has_port() && url->port_number() == 0))
    return Error{Errc::invalid,
                 "--url " + text + " must be http://HOST[:PORT] or https://HOST[:PORT]"};
  options->tls = url->scheme() == "https";
  options->host = url->host_address();
  options->port = url->has_port() ? url->port_number() : options->tls ? 443 : 80;
  if (!options->tls && (!options->ca_file.empty() || options->insecure))
    return Error{Errc::invalid, "--ca-file and --insecure are for https, --url is " + text};
  return {};
}

// The token comes from a file, so that no process list shows it.
Result<void> read_token(const std::string& file, Options* options) {
  if (file.empty()) return {};
  std::ifstream in(file);
  in >> options->token;
  if (options->token.empty()) return Error{Errc::invalid, "--token-file " + file + ": no token"};
  return {};
}

Result<void> read_duration(const std::string& flag, const std::string& text,
                           std::chrono::microseconds* to) {
  if (text.empty()) return {};
  const auto duration = parse_duration(text);
  if (!duration.ok())
    return Error{Errc::invalid, flag + " " + text + ": " + duration.error().detail};
  *to = *duration;
  return {};
}

Result<void> check_decimal(const std::string& flag, const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos ||
      std::count(text.begin(), text.end(), '.') > 1)
    return Error{Errc::invalid, flag + " " + text + " must be a decimal number"};
  return {};
}

Result<void> read_pair(const std::string& text, Options* options) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == text.size() ||
      text.find_first_of("\"\\") != std::string::npos) {
    return Error{Errc::invalid, "--pair " + text + " must be INPUT/OUTPUT such as SOL/USDC"};
  }
  options->input_token = text.substr(0, slash);
  options->output_token = text.substr(slash + 1);
  return {};
}

// "155.25", or "150.00-155.25": bounds with as many digits before and after the point.
Result<void> read_prices(const char* flag, const std::string& text, PriceRange* prices) {
  const std::size_t dash = text.find('-');
  prices->low = text.substr(0, dash);
  prices->high = dash == std::string::npos ? "" : text.substr(dash + 1);
  OEE_TRY(check_decimal(flag, prices->low));
  if (dash == std::string::npos) return {};
  OEE_TRY(check_decimal(flag, prices->high));
  const std::string &low = prices->low, &high = prices->high;
  if (low.size() != high.size() || low.find('.') != high.find('.') || low.size() > 18 || low > high)
    return Error{Errc::invalid, std::string(flag) + " " + text +
                                    " must be LOW-HIGH with as many digits, such as 150.00-155.25"};
  return {};
}

// "market:90,limit:10", in any order; an absent type has 0.
Result<void> read_mix(const std::string& text, Options* options) {
  const Error bad{Errc::invalid, "--mix " + text +
                                     " must be percentages of market, limit, stop, sniper, "
                                     "twap and exact, such as market:90,limit:10"};
  options->mix = {};
  std::uint32_t sum = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string part = text.substr(begin, text.find(',', begin) - begin);
    begin += part.size() + 1;
    const std::size_t colon = std::min(part.find(':'), part.size());
    const auto percent =
        parse_units(std::string_view(part).substr(std::min(colon + 1, part.size())), 0);
    if (!percent.ok() || *percent > 100) return bad;
    const auto* const kind =
        std::find(order_kinds.begin(), order_kinds.end(), part.substr(0, colon));
    if (kind == order_kinds.end()) return bad;
    std::uint32_t& share = options->mix[static_cast<std::size_t>(kind - order_kinds.begin())];
    if (share != 0) return bad;  // named twice
    share = static_cast<std::uint32_t>(*percent);
    sum += static_cast<std::uint32_t>(*percent);
  }
  if (sum != 100) return bad;
  return {};
}

}  // namespace

std::string url_of(const Options& options) {
  const bool ipv6 = options.host.find(':') != std::string::npos;
  return (options.tls ? "https://" : "http://") + (ipv6 ? "[" + options.host + "]" : options.host) +
         ":" + std::to_string(options.port);
}

Result<std::optional<Options>> parse_options(int argc, const char* const* argv) {
  CLI::App app{"Sends orders to order-engine and follows every accepted one to its end.",
               "order-load"};
  app.set_version_flag("--version", std::string("order-load ") + OEE_VERSION);
  app.footer(notes);
  Options options;
  std::string url = "http://127.0.0.1:3000", pair = "SOL/USDC", duration, timeout, grace, token;
  std::string mix = "market:100", limit_price = options.limit_price.low;
  std::string trigger_price = options.trigger_price.low;
  double rate = 0;
  std::uint64_t open = 0;
  bool no_outcomes = false;
  app.add_option("--url", url, "the server, http or https (http://127.0.0.1:3000)");
  auto* ca_flag = app.add_option("--ca-file", options.ca_file,
                                 "PEM of the authorities to trust instead of the system's");
  app.add_flag("--insecure", options.insecure, "accept any certificate")->excludes(ca_flag);
  app.add_option("--token-file", token, "the bearer token, for an engine with access-file");
  auto* rate_flag =
      app.add_option("--rate", rate, "orders a second, sent on time even when the server is slow")
          ->check(CLI::Range(0.001, 1e6));
  app.add_option(
         "--connections", options.connections,
         "connections; without --rate and --open each sends its next order after its answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 60'000));
  auto* open_flag =
      app.add_option("--open", open, "number of orders kept open: each order that ends is replaced")
          ->check(CLI::Range(1, 100'000'000))
          ->excludes(rate_flag);
  auto* duration_flag =
      app.add_option("--duration", duration, "time of sending (10s, or until --orders)");
  auto* orders_flag = app.add_option("--orders", options.orders, "number of orders to send")
                          ->check(CLI::PositiveNumber);
  app.add_flag("--keys", options.keys,
               "give every order a clientOrderId; lost answers are then retried");
  app.add_option("--pair", pair, "INPUT/OUTPUT (SOL/USDC)");
  app.add_option("--amount", options.amount, "amount of the input token")->capture_default_str();
  app.add_option("--mix", mix,
                 "percentages of market, limit, stop, sniper and twap orders, and of exact "
                 "outputs, such as market:90,limit:10")
      ->capture_default_str();
  app.add_option("--output-amount", options.output_amount,
                 "of exact outputs, amount of the output token for at most --amount")
      ->capture_default_str();
  app.add_option("--limit-price", limit_price,
                 "of limit orders, output per input; above the market's price they rest; LOW-HIGH: "
                 "each order has one of its own between them")
      ->capture_default_str();
  app.add_option("--trigger-price", trigger_price,
                 "of stop orders, output per input; below the market's price they rest until it "
                 "falls; LOW-HIGH: each order has one of its own between them")
      ->capture_default_str();
  app.add_option("--retries", options.retries,
                 "retries per order, after 429, 503 (after Retry-After, up to a quarter later) and "
                 "lost answers")
      ->capture_default_str();
  app.add_flag("--retry-at-once", options.retry_at_once,
               "ignore Retry-After and retry at once: a retry storm");
  app.add_option("--timeout", timeout, "time limit of one request (30s)");
  app.add_option("--grace", grace, "time limit for open orders after sending has ended (60s)");
  app.add_flag("--no-outcomes", no_outcomes, "measure submission only")->excludes(open_flag);
  app.add_flag("--json", options.json, "print the results as one JSON object");
  app.add_flag("--quiet", options.quiet, "print no progress");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);
    return std::optional<Options>();
  } catch (const CLI::ParseError& error) {
    return Error{Errc::invalid, error.what()};
  }
  options.outcomes = !no_outcomes;
  if (*rate_flag) options.rate = rate;
  if (*open_flag) options.open = open;
  if (*orders_flag && !*duration_flag) options.duration = std::chrono::hours(24 * 365);
  OEE_TRY(check_decimal("--amount", options.amount));
  OEE_TRY(check_decimal("--output-amount", options.output_amount));
  OEE_TRY(read_prices("--limit-price", limit_price, &options.limit_price));
  OEE_TRY(read_prices("--trigger-price", trigger_price, &options.trigger_price));
  OEE_TRY(read_mix(mix, &options));
  OEE_TRY(read_url(url, &options));
  OEE_TRY(read_pair(pair, &options));
  OEE_TRY(read_token(token, &options));
  OEE_TRY(read_duration("--duration", duration, &options.duration));
  OEE_TRY(read_duration("--timeout", timeout, &options.timeout));
  OEE_TRY(read_duration("--grace", grace, &options.grace));
  return std::optional<Options>(options);
}

}  // namespace oee::load
