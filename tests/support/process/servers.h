// Real servers for tests, private: free loopback ports, temporary directories, stopped and removed
// at the end. PostgreSQL runs as the postgres user (it refuses root). Everything started here is
// ended by the kernel when the thread that started it ends: start from the test's main thread.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace oee::test {

std::uint16_t free_port();

// A directory under the system's temporary directory, removed at the end of its life.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class RedisServer {
 public:
  RedisServer();            // started and answering PING
  ~RedisServer();           // killed
  std::string url() const;  // redis://127.0.0.1:PORT
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  void stop();   // SIGKILL: the port is closed
  void start();  // again on the same port, empty
  void hang();   // SIGSTOP: the port takes connections, nobody answers
  void go_on();  // SIGCONT
  // Sends one command and returns the beginning of its answer; empty: none within a second.
  std::string command(const std::vector<std::string>& words);

 private:
  TemporaryDirectory dir_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

class PostgresServer {
 public:
  PostgresServer();  // initdb, started and answering
  ~PostgresServer();
  // A URL of a database of this name, created empty when missing.
  std::string url(const std::string& database = "postgres");
  void stop();       // as pg_ctl stop -m immediate
  void kill_hard();  // SIGKILL to the postmaster: its children end when they notice
  void start();      // REQUIRES: stopped or killed
  // The server's files as they are, and back in their place. REQUIRES: stopped.
  void save_copy();
  void restore_copy();

  // One server for the whole test program (or the one that tools/test started,
  // OEE_TEST_POSTGRES_URL). Returns the URL of a new, empty database.
  static std::string shared_database();
  pid_t pid() const { return pid_; }

 private:
  std::string url_of(const std::string& database) const;

  TemporaryDirectory dir_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  std::set<std::string> databases_;  // created by url()
};

// A program under test, run as a child with its output in a file.
class ChildProcess {
 public:
  ChildProcess() = default;
  // argv[0] is the program's path. REQUIRES: it exists.
  explicit ChildProcess(const std::vector<std::string>& argv,
                        const std::filesystem::path& output = {});
  ~ChildProcess();  // SIGKILL and wait when still running
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  pid_t pid() const { return pid_; }
  void signal(int number);
  // The exit code, 128 + signal when killed; -1 when still running after `seconds`.
  int wait(double seconds);

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;  // once it has been waited for
};

// Runs a program to its end; stdout and stderr are captured.
struct RunResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};
RunResult run(const std::vector<std::string>& argv, double seconds = 60,
              const std::string& input = {});

}  // namespace oee::test
