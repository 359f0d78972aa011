// RecordChecker: checks records of the store one after another: CRC, payload, contiguous seq,
// chain, and that by_order and keys agree. Used from the watermark to the head at every start, and
// by the scrub.
#pragma once

#include <optional>

#include "eventlog/rocks/store.h"

namespace oee {

class RecordChecker {
 public:
  // `chain`: the chain hash of the record before the first that is checked; not known: its stated
  // predecessor is taken as it is.
  RecordChecker(RocksStore& store, std::optional<Hash256> chain) : store_(store), chain_(chain) {}

  // corrupt (or unsupported): names the seq and what is wrong.
  Result<void> check(Seq seq, std::string_view bytes);

  // Of the last record that was checked.
  const Hash256& chain() const { return *chain_; }
  WallTime time() const { return time_; }

 private:
  Result<void> check_indexes(const Record& record);
  Result<void> check_key(const Record& record, std::string_view key, const Hash256& fingerprint);

  RocksStore& store_;
  std::optional<Hash256> chain_;
  WallTime time_{};
};

}  // namespace oee
