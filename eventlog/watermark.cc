#include "eventlog/watermark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "eventlog/codec.h"
#include "eventlog/layout.h"

namespace oee {
namespace {

constexpr std::string_view magic = "OEEW";
constexpr std::uint32_t slot_version = 1;
constexpr std::size_t slot_bytes = 64;
constexpr std::size_t at_seq = 8;
constexpr std::size_t at_chain = 16;
constexpr std::size_t at_crc = 60;

Error io_error(std::string_view what, const std::filesystem::path& file) {
  return {Errc::io, std::string(what) + " " + file.string() + ": " + std::strerror(errno)};
}

std::string slot_of(const Watermark& mark) {
  std::string slot(magic);
  layout::put_u32(slot, slot_version);
  layout::put_u64(slot, mark.seq);
  slot += as_bytes(mark.chain);
  slot.resize(at_crc, '\0');
  layout::put_u32(slot, crc32c(slot));
  return slot;
}

std::optional<Watermark> parse_slot(std::string_view slot) {
  if (slot.size() < slot_bytes || slot.substr(0, magic.size()) != magic) return std::nullopt;
  if (layout::get_u32(slot.substr(at_crc)) != crc32c(slot.substr(0, at_crc))) return std::nullopt;
  if (layout::get_u32(slot.substr(magic.size())) != slot_version) return std::nullopt;
  Watermark mark;
  mark.seq = layout::get_u64(slot.substr(at_seq));
  std::memcpy(mark.chain.data(), slot.data() + at_chain, mark.chain.size());
  return mark;
}

struct Slots {
  std::optional<Watermark> slot[2];
  // The slot that counts; -1 when neither is valid.
  int newest() const {
    if (!slot[0] && !slot[1]) return -1;
    if (!slot[0]) return 1;
    if (!slot[1]) return 0;
    return slot[1]->seq > slot[0]->seq ? 1 : 0;
  }
};

Result<Slots> read_slots(int fd, const std::filesystem::path& file) {
  char bytes[2 * slot_bytes] = {};
  const ssize_t size = ::pread(fd, bytes, sizeof bytes, 0);
  if (size < 0) return io_error("cannot read", file);
  const std::string_view all(bytes, static_cast<std::size_t>(size));
  Slots slots;
  slots.slot[0] = parse_slot(all.substr(0, slot_bytes));
  if (all.size() > slot_bytes) slots.slot[1] = parse_slot(all.substr(slot_bytes));
  if (slots.newest() < 0)
    return Error{Errc::corrupt, "the watermark " + file.string() + " has no valid slot"};
  return slots;
}

Result<void> sync_directory(const std::filesystem::path& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open", dir);
  const bool synced = ::fsync(fd) == 0;
  Error failure = io_error("cannot sync", dir);
  ::close(fd);
  if (!synced) return failure;
  return {};
}

// Written beside its place and renamed, so that the file is never seen without a valid slot.
Result<void> create(const std::filesystem::path& file, const Watermark& initial) {
  const std::filesystem::path fresh = file.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return io_error("cannot create", fresh);
  const std::string slot = slot_of(initial) + slot_of(initial);
  const bool written = ::write(fd, slot.data(), slot.size()) == static_cast<ssize_t>(slot.size()) &&
                       ::fsync(fd) == 0;
  Error failure = io_error("cannot write", fresh);
  ::close(fd);
  if (!written) return failure;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return io_error("cannot rename to", file);
  return sync_directory(file.parent_path());
}

}  // namespace

Result<Watermark> read_watermark(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return Error{Errc::not_found, "no watermark " + file.string()};
    return io_error("cannot open", file);
  }
  auto slots = read_slots(fd, file);
  // Both slots can look torn only if two writes overlap one read: a second look settles it.
  if (!slots.ok() && slots.error().code == Errc::corrupt) slots = read_slots(fd, file);
  ::close(fd);
  if (!slots.ok()) return slots.error();
  return *slots->slot[slots->newest()];
}

Result<WatermarkFile> WatermarkFile::open(const std::filesystem::path& file, Watermark initial) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) OEE_TRY(create(file, initial));
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open", file);
  auto slots = read_slots(fd, file);
  if (!slots.ok()) {
    ::close(fd);
    return slots.error();
  }
  const int newest = slots->newest();
  return WatermarkFile(fd, *slots->slot[newest], 1 - newest);
}

WatermarkFile::WatermarkFile(int fd, Watermark last, int next_slot)
    : fd_(fd), last_(last), next_slot_(next_slot) {}

WatermarkFile::WatermarkFile(WatermarkFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), last_(other.last_), next_slot_(other.next_slot_) {}

WatermarkFile::~WatermarkFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> WatermarkFile::write(const Watermark& mark) {
  const std::string slot = slot_of(mark);
  const auto at = static_cast<off_t>(next_slot_ * static_cast<int>(slot_bytes));
  if (::pwrite(fd_, slot.data(), slot.size(), at) != static_cast<ssize_t>(slot.size()))
    return Error{Errc::io, std::string("cannot write the watermark: ") + std::strerror(errno)};
  last_ = mark;
  next_slot_ = 1 - next_slot_;
  return {};
}

Result<void> WatermarkFile::sync() {
  if (::fdatasync(fd_) != 0)
    return Error{Errc::io, std::string("cannot sync the watermark: ") + std::strerror(errno)};
  return {};
}

}  // namespace oee
