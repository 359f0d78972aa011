// SimTables: a PostgreSQL that can be away, be silent, lose a commit's reply, or be replaced by an
// older copy of itself. Its transactions are atomic: rows and cursor change together or not at all.
// TablesThread: a thread of a process that calls it. One thread.
#pragma once

#include <map>
#include <optional>

#include "core/seams/clock.h"
#include "core/seams/read_model.h"

namespace oee::sim {

class SimTables final : public ReadModel, public OrderQueries, public OrderHistory {
 public:
  struct Contents {
    ProjectionCursor cursor;
    std::map<OrderId, Order> orders;
    std::map<Seq, Record> events;
  };

  // The fault of the next calls. A call of a silent server is made when its caller's time is over
  // (TablesThread): it fails, and every other commit takes place nevertheless.
  enum class Fault { none, away, reply_lost, silent };
  void set_fault(Fault fault) { fault_ = fault; }
  Fault fault() const { return fault_; }
  // restore() puts back the copy that backup() took.
  void backup() { copy_ = contents_; }
  void restore() { contents_ = copy_; }
  const Contents& contents() const { return contents_; }
  bool silent() const { return fault_ == Fault::silent; }

  Result<ProjectionCursor> cursor() override;
  Result<void> apply(const ProjectionBatch& batch) override;
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override;
  Result<Events> events(const EventFilter& filter) override;
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override;
  Result<Page<Order>> orders(const OrderFilter& filter) override;
  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor,
                                   const std::string& account) override;
  Result<DeadLetterCounts> dead_letter_counts(const std::string& account) override;

 private:
  Contents contents_;
  Contents copy_;
  Fault fault_ = Fault::none;
  bool commits_silently_ = false;
};

// While the server is silent, each call takes until the caller's time-out, and the thread does
// nothing else.
class TablesThread {
 public:
  TablesThread(const SimTables& tables, Clock& clock, Micros timeout)
      : tables_(tables), clock_(clock), timeout_(timeout) {}
  // Whether the thread can do its next step now.
  bool free() {
    if (!tables_.silent()) blocked_until_.reset();
    if (!tables_.silent()) return true;
    const SteadyTime now = clock_.steady_now();
    if (!blocked_until_) {
      blocked_until_ = now + timeout_;
      clock_.call_at(*blocked_until_, [] {});
    }
    if (now < *blocked_until_) return false;
    blocked_until_.reset();  // this call's time is over
    return true;
  }

 private:
  const SimTables& tables_;
  Clock& clock_;
  const Micros timeout_;
  std::optional<SteadyTime> blocked_until_;
};

}  // namespace oee::sim
