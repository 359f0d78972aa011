// The engine under measurement as a child process, and the audit of the log that it leaves. One
// thread; the child does not outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process/servers.h"

namespace oee::bench {

std::string program(const std::string& name);
double seconds_since(std::chrono::steady_clock::time_point began);

// log-dump verify. Throws LogDamaged with what it says.
void verify_log(const std::filesystem::path& data_dir);

class Engine {
 public:
  enum class Until : std::uint8_t { ready, serving };
  // Started; `flags` beside --listen and --data-dir. Throws when it ends instead.
  Engine(std::filesystem::path data_dir, std::vector<std::string> flags,
         Until until = Until::ready);

  double start_seconds() const { return start_seconds_; }  // from exec until it answered so
  std::uint16_t port() const { return port_; }
  std::string url() const;
  std::uint64_t resident_bytes() const;
  std::uint64_t figure(const std::string& name) const;  // of /health; throws when there is none
  // Asks until it is so; throws after so many seconds.
  void wait_until(const std::string& name, std::uint64_t value, double seconds) const;
  // Until the read model has all of the log and the engine rests: what an earlier run left to do,
  // compaction too, is done. Nobody may use it meanwhile. Throws after so many seconds.
  void settle(double seconds) const;
  // SIGTERM; throws when it does not end in order. The log is verified unless that is put off.
  enum class Audit : std::uint8_t { verify, later };
  void stop(Audit audit = Audit::verify);

 private:
  std::string last_words() const;
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
