// The machine that the figures come from: what it is, what its disk needs for a sync, its page
// cache, and what Linux counts of processes. Any thread.
#pragma once

#include <sys/types.h>

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace oee::bench {

struct Percentiles {
  double p50_us = 0;
  double p99_us = 0;
};

// Appends of 512 bytes, each followed by fdatasync, so many a second, or as many as the disk can
// do: what each takes by itself, without a wait for the one before.
Percentiles fdatasync_latency(const std::filesystem::path& dir, double rate, double seconds);

// Mean time of a load that needs the one before it, anywhere in so many bytes: which cache a
// working set of this size gets on this machine, or none.
double load_latency_ns(std::size_t bytes);

// CPU, kernel, cores, memory, versions, date.
boost::json::object describe_machine();

// Writes everything out and empties the page cache; false where this user may not.
bool drop_page_cache();
void sync_everything(const std::filesystem::path& dir);  // the file system that holds it

std::uint64_t bytes_written_by_this_process();  // to storage, as /proc/self/io counts
std::uint64_t directory_bytes(const std::filesystem::path& dir);

// Keeps this thread, and what it starts meanwhile, on these cores; undone at the end of its life.
class Pinned {
 public:
  explicit Pinned(const std::vector<int>& cores);
  ~Pinned();
  Pinned(const Pinned&) = delete;

 private:
  std::vector<int> before_;
};

}  // namespace oee::bench
