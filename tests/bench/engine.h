// The engine under measurement as a child process, and the audit of the log that it leaves. The
// child does not outlive this program. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/process/servers.h"

namespace oee::bench {

// The log of a run does not verify.
struct LogDamaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string program(const std::string& name);
double seconds_since(std::chrono::steady_clock::time_point began);

// Runs log-dump verify. Throws LogDamaged with its output.
void verify_log(const std::filesystem::path& data_dir);

class Engine {
 public:
  enum class Until : std::uint8_t { ready, serving };
  // Starts it and waits. `flags`: beside --listen and --data-dir. Throws when it ends instead.
  Engine(std::filesystem::path data_dir, std::vector<std::string> flags,
         Until until = Until::ready);

  double start_seconds() const { return start_seconds_; }  // from exec until it was ready
  std::uint16_t port() const { return port_; }
  std::string url() const;
  std::uint64_t resident_bytes() const;
  std::uint64_t health_number(const std::string& name) const;  // throws when there is none
  // The value of the line of /metrics that begins with `name`, labels included. Throws when there
  // is none.
  double metric(const std::string& name) const;
  double processor_seconds() const;  // used so far, user and system
  // Polls /health until the member has this value. Throws after `seconds`.
  void wait_until(const std::string& name, std::uint64_t value, double seconds) const;
  // Waits until the read model has the whole log and the engine is idle: work that an earlier run
  // left, such as compaction, is done then. REQUIRES: no client uses it. Throws after `seconds`.
  void settle(double seconds) const;
  // Sends SIGTERM. Throws when it does not end in order. Audit::later: does not verify the log.
  enum class Audit : std::uint8_t { verify, later };
  void stop(Audit audit = Audit::verify);

 private:
  std::string log_tail() const;
  std::filesystem::path data_dir_;
  std::uint16_t port_;
  test::ChildProcess child_;
  double start_seconds_ = 0;
};

// Flags of an engine that accepts and executes nothing.
extern const std::vector<std::string> held;
// Flags of an engine whose venues take no time.
extern const std::vector<std::string> no_delays;

// Runs an engine on the log until its embedded read model has all of it.
void bring_read_model_up_to_date(const std::filesystem::path& data_dir);

}  // namespace oee::bench
