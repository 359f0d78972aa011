#include "tests/support/process/servers.h"

#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/support/process/child.h"

namespace oee::test {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Waits until `ready`. Throws with the server's own output when the server ends first or after 30
// s.
void wait_ready(pid_t* pid, const std::string& name, const fs::path& output,
                const std::function<bool()>& ready) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!ready()) {
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (late) {
      ::kill(*pid, SIGKILL);
      wait_exit(*pid, -1);
    }
    if (late || wait_exit(*pid, 0)) {
      *pid = -1;
      throw std::runtime_error(name + " did not start:\n" + text_of(output));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// Sends `request` to a loopback port and returns the first bytes of the answer. Empty: no
// connection, or no answer within a second.
std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval second{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char buffer[256];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) answer.assign(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

// An output file, opened here so that a server under another user can write to it.
class OutputFile {
 public:
  explicit OutputFile(const fs::path& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw std::runtime_error("cannot write " + path.string());
  }
  ~OutputFile() { ::close(fd_); }
  OutputFile(const OutputFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// The user that PostgreSQL runs as: `postgres` when the tests run as root, else the tests' own
// user.
std::optional<Account> postgres_account() {
  if (::geteuid() != 0) return std::nullopt;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("no user postgres: install postgresql");
  return Account{user->pw_uid, user->pw_gid};
}

// Debian installs the programs of each version outside of PATH.
fs::path postgres_program(const std::string& name) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", error)) {
    if (fs::exists(version.path() / "bin" / name)) found.push_back(version.path() / "bin" / name);
  }
  if (found.empty()) return name;
  return *std::max_element(found.begin(), found.end());
}

void change_owner(const fs::path& path, const std::optional<Account>& account) {
  if (!account) return;
  if (::lchown(path.c_str(), account->uid, account->gid) != 0) {
    throw std::runtime_error("cannot chown " + path.string());
  }
}

void run_as_postgres(const std::vector<std::string>& argv, const fs::path& output) {
  const OutputFile file(output);
  Launch what;
  what.argv = argv;
  what.output_fd = file.fd();
  what.account = postgres_account();
  what.directory = "/";
  if (wait_exit(launch(what), 120) != 0) {
    throw std::runtime_error(argv[0] + " failed:\n" + text_of(output));
  }
}

// An initialised data directory, made once per machine and user. Every server copies it: initdb
// takes over a second, the copy some tens of milliseconds.
fs::path cluster_template() {
  const fs::path initdb = postgres_program("initdb");
  const std::string version = initdb.parent_path().parent_path().filename().string();
  const fs::path ready = fs::temp_directory_path() /
                         ("oee-test-postgres-" + version + "-" + std::to_string(::geteuid()));
  if (fs::exists(ready / "data" / "PG_VERSION")) return ready;
  const TemporaryDirectory work;
  fs::permissions(work.path(), fs::perms(0755));
  const fs::path made = work.path() / "cluster";
  fs::create_directory(made);
  change_owner(made, postgres_account());
  run_as_postgres({initdb.string(), "-D", (made / "data").string(), "-U", "postgres", "-A", "trust",
                   "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--wal-segsize=1"},
                  work.path() / "initdb.log");
  // When two programs do this at once, the second rename fails because the directory has files. The
  // first result is used then.
  std::error_code failed;
  fs::rename(made, ready, failed);
  if (!fs::exists(ready / "data" / "PG_VERSION")) {
    throw std::runtime_error("cannot create " + ready.string() + ": " + failed.message());
  }
  return ready;
}

void copy_cluster(const fs::path& from, const fs::path& to) {
  const auto account = postgres_account();
  fs::copy(from, to, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(to))
    change_owner(entry.path(), account);
  change_owner(to, account);
  fs::permissions(to, fs::perms(0700));
}

// The processes with this working directory. A server's processes work in their data directory.
std::vector<pid_t> working_in(const std::string& directory) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const fs::path at = fs::read_symlink(process.path() / "cwd", error);
    if (!error && at == directory) found.push_back(std::stoi(process.path().filename()));
  }
  return found;
}

// Executes SQL through psql, so that tests without libpqxx can have databases too.
void execute_sql(const std::string& url, const std::string& sql) {
  const RunResult result =
      run({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql}, 60);
  if (result.exit_code != 0) throw std::runtime_error("psql: " + result.err);
}

std::string with_database(const std::string& url, const std::string& database) {
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  const auto query = url.find('?');
  return url.substr(0, std::min(path, query)) + "/" + database +
         (query == std::string::npos ? "" : url.substr(query));
}

// The databases that this program creates on a server that outlives it. The destructor drops them.
class BorrowedServer {
 public:
  explicit BorrowedServer(std::string url) : url_(std::move(url)) {}
  ~BorrowedServer() {
    for (const std::string& name : created_) {
      run({"psql", "-X", "-q", "-d", url_, "-c",
           "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"});
    }
  }
  BorrowedServer(const BorrowedServer&) = delete;
  std::string create(const std::string& name) {
    execute_sql(url_, "CREATE DATABASE " + name);
    created_.push_back(name);
    return with_database(url_, name);
  }

 private:
  std::string url_;
  std::vector<std::string> created_;
};

}  // namespace

