// RecordChecker: checks records of the store one after another: CRC, payload, contiguous seq,
// chain, and the entries in by_order and keys. The start checks the records from the watermark to
// the head with it, the scrub checks all records, and copy_log() (eventlog/audit/copy.h) its new
// ones. One thread.
#pragma once

#include <optional>

#include "eventlog/rocks/store.h"

namespace oee {

class RecordChecker {
 public:
  // `chain`: the chain hash of the record before the first checked one; nullopt: not known, and the
  // hash that the first record states is accepted.
  RecordChecker(RocksStore& store, std::optional<Hash256> chain) : store_(store), chain_(chain) {}

  // corrupt or unsupported: the detail names the seq and the fault.
  Result<void> check(Seq seq, std::string_view bytes);

  // Of the last checked record. REQUIRES: check() was called.
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
