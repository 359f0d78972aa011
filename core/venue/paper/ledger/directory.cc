#include "core/venue/paper/ledger/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace oee::paper {
namespace {

namespace fs = std::filesystem;

Result<void> sync_directory(const fs::path& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return Error{Errc::io, "venue ledger: cannot sync " + dir.string() + ": " +
                             std::generic_category().message(error)};
}

}  // namespace

Result<void> prepare_ledger_directory(const fs::path& dir) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (failed) return Error{Errc::io, "venue ledger: " + dir.string() + ": " + failed.message()};
  if (fs::exists(dir / "CURRENT", failed)) return {};
  fs::path above = (fs::absolute(dir) / "").lexically_normal().parent_path().parent_path();
  OEE_TRY(sync_directory(above));
  // The directories further up belong to the operator and may not be readable: best effort.
  for (; above.has_filename(); above = above.parent_path())
    (void)sync_directory(above.parent_path()).ok();
  return {};
}

}  // namespace oee::paper
