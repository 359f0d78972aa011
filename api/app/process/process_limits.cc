#include "api/app/process/process_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include "core/base/last_line.h"
#include "core/base/log.h"

namespace oee {
namespace {

// The limits of open files of the stores: 512 of the log, 256 of the venue's ledger, 256 of the
// embedded read model. A store that cannot open a file stops the engine, so connections never get
// these descriptors.
constexpr rlim_t descriptors_of_stores = 512 + 256 + 256;
// Write-ahead logs, loops, PostgreSQL and Redis (about 100), and 64 connections that are being
// refused.
constexpr rlim_t descriptors_always = 100 + 64;

[[noreturn]] void out_of_memory() {
  constexpr std::string_view sentence =
      "error fail-stop why=\"out of memory; acknowledged events are durable and the next start "
      "recovers\"\n";
  write_last_line(sentence);
  ::_exit(1);
}

std::terminate_handler terminate_otherwise = nullptr;

// Boost.Asio takes some memory without operator new, and throws when there is none.
[[noreturn]] void end_by_exception() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    out_of_memory();
  } catch (...) {  // the other handler describes it
  }
  terminate_otherwise();
  std::abort();
}

}  // namespace

std::uint32_t connections_that_fit(std::uint32_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur != limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t most = limit.rlim_cur;
  const rlim_t left = most - std::min(most, descriptors_always);
  // With a very low limit, each side gets half: a young log has few files.
  const rlim_t fits = std::max(left / 2, left - std::min(left, descriptors_of_stores));
  if (fits >= wanted) return wanted;
  log::warn("fewer connections than connections-max are accepted: the limit of open files is low",
            log::field("openFilesMax", most), log::field("connectionsMax", fits));
  return static_cast<std::uint32_t>(fits);
}

void stop_when_memory_runs_out() {
  std::set_new_handler(out_of_memory);
  terminate_otherwise = std::set_terminate(end_by_exception);
}

}  // namespace oee
