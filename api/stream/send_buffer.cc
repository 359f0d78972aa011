#include "api/stream/send_buffer.h"

#include <algorithm>

#include "core/base/check.h"

namespace oee {

Seq SendChunk::fit(Seq from, Seq to_max, std::size_t bytes_max) const {
  const std::size_t limit = offset(from) + bytes_max;
  const auto at = [this](Seq seq) {
    return ends_.begin() + static_cast<std::ptrdiff_t>(seq - first_);
  };
  const auto found = std::upper_bound(at(from + 1), at(to_max), limit);
  return first_ + static_cast<Seq>(found - ends_.begin());
}

SendChunkPtr SendBuffer::write(const std::vector<Update>& batch, std::size_t begin,
                               std::size_t* end) {
  check(begin < *end, "SendBuffer::write: no updates");
  const auto fits = [this](const Update& update) {
    return chunk_->text_.size() + update.json.size() + 1 <= chunk_->text_.capacity();
  };
  const Update& first = batch[begin];
  if (!chunk_ || chunk_->end() != first.seq || !fits(first))
    chunk_.reset(new SendChunk(first.seq, std::max(chunk_bytes, first.json.size() + 1)));
  std::size_t at = begin;
  for (; at < *end && fits(batch[at]); ++at) {
    chunk_->text_.append(batch[at].json).push_back(',');
    chunk_->ends_.push_back(static_cast<std::uint32_t>(chunk_->text_.size()));
  }
  *end = at;
  return chunk_;
}

}  // namespace oee
