// EngineProcess: the real order-engine as a child process on a free port, for stack tests. One
// thread, but for the const functions.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/clients/http_client.h"
#include "tests/support/process/servers.h"

namespace oee::test {

inline std::string program(const std::string& name) {
  return std::string(OEE_BIN_DIR) + "/" + name;
}

inline boost::json::value parse_json(const std::string& text) {
  boost::system::error_code ec;
  auto value = boost::json::parse(text, ec);
  EXPECT_FALSE(ec) << text;
  return value;
}
inline std::string text_at(const boost::json::value& value, const char* key) {
  const auto* member = value.as_object().if_contains(key);
  return member != nullptr && member->is_string() ? std::string(member->as_string())
                                                  : std::string();
}

inline std::vector<std::string> joined(std::vector<std::string> flags,
                                       const std::vector<std::string>& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// Flags of a process that uses these two stores, and of a gateway over them.
inline std::vector<std::string> store_flags(const std::string& postgres_url,
                                            const RedisServer& redis) {
  return {"--postgres-url", postgres_url, "--redis-url", redis.url()};
}
inline std::vector<std::string> gateway_flags(const std::string& postgres_url,
                                              const RedisServer& redis) {
  return joined({"--role", "gateway", "--log-level", "warn"}, store_flags(postgres_url, redis));
}

class EngineProcess {
 public:
  // `flags`: beside --listen and --data-dir. Does not start it.
  explicit EngineProcess(std::filesystem::path data_dir, std::vector<std::string> flags = {})
      : data_dir_(std::move(data_dir)), flags_(std::move(flags)), port_(free_port()) {}
  // Kills it, and audits its log.
  ~EngineProcess() {
    child_ = ChildProcess();
    std::error_code error;
    if (!audited_ || !std::filesystem::exists(data_dir_ / "log", error)) return;
    const RunResult audit = run({program("log-dump"), "verify", data_dir_.string()}, 120);
    EXPECT_EQ(audit.exit_code, 0) << audit.out << audit.err;
  }
  EngineProcess(const EngineProcess&) = delete;
  // For a test that damages the log: it is not audited at the end.
  void damages_log() { audited_ = false; }

  // Call before launch().
  void set_listen_host(std::string host) { listen_host_ = std::move(host); }
  // Starts it and does not wait.
  void launch() {
    std::vector<std::string> argv{program("order-engine"), "--listen",
                                  listen_host_ + ":" + std::to_string(port_), "--data-dir",
                                  data_dir_.string()};
    argv.insert(argv.end(), flags_.begin(), flags_.end());
    child_ = ChildProcess(argv, output());
  }
  // Starts it and waits until /readyz is 200, with `ready` == false until /healthz is 200.
  void start(bool ready = true) {
    launch();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    HttpClient client(port_, std::chrono::seconds(2));
    for (;;) {
      const HttpReply reply = client.get(ready ? "/readyz" : "/healthz");
      if (reply.status == 200) return;
      const int code = child_.wait(0);
      ASSERT_EQ(code, -1) << "the engine ended with " << code << "\n" << log_text();
      ASSERT_LT(std::chrono::steady_clock::now(), until) << reply.body << "\n" << log_text();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  void kill_hard() {
    child_.signal(SIGKILL);
    child_.wait(10);
  }
  // SIGTERM; returns the exit code.
  int stop() {
    child_.signal(SIGTERM);
    return child_.wait(12);
  }
  ChildProcess& child() { return child_; }
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& data_dir() const { return data_dir_; }
  std::filesystem::path output() const { return data_dir_.string() + ".engine.log"; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The last 8,000 bytes of the engine's stderr.
  std::string log_text() const {
    std::ifstream file(output());
    std::ostringstream text;
    text << file.rdbuf();
    const std::string all = text.str();
    return all.size() > 8'000 ? all.substr(all.size() - 8'000) : all;
  }

  // Polls `done` until it is true; false after `seconds`.
  static bool eventually(double seconds, const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
  }
  // Ends every halt, as after a fail-stop; returns their number.
  std::size_t resume_trading() {
    HttpClient client(port_);
    const auto halts = parse_json(client.get("/v1/halt").body);
    for (const auto& halt : halts.at("items").as_array()) {
      const auto id = halt.at("haltId").to_number<std::uint64_t>();
      EXPECT_EQ(client.del("/v1/halt/" + std::to_string(id)).status, 200);
    }
    return halts.at("items").as_array().size();
  }
  // A number of GET /metrics, as `name` or `name{label="value"}`; 0: it has none.
  std::uint64_t metric(const std::string& name) const {
    const std::string all = HttpClient(port_).get("/metrics").body;
    const auto line = all.find("\n" + name + " ");
    if (line == std::string::npos) return 0;
    return static_cast<std::uint64_t>(std::stod(all.substr(line + name.size() + 2)));
  }
  // A number of GET /health; 0: it has none of that name.
  std::uint64_t health_number(const char* name) {
    HttpClient client(port_);
    const auto json = parse_json(client.get("/health").body);
    const auto* value = json.as_object().if_contains(name);
    if (value == nullptr) return 0;
    return value->is_int64() ? static_cast<std::uint64_t>(value->as_int64()) : value->as_uint64();
  }

 private:
  std::filesystem::path data_dir_;
  std::vector<std::string> flags_;
  std::string listen_host_ = "127.0.0.1";
  std::uint16_t port_;
  bool audited_ = true;
  ChildProcess child_;
};

inline const std::vector<std::string> no_delays = {"--venue-delay", "0ms",         "--quote-delay",
                                                   "0ms",           "--log-level", "warn"};

inline std::string order_body(const std::string& client_order_id = {},
                              const std::string& amount = "1.5") {
  std::string body = R"({"inputToken":"SOL","outputToken":"USDC","amount":)" + amount;
  if (!client_order_id.empty()) body += R"(,"clientOrderId":")" + client_order_id + '"';
  return body + "}";
}

}  // namespace oee::test
