#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/process/child.h"
#include "tests/support/process/servers.h"

namespace oee::test {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void throw_errno(const std::string& what, int error = errno) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

std::pair<int, int> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) throw_errno("pipe");
  return {fds[0], fds[1]};
}

void close_fd(int* fd) {
  if (*fd >= 0) ::close(*fd);
  *fd = -1;
}

// Runs in the child. After fork only async-signal-safe calls are allowed, so the caller prepares
// everything before.
[[noreturn]] void become(const Launch& what, char* const* argv, pid_t parent, int report_fd) {
  auto fail = [report_fd] {
    const int error = errno;
    [[maybe_unused]] auto n = ::write(report_fd, &error, sizeof error);
    ::_exit(127);
  };
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::dup2(what.input_fd >= 0 ? what.input_fd : null_fd, 0) < 0) fail();
  const int error_fd = what.error_fd >= 0 ? what.error_fd : what.output_fd;
  if (what.output_fd >= 0 && ::dup2(what.output_fd, 1) < 0) fail();
  if (error_fd >= 0 && ::dup2(error_fd, 2) < 0) fail();
  if (what.account) {
    const Account account = *what.account;
    if (::setgroups(0, nullptr) != 0 || ::setgid(account.gid) != 0 || ::setuid(account.uid) != 0) {
      fail();
    }
  }
  if (!what.directory.empty() && ::chdir(what.directory.c_str()) != 0) fail();
  // setuid clears this, so it comes after it. The parent may have ended before this line.
  if (::prctl(PR_SET_PDEATHSIG, what.signal_at_parent_death) != 0) fail();
  if (::getppid() != parent) ::_exit(127);
  // The child inherits no listening socket and no lock of the test program.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execvp(argv[0], argv);
  fail();
  std::abort();
}

}  // namespace

pid_t launch(const Launch& what) {
  std::vector<char*> argv;
  argv.reserve(what.argv.size() + 1);
  for (const std::string& word : what.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  auto [report_read, report_write] = make_pipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) become(what, argv.data(), parent, report_write);
  ::close(report_write);
  int error = 0;
  const ssize_t n = ::read(report_read, &error, sizeof error);  // 0 bytes: exec succeeded
  ::close(report_read);
  if (n == 0) return pid;
  ::waitpid(pid, nullptr, 0);
  throw_errno("cannot start " + what.argv.at(0), error);
}

std::optional<int> wait_exit(pid_t pid, double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  for (auto pause = std::chrono::microseconds(200);;
       pause = std::min(pause * 2, std::chrono::microseconds(10'000))) {
    int status = 0;
    const pid_t got = ::waitpid(pid, &status, seconds < 0 ? 0 : WNOHANG);
    if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (got < 0 && errno != EINTR) throw_errno("waitpid");
    if (seconds >= 0 && Clock::now() >= deadline) return std::nullopt;
    if (seconds >= 0) std::this_thread::sleep_for(pause);
  }
}

std::uint16_t free_port() {
  // The range is below the kernel's ephemeral ports (32768..60999), so no outgoing connection of
  // another test can take the port while a server is stopped and started again.
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> ports(15'000, 32'000);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw_errno("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(ports(random)));
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (free) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "oee-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw_errno("mkdtemp " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // a server's children may still be deleting their own files
  std::filesystem::remove_all(path_, ignored);
  if (ignored) std::filesystem::remove_all(path_, ignored);
}

ChildProcess::ChildProcess(const std::vector<std::string>& argv,
                           const std::filesystem::path& output) {
  Launch what;
  what.argv = argv;
  if (!output.empty()) {
    what.output_fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (what.output_fd < 0) throw_errno("open " + output.string());
  }
  try {
    pid_ = launch(what);
  } catch (...) {
    close_fd(&what.output_fd);
    throw;
  }
  close_fd(&what.output_fd);
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_exit(pid_, -1);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(std::exchange(other.exit_code_, -1)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

void ChildProcess::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

int ChildProcess::wait(double seconds) {
  if (pid_ < 0) return exit_code_;
  const auto ended = wait_exit(pid_, seconds);
  if (!ended) return -1;
  pid_ = -1;
  exit_code_ = *ended;
  return exit_code_;
}

namespace {

// Writes `input` and collects both outputs until all pipes are closed or the deadline has passed.
// Returns whether both outputs were closed.
bool exchange_pipes(int in, int out, int err, const std::string& input, Clock::time_point deadline,
                    RunResult* result) {
  std::size_t written = 0;
  ::fcntl(in, F_SETFL, O_NONBLOCK);  // a full pipe must not prevent reading the outputs
  if (input.empty()) close_fd(&in);
  std::array<char, 65536> buffer;
  auto drain = [&buffer](int* fd, std::string* to) {
    const ssize_t n = ::read(*fd, buffer.data(), buffer.size());
    if (n > 0) to->append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) close_fd(fd);
  };
  while (out >= 0 || err >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    std::array<pollfd, 3> fds{pollfd{in, POLLOUT, 0}, pollfd{out, POLLIN, 0},
                              pollfd{err, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), static_cast<int>(left.count()) + 1);
    if (in >= 0 && fds[0].revents != 0) {
      const ssize_t n = ::write(in, input.data() + written, input.size() - written);
      if (n > 0) written += static_cast<std::size_t>(n);
      if ((n < 0 && errno != EAGAIN) || written == input.size()) close_fd(&in);
    }
    if (out >= 0 && fds[1].revents != 0) drain(&out, &result->out);
    if (err >= 0 && fds[2].revents != 0) drain(&err, &result->err);
  }
  const bool done = out < 0 && err < 0;
  close_fd(&in);
  close_fd(&out);
  close_fd(&err);
  return done;
}

}  // namespace

RunResult run(const std::vector<std::string>& argv, double seconds, const std::string& input) {
  ::signal(SIGPIPE, SIG_IGN);  // a program may end before it reads its input
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  auto [in_read, in_write] = make_pipe();
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  Launch what;
  what.argv = argv;
  what.input_fd = in_read;
  what.output_fd = out_write;
  what.error_fd = err_write;
  RunResult result;
  pid_t pid = -1;
  try {
    pid = launch(what);
  } catch (const std::exception& e) {
    result.err = e.what();
    result.exit_code = 127;
  }
  close_fd(&in_read);
  close_fd(&out_write);
  close_fd(&err_write);
  const bool done = exchange_pipes(in_write, out_read, err_read, input, deadline, &result);
  if (pid < 0) return result;
  const auto left = std::chrono::duration<double>(deadline - Clock::now()).count();
  if (const auto ended = wait_exit(pid, done ? std::max(left, 0.1) : 0.0)) {
    result.exit_code = *ended;
    return result;
  }
  ::kill(pid, SIGKILL);
  wait_exit(pid, -1);
  result.err += "\n[killed: still running after " + std::to_string(seconds) + " s]";
  return result;
}

}  // namespace oee::test
