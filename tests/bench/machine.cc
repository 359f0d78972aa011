#include "tests/bench/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rocksdb/version.h>
#include <boost/version.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/base/check.h"
#include "tests/support/process/servers.h"

namespace oee::bench {

namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

double percentile(std::vector<double> sorted, double percent) {
  const auto at = static_cast<std::size_t>(static_cast<double>(sorted.size()) * percent / 100);
  return sorted.at(std::min(at, sorted.size() - 1));
}

// The value in the first line of a file that begins with this key.
std::string value_of(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t at = line.find_first_not_of(" \t:", key.size());
    return at == std::string::npos ? std::string() : line.substr(at);
  }
  return {};
}

std::string first_line(const std::vector<std::string>& command) {
  const std::string out = test::run(command, 10).out;
  return out.substr(0, out.find('\n'));
}

}  // namespace

Percentiles fdatasync_latency(const fs::path& dir, double rate, double seconds) {
  const File file(dir / "fdatasync", O_WRONLY | O_CREAT | O_APPEND);
  const std::array<char, 512> bytes{};
  std::vector<double> took_us;
  const auto count = static_cast<std::size_t>(rate * seconds);
  took_us.reserve(count);
  const auto began = Clock::now();
  const auto slot =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  for (std::size_t i = 0; i < count; ++i) {
    std::this_thread::sleep_until(began + slot * i);
    const auto start = Clock::now();
    if (start - began > std::chrono::duration<double>(seconds)) break;
    if (::write(file.fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fdatasync(file.fd()) != 0)
      throw std::runtime_error(std::string("fdatasync: ") + std::strerror(errno));
    took_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  fs::remove(dir / "fdatasync");
  std::sort(took_us.begin(), took_us.end());
  return {percentile(took_us, 50), percentile(took_us, 99)};
}

double load_latency_ns(std::size_t bytes) {
  struct alignas(64) Line {
    Line* next = nullptr;
  };
  std::vector<Line> lines(bytes / sizeof(Line));
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::minstd_rand(1));
  for (std::size_t i = 0; i < order.size(); ++i)
    lines[order[i]].next = &lines[order[(i + 1) % order.size()]];
  const Line* at = lines.data();
  const auto round = [&at, &lines] {
    for (std::size_t i = 0; i < lines.size(); ++i) at = at->next;
  };
  round();  // faults the pages in
  constexpr int rounds = 10;
  const auto began = Clock::now();
  for (int i = 0; i < rounds; ++i) round();
  const std::chrono::duration<double, std::nano> took = Clock::now() - began;
  check(at == lines.data(), "the lines are no circle");  // also: `at` is needed
  return took.count() / rounds / static_cast<double>(lines.size());
}

boost::json::object describe_machine() {
  utsname kernel{};
  ::uname(&kernel);
  const std::time_t now = std::time(nullptr);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  boost::json::object machine;
  machine["cpu"] = value_of("/proc/cpuinfo", "model name");
  machine["cores"] = std::thread::hardware_concurrency();
  machine["memory"] = value_of("/proc/meminfo", "MemTotal");
  machine["kernel"] = std::string(kernel.sysname) + " " + kernel.release;
  machine["date"] = date.data();
  machine["versions"] = boost::json::object{
      {"engine", first_line({std::string(OEE_BIN_DIR) + "/order-engine", "--version"})},
      {"compiler", __VERSION__},
      {"boost", BOOST_LIB_VERSION},
      {"rocksdb", std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." +
                      std::to_string(ROCKSDB_PATCH)},
      {"postgresql", first_line({"psql", "--version"})}};
  return machine;
}

bool drop_page_cache() {
  ::sync();
  const File file("/proc/sys/vm/drop_caches", O_WRONLY);
  return file.fd() >= 0 && ::write(file.fd(), "1", 1) == 1;
}

void sync_everything(const fs::path& dir) {
  const File file(dir, O_RDONLY | O_DIRECTORY);
  if (::syncfs(file.fd()) != 0) throw std::runtime_error("syncfs: " + dir.string());
}

std::uint64_t bytes_written_by_this_process() {
  return std::stoull(value_of("/proc/self/io", "write_bytes"));
}

std::uint64_t directory_bytes(const fs::path& dir) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

}  // namespace oee::bench
