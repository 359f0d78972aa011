// VenueSide: the venues of the simulated environment, production's paper venues over a ledger in
// memory. They exist as long as the environment: the end of an engine process stops no trade that
// has reached them. VenueWire: the connection of one engine process to a venue. It loses requests
// and replies, delays and repeats them, and delivers requests long after the caller's time-out. One
// venue can be away: its wires lose or refuse every call, or every answer comes too late. Quotes
// can fail everywhere, or be slow at one venue. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/spawn.h"
#include "core/venue/paper/exchange.h"
#include "tests/sim/environment/clock.h"
#include "tests/sim/plan/coverage.h"
#include "tests/sim/plan/plan.h"

namespace oee::sim {

class VenueWire;

class VenueSide {
 public:
  VenueSide(const Plan& plan, const Time& time, Dice& dice, Coverage& coverage);
  ~VenueSide();

  // One shard's wires, in the registry's order.
  std::vector<std::unique_ptr<VenueWire>> connect(Loop& loop, Clock& clock);
  // The pools' states, which come late now and then.
  std::unique_ptr<PoolSource> pools();
  bool step() { return loop_.poll_one() > 0; }
  SimClock& clock() { return clock_; }
  // From now on wires lose, delay and repeat nothing.
  void stop_faults() {
    faults_ = Faults();
    away_until_ = quotes_fail_until_ = quotes_slow_until_ = {};
  }
  // Begins a fault of whole venues, by the plan's chances.
  void inject_faults();
  // From now until then this venue is away. `how`: one of the ways of a venue.
  void send_away(std::string_view venue, Away how, SteadyTime until) {
    away_venue_ = venue;
    away_ = how;
    away_until_ = until;
  }

  // Called when a submit reaches a venue, before the venue acts, and with each of its reports.
  std::function<void(const Venue&, const VenueOrder&)> on_submit;
  std::function<void(const VenueOrderId&, const VenueReport&)> on_report;

  // Whether no call is under way.
  bool quiet() const { return gate_.inside() == 0; }
  std::size_t calls() const { return gate_.inside(); }
  // Begins to move the market. A pair without a pool is left as it is.
  void move_market(MarketMove move) { spawn(gate_, "move market", moved(std::move(move))); }
  // Begins to open a pool.
  void open_pool(PoolOpening opening) { spawn(gate_, "open pool", opened(std::move(opening))); }
  // The newest prices that an engine could receive, by venue and pool.
  using PoolPrices = std::map<std::pair<std::string, std::uint32_t>, PoolPrice>;
  const PoolPrices& prices() const { return prices_; }
  Result<paper::LedgerAudit> audit(const paper::SettledTradeVisit& visit) {
    return exchange_->audit(visit);
  }

 private:
  friend class VenueWire;
  Away away(const Venue& venue) const;
  // Whether an answer under way is lost, because its venue is away.
  bool silent(const Venue& venue) const;
  // Passes the venues' prices on to the wires that have a sink for them.
  void watch_prices();
  Task<void> moved(MarketMove move);
  Task<void> opened(PoolOpening opening);

  std::vector<VenueWire*> wires_;
  SimClock clock_;
  Faults faults_;
  Away away_ = Away::nobody;
  std::string away_venue_;
  SteadyTime away_until_{};
  std::string slow_venue_;  // whose quotes are slow
  SteadyTime quotes_slow_until_{};
  SteadyTime quotes_fail_until_{};
  Dice& dice_;
  Dice late_pools_;
  Coverage& coverage_;
  Loop loop_{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep_{loop_.get_executor()};
  DiceEntropy entropy_;
  Gate gate_;
  std::unique_ptr<paper::Exchange> exchange_;
  std::vector<std::unique_ptr<Venue>> venues_;
  std::unique_ptr<MarketControl> control_;
  PoolPrices prices_;
};

// Calls wait for their replies by number. cut() answers the waiting ones with `unavailable`.
class VenueWire final : public Venue {
  friend class VenueSide;

 public:
  VenueWire(VenueSide& side, Venue& venue, Loop& loop, Clock& clock);
  ~VenueWire() override;
  void cut();
  std::size_t open_calls() const;

  std::string_view name() const override { return venue_.name(); }
  Task<Result<Quote>> quote(QuoteRequest request) override;
  Task<Result<VenueReport>> submit(VenueOrder order) override;
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override;
  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override;
  void report_to(VenueReportSink sink) override;
  void prices_to(PriceSink sink) override;
  bool wants_prices() const;

 private:
  template <class T>
  class Calls;
  struct End;  // the waiting calls; a reply under way holds a weak reference
  // The faults and delays of one call.
  struct Trip {
    bool request_lost = false;
    bool reply_lost = false;
    bool repeated = false;
    bool refused = false;
    Micros there{0};
    Micros back{0};
  };
  Trip draw(bool submit, bool quote = false);
  // The answer of a venue that refuses the call comes soon.
  template <class T>
  void refuse(Calls<T>& calls, std::uint64_t number, const Trip& trip);
  template <class Ask>
  void send(const Trip& trip, std::uint64_t number, VenueOrderId id, Ask ask);
  // Delivers a report that the venue pushes. The faults of a request and its reply apply.
  void push(const VenueOrderId& id, const VenueReport& report);
  // Delivers prices after a delay, the newest of each pool.
  void push_prices(std::span<const PoolPrice> prices);

  VenueSide& side_;
  Venue& venue_;
  Clock& clock_;
  std::shared_ptr<End> end_;
};

}  // namespace oee::sim
