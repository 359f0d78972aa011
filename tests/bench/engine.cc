#include "tests/bench/engine.h"

#include <boost/json.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/support/clients/http_client.h"
#include "tests/support/process/process_metrics.h"

namespace oee::bench {

namespace {

constexpr double start_seconds_max = 300;  // the engine may fold a long log
constexpr double verify_seconds_max = 600;
constexpr std::chrono::milliseconds idle_window{500};
constexpr double idle_share = 0.05;  // of one core

}  // namespace

const std::vector<std::string> held = {
    "--execution-concurrency", "0", "--open-orders-max", "10000000", "--log-level", "warn"};
const std::vector<std::string> no_delays = {"--venue-delay", "0ms",         "--quote-delay",
                                            "0ms",           "--log-level", "warn"};

std::string program(const std::string& name) {
  return std::string(OEE_BIN_DIR) + "/" + name;
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void verify_log(const std::filesystem::path& data_dir) {
  const auto verified =
      test::run({program("log-dump"), "verify", data_dir.string()}, verify_seconds_max);
  if (verified.exit_code != 0)
    throw LogDamaged("log-dump verify ended with " + std::to_string(verified.exit_code) + ": " +
                     verified.out + verified.err);
}

Engine::Engine(std::filesystem::path data_dir, std::vector<std::string> flags, Until until)
    : data_dir_(std::move(data_dir)), port_(test::free_port()) {
  std::vector<std::string> argv{program("order-engine"), "--listen",
                                "127.0.0.1:" + std::to_string(port_), "--data-dir",
                                data_dir_.string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const auto began = std::chrono::steady_clock::now();
  child_ = test::ChildProcess(argv, data_dir_.string() + ".engine.log");
  test::HttpClient client(port_, std::chrono::seconds(2));
  while (client.get(until == Until::ready ? "/readyz" : "/healthz").status != 200) {
    if (child_.wait(0) != -1) throw std::runtime_error("the engine ended\n" + log_tail());
    if (seconds_since(began) > start_seconds_max)
      throw std::runtime_error("the engine did not become ready\n" + log_tail());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  start_seconds_ = seconds_since(began);
}

std::string Engine::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::uint64_t Engine::resident_bytes() const {
  return test::resident_kib(child_.pid()) * 1024;
}

std::uint64_t Engine::health_number(const std::string& name) const {
  const std::string body = test::HttpClient(port_).get("/health").body;
  boost::system::error_code bad;
  const auto health = boost::json::parse(body, bad);
  const auto* found = !bad && health.is_object() ? health.as_object().if_contains(name) : nullptr;
  if (found == nullptr || !found->is_number())
    throw std::runtime_error("/health has no " + name + ": " + body);
  return found->to_number<std::uint64_t>();
}

double Engine::metric(const std::string& name) const {
  const std::string body = "\n" + test::HttpClient(port_).get("/metrics").body;
  const std::size_t at = body.find("\n" + name + " ");
  if (at == std::string::npos) throw std::runtime_error("/metrics has no " + name);
  return std::stod(body.substr(at + name.size() + 2));
}

double Engine::processor_seconds() const {
  return test::processor_seconds(child_.pid());
}

void Engine::wait_until(const std::string& name, std::uint64_t value, double seconds) const {
  const auto began = std::chrono::steady_clock::now();
  while (health_number(name) != value) {
    if (seconds_since(began) > seconds)
      throw std::runtime_error(name + " did not become " + std::to_string(value));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Engine::settle(double seconds) const {
  const auto began = std::chrono::steady_clock::now();
  wait_until("projectedSeq", health_number("headSeq"), seconds);
  for (double share = 1; share > idle_share;) {
    if (seconds_since(began) > seconds) throw std::runtime_error("the engine does not become idle");
    const double before = processor_seconds();
    const auto looked = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(idle_window);
    share = (processor_seconds() - before) / seconds_since(looked);
  }
}

void Engine::stop(Audit audit) {
  child_.signal(SIGTERM);
  if (const int code = child_.wait(15); code != 0)
    throw std::runtime_error("the engine stopped with " + std::to_string(code) + "\n" + log_tail());
  if (audit == Audit::verify) verify_log(data_dir_);
}

std::string Engine::log_tail() const {
  std::ifstream file(data_dir_.string() + ".engine.log");
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  return all.size() > 2'000 ? all.substr(all.size() - 2'000) : all;
}

void bring_read_model_up_to_date(const std::filesystem::path& data_dir) {
  Engine engine(data_dir, held, Engine::Until::serving);
  engine.wait_until("projectedSeq", engine.health_number("headSeq"), 600);
  engine.stop(Engine::Audit::later);
}

}  // namespace oee::bench
