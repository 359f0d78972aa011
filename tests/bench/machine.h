// The machine that runs the bench: its description, the latency of its disk and memory, its page
// cache, and Linux's counters of processes. Any thread.
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

// The latency of an append of 512 bytes and its fdatasync, at `rate` a second or as many as the
// disk can do, without the wait for the previous one.
Percentiles fdatasync_latency(const std::filesystem::path& dir, double rate, double seconds);

// The mean time of a load that depends on the previous load, at random places in `bytes`. It shows
// which cache, if any, a working set of this size has on this machine.
double load_latency_ns(std::size_t bytes);

// CPU, kernel, cores, memory, versions, date.
boost::json::object describe_machine();

// Writes everything to disk and empties the page cache. false: this user may not.
bool drop_page_cache();
void sync_everything(const std::filesystem::path& dir);  // the file system that holds it

std::uint64_t bytes_written_by_this_process();  // to storage, from /proc/self/io
std::uint64_t directory_bytes(const std::filesystem::path& dir);

}  // namespace oee::bench
