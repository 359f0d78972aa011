// SimTables: a PostgreSQL that can be away, lose a commit's reply, or be replaced by an older copy
// of itself. Its transactions are atomic: rows and cursor change together or not at all. One
// thread.
#pragma once

#include <map>

#include "core/seams/read_model.h"

namespace oee::sim {

class SimTables final : public ReadModel, public OrderQueries, public OrderHistory {
 public:
  struct Contents {
    ProjectionCursor cursor;
    std::map<OrderId, Order> orders;
    std::map<Seq, Record> events;
  };

  // The fault of the next calls.
  enum class Fault { none, away, reply_lost };
  void set_fault(Fault fault) { fault_ = fault; }
  Fault fault() const { return fault_; }
  // restore() puts back the copy that backup() took.
  void backup() { copy_ = contents_; }
  void restore() { contents_ = copy_; }
  const Contents& contents() const { return contents_; }

  Result<ProjectionCursor> cursor() override;
  Result<void> apply(const ProjectionBatch& batch) override;
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override;
  Result<Events> events(const EventFilter& filter) override;
  Result<Page<Order>> orders(const OrderFilter& filter) override;
  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor) override;
  Result<DeadLetterCounts> dead_letter_counts() override;

 private:
  Contents contents_;
  Contents copy_;
  Fault fault_ = Fault::none;
};

}  // namespace oee::sim
