#include "tests/sim/environment/venue_side.h"

#include <algorithm>
#include <coroutine>

#include "core/runtime/sleep.h"
#include "tests/sim/plan/registry.h"

namespace oee::sim {
namespace {

constexpr Micros call_timeout{2'000'000};
constexpr Micros lost_quote_timeout{60'000'000};
constexpr std::int64_t short_delay_us = 2'000;
constexpr std::int64_t long_delay_us = 4'000'000;
constexpr Micros after_every_timeout{10'000'000};
constexpr std::int64_t late_delay_us = 90'000'000;  // also beyond a transaction's validity of 60 s

paper::ExchangeOptions paper_options(const Plan& plan) {
  paper::ExchangeOptions options;
  options.seed = plan.seed | 1;
  options.venue_delay_min = Micros(0);
  options.venue_delay_max = Micros(plan.slow_venues ? 3'000'000 : 0);
  options.quote_delay_min = Micros(0);
  options.quote_delay_max = Micros(plan.slow_venues ? 300'000 : 0);
  options.faults.reject = plan.faults.venue_reject / 1000.0;
  options.faults.move_bps = plan.faults.venue_reject > 0 ? 5 : 0;
  return options;
}

}  // namespace

// --- VenueSide ----------------------------------------------------------------------------------

VenueSide::VenueSide(const Plan& plan, const Time& time, Dice& dice, Coverage& coverage)
    : clock_(time),
      faults_(plan.faults),
      dice_(dice),
      late_pools_(plan.seed ^ 0x7A7E),
      coverage_(coverage),
      entropy_(dice) {
  auto opened = paper::Exchange::open(paper_options(plan), venue_registry(plan), clock_, {});
  check(opened.ok(), "a paper exchange opens");
  exchange_ = *std::move(opened);
  venues_ = exchange_->connect(loop_, clock_, entropy_);
  control_ = exchange_->control(loop_);
  for (const auto& venue : venues_)
    venue->report_to([this, from = venue.get()](const VenueOrderId& id, const VenueReport& report) {
      if (on_report) on_report(id, report);
      for (VenueWire* wire : wires_)
        if (&wire->venue_ == from) wire->push(id, report);
    });
}

VenueSide::~VenueSide() {
  exchange_->stop();
  venues_.clear();
  while (loop_.poll() > 0) {
  }
}

void VenueSide::watch_prices() {
  for (const auto& venue : venues_) {
    const auto watches = [from = venue.get()](const VenueWire* wire) {
      return &wire->venue_ == from && wire->wants_prices();
    };
    if (!std::any_of(wires_.begin(), wires_.end(), watches)) {
      venue->prices_to({});
      continue;
    }
    venue->prices_to([this, from = venue.get()](std::span<const PoolPrice> prices) {
      for (const PoolPrice& price : prices)
        prices_[{std::string(from->name()), price.pool}] = price;
      for (VenueWire* wire : wires_)
        if (&wire->venue_ == from) wire->push_prices(prices);
    });
  }
}

Task<void> VenueSide::moved(MarketMove move) {
  const auto reached = co_await control_->move_market(std::move(move));
  if (reached.ok()) coverage_.hit(Point::market_moved);
}

Task<void> VenueSide::opened(PoolOpening opening) {
  const auto pool = co_await control_->open_pool(std::move(opening));
  if (pool.ok()) coverage_.hit(Point::pool_opened);
}

std::vector<std::unique_ptr<VenueWire>> VenueSide::connect(Loop& loop, Clock& clock) {
  std::vector<std::unique_ptr<VenueWire>> wires;
  for (const auto& venue : venues_)
    wires.push_back(std::make_unique<VenueWire>(*this, *venue, loop, clock));
  return wires;
}

namespace {

// A state that has not come yet is an older one: a hint all the same.
class LatePools final : public PoolSource {
 public:
  LatePools(std::unique_ptr<PoolSource> real, Dice& dice) : real_(std::move(real)), dice_(dice) {}
  void refresh(PoolGraph& graph) override {
    if (!dice_.chance(200)) real_->refresh(graph);
  }

