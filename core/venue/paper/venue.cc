#include "core/venue/paper/venue.h"

#include <unordered_map>
#include <utility>

#include "core/runtime/sleep.h"
#include "core/venue/paper/exchange_worker.h"

namespace oee {
namespace {

Result<VenueReport> timed_out() {
  return Error{Errc::timeout, "the venue did not answer in time"};
}

VenueReport accepted(const VenueOrderId& id) {
  VenueReport report;
  report.status = VenueStatus::accepted;
  report.tx_hash = tx_hash_of(id);
  return report;
}

// What goes wrong with one request, drawn when it is made.
struct Misfortune {
  bool request_lost = false;
  bool reply_lost = false;
  bool duplicated = false;
  bool late = false;
  bool rejected = false;
};

// co_await CallExchange(link, request): the ledger's answer, after its commit.
class CallExchange {
 public:
  CallExchange(VenueLink& link, VenueRequest request) : link_(link), request_(std::move(request)) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    call_.waiter = waiter;
    if (link_.send(std::move(request_), &call_)) return true;
    call_.answer.emplace(Error{Errc::unavailable, "the venue is stopping or its queue is full"});
    return false;
  }
  Result<VenueReport> await_resume() { return *std::move(call_.answer); }

 private:
  VenueLink& link_;
  VenueRequest request_;
  VenueCall call_;
};

// One find() that waits for the end of a trade in flight; lives in its coroutine's frame.
struct EndWaiter {
  explicit EndWaiter(Clock& clock) : alarm(clock) {}
  Alarm alarm;
  std::optional<VenueReport> report;
};

}  // namespace

class PaperVenue final : public Venue {
 public:
  PaperVenue(ExchangeWorker& floor, std::size_t number, Loop& loop, Clock& clock, Entropy& entropy)
      : floor_(floor),
        link_(floor.connect(loop)),
        number_(number),
        clock_(clock),
        entropy_(entropy) {
    link_.attach(this);
  }
  ~PaperVenue() override {
    link_.attach(nullptr);
    for (auto& [id, flight] : in_flight_) {
      check(flight.waiters.empty(), "PaperVenue destroyed while a find() waits in it");
      clock_.cancel(flight.timer);
    }
    for (auto& [key, timer] : late_) clock_.cancel(timer);
  }
  PaperVenue(const PaperVenue&) = delete;

  std::string_view name() const override { return floor_.venues()[number_].name; }
  Task<Result<Quote>> quote(QuoteRequest request) override;
  Task<Result<VenueReport>> submit(VenueOrder order) override;
  Task<Result<VenueReport>> find(VenueOrderRef ref, Micros wait) override;
  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override;

  // The exchange's answer to a request that no coroutine awaits.
  void landed(const VenueOrderId& id, const Result<VenueReport>& report);

 private:
  struct Flight {  // accepted, on its way to the ledger
    VenueOrder order;
    Misfortune misfortune;
    Clock::TimerId timer = 0;
    std::vector<EndWaiter*> waiters;
  };

  Result<Quote> quote_now(const QuoteRequest& request) const;
  Task<Result<VenueReport>> trade_at_once(VenueOrder order, Misfortune misfortune);
  Task<Result<VenueReport>> take_in(VenueOrder order, Misfortune misfortune);
  void land(const VenueOrderId& id);
  void land_late(VenueOrder order, SteadyTime at);
  void end_flight(const VenueOrderId& id, const Result<VenueReport>& report);

  VenueRequest submission(const VenueOrder& order, const Misfortune& misfortune) const;
  VenueRequest question(VenueRequest::Kind kind, const VenueOrderRef& ref) const;
  Misfortune draw();
  bool happens(double probability);
  Micros within(Micros min, Micros max);
  const PaperOptions& options() const { return floor_.options(); }

  ExchangeWorker& floor_;
  VenueLink& link_;
  const std::size_t number_;
  Clock& clock_;
  Entropy& entropy_;
  std::unordered_map<VenueOrderId, Flight, IdHash> in_flight_;
  std::unordered_map<std::uint64_t, Clock::TimerId> late_;  // requests that land after a time-out
  std::uint64_t late_keys_ = 0;
};

// --- Quotes ----------------------------------------------------------------------------------

