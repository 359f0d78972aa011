#include "core/rocksdb/zeroed_ahead.h"

#include <algorithm>
#include <string>

namespace oee {

using rocksdb::IOStatus;

IOStatus ZeroedAhead::Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) {
  const IOStatus status = target()->Append(data, options, debug);
  if (status.ok()) appended(data.size(), options, debug);
  return status;
}

IOStatus ZeroedAhead::Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& verification,
                             rocksdb::IODebugContext* debug) {
  const IOStatus status = target()->Append(data, options, verification, debug);
  if (status.ok()) appended(data.size(), options, debug);
  return status;
}

void ZeroedAhead::appended(std::uint64_t bytes, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) {
  static const std::string zeros(zeros_ahead_bytes_max, '\0');
  appended_end_ += bytes;
  if (appended_end_ <= zeroed_end_) return;
  const auto ahead = std::clamp(appended_end_, zeros_ahead_bytes_min, zeros_ahead_bytes_max);
  // Without room for the zeros (a full disk) appends continue: they do not need them.
  const bool written =
      target()->PositionedAppend({zeros.data(), ahead}, appended_end_, options, debug).ok();
  zeroed_end_ = written ? appended_end_ + ahead : never_again;
}

IOStatus ZeroedAhead::Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) {
  const IOStatus cut = target()->Truncate(appended_end_, options, debug);
  const IOStatus closed = target()->Close(options, debug);
  return cut.ok() ? closed : cut;
}

}  // namespace oee