 private:
  std::unique_ptr<PoolSource> real_;
  Dice& dice_;
};

}  // namespace

std::unique_ptr<PoolSource> VenueSide::pools() {
  return std::make_unique<LatePools>(exchange_->pools(), late_pools_);
}

void VenueSide::inject_faults() {
  const SteadyTime now = clock_.steady_now();
  const auto any_venue = [this] { return venues_[dice_.below(venues_.size())]->name(); };
  if (now >= away_until_ && dice_.chance(faults_.venue_away)) {
    coverage_.hit(Point::venue_away);
    const std::string_view venue = any_venue();
    send_away(venue, Away::venue_silent, now + Micros(60'000'000) + dice_.micros(240'000'000));
  }
  if (now >= quotes_slow_until_ && dice_.chance(faults_.quotes_slow)) {
    coverage_.hit(Point::quotes_slow);
    slow_venue_ = any_venue();
    quotes_slow_until_ = now + dice_.micros(60'000'000);
  }
  if (now >= quotes_fail_until_ && dice_.chance(faults_.quotes_fail)) {
    coverage_.hit(Point::quotes_failed);
    quotes_fail_until_ = now + dice_.micros(20'000'000);
  }
}

Away VenueSide::away(const Venue& venue) const {
  const bool gone = clock_.steady_now() < away_until_ && venue.name() == away_venue_;
  return gone ? away_ : Away::nobody;
}

bool VenueSide::silent(const Venue& venue) const {
  const Away how = away(venue);
  return how == Away::venue_silent || how == Away::venue_mute;
}

// --- Calls --------------------------------------------------------------------------------------

// The waiting calls with one type of answer. A caller resumes as a job of its own loop.
template <class T>
class VenueWire::Calls {
 public:
  Calls(Loop& loop, Clock& clock) : loop_(loop), clock_(clock) {}

  class Wait {
   public:
    Wait(Calls& calls, std::uint64_t number, SteadyTime deadline)
        : calls_(calls), number_(number), deadline_(deadline) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      if (calls_.cut_) {
        answer_.emplace(Error{Errc::unavailable, "the wire is cut"});
        return false;
      }
      const Clock::TimerId timer = calls_.clock_.call_at(deadline_, [this] {
        const std::uint64_t number = number_;
        calls_.answer(number, Error{Errc::timeout, "no answer in time"});
      });
      calls_.waiting_.emplace(number_, Waiting{waiter, &answer_, timer});
      return true;
    }
    Result<T> await_resume() { return *std::move(answer_); }

   private:
    Calls& calls_;
    const std::uint64_t number_;
    const SteadyTime deadline_;
    std::optional<Result<T>> answer_;
  };

  std::uint64_t next_number() { return ++last_number_; }
  // Later answers to the same number are ignored.
  void answer(std::uint64_t number, Result<T> answer) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    Waiting waiting = found->second;
    waiting_.erase(found);
    clock_.cancel(waiting.timer);
    waiting.answer->emplace(std::move(answer));
    post(loop_, [handle = waiting.handle] { handle.resume(); });
  }
  void cut() {
    cut_ = true;
    while (!waiting_.empty())
      answer(waiting_.begin()->first, Error{Errc::unavailable, "the wire is cut"});
  }
  bool is_cut() const { return cut_; }
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::coroutine_handle<> handle;
    std::optional<Result<T>>* answer;
    Clock::TimerId timer;
  };
  Loop& loop_;
  Clock& clock_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_number_ = 0;
  bool cut_ = false;
};

struct VenueWire::End {
  End(Loop& its_loop, Clock& clock)
      : loop(its_loop), quotes(loop, clock), reports(loop, clock), finds(loop, clock) {}
  Loop& loop;
  Calls<Quote> quotes;
  Calls<VenueReport> reports;
  Calls<std::vector<VenueReport>> finds;
  VenueReportSink sink;
  PriceSink price_sink;
  std::map<std::uint32_t, PoolPrice> prices;  // under way
};

// --- VenueWire ----------------------------------------------------------------------------------

VenueWire::VenueWire(VenueSide& side, Venue& venue, Loop& loop, Clock& clock)
    : side_(side), venue_(venue), clock_(clock), end_(std::make_shared<End>(loop, clock)) {
  side_.wires_.push_back(this);
}

VenueWire::~VenueWire() {
  std::erase(side_.wires_, this);
  if (wants_prices()) side_.watch_prices();
}

void VenueWire::report_to(VenueReportSink sink) {
  end_->sink = std::move(sink);
}

void VenueWire::prices_to(PriceSink sink) {
  if (!sink && !wants_prices()) return;
  end_->price_sink = std::move(sink);
  side_.watch_prices();
}

