// AccessLog: a file with one line for each answered request. Lines pass through a bounded queue to
// a thread of its own, so that a slow or full disk never delays a caller. A line without room in
// the queue, or that the disk refuses, is dropped and counted; the file never has half a line
// between two others, except where a full disk and a reopening meet. A crash loses the lines that
// are not written yet. Owned by RequestLog.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/runtime/worker.h"

namespace oee {

class AccessLog {
 public:
  // Opens the file for appending, and creates it with mode 0640 when there is none. invalid: the
  // detail names the file and the error; a pipe without a reader is such an error.
  static Result<std::unique_ptr<AccessLog>> open(const std::filesystem::path& file);
  ~AccessLog();  // waits for a write under way; see flush()
  AccessLog(const AccessLog&) = delete;

  // `line` ends with a newline. Any thread; never waits.
  void write(std::string line);
  // The file is opened anew by its name before the next write. When that fails, the error is logged
  // and the earlier file stays in use. Any thread; never waits.
  void reopen();
  // Waits until the lines so far are written or dropped. false: not in time; the thread still
  // writes, and this object must not be destroyed.
  bool flush(std::chrono::milliseconds wait);

  // Lines since the start. Any thread.
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  // The reason for the drops since the last call. Any thread.
  std::string take_drop_reason();

 private:
  AccessLog(std::filesystem::path file, int descriptor);
  void append(const std::string& line);
  void write_out();
  void reopen_file();

  const std::filesystem::path file_;
  int descriptor_;
  std::string text_;   // the lines that wait for the next write
  bool torn_ = false;  // the file ends with a part of a line; text_ begins with its rest
  std::atomic<bool> reopen_{false};
  std::atomic<std::int64_t> queued_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<int> failure_{0};  // errno of the last write that failed
  Worker worker_;                // the last member: its thread ends before the others are destroyed
};

}  // namespace oee