RedisServer::RedisServer() {
  for (int attempt = 0;; ++attempt) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::exception&) {  // another program may have taken the port meanwhile
      if (attempt == 2) throw;
    }
  }
}

RedisServer::~RedisServer() {
  stop();
}

std::string RedisServer::url() const {
  return "redis://127.0.0.1:" + std::to_string(port_);
}

void RedisServer::start() {
  if (pid_ > 0) return;
  const fs::path output = dir_.path() / "redis.log";
  const OutputFile file(output);
  Launch what;
  what.argv = {"redis-server",
               "--port",
               std::to_string(port_),
               "--bind",
               "127.0.0.1",
               "--save",
               "",
               "--appendonly",
               "no",
               "--dir",
               dir_.path().string()};
  what.output_fd = file.fd();
  pid_ = launch(what);
  wait_ready(&pid_, "redis-server", output,
             [this] { return ask(port_, "PING\r\n").starts_with("+PONG"); });
}

void RedisServer::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_exit(pid_, -1);
  pid_ = -1;
}

void RedisServer::hang() {
  ::kill(pid_, SIGSTOP);
}

void RedisServer::resume() {
  ::kill(pid_, SIGCONT);
}

std::string RedisServer::command(const std::vector<std::string>& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return ask(port_, request);
}

PostgresServer::PostgresServer() {
  const fs::path source = cluster_template() / "data";
  fs::permissions(dir_.path(), fs::perms(0711));  // the postgres user needs to traverse it
  copy_cluster(source, dir_.path() / "data");
  fs::create_directory(dir_.path() / "socket");
  change_owner(dir_.path() / "socket", postgres_account());
  for (int attempt = 0;; ++attempt) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::exception&) {
      if (attempt == 2) throw;
    }
  }
}

PostgresServer::~PostgresServer() {
  stop();
}

void PostgresServer::start() {
  if (pid_ > 0) return;
  const fs::path output = dir_.path() / "postgres.log";
  const OutputFile file(output);
  Launch what;
  // Started directly, not by pg_ctl, so that the kernel ends it with this program. Durability is
  // off: no test cuts the power of PostgreSQL, and the log is the only truth.
  what.argv = {postgres_program("postgres").string(), "-D", (dir_.path() / "data").string()};
  for (const std::string& setting :
       {"port=" + std::to_string(port_), std::string("listen_addresses=127.0.0.1"),
        "unix_socket_directories=" + (dir_.path() / "socket").string(), std::string("fsync=off"),
        std::string("synchronous_commit=off"), std::string("full_page_writes=off"),
        std::string("shared_buffers=32MB"), std::string("max_connections=200"),
        std::string("autovacuum_naptime=10s"), std::string("max_wal_size=256MB")}) {
    what.argv.insert(what.argv.end(), {"-c", setting});
  }
  what.output_fd = file.fd();
  what.account = postgres_account();
  what.directory = "/";
  what.signal_at_parent_death = SIGQUIT;  // "immediate": the postmaster ends its children too
  pid_ = launch(what);
  // An SSL request is answered with one byte once the server accepts sessions. Only a session shows
  // whether recovery is over.
  const std::string session = url_of("postgres");
  wait_ready(&pid_, "postgres", output, [this, &session] {
    return !ask(port_, std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8)).empty() &&
           run({"psql", "-X", "-q", "-d", session, "-c", "SELECT 1"}, 10).exit_code == 0;
  });
}

void PostgresServer::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGQUIT);
  if (!wait_exit(pid_, 15)) {
    ::kill(pid_, SIGKILL);
    wait_exit(pid_, -1);
  }
  pid_ = -1;
}

// A postmaster refuses to start while processes of the previous one use its shared memory, so this
// waits until they have ended.
void PostgresServer::kill_hard() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_exit(pid_, -1);
  pid_ = -1;
  fs::remove(dir_.path() / "data" / "postmaster.pid");
  const std::string directory = (dir_.path() / "data").string();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!working_in(directory).empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void PostgresServer::hang() {
  ::kill(pid_, SIGSTOP);  // first, so that it starts no further process
  for (const pid_t process : working_in((dir_.path() / "data").string())) ::kill(process, SIGSTOP);
}

void PostgresServer::resume() {
  for (const pid_t process : working_in((dir_.path() / "data").string())) ::kill(process, SIGCONT);
}

void PostgresServer::save_copy() {
  fs::remove_all(dir_.path() / "copy");
  copy_cluster(dir_.path() / "data", dir_.path() / "copy");
}

void PostgresServer::restore_copy() {
  fs::remove_all(dir_.path() / "data");
  copy_cluster(dir_.path() / "copy", dir_.path() / "data");
}

std::string PostgresServer::url_of(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::url(const std::string& database) {
  if (database != "postgres" && databases_.insert(database).second) {
    execute_sql(url_of("postgres"), "CREATE DATABASE \"" + database + "\"");
  }
  return url_of(database);
}

std::string PostgresServer::shared_database() {
  static std::atomic<int> counter{0};
  const std::string name = "t_" + std::to_string(::getpid()) + "_" + std::to_string(++counter);
  if (const char* running = std::getenv("OEE_TEST_POSTGRES_URL"); running != nullptr && *running) {
    static BorrowedServer borrowed{running};
    return borrowed.create(name);
  }
  static PostgresServer own;
  return own.url(name);
}

}  // namespace oee::test