bool VenueWire::wants_prices() const {
  return end_->price_sink != nullptr;
}

void VenueWire::push_prices(std::span<const PoolPrice> prices) {
  if (!wants_prices()) return;
  const bool under_way = !end_->prices.empty();
  for (const PoolPrice& price : prices) end_->prices[price.pool] = price;
  if (under_way) return;
  side_.clock_.call_at(side_.clock_.steady_now() + side_.dice_.micros(short_delay_us),
                       [end = std::weak_ptr<End>(end_)] {
                         const auto wire = end.lock();
                         if (!wire) return;
                         post(wire->loop, [end] {
                           const auto there = end.lock();
                           if (!there) return;
                           std::vector<PoolPrice> newest;
                           for (const auto& [pool, price] : std::exchange(there->prices, {}))
                             newest.push_back(price);
                           const PriceSink sink = there->price_sink;
                           if (sink && !there->reports.is_cut()) sink(newest);
                         });
                       });
}

void VenueWire::push(const VenueOrderId& id, const VenueReport& report) {
  const Trip trip = draw(false);
  if (trip.request_lost || trip.reply_lost || end_->reports.is_cut()) return;
  side_.clock_.call_at(side_.clock_.steady_now() + trip.there + trip.back,
                       [end = std::weak_ptr<End>(end_), id, report] {
                         const auto wire = end.lock();
                         if (!wire) return;
                         post(wire->loop, [end, id, report] {
                           const auto there = end.lock();
                           if (there && !there->reports.is_cut() && there->sink)
                             there->sink(id, report);
                         });
                       });
}

void VenueWire::cut() {
  end_->quotes.cut();
  end_->reports.cut();
  end_->finds.cut();
}

std::size_t VenueWire::open_calls() const {
  return end_->quotes.size() + end_->reports.size() + end_->finds.size();
}

VenueWire::Trip VenueWire::draw(bool submit, bool quote) {
  const Faults& faults = side_.faults_;
  Dice& dice = side_.dice_;
  Coverage& coverage = side_.coverage_;
  Trip trip;
  trip.there = dice.micros(short_delay_us);
  trip.back = dice.micros(short_delay_us);
  if (dice.chance(faults.venue_delayed)) {
    trip.there += dice.micros(long_delay_us);
    coverage.hit(Point::venue_delayed);
  }
  if (dice.chance(faults.venue_request_lost)) {
    trip.request_lost = true;
    coverage.hit(Point::venue_request_lost);
  } else if (dice.chance(faults.venue_reply_lost)) {
    trip.reply_lost = true;
    coverage.hit(Point::venue_reply_lost);
  }
  const Away away = side_.away(venue_);
  trip.request_lost |= away == Away::venue_silent || away == Away::venue_refuses ||
                       (away == Away::venue_mute && !quote);
  trip.refused = away == Away::venue_refuses;
  if (away == Away::venue_late) trip.back += after_every_timeout;
  if (!submit) return trip;
  if (dice.chance(faults.venue_duplicated)) {
    trip.repeated = true;
    coverage.hit(Point::venue_duplicated);
  }
  if (dice.chance(faults.venue_late)) {
    trip.there += call_timeout + dice.micros(late_delay_us);
    coverage.hit(Point::venue_late);
  }
  return trip;
}

namespace {

// One request on the venues' side: the way there, the venue's own time, and the way back. `reply`
// gets the venue's answer.
template <class Ask, class Reply>
Task<void> travel(Clock& clock, Micros there, Micros back, Ask ask, Reply reply) {
  co_await sleep_for(clock, there);
  auto answer = co_await ask();
  co_await sleep_for(clock, back);
  reply(std::move(answer));
}

}  // namespace

Task<Result<Quote>> VenueWire::quote(QuoteRequest request) {
  const std::uint64_t number = end_->quotes.next_number();
  // The engine has a deadline of its own.
  const SteadyTime deadline = clock_.steady_now() + lost_quote_timeout;
  Trip trip = draw(false, true);
  const SteadyTime now = side_.clock_.steady_now();
  if (now < side_.quotes_fail_until_) co_return Error{Errc::unavailable, "no quotes now"};
  if (now < side_.quotes_slow_until_ && name() == side_.slow_venue_)
    trip.there += side_.dice_.micros(long_delay_us);
  if (trip.refused) refuse(end_->quotes, number, trip);
  if (!trip.request_lost && !end_->quotes.is_cut()) {
    auto ask = [venue = &venue_, request] { return venue->quote(request); };
    auto reply = [end = std::weak_ptr<End>(end_), number, lost = trip.reply_lost](auto answer) {
      if (const auto wire = end.lock(); wire && !lost)
        wire->quotes.answer(number, std::move(answer));
    };
    spawn(side_.gate_, "quote",
          travel(side_.clock_, trip.there, trip.back, std::move(ask), std::move(reply)));
  }
  co_return co_await Calls<Quote>::Wait(end_->quotes, number, deadline);
}

