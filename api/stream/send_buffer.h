// SendBuffer: the JSON of a stream's updates as one continuous text, "u1,u2,u3,". Every frame of
// consecutive updates is a slice of it: a thousand sockets write the same bytes, and each adds only
// its own message head. Owned by a StreamHub; one thread.
//
// The text is cut into chunks. Bytes in a chunk never move or change. A chunk exists while it is
// being filled, and while a slice of it waits to be sent: the queue of one socket, at most 8,192
// updates (2.4 MB), refers to eleven chunks, and all slow sockets share them. A socket that is
// being closed keeps the chunk of its last frame until its grace period ends.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/update.h"

namespace oee {

// Consecutive updates: [first(), end()).
class SendChunk {
 public:
  Seq first() const { return first_; }
  Seq end() const { return first_ + ends_.size(); }
  // "u,u,u" of [from, to), without a comma after the last. Valid as long as the chunk. REQUIRES:
  // first() <= from < to <= end().
  std::string_view text(Seq from, Seq to) const {
    const std::size_t begin = offset(from);
    return std::string_view(text_).substr(begin, offset(to) - 1 - begin);
  }
  // The greatest `to` <= to_max for which text(from, to) and a comma take at most `bytes_max`; at
  // least from + 1. REQUIRES: as text(from, to_max).
  Seq fit(Seq from, Seq to_max, std::size_t bytes_max) const;

 private:
  friend class SendBuffer;
  SendChunk(Seq first, std::size_t bytes) : first_(first) { text_.reserve(bytes); }
  std::size_t offset(Seq seq) const { return seq == first_ ? 0 : ends_[seq - first_ - 1]; }

  const Seq first_;
  std::string text_;                 // never grows beyond its first capacity
  std::vector<std::uint32_t> ends_;  // end of each update in text_, its comma included
};
using SendChunkPtr = std::shared_ptr<const SendChunk>;

class SendBuffer {
 public:
  static constexpr std::size_t chunk_bytes = 256 * 1024;  // four of the largest frames

  // Writes the updates [begin, *end) of a batch, as many as the chunk has room for, at least one.
  // *end becomes the end of what was written. Updates that do not follow the last one written begin
  // another chunk. REQUIRES: begin < *end.
  SendChunkPtr write(const std::vector<Update>& batch, std::size_t begin, std::size_t* end);
  void clear() { chunk_.reset(); }

 private:
  std::shared_ptr<SendChunk> chunk_;
};

}  // namespace oee
