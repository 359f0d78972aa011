// Private servers for tests: each uses a free loopback port and a temporary directory, and is
// stopped and removed at the end. PostgreSQL runs as the postgres user because it refuses root. The
// kernel ends every process started here when the thread that started it ends: start from the
// test's main thread.
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

// A directory below the system's temporary directory. The destructor removes it.
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
  RedisServer();            // returns when it answers PING
  ~RedisServer();           // killed
  std::string url() const;  // redis://127.0.0.1:PORT
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  void stop();    // SIGKILL: the port is closed
  void start();   // on the same port, without data
  void hang();    // SIGSTOP: connections are accepted and not answered
  void resume();  // SIGCONT
  // Sends one command and returns the beginning of the answer. Empty: no answer within a second.
  std::string command(const std::vector<std::string>& words);

 private:
  TemporaryDirectory dir_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

class PostgresServer {
 public:
  PostgresServer();  // returns when it accepts sessions
  ~PostgresServer();
  // Returns the URL of a database of this name. A missing database is created empty.
  std::string url(const std::string& database = "postgres");
  void stop();       // like pg_ctl stop -m immediate
  void kill_hard();  // SIGKILL to the postmaster; returns when its children have ended too
  void start();      // REQUIRES: stopped or killed
  void hang();       // SIGSTOP to its processes: sessions and new connections get no answer
  void resume();     // SIGCONT
  // Copies the server's files, and puts the copy back. REQUIRES: stopped.
  void save_copy();
  void restore_copy();

  // Returns the URL of a new, empty database on a server that the whole test program shares:
  // OEE_TEST_POSTGRES_URL, which tools/test sets, or one started on the first call.
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
  ~ChildProcess();  // kills it and waits when it still runs
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  pid_t pid() const { return pid_; }
  void signal(int number);
  // Returns the exit code, 128 + signal when it was killed, -1 when it still runs after `seconds`.
  int wait(double seconds);

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;  // set by wait()
};

struct RunResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};
// Runs a program to its end, at most `seconds`, and captures stdout and stderr. A program that
// takes longer is killed: exit_code is -1 then. 127: it could not be started.
RunResult run(const std::vector<std::string>& argv, double seconds = 60,
              const std::string& input = {});

}  // namespace oee::test