Task<Result<Quote>> PaperVenue::quote(QuoteRequest request) {
  const Micros latency = within(options().quote_delay_min, options().quote_delay_max);
  if (latency.count() > 0) co_await sleep_for(clock_, latency);
  co_return quote_now(request);
}

Result<Quote> PaperVenue::quote_now(const QuoteRequest& request) const {
  const Market& market = floor_.market();
  const auto leg = market.leg(number_, request.input.symbol, request.output.symbol);
  if (!leg) {
    return Error{Errc::invalid, "no pool for " + std::string(request.input.symbol.view()) + "/" +
                                    std::string(request.output.symbol.view())};
  }
  const VenueTimePoint moment = floor_.now();
  OEE_TRY_ASSIGN(Quote quote, market.quote(*leg, floor_.board().read(leg->pool), request.amount_in,
                                           moment.time));
  quote.height = moment.height;
  return quote;
}

// --- Submitting ------------------------------------------------------------------------------

Task<Result<VenueReport>> PaperVenue::submit(VenueOrder order) {
  const Misfortune misfortune = draw();
  const SteadyTime timeout = clock_.steady_now() + options().call_timeout;
  if (misfortune.late) land_late(order, timeout + options().faults.late_delay);
  if (misfortune.late || misfortune.request_lost) {
    co_await sleep_until(clock_, timeout);
    co_return timed_out();
  }
  std::optional<Result<VenueReport>> answer;
  if (options().venue_delay_max.count() == 0) {
    answer = co_await trade_at_once(std::move(order), misfortune);
  } else {
    answer = co_await take_in(std::move(order), misfortune);
  }
  if (misfortune.reply_lost) {
    co_await sleep_until(clock_, timeout);
    co_return timed_out();
  }
  co_return *std::move(answer);
}

Task<Result<VenueReport>> PaperVenue::trade_at_once(VenueOrder order, Misfortune misfortune) {
  VenueRequest request = submission(order, misfortune);
  if (misfortune.duplicated) link_.send(request, nullptr);
  co_return co_await CallExchange(link_, std::move(request));
}

// Answers `accepted` unless the id has ended already; the trade reaches the ledger after the delay.
Task<Result<VenueReport>> PaperVenue::take_in(VenueOrder order, Misfortune misfortune) {
  const VenueOrderId id = order.id;
  if (!in_flight_.contains(id)) {
    VenueOrderRef ref;
    ref.id = id;
    ref.valid_until_height = order.valid_until_height;
    VenueRequest request = question(VenueRequest::Kind::find, ref);
    Result<VenueReport> known = co_await CallExchange(link_, std::move(request));
    if (!known || known->status != VenueStatus::not_found) co_return known;
  }
  // Another submit of the same id may have been taken in meanwhile.
  const auto [place, fresh] = in_flight_.try_emplace(id);
  if (fresh) {
    place->second.order = std::move(order);
    place->second.misfortune = misfortune;
    const Micros delay = within(options().venue_delay_min, options().venue_delay_max);
    place->second.timer = clock_.call_at(clock_.steady_now() + delay, [this, id] { land(id); });
  }
  co_return accepted(id);
}

// The delay of a trade in flight is over: it goes to the ledger, whose answer ends the flight.
void PaperVenue::land(const VenueOrderId& id) {
  const auto flight = in_flight_.find(id);
  check(flight != in_flight_.end(), "a timer of a flight that has ended");
  flight->second.timer = 0;
  const VenueRequest request = submission(flight->second.order, flight->second.misfortune);
  if (flight->second.misfortune.duplicated) link_.send(request, nullptr);
  const bool sent = link_.send(request, nullptr);
  if (!sent) landed(id, Error{Errc::unavailable, "the venue is stopping or its queue is full"});
}

void PaperVenue::land_late(VenueOrder order, SteadyTime at) {
  const std::uint64_t key = ++late_keys_;
  late_[key] = clock_.call_at(at, [this, key, order = std::move(order)] {
    late_.erase(key);
    link_.send(submission(order, Misfortune{}), nullptr);
  });
}

void PaperVenue::landed(const VenueOrderId& id, const Result<VenueReport>& report) {
  end_flight(id, report);
}

