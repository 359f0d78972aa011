#include "core/store/torn_tail.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/base/crc32c.h"
#include "core/base/log.h"

namespace oee {
namespace {

using rocksdb::IOStatus;

constexpr std::uint64_t block_bytes = 32'768;
constexpr std::uint64_t header_bytes = 7;
constexpr std::uint64_t sector_bytes = 512;
const rocksdb::IOOptions plain;

enum class FragmentType : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

struct Fragment {
  std::uint32_t masked_crc = 0;
  std::uint64_t payload_bytes = 0;
  FragmentType type{};

  bool begins() const { return type == FragmentType::full || type == FragmentType::first; }
  bool ends() const { return type == FragmentType::full || type == FragmentType::last; }
  std::uint64_t bytes() const { return header_bytes + payload_bytes; }
};

std::uint64_t left_in_block(std::uint64_t at) {
  return block_bytes - at % block_bytes;
}
// The rest of a block that is too short for a header is of zeros.
std::uint64_t past_padding(std::uint64_t at) {
  return left_in_block(at) < header_bytes ? at + left_in_block(at) : at;
}

// nullopt: no header that stands at `at` in a file of `size` bytes.
std::optional<Fragment> parse_header(std::string_view bytes, std::uint64_t at, std::uint64_t size) {
  const auto byte = [bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  Fragment fragment;
  fragment.masked_crc =
      static_cast<std::uint32_t>(byte(0)) | static_cast<std::uint32_t>(byte(1)) << 8 |
      static_cast<std::uint32_t>(byte(2)) << 16 | static_cast<std::uint32_t>(byte(3)) << 24;
  fragment.payload_bytes = byte(4) | static_cast<std::uint64_t>(byte(5)) << 8;
  fragment.type = static_cast<FragmentType>(byte(6));
  if (fragment.type < FragmentType::full || fragment.type > FragmentType::last) return std::nullopt;
  if (fragment.bytes() > left_in_block(at) || at + fragment.bytes() > size) return std::nullopt;
  return fragment;
}

// A checksum is stored rotated, so that one of bytes that hold checksums stays a good one.
std::uint32_t mask(std::uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

bool is_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

// The end of a file, from one place on.
struct Tail {
  std::uint64_t begin = 0;
  std::string bytes;

  std::uint64_t end() const { return begin + bytes.size(); }
  std::string_view at(std::uint64_t from, std::uint64_t to) const {
    return std::string_view(bytes).substr(from - begin, to - from);
  }
};

bool has_hole(const Tail& tail, std::uint64_t from) {
  while (from < tail.end()) {
    const std::uint64_t sector_end = std::min((from / sector_bytes + 1) * sector_bytes, tail.end());
    if (is_zeros(tail.at(from, sector_end))) return true;
    from = sector_end;
  }
  return false;
}

// REQUIRES: the tail begins where a fragment does.
std::optional<std::uint64_t> torn_record(const Tail& tail) {
  std::uint64_t record = tail.begin;  // of the fragments that are read, or the one that is torn
  bool torn = false;
  for (std::uint64_t at = past_padding(tail.begin); at + header_bytes <= tail.end();
       at = past_padding(at)) {
    const auto found = parse_header(tail.at(at, at + header_bytes), at, tail.end());
    const bool whole = found && mask(crc32c(tail.at(at + header_bytes - 1, at + found->bytes()))) ==
                                    found->masked_crc;
    if (whole && found->begins()) {
      if (torn) return std::nullopt;
      record = at;
    }
    torn = torn || !whole;
    at += found ? found->bytes() : left_in_block(at);
    if (whole && found->ends() && !torn) record = past_padding(at);
  }
  if (!torn || !has_hole(tail, record)) return std::nullopt;
  return record;
}

// The place of the last header that can be reached from header to header and that begins a record.
IOStatus find_last_record(rocksdb::FSRandomAccessFile& file, std::uint64_t size,
                          std::uint64_t* last) {
  *last = 0;
  char scratch[header_bytes];
  for (std::uint64_t at = 0; at + header_bytes <= size;) {
    rocksdb::Slice read;
    const IOStatus status = file.Read(at, header_bytes, plain, &read, scratch, nullptr);
    if (!status.ok()) return status;
    if (read.size() < header_bytes) break;
    const auto found = parse_header({read.data(), read.size()}, at, size);
    if (!found) break;
    if (found->begins()) *last = at;
    at = past_padding(at + found->bytes());
  }
  return IOStatus::OK();
}

// Ends at `end`.
class ShortenedFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ShortenedFile(std::unique_ptr<rocksdb::FSSequentialFile> file, std::uint64_t end)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_(end) {}
  IOStatus Read(std::size_t bytes, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                char* scratch, rocksdb::IODebugContext* debug) override {
    bytes = std::min<std::uint64_t>(bytes, left_);
    const IOStatus status = target()->Read(bytes, options, result, scratch, debug);
    if (status.ok()) left_ -= result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t bytes) override {
    bytes = std::min(bytes, left_);
    left_ -= bytes;
    return target()->Skip(bytes);
  }

 private:
  std::uint64_t left_;
};

std::optional<std::uint64_t> wal_number(std::string_view name) {
  constexpr std::string_view extension = ".log";
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

class WithoutTornTails final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "WithoutTornTails"; }

  IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             rocksdb::IODebugContext* debug) override {
    IOStatus status = target()->NewSequentialFile(name, options, file, debug);
    bool may_be_torn = false;
    if (status.ok()) status = is_appended_last(name, &may_be_torn);
    if (!status.ok() || !may_be_torn) return status;
    std::optional<std::uint64_t> torn;
    status = find_torn_tail(*target(), name, &torn);
    if (!torn) return status;
    log::warn("the last append to a file is torn, as a power cut leaves it: it is left out",
              log::field("file", name), log::field("from_byte", *torn));
    *file = std::make_unique<ShortenedFile>(std::move(*file), *torn);
    return status;
  }

