#include "api/app/halt_marker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/log.h"

namespace oee {
namespace {

constexpr std::size_t why_bytes_max = 512;

}  // namespace

void HaltMarker::write(const std::string& why) const {
  const int file = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) return;
  const bool written = ::write(file, why.data(), std::min(why.size(), why_bytes_max)) >= 0;
  if (written) ::fsync(file);
  ::close(file);
}

std::string HaltMarker::read() const {
  const int file = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, why_bytes_max> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  std::string why = "the engine stopped before: ";
  return size > 0 ? why.append(text.data(), static_cast<std::size_t>(size)) : why + "not known";
}

void HaltMarker::remove() const {
  std::error_code failed;
  std::filesystem::remove(file_, failed);
  if (failed)
    log::warn("the halt marker cannot be removed", log::field("file", file_.string()),
              log::field("why", failed.message()));
}

}  // namespace oee
