#include "core/rocksdb/log_end.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"

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
// The rest of a block that is too short for a header is padded with zeros.
std::uint64_t past_padding(std::uint64_t at) {
  return left_in_block(at) < header_bytes ? at + left_in_block(at) : at;
}

// nullopt: not a header that can be at `at`.
std::optional<Fragment> parse_header(std::string_view bytes, std::uint64_t at) {
  Fragment fragment;
  fragment.masked_crc = load_le<std::uint32_t>(bytes);
  fragment.payload_bytes = load_le<std::uint16_t>(bytes.substr(4));
  fragment.type = static_cast<FragmentType>(bytes[6]);
  if (fragment.type < FragmentType::full || fragment.type > FragmentType::last) return std::nullopt;
  if (fragment.bytes() > left_in_block(at)) return std::nullopt;
  return fragment;
}

// RocksDB stores a checksum masked, because a CRC over bytes that contain CRCs is weak.
std::uint32_t mask(std::uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xA282EAD8U;
}

// The last bytes of a file, from offset `begin` on.
struct Tail {
  std::uint64_t begin = 0;
  std::string bytes;

  std::uint64_t end() const { return begin + bytes.size(); }
  std::string_view at(std::uint64_t from, std::uint64_t to) const {
    return std::string_view(bytes).substr(from - begin, to - from);
  }
  // Only zeros follow it.
  std::uint64_t used_end() const {
    return begin + bytes.size() -
           static_cast<std::size_t>(
               std::find_if(bytes.rbegin(), bytes.rend(), [](char byte) { return byte != 0; }) -
               bytes.rbegin());
  }
};

bool has_hole(const Tail& tail, std::uint64_t from, std::uint64_t to) {
  while (from < to) {
    const std::uint64_t sector_end = std::min((from / sector_bytes + 1) * sector_bytes, to);
    const std::string_view sector = tail.at(from, sector_end);
    if (std::all_of(sector.begin(), sector.end(), [](char byte) { return byte == 0; })) return true;
    from = sector_end;
  }
  return false;
}

// REQUIRES: the tail begins where a record does.
LogEnd end_in(const Tail& tail) {
  LogEnd end{LogEnd::Kind::file, tail.end(), tail.begin};
  std::uint64_t record = tail.begin;  // begin of the current record, or of the torn one
  std::uint64_t used_end = tail.used_end();
  bool torn = false;
  bool inside = false;  // a record has begun and not ended
  std::uint64_t at = past_padding(tail.begin);
  for (; at + header_bytes <= tail.end(); at = past_padding(at)) {
    const auto found = parse_header(tail.at(at, at + header_bytes), at);
    if (found && at + found->bytes() > tail.end()) break;
    const bool whole = found && mask(crc32c(tail.at(at + header_bytes - 1, at + found->bytes()))) ==
                                    found->masked_crc;
    if (whole && found->begins()) {
      if (torn) return end;
      end.last_record = record = at;
    }
    // The next fragment is missing, or the rest of this header.
    if (!found && (inside || used_end > at)) used_end = std::max(used_end, at + header_bytes);
    torn = torn || !whole;
    inside = whole && !found->ends();
    at += found ? found->bytes() : left_in_block(at);
    if (found) used_end = std::max(used_end, at);
    if (whole && found->ends() && !torn) record = past_padding(at);
  }
  const bool cut = !torn && (inside || at < used_end);
  if (used_end <= record && record < tail.end()) {
    end.kind = LogEnd::Kind::zeros;
    end.at = record;
  } else if (cut || (torn && has_hole(tail, record, used_end))) {
    end.kind = LogEnd::Kind::torn;
    end.at = record;
  }
  return end;
}

// Reads the headers of a file, block by block.
class Headers {
 public:
  Headers(const rocksdb::FSRandomAccessFile& file, std::uint64_t size) : file_(file), size_(size) {}

  // Follows the headers from `from`. `last` gets the offset of the last one that begins a record.
  IOStatus find_last_record(std::uint64_t from, std::uint64_t* last) {
    *last = from;
    for (std::uint64_t at = from; at + header_bytes <= size_;) {
      std::optional<Fragment> found;
      const IOStatus status = read(at, &found);
      if (!status.ok()) return status;
      if (!found || at + found->bytes() > size_) break;
      if (found->begins()) *last = at;
      at = past_padding(at + found->bytes());
    }
    return IOStatus::OK();
  }

 private:
  IOStatus read(std::uint64_t at, std::optional<Fragment>* found) {
    if (at / block_bytes != block_at_ / block_bytes || block_.empty()) {
      block_at_ = at - at % block_bytes;
      const std::uint64_t bytes = std::min(block_bytes, size_ - block_at_);
      const IOStatus status = file_.Read(block_at_, bytes, plain, &block_, scratch_, nullptr);
      if (!status.ok()) return status;
    }
    const std::uint64_t in_block = at - block_at_;
    if (in_block + header_bytes <= block_.size())
      *found = parse_header({block_.data() + in_block, header_bytes}, at);
    return IOStatus::OK();
  }

  const rocksdb::FSRandomAccessFile& file_;
  const std::uint64_t size_;
  std::uint64_t block_at_ = 0;
  rocksdb::Slice block_;
  char scratch_[block_bytes];
};

}  // namespace

IOStatus find_log_end(const rocksdb::FSRandomAccessFile& file, std::uint64_t size,
                      std::uint64_t from, LogEnd* end) {
  *end = {LogEnd::Kind::file, size, from};
  Tail tail;
  IOStatus status = Headers(file, size).find_last_record(from, &tail.begin);
  if (!status.ok()) return status;
  end->last_record = tail.begin;
  if (size <= tail.begin || size - tail.begin > log_tail_bytes_max) return status;
  tail.bytes.resize(size - tail.begin);
  rocksdb::Slice read;
  status = file.Read(tail.begin, tail.bytes.size(), plain, &read, tail.bytes.data(), nullptr);
  if (!status.ok()) return status;
  if (read.size() < tail.bytes.size() || read.data() != tail.bytes.data())
    tail.bytes = read.ToString();
  *end = end_in(tail);
  return status;
}

}  // namespace oee
