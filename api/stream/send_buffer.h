// SendBuffer: the JSON of a stream's updates as one running text, "u1,u2,u3,", which every frame of
// consecutive updates is a slice of: a thousand sockets are written from the same bytes, and each
// adds only its own head. Owned by a StreamHub, one thread.
//
// In chunks: what has been written into one never moves nor changes. A chunk lives while it is
// written, and as long as a slice of it is to be sent: a socket's bounded queue of 8,192 updates
// (2.4 MB) holds eleven of them, the same as every other slow socket's. One that is being closed
// holds the chunk of the frame in hand until its grace is over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/order/update.h"

namespace oee {

// Consecutive updates: [first(), end()).
class TapeChunk {
 public:
  Seq first() const { return first_; }
  Seq end() const { return first_ + ends_.size(); }
  // "u,u,u" of [from, to), without a comma behind the last. It lives as long as the chunk.
  // REQUIRES: first() <= from < to <= end().
  std::string_view text(Seq from, Seq to) const {
    const std::size_t begin = offset(from);
    return std::string_view(text_).substr(begin, offset(to) - 1 - begin);
  }
  // The greatest `to` of which text(from, to) and a comma are at most `bytes_max`, but from + 1 at
  // least, and `to_max` at most. REQUIRES: as text(from, to_max).
  Seq fit(Seq from, Seq to_max, std::size_t bytes_max) const;

 private:
  friend class SendBuffer;
  TapeChunk(Seq first, std::size_t bytes) : first_(first) { text_.reserve(bytes); }
  std::size_t offset(Seq seq) const { return seq == first_ ? 0 : ends_[seq - first_ - 1]; }

  const Seq first_;
  std::string text_;                 // of a capacity that is never exceeded
  std::vector<std::uint32_t> ends_;  // of each update, its comma included
};
using TapeChunkPtr = std::shared_ptr<const TapeChunk>;

class SendBuffer {
 public:
  static constexpr std::size_t chunk_bytes = 256 * 1024;  // four of the largest frames

  // Writes the updates [begin, end) of a batch, or the first of them, as many as the chunk has room
  // for: *end becomes where it stopped, at least one further. Updates that do not follow what was
  // written begin another chunk. REQUIRES: begin < *end.
  TapeChunkPtr write(const std::vector<Update>& batch, std::size_t begin, std::size_t* end);
  void clear() { chunk_.reset(); }

 private:
  std::shared_ptr<TapeChunk> chunk_;
};

}  // namespace oee
