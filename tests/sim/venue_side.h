// The venues' side of the environment and the wires to it. The venues (production's paper venues
// over a ledger in memory) live as long as the environment, as remote ones would: an engine's death
// stops no trade that has reached them. A VenueWire is what one life of the engine holds: it loses
// requests and replies, delays, repeats, and lets requests land long after the caller's time-out.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/runtime/spawn.h"
#include "core/venue/paper/venue.h"
#include "tests/sim/coverage.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_clock.h"

namespace oee::sim {

class VenueWire;

class VenueSide {
 public:
  VenueSide(const Plan& plan, const Time& time, Dice& dice, Coverage& coverage);
  ~VenueSide();

  // One shard's wires, in the registry's order.
  std::vector<std::unique_ptr<VenueWire>> connect(Loop& loop, Clock& clock);
  bool step() { return loop_.poll_one() > 0; }
  SimClock& clock() { return clock_; }
  // From here on wires lose, delay and repeat nothing.
  void stop_faults() { faults_ = Faults(); }

  // Called when a submit reaches a venue, before it acts, and with what the venue answers.
  std::function<void(const VenueOrder&)> on_submit;
  std::function<void(const VenueOrderId&, const VenueReport&)> on_report;

  // Nothing is under way any more.
  bool quiet() const { return gate_.inside() == 0; }
  std::size_t calls() const { return gate_.inside(); }
  Result<LedgerAudit> audit(const SettledTradeVisit& visit) { return exchange_->audit(visit); }

 private:
  friend class VenueWire;
  SimClock clock_;
  Faults faults_;
  Dice& dice_;
  Coverage& coverage_;
  Loop loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_{loop_.get_executor()};
  DiceEntropy entropy_;
  Gate gate_;
  std::unique_ptr<PaperExchange> exchange_;
  std::vector<std::unique_ptr<Venue>> venues_;
};

// A call that waits for its reply, by number; those without one when the wire is cut are answered
// `unavailable`.
class VenueWire final : public Venue {
 public:
  VenueWire(VenueSide& side, Venue& venue, Loop& loop, Clock& clock);
  ~VenueWire() override;
  void cut();
  std::size_t open_calls() const;

  std::string_view name() const override { return venue_.name(); }
  Task<Result<Quote>> quote(QuoteRequest request) override;
  Task<Result<VenueReport>> submit(VenueOrder order) override;
  Task<Result<VenueReport>> find(VenueOrderRef ref, Micros wait) override;
  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override;

 private:
  template <class T>
  class Calls;
  struct End;  // what a reply that is still under way holds on to
  // What happens to one call on its way.
  struct Trip {
    bool request_lost = false;
    bool reply_lost = false;
    bool repeated = false;
    Micros there{0};
    Micros back{0};
  };
  Trip draw(bool submit);
  template <class Ask>
  void send(const Trip& trip, std::uint64_t number, VenueOrderId id, Ask ask);

  VenueSide& side_;
  Venue& venue_;
  Clock& clock_;
  std::shared_ptr<End> end_;
};

}  // namespace oee::sim
