#include "tests/bench/http_load.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/engine.h"
#include "tests/support/clients/http_client.h"

namespace oee::bench {

namespace {

constexpr double load_seconds_max = 600;

}  // namespace

std::string seconds_text(double seconds) {
  return std::to_string(static_cast<std::uint64_t>(seconds * 1000)) + "ms";
}

double number_at(const boost::json::object& json, const char* key) {
  return json.at(key).to_number<double>();
}
double number_at(const boost::json::object& json, const char* key, const char* inner) {
  return number_at(json.at(key).as_object(), inner);
}

boost::json::object run_load(const std::string& url, const std::vector<std::string>& flags) {
  std::vector<std::string> argv{program("order-load"), "--url", url, "--json", "--quiet"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const auto load = test::run(argv, load_seconds_max);
  if (load.exit_code != 0)
    throw std::runtime_error("order-load ended with " + std::to_string(load.exit_code) + ": " +
                             load.out + load.err);
  return boost::json::parse(load.out).as_object();
}

std::vector<std::string> accept_load(double seconds) {
  return {"--connections", "128", "--keys", "--no-outcomes", "--duration", seconds_text(seconds)};
}

std::vector<std::string> accept_load_of(std::uint64_t orders) {
  return {"--connections", "128", "--keys", "--no-outcomes", "--orders", std::to_string(orders)};
}

std::vector<std::string> open_load(std::uint64_t open) {
  return {"--open", std::to_string(open), "--connections", "256"};
}

std::vector<std::string> paced_load(double rate, double seconds) {
  return {"--rate",        std::to_string(rate), "--keys",
          "--no-outcomes", "--duration",         seconds_text(seconds)};
}

BareServer::BareServer(const std::string& kind, unsigned threads,
                       const std::filesystem::path& frames)
    : port_(test::free_port()) {
  std::vector<std::string> argv{program("bench_ceiling"), kind, std::to_string(port_),
                                std::to_string(threads)};
  if (!frames.empty()) argv.push_back(frames.string());
  child_ = test::ChildProcess(argv);
  const auto began = std::chrono::steady_clock::now();
  test::HttpClient client(port_, std::chrono::seconds(2));
  while (client.get("/").status == 0) {
    if (child_.wait(0) != -1) throw std::runtime_error("the bare server ended");
    if (seconds_since(began) > 10) throw std::runtime_error("the bare server does not answer");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string BareServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

double bare_http_rate(unsigned threads, double seconds) {
  const BareServer server("http", threads);
  return number_at(run_load(server.url(), accept_load(seconds)), "acceptedPerSecond");
}

}  // namespace oee::bench
