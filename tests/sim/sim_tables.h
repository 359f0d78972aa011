// SimTables: a PostgreSQL that goes away, loses a commit's reply, or is replaced by an older copy
// of itself. Its transactions are real ones: rows and cursor move together or not at all.
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

  // What the next calls meet.
  enum class Weather { fine, away, reply_lost };
  void set_weather(Weather inject_faults) { weather_ = inject_faults; }
  Weather inject_faults() const { return weather_; }
  // Copies taken with backup() come back with restore().
  void backup() { copy_ = contents_; }
  void restore() { contents_ = copy_; }
  const Contents& contents() const { return contents_; }

  Result<ProjectionCursor> cursor() override;
  Result<void> apply(const ProjectionBatch& batch) override;
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override;
  Result<Events> events(const EventFilter& filter) override;
  Result<Page<Order>> orders(const OrderFilter& filter) override;
  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor) override;
  Result<DeadLetterStats> dead_letter_stats() override;

 private:
  Contents contents_;
  Contents copy_;
  Weather weather_ = Weather::fine;
};

}  // namespace oee::sim