template <class T>
void VenueWire::refuse(Calls<T>& calls, std::uint64_t number, const Trip& trip) {
  side_.clock_.call_at(side_.clock_.steady_now() + trip.there,
                       [end = std::weak_ptr<End>(end_), &calls, number] {
                         if (end.lock())
                           calls.answer(number, Error{Errc::unavailable, "connection refused"});
                       });
}

// Sends a request whose answer is a report about `id`.
template <class Ask>
void VenueWire::send(const Trip& trip, std::uint64_t number, VenueOrderId id, Ask ask) {
  if (trip.refused) refuse(end_->reports, number, trip);
  if (trip.request_lost || end_->reports.is_cut()) return;
  auto reply = [end = std::weak_ptr<End>(end_), side = &side_, number, id, venue = &venue_,
                lost = trip.reply_lost](Result<VenueReport> answer) {
    if (answer.ok() && answer->status == VenueStatus::rejected)
      side->coverage_.hit(Point::venue_refused);
    if (answer.ok() && side->on_report) side->on_report(id, *answer);
    if (const auto wire = end.lock(); wire && !lost && !side->silent(*venue))
      wire->reports.answer(number, std::move(answer));
  };
  spawn(side_.gate_, "venue call",
        travel(side_.clock_, trip.there, trip.back, std::move(ask), std::move(reply)));
}

Task<Result<VenueReport>> VenueWire::submit(VenueOrder order) {
  const std::uint64_t number = end_->reports.next_number();
  const SteadyTime deadline = clock_.steady_now() + call_timeout;
  Trip trip = draw(true);
  if (!order.path.empty()) side_.coverage_.hit(Point::path_submitted);
  auto ask = [side = &side_, venue = &venue_, order] {
    if (side->on_submit) side->on_submit(*venue, order);
    return venue->submit(order);
  };
  send(trip, number, order.id, ask);
  if (trip.repeated) {
    trip.there += side_.dice_.micros(long_delay_us);
    send(trip, number, order.id, ask);
  }
  co_return co_await Calls<VenueReport>::Wait(end_->reports, number, deadline);
}

Task<Result<std::vector<VenueReport>>> VenueWire::find(std::vector<VenueOrderRef> refs) {
  const std::uint64_t number = end_->finds.next_number();
  const SteadyTime deadline = clock_.steady_now() + call_timeout;
  const Trip trip = draw(false);
  if (trip.refused) refuse(end_->finds, number, trip);
  if (!trip.request_lost && !end_->finds.is_cut()) {
    auto ask = [venue = &venue_, refs] { return venue->find(refs); };
    auto reply = [end = std::weak_ptr<End>(end_), side = &side_, number, refs, venue = &venue_,
                  lost = trip.reply_lost](Result<std::vector<VenueReport>> answer) {
      for (std::size_t i = 0; answer.ok() && side->on_report && i < refs.size(); ++i)
        side->on_report(refs[i].id, (*answer)[i]);
      if (const auto wire = end.lock(); wire && !lost && !side->silent(*venue))
        wire->finds.answer(number, std::move(answer));
    };
    spawn(side_.gate_, "find",
          travel(side_.clock_, trip.there, trip.back, std::move(ask), std::move(reply)));
  }
  co_return co_await Calls<std::vector<VenueReport>>::Wait(end_->finds, number, deadline);
}

Task<Result<VenueReport>> VenueWire::cancel(VenueOrderRef ref) {
  const std::uint64_t number = end_->reports.next_number();
  const SteadyTime deadline = clock_.steady_now() + call_timeout;
  auto ask = [venue = &venue_, ref] { return venue->cancel(ref); };
  send(draw(false), number, ref.id, std::move(ask));
  co_return co_await Calls<VenueReport>::Wait(end_->reports, number, deadline);
}

}  // namespace oee::sim
