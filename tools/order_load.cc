// order-load: sends orders to a running order-engine and reports what came of them.
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <exception>

#include "tools/order_load/campaign.h"
#include "tools/order_load/options.h"
#include "tools/order_load/results.h"

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_unreachable = 6;

// Where the server answers, found by connecting once.
std::optional<oee::load::Endpoint> find_server(boost::asio::io_context& io,
                                               const oee::load::Options& options) {
  boost::asio::ip::tcp::resolver resolver(io);
  boost::asio::ip::tcp::socket socket(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(options.host, std::to_string(options.port), error);
  oee::load::Endpoint endpoint;
  if (!error) endpoint = boost::asio::connect(socket, found, error);
  if (!error) return endpoint;
  std::fprintf(stderr, "order-load: cannot reach http://%s:%u: %s\n", options.host.c_str(),
               static_cast<unsigned>(options.port), error.message().c_str());
  return std::nullopt;
}

int run(int argc, char** argv) {
  const auto options = oee::load::parse_options(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "order-load: %s\n", options.error().detail.c_str());
    return exit_usage;
  }
  if (!*options) return 0;
  boost::asio::io_context io(1);
  const auto endpoint = find_server(io, **options);
  if (!endpoint) return exit_unreachable;
  oee::load::Campaign campaign(io, *endpoint, **options);
  const oee::load::Results& results = campaign.run();
  const std::string text =
      (*options)->json ? as_json(results, **options) : as_text(results, **options);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return in_order(results, **options) ? 0 : exit_failure;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "order-load: %s\n", error.what());
    return exit_failure;
  }
}
