// RiskControl: the limits in effect and their use, beside one log. The log's sequencer asks it
// about each new order, requeue and amendment before it takes the event, and gives it every record
// that it assigns; so of requests that compete for a limit exactly those within it are taken. Both
// are a fold of the log: RiskLimitsChanged replaces the limits from the next record on. Owned by
// the composition root; outlives the log. Nothing of it is stored: a start restores it
// (core/exec/risk_recovery.h).
#pragma once

#include <mutex>

#include "core/risk/check.h"
#include "core/risk/report.h"

namespace oee {

class RiskControl {
 public:
  // No limits and no use: those of an empty log.
  RiskControl() : limits_hash_(hash_of(limits_)) {}

  // While the log is stopped. The limits and the use at the log's head. REQUIRES: use.head() is it.
  void restore(RiskLimits limits, RiskUse use);

  // The log's thread. `head`: the last seq before the batch; `time`: that of the batch's records.
  // REQUIRES: every record up to `head` is in the use.
  void begin_batch(Seq head, WallTime time);
  // The limit that the event would break in this batch; nullopt: none. OrderAccepted,
  // DeadLetterRequeued and OrderAmended have limits; `requeued` as for fold(). `reference`: of the
  // order's pair, for the price collar of a limit price; nullopt: it is not evaluated.
  std::optional<LimitBreach> breach(const OrderId& id, const Event& event, const Order* requeued,
                                    const std::optional<Decimal>& reference) const;
  // As RiskUse::fold(). REQUIRES: the text of RiskLimitsChanged is canonical.
  void fold(const Record& record, const Order* requeued);

  struct View {
    Hash256 limits_hash{};      // hash_of() the limits in effect
    std::vector<RiskRow> rows;  // of the account and of all
  };
  // Any thread. `now`: for the limits of a second and of a day. Records that are being written are
  // in the use.
  View view(std::string_view account, WallTime now) const;

 private:
  // The log's thread writes, and view() reads on any thread. Held for one order, one record or one
  // view.
  mutable std::mutex mutex_;
  RiskLimits limits_;
  Hash256 limits_hash_;
  RiskUse use_;
  // Of the batch's records. A batch may end without a record, and a later one may have an earlier
  // time: only records move the time of the use.
  WallTime batch_time_{};
};

}  // namespace oee
