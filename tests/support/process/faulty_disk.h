// FaultyDisk: the syncs of the programs that are started while it exists can hang or fail
// (tests/preload/disk_fault.cc). One thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/process/engine_process.h"

namespace oee::test {

class FaultyDisk {
 public:
  // `file`: does not exist.
  explicit FaultyDisk(std::filesystem::path file) : file_(std::move(file)) {
    ::setenv("DISK_FAULT_FILE", file_.c_str(), 1);
    ::setenv("LD_PRELOAD", program("disk_fault.so").c_str(), 1);
    // The library needs nothing of AddressSanitizer's runtime, which wants to be loaded first.
    const char* options = std::getenv("ASAN_OPTIONS");
    asan_options_ = options != nullptr ? options : "";
    ::setenv("ASAN_OPTIONS", (asan_options_ + ":verify_asan_link_order=0").c_str(), 1);
  }
  ~FaultyDisk() {
    ::unsetenv("DISK_FAULT_FILE");
    ::unsetenv("LD_PRELOAD");
    ::setenv("ASAN_OPTIONS", asan_options_.c_str(), 1);
  }
  FaultyDisk(const FaultyDisk&) = delete;

  // From now on every sync hangs, until work() or fail().
  void hang() { std::ofstream made(file_); }
  // From now on every sync fails with EIO.
  void fail() {
    const std::filesystem::path fresh = file_.string() + ".new";
    std::ofstream(fresh) << "EIO";
    std::filesystem::rename(fresh, file_);
  }
  void work() { std::filesystem::remove(file_); }

 private:
  const std::filesystem::path file_;
  std::string asan_options_;
};

}  // namespace oee::test
