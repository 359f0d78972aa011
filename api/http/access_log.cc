#include "api/http/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <string_view>
#include <system_error>

#include "core/base/log.h"

namespace oee {
namespace {

// ~300 B each: 2.5 MB.
constexpr std::size_t queue_lines_max = 8'192;
constexpr std::size_t write_bytes = 64 * 1024;
constexpr mode_t file_mode = 0640;

std::string text_of_errno(int error) {
  return std::generic_category().message(error);
}

// O_NONBLOCK only for the opening: without it a pipe without a reader would hold the program.
Result<int> open_file(const std::filesystem::path& file) {
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, file_mode);
  if (descriptor < 0)
    return Error{Errc::invalid,
                 "access-log " + file.string() + " cannot be opened: " + text_of_errno(errno)};
  ::fcntl(descriptor, F_SETFL, O_APPEND);
  return descriptor;
}

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::filesystem::path& file) {
  OEE_TRY_ASSIGN(const int descriptor, open_file(file));
  return std::unique_ptr<AccessLog>(new AccessLog(file, descriptor));
}

AccessLog::AccessLog(std::filesystem::path file, int descriptor)
    : file_(std::move(file)), descriptor_(descriptor), worker_("access-log", queue_lines_max) {}

AccessLog::~AccessLog() {
  worker_.stop();
  ::close(descriptor_);
}

void AccessLog::write(std::string line) {
  queued_.fetch_add(1);
  if (worker_.post([this, line = std::move(line)] { append(line); })) return;
  dropped_.fetch_add(1, std::memory_order_relaxed);
  // The thread may have taken this line for one that is still to come.
  if (queued_.fetch_sub(1) == 1) worker_.post([this] { write_out(); });
}

void AccessLog::reopen() {
  reopen_ = true;
  // Without room in the queue a line is still to come, which has the same effect.
  worker_.post([this] { write_out(); });
}

bool AccessLog::flush(std::chrono::milliseconds wait) {
  const auto written = std::make_shared<std::promise<void>>();
  const bool taken = worker_.post([this, written] {
    write_out();
    written->set_value();
  });
  return taken && written->get_future().wait_for(wait) == std::future_status::ready;
}

std::string AccessLog::take_drop_reason() {
  const int error = failure_.exchange(0);
  return error != 0 ? text_of_errno(error) : "the file is written too slowly";
}

// --- On the worker's thread ----------------------------------------------------------------------

// Lines are written together while more are queued.
void AccessLog::append(const std::string& line) {
  text_ += line;
  if (queued_.fetch_sub(1) == 1 || text_.size() >= write_bytes) write_out();
}

void AccessLog::write_out() {
  if (reopen_.exchange(false)) reopen_file();
  std::string_view rest = text_;
  int error = 0;
  while (!rest.empty() && error == 0) {
    const ssize_t done = ::write(descriptor_, rest.data(), rest.size());
    if (done >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  const std::size_t done = text_.size() - rest.size();
  if (done > 0) torn_ = text_[done - 1] != '\n';
  written_.fetch_add(lines_in(std::string_view(text_).substr(0, done)), std::memory_order_relaxed);
  text_.erase(0, done);
  if (error == 0) return;
  failure_ = error;
  const std::size_t kept = torn_ ? text_.find('\n') + 1 : 0;
  dropped_.fetch_add(lines_in(std::string_view(text_).substr(kept)), std::memory_order_relaxed);
  text_.resize(kept);
}

void AccessLog::reopen_file() {
  const Result<int> descriptor = open_file(file_);
  if (!descriptor.ok()) {
    log::error("the access log is not reopened; the earlier file stays in use",
               log::field("why", descriptor.error().detail));
    return;
  }
  if (std::exchange(torn_, false)) {
    text_.erase(0, text_.find('\n') + 1);
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  ::close(std::exchange(descriptor_, *descriptor));
  log::info("the access log is reopened", log::field("file", file_.string()));
}

}  // namespace oee
