// PaperVenue: one shard's connection to one venue of the simulated exchange. It adds latency and
// faults; the exchange's ledger decides. Made by Exchange::connect(); only exchange.cc includes
// this. Used on its loop's thread only. Everything it holds is lost in a crash: a trade in flight
// then never reaches the ledger.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/seams/clock.h"
#include "core/seams/entropy.h"
#include "core/seams/venue.h"
#include "core/venue/paper/exchange_worker.h"

namespace oee::paper {

class PaperVenue final : public Venue {
 public:
  // `number`: of the venue in the registry. Everything passed by reference outlives the venue.
  PaperVenue(ExchangeWorker& worker, std::size_t number, Loop& loop, Clock& clock,
             Entropy& entropy);
  // Calls that wait because the venue is silent end inside this call. REQUIRES: no other coroutine
  // is inside.
  ~PaperVenue() override;
  PaperVenue(const PaperVenue&) = delete;

  std::string_view name() const override { return worker_.venues()[number_].name; }
  Task<Result<Quote>> quote(QuoteRequest request) override;
  Task<Result<VenueReport>> submit(VenueOrder order) override;
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override;
  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override;
  void report_to(VenueReportSink sink) override { sink_ = std::move(sink); }
  void prices_to(PriceSink sink) override;

 private:
  // The faults of one request, drawn when the request is made.
  struct DrawnFaults {
    bool request_lost = false;
    bool reply_lost = false;
    bool duplicated = false;
    bool late = false;
    bool rejected = false;
  };
  struct Flight {  // a trade that was accepted and has not reached the ledger
    VenueOrder order;
    DrawnFaults faults;
    Clock::TimerId timer = 0;
  };

  // `Silence silence(*this); co_await silence;` resumes at once, when the venue speaks again, or
  // when it is destroyed.
  class Silence;
  void resume_held();
  void speak();
  Result<Quote> quote_now(const QuoteRequest& request);
  Result<Quote> quote_path(const QuoteRequest& request);
  Result<Quote> quote_leg(Market::Leg leg, const QuoteRequest& request, const VenueTimePoint& now);
  // The newest one. Valid until the next call.
  const Market& market();
  void report_prices();
  void follow_reference();
  Task<Result<VenueReport>> settle_at_once(VenueOrder order, DrawnFaults faults);
  Task<Result<VenueReport>> accept(VenueOrder order, DrawnFaults faults);
  void land(const VenueOrderId& id);
  void land_late(VenueOrder order, SteadyTime at);
  void end_flight(const VenueOrderId& id, const Result<VenueReport>& report);

  VenueRequest submission(const VenueOrder& order, const DrawnFaults& faults) const;
  VenueRequest request_about(VenueRequest::Kind kind, const VenueOrderRef& ref) const;
  DrawnFaults draw_faults();
  bool happens(double probability);
  Micros within(Micros min, Micros max);
  const ExchangeOptions& options() const { return worker_.options(); }

  ExchangeWorker& worker_;
  VenueLink& link_;
  const std::size_t number_;
  Clock& clock_;
  Entropy& entropy_;
  VenueReportSink sink_;
  std::unordered_map<VenueOrderId, Flight, IdHash> in_flight_;
  std::unordered_map<std::uint64_t, Clock::TimerId> late_;  // requests that land after a timeout
  std::uint64_t late_keys_ = 0;
  std::vector<std::coroutine_handle<>> held_;  // calls whose answers wait while it is silent
  bool closed_ = false;
  std::shared_ptr<const Market> market_;
  std::uint32_t market_version_ = 0;  // of market_
  PriceSink price_sink_;
  // The version of each pool that price_sink_ has got, in the order of Market::pools().
  std::vector<std::uint32_t> reported_;
  Clock::TimerId follow_timer_ = 0;  // set while there is a price_sink_
};

}  // namespace oee::paper