 private:
  // A MANIFEST, or a write-ahead log behind which no other holds anything.
  IOStatus is_appended_last(const std::string& path, bool* is) {
    const auto slash = path.find_last_of('/');
    const std::string name = path.substr(slash + 1);
    *is = name.starts_with("MANIFEST-");
    const auto number = wal_number(name);
    if (!number || slash == std::string::npos) return IOStatus::OK();
    const std::string directory = path.substr(0, slash);
    std::vector<std::string> others;
    const IOStatus listed = target()->GetChildren(directory, plain, &others, nullptr);
    if (!listed.ok()) return listed;
    *is = std::none_of(others.begin(), others.end(), [&](const std::string& other) {
      std::uint64_t size = 0;
      return wal_number(other).value_or(0) > *number &&
             target()->GetFileSize(directory + "/" + other, plain, &size, nullptr).ok() && size > 0;
    });
    return IOStatus::OK();
  }
};

}  // namespace

IOStatus find_torn_tail(rocksdb::FileSystem& files, const std::string& name,
                        std::optional<std::uint64_t>* begin) {
  begin->reset();
  std::uint64_t size = 0;
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  IOStatus status = files.GetFileSize(name, plain, &size, nullptr);
  if (status.ok()) status = files.NewRandomAccessFile(name, {}, &file, nullptr);
  Tail tail;
  if (status.ok()) status = find_last_record(*file, size, &tail.begin);
  if (!status.ok() || size == tail.begin || size - tail.begin > torn_tail_bytes_max) return status;
  tail.bytes.resize(size - tail.begin);
  rocksdb::Slice read;
  status = file->Read(tail.begin, tail.bytes.size(), plain, &read, tail.bytes.data(), nullptr);
  if (!status.ok()) return status;
  tail.bytes = read.ToString();  // which may be short, or elsewhere
  *begin = torn_record(tail);
  return status;
}

std::shared_ptr<rocksdb::FileSystem> without_torn_tails(
    std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<WithoutTornTails>(std::move(files));
}

rocksdb::Env* env_without_torn_tails() {
  static rocksdb::Env* const env =
      rocksdb::NewCompositeEnv(without_torn_tails(rocksdb::FileSystem::Default())).release();
  return env;
}

}  // namespace oee
