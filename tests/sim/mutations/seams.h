// Seams that pass everything on: the bases of the mutants in front of a real seam. One thread.
#pragma once

#include "tests/sim/simulation.h"

namespace oee::sim {

class PassingLog : public EventLog {
 public:
  PassingLog(EventLog& real, MemoryLog& store) : real_(real), store_(store) {}
  void append(AppendRequest request, BlockSink& origin, void* ticket) override {
    real_.append(std::move(request), origin, ticket);
  }
  Result<BlockPtr> read(Seq from, std::size_t limit) override { return real_.read(from, limit); }
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    return real_.read_order(id);
  }
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
    return real_.wait_past(seq, wait);
  }
  OpenOrderHint load_hint() override { return real_.load_hint(); }
  void store_hint(OpenOrderHint hint) override { real_.store_hint(std::move(hint)); }

 protected:
  EventLog& real_;
  MemoryLog& store_;
};

class PassingVenue : public Venue {
 public:
  explicit PassingVenue(Venue& real) : real_(real) {}
  std::string_view name() const override { return real_.name(); }
  Task<Result<Quote>> quote(QuoteRequest request) override { return real_.quote(request); }
  Task<Result<VenueReport>> submit(VenueOrder order) override { return real_.submit(order); }
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override {
    return real_.find(std::move(refs));
  }
  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override { return real_.cancel(ref); }
  void report_to(VenueReportSink sink) override { real_.report_to(std::move(sink)); }
  void prices_to(PriceSink sink) override { real_.prices_to(std::move(sink)); }

 protected:
  Venue& real_;
};

class PassingTables : public ReadModel {
 public:
  explicit PassingTables(ReadModel& real) : real_(real) {}
  Result<ProjectionCursor> cursor() override { return real_.cursor(); }
  Result<void> apply(const ProjectionBatch& batch) override { return real_.apply(batch); }

 protected:
  ReadModel& real_;
};

class PassingBus : public Bus {
 public:
  explicit PassingBus(Bus& real) : real_(real) {}
  void publish(UpdateBatch batch) override { real_.publish(std::move(batch)); }
  void publish_head(const LogIdentity& id, Seq head) override { real_.publish_head(id, head); }
  bool wanted() override { return real_.wanted(); }
  void subscribe(UpdateSink& sink) override { real_.subscribe(sink); }
  void start() override { real_.start(); }
  void stop() override { real_.stop(); }
  std::string unhealthy_reason() const override { return real_.unhealthy_reason(); }

 protected:
  Bus& real_;
};

template <class Mutant>
Mutants with_venue() {
  Mutants mutants;
  mutants.venue = [](Venue& real) { return std::make_unique<Mutant>(real); };
  return mutants;
}

}  // namespace oee::sim
