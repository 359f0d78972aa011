// order-load: sends orders to a running order-engine and reports the results.
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <exception>

#include "tools/order_load/load_run.h"
#include "tools/order_load/options.h"
#include "tools/order_load/results.h"
#include "tools/order_load/tls.h"

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_unreachable = 6;

// Connects once and fills server.endpoint. The other members of `server` are set. Returns 0 or the
// exit code.
int find_server(boost::asio::io_context& io, const oee::load::Options& options,
                oee::load::Server& server) {
  boost::asio::ip::tcp::resolver resolver(io);
  boost::asio::ip::tcp::socket socket(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(options.host, std::to_string(options.port), error);
  if (!error) server.endpoint = boost::asio::connect(socket, found, error);
  socket.close();
  if (!error) error = oee::load::Wire(io, server).connect();
  if (!error) return 0;
  std::fprintf(stderr, "order-load: cannot reach %s: %s\n", url_of(options).c_str(),
               error.message().c_str());
  return exit_unreachable;
}

int run(int argc, char** argv) {
  const auto options = oee::load::parse_options(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "order-load: %s\n", options.error().detail.c_str());
    return exit_usage;
  }
  if (!*options) return 0;
  boost::asio::io_context io(1);
  oee::load::Server server;
  server.host = (*options)->host;
  std::shared_ptr<boost::asio::ssl::context> tls;
  if ((*options)->tls) {
    const auto trusted = oee::load::trust((*options)->ca_file, (*options)->insecure);
    if (!trusted.ok()) {
      std::fprintf(stderr, "order-load: %s\n", trusted.error().detail.c_str());
      return exit_usage;
    }
    tls = *trusted;
    server.tls = tls.get();
  }
  if (const int unreachable = find_server(io, **options, server)) return unreachable;
  oee::load::LoadRun load_run(io, server, **options);
  const oee::load::Results& results = load_run.run();
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