// Wakes who waits for it. An error is no end: they ask the ledger themselves.
void PaperVenue::end_flight(const VenueOrderId& id, const Result<VenueReport>& report) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  const Flight flight = std::move(found->second);
  in_flight_.erase(found);
  if (flight.timer != 0) clock_.cancel(flight.timer);
  for (EndWaiter* waiter : flight.waiters) {
    if (report) waiter->report = *report;
    waiter->alarm.ring();
  }
}

// --- Asking and cancelling -------------------------------------------------------------------

Task<Result<VenueReport>> PaperVenue::find(VenueOrderRef ref, Micros wait) {
  if (const auto flight = in_flight_.find(ref.id); flight != in_flight_.end()) {
    EndWaiter waiter(clock_);
    flight->second.waiters.push_back(&waiter);
    const bool ended = co_await waiter.alarm.wait(clock_.steady_now() + wait);
    if (!ended) {
      std::erase(in_flight_.at(ref.id).waiters, &waiter);
      co_return accepted(ref.id);
    }
    if (waiter.report) co_return *std::move(waiter.report);
  }
  VenueRequest request = question(VenueRequest::Kind::find, ref);
  co_return co_await CallExchange(link_, std::move(request));
}

Task<Result<VenueReport>> PaperVenue::cancel(VenueOrderRef ref) {
  const Misfortune misfortune = draw();
  const SteadyTime timeout = clock_.steady_now() + options().call_timeout;
  if (misfortune.request_lost) {
    co_await sleep_until(clock_, timeout);
    co_return timed_out();
  }
  VenueRequest request = question(VenueRequest::Kind::cancel, ref);
  Result<VenueReport> report = co_await CallExchange(link_, std::move(request));
  // What is in flight can change nothing any more.
  if (report) end_flight(ref.id, report);
  if (misfortune.reply_lost) {
    co_await sleep_until(clock_, timeout);
    co_return timed_out();
  }
  co_return report;
}

// --- Requests and their misfortunes ----------------------------------------------------------

VenueRequest PaperVenue::submission(const VenueOrder& order, const Misfortune& misfortune) const {
  VenueRequest request;
  request.kind = VenueRequest::Kind::submit;
  request.venue = number_;
  request.order = order;
  request.reject = misfortune.rejected;
  request.move_bps = options().faults.move_bps;
  return request;
}

VenueRequest PaperVenue::question(VenueRequest::Kind kind, const VenueOrderRef& ref) const {
  VenueRequest request;
  request.kind = kind;
  request.venue = number_;
  request.order.id = ref.id;
  request.order.valid_until_height = ref.valid_until_height;
  return request;
}

Misfortune PaperVenue::draw() {
  const PaperFaults& faults = options().faults;
  Misfortune misfortune;
  misfortune.request_lost = happens(faults.lose_request);
  misfortune.reply_lost = happens(faults.lose_reply);
  misfortune.duplicated = happens(faults.duplicate);
  misfortune.late = happens(faults.late);
  misfortune.rejected = happens(faults.reject);
  return misfortune;
}

bool PaperVenue::happens(double probability) {
  if (probability <= 0) return false;
  return static_cast<double>(entropy_.next() >> 11) < probability * 0x1p53;
}

Micros PaperVenue::within(Micros min, Micros max) {
  if (max <= min) return min;
  const auto span = static_cast<std::uint64_t>((max - min).count()) + 1;
  return min + Micros(static_cast<std::int64_t>(entropy_.next() % span));
}

// --- Wiring ----------------------------------------------------------------------------------

void VenueLink::on_answers(std::vector<Answer> answers) {
  for (Answer& answer : answers) {
    if (answer.call) {
      answer.call->answer.emplace(std::move(answer.report));
      answer.call->waiter.resume();
    } else if (venue_) {
      venue_->landed(answer.id, answer.report);
    }
  }
}

std::vector<std::unique_ptr<Venue>> PaperExchange::connect(Loop& loop, Clock& clock,
                                                           Entropy& entropy) {
  std::vector<std::unique_ptr<Venue>> venues;
  for (std::size_t i = 0; i < floor_->venues().size(); ++i) {
    venues.push_back(std::make_unique<PaperVenue>(*floor_, i, loop, clock, entropy));
  }
  return venues;
}

}  // namespace oee
