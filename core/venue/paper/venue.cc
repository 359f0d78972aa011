#include "core/venue/paper/venue.h"

#include <deque>
#include <optional>
#include <utility>

#include "core/runtime/sleep.h"
#include "core/venue/pools/spot.h"

namespace oee::paper {
namespace {

constexpr Units impact_unit = 1'000'000'000'000;

Result<VenueReport> timed_out() {
  return Error{Errc::timeout, "the venue did not answer in time"};
}

Error closed() {
  return {Errc::unavailable, "the venue is closed"};
}

VenueReport accepted(const VenueOrderId& id) {
  VenueReport report;
  report.status = VenueStatus::accepted;
  report.tx_hash = tx_hash_of(id);
  return report;
}

// co_await CallExchange(link, request): the ledger's answer, after its commit. send() sends the
// request before it is awaited.
class CallExchange {
 public:
  CallExchange(VenueLink& link, VenueRequest request) : link_(link), request_(std::move(request)) {}
  CallExchange(const CallExchange&) = delete;
  const VenueOrderId& id() const { return request_.order.id; }
  void send() {
    sent_ = true;
    if (!link_.send(request_, &call_))
      call_.answer.emplace(Error{Errc::unavailable, "the venue is stopping or its queue is full"});
  }
  bool await_ready() const noexcept { return call_.answer.has_value(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    if (!sent_) send();
    if (call_.answer) return false;
    call_.waiter = waiter;
    return true;
  }
  Result<VenueReport> await_resume() { return *std::move(call_.answer); }

 private:
  VenueLink& link_;
  VenueRequest request_;
  VenueCall call_;
  bool sent_ = false;
};

}  // namespace

class PaperVenue::Silence {
 public:
  explicit Silence(PaperVenue& venue) : venue_(venue) {}
  bool await_ready() const { return !venue_.worker_.silent(venue_.number_); }
  void await_suspend(std::coroutine_handle<> waiter) { venue_.held_.push_back(waiter); }
  // false: the venue is being destroyed.
  bool await_resume() const noexcept { return !venue_.closed_; }

 private:
  PaperVenue& venue_;
};

PaperVenue::PaperVenue(ExchangeWorker& worker, std::size_t number, Loop& loop, Clock& clock,
                       Entropy& entropy)
    : worker_(worker),
      link_(worker.connect(number, loop)),
      number_(number),
      clock_(clock),
      entropy_(entropy) {
  link_.attach(
      [this](const VenueOrderId& id, const Result<VenueReport>& report) { end_flight(id, report); },
      [this] { speak(); });
}

PaperVenue::~PaperVenue() {
  link_.attach({}, {});
  prices_to({});
  for (auto& [id, flight] : in_flight_) clock_.cancel(flight.timer);
  for (auto& [key, timer] : late_) clock_.cancel(timer);
  closed_ = true;
  resume_held();
}

void PaperVenue::resume_held() {
  for (const std::coroutine_handle<> call : std::exchange(held_, {})) call.resume();
}

// Answers the calls that waited, and reports the prices that changed meanwhile.
void PaperVenue::speak() {
  if (worker_.silent(number_)) return;
  resume_held();
  report_prices();
}

// --- Quotes --------------------------------------------------------------------------------------

Task<Result<Quote>> PaperVenue::quote(QuoteRequest request) {
  const Micros latency = within(options().quote_delay_min, options().quote_delay_max);
  if (latency.count() > 0) co_await sleep_for(clock_, latency);
  Silence silence(*this);
  const bool open = co_await silence;
  if (!open) co_return closed();
  co_return quote_now(request);
}

const Market& PaperVenue::market() {
  const std::uint32_t version = worker_.market_version();
  if (std::exchange(market_version_, version) != version) market_ = worker_.market();
  return *market_;
}

namespace {

// Whether the part that a quote is of is paid its share of the least output.
bool holds(const Quote& quote, const QuoteRequest& request) {
  return U128(quote.amount_out) * request.amount_in >= U128(request.least_out) * quote.amount_in;
}

// Of two pools' quotes: one that holds the limit, then one of more input, then one that pays more;
// of an exact output the one of less input.
bool better(const Quote& quote, const Quote& best, const QuoteRequest& request) {
  if (request.exact_out > 0) return quote.amount_in < best.amount_in;
  const bool one = holds(quote, request);
  const bool other = holds(best, request);
  if (one != other) return one;
  if (quote.amount_in != best.amount_in) return quote.amount_in > best.amount_in;
  return quote.amount_out > best.amount_out;
}

}  // namespace

Result<Quote> PaperVenue::quote_now(const QuoteRequest& request) {
  if (!request.path.empty()) return quote_path(request);
  const Market& now_open = market();
  const auto legs = now_open.legs(number_, request.input.symbol, request.output.symbol);
  if (legs.empty()) {
    return Error{Errc::invalid, "no pool for " + std::string(request.input.symbol.view()) + "/" +
                                    std::string(request.output.symbol.view())};
  }
  const VenueTimePoint now = worker_.now();
  Result<Quote> best = quote_leg(legs.front(), request, now);
  for (const Market::Leg& leg : legs.subspan(1)) {
    Result<Quote> quote = quote_leg(leg, request, now);
    if (quote && (!best || better(*quote, *best, request))) best = std::move(quote);
  }
  if (best) best->height = now.height;
  return best;
}

Result<Quote> PaperVenue::quote_leg(Market::Leg leg, const QuoteRequest& request,
                                    const VenueTimePoint& now) {
  const PublishedPool pool = worker_.reserves().read(leg.pool);
  return pool.shape
             ? market_->quote(leg, *pool.shape, now.height, request, now.time, pool.reference)
             : market_->quote(leg, pool.reserves, request, now.time, pool.reference);
}

// The pools are different, so that no trade of the path changes what a later one gives.
Result<Quote> PaperVenue::quote_path(const QuoteRequest& request) {
  OEE_TRY_ASSIGN(const auto legs, market().path_legs(number_, request.input.symbol,
                                                     request.output.symbol, request.path));
  const VenueTimePoint now = worker_.now();
  Quote quote;
  quote.height = now.height;
  quote.amount_in = request.amount_in;
  std::vector<PoolTrade> trades;
  QuoteRequest part;
  part.amount_in = request.amount_in;
  U128 kept = impact_unit;  // of the price before the path, after its impact
  for (const Market::Leg& leg : legs) {
    OEE_TRY_ASSIGN(const Quote hop, quote_leg(leg, part, now));
    trades.push_back({leg.pool, leg.sells_a, part.amount_in, hop.amount_out, hop.fee});
    kept = kept * (10'000 - hop.price_impact_bps) / 10'000;
    part.amount_in = hop.amount_out;
  }
  quote.amount_out = part.amount_in;
  quote.fee = fee_of(trades);
  quote.price_impact_bps = static_cast<std::uint32_t>(10'000 - kept * 10'000 / impact_unit);
  return quote;
}

// --- Prices --------------------------------------------------------------------------------------

void PaperVenue::prices_to(PriceSink sink) {
  price_sink_ = std::move(sink);
  if (follow_timer_ != 0) clock_.cancel(std::exchange(follow_timer_, 0));
  if (!price_sink_) return link_.watch({});
  reported_.clear();
  link_.watch([this] { report_prices(); });
  follow_reference();
}

// The reference prices move with the time. A quote and a trade follow them; so do the pools, once a
// height, while somebody waits for a price.
void PaperVenue::follow_reference() {
  worker_.follow_reference(number_);
  follow_timer_ =
      clock_.call_at(clock_.steady_now() + height_length, [this] { follow_reference(); });
}

void PaperVenue::report_prices() {
  if (!price_sink_ || worker_.silent(number_)) return;  // speak() comes back to it
  const Market& now_open = market();
  const std::vector<Market::Pool>& pools = now_open.pools(number_);
  reported_.resize(pools.size(), 0);
  std::vector<PoolPrice> changed;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const PublishedPool now = worker_.reserves().read(pools[i].id);
    if (std::exchange(reported_[i], now.version) == now.version) continue;
    const oee::PoolState reserves =
        now.shape ? oee::PoolState() : ConstantProductPool{now.reserves.a, now.reserves.b, 0};
    const oee::PoolState& state = now.shape ? *now.shape : reserves;
    const PoolAmounts held = amounts_held(state);
    PoolPrice& price = changed.emplace_back();
    price.pool = pools[i].id;
    price.a = pools[i].a;
    price.b = pools[i].b;
    price.sell_a = spot_price(state, Direction::a_to_b);
    price.sell_b = spot_price(state, Direction::b_to_a);
    price.amount_a = held.a;
    price.amount_b = held.b;
    price.fee_per_million = now_open.fee_per_million(pools[i].id);
    price.height = now.height;
  }
  const PriceSink sink = price_sink_;  // the call may replace it
  if (!changed.empty()) sink(changed);
}

// --- Submitting ----------------------------------------------------------------------------------

Task<Result<VenueReport>> PaperVenue::submit(VenueOrder order) {
  const DrawnFaults faults = draw_faults();
  const SteadyTime timeout = clock_.steady_now() + options().call_timeout;
  if (faults.late) land_late(order, timeout + options().faults.late_delay);
  Silence silence(*this);
  if (faults.late || faults.request_lost) {
    co_await sleep_until(clock_, timeout);
    co_await silence;
    co_return timed_out();
  }
  std::optional<Result<VenueReport>> answer;
  if (options().venue_delay_max.count() == 0) {
    answer = co_await settle_at_once(std::move(order), faults);
  } else {
    answer = co_await accept(std::move(order), faults);
  }
  if (faults.reply_lost) {
    co_await sleep_until(clock_, timeout);
    answer = timed_out();
  }
  co_await silence;
  co_return *std::move(answer);
}

Task<Result<VenueReport>> PaperVenue::settle_at_once(VenueOrder order, DrawnFaults faults) {
  VenueRequest request = submission(order, faults);
  if (faults.duplicated) link_.send(request, nullptr);
  co_return co_await CallExchange(link_, std::move(request));
}

// Returns `accepted` unless the id has ended already. The trade reaches the ledger after the delay.
Task<Result<VenueReport>> PaperVenue::accept(VenueOrder order, DrawnFaults faults) {
  const VenueOrderId id = order.id;
  if (!in_flight_.contains(id)) {
    VenueOrderRef ref;
    ref.id = id;
    ref.valid_until_height = order.valid_until_height;
    VenueRequest request = request_about(VenueRequest::Kind::find, ref);
    Result<VenueReport> known = co_await CallExchange(link_, std::move(request));
    if (!known || known->status != VenueStatus::not_found) co_return known;
  }
  // Another submit of the same id may have been accepted meanwhile.
  const auto [flight, fresh] = in_flight_.try_emplace(id);
  if (fresh) {
    flight->second.order = std::move(order);
    flight->second.faults = faults;
    const Micros delay = within(options().venue_delay_min, options().venue_delay_max);
    flight->second.timer = clock_.call_at(clock_.steady_now() + delay, [this, id] { land(id); });
  }
  co_return accepted(id);
}

// The delay of a trade in flight is over: it is sent to the ledger, whose answer ends the flight.
void PaperVenue::land(const VenueOrderId& id) {
  const auto flight = in_flight_.find(id);
  check(flight != in_flight_.end(), "a timer of a flight that has ended");
  flight->second.timer = 0;
  const VenueRequest request = submission(flight->second.order, flight->second.faults);
  if (flight->second.faults.duplicated) link_.send(request, nullptr);
  const bool sent = link_.send(request, nullptr);
  if (!sent) end_flight(id, Error{Errc::unavailable, "the venue is stopping or its queue is full"});
}

void PaperVenue::land_late(VenueOrder order, SteadyTime at) {
  const std::uint64_t key = ++late_keys_;
  late_[key] = clock_.call_at(at, [this, key, order = std::move(order)] {
    late_.erase(key);
    link_.send(submission(order, DrawnFaults{}), nullptr);
  });
}

// Reports the end. An error is not an end: find() then reads the ledger.
void PaperVenue::end_flight(const VenueOrderId& id, const Result<VenueReport>& report) {
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;
  if (found->second.timer != 0) clock_.cancel(found->second.timer);
  in_flight_.erase(found);
  if (report && sink_ && !worker_.silent(number_)) sink_(id, *report);
}

// --- Finding and cancelling ----------------------------------------------------------------------

Task<Result<std::vector<VenueReport>>> PaperVenue::find(std::vector<VenueOrderRef> refs) {
  Silence silence(*this);
  const bool open = co_await silence;
  if (!open) co_return closed();
  // All requests are sent before the first answer is awaited: the ledger takes them as one group.
  std::deque<CallExchange> calls;
  for (const VenueOrderRef& ref : refs)
    if (!in_flight_.contains(ref.id))
      calls.emplace_back(link_, request_about(VenueRequest::Kind::find, ref)).send();
  std::vector<VenueReport> reports;
  std::optional<Error> failed;
  auto call = calls.begin();
  for (const VenueOrderRef& ref : refs) {
    if (call == calls.end() || call->id() != ref.id) {
      reports.push_back(accepted(ref.id));
      continue;
    }
    CallExchange& next = *call++;
    Result<VenueReport> report = co_await next;
    if (report) {
      reports.push_back(*std::move(report));
    } else {
      failed = report.error();
    }
  }
  if (failed) co_return *std::move(failed);
  co_return reports;
}

Task<Result<VenueReport>> PaperVenue::cancel(VenueOrderRef ref) {
  const DrawnFaults faults = draw_faults();
  const SteadyTime timeout = clock_.steady_now() + options().call_timeout;
  Silence silence(*this);
  if (faults.request_lost) {
    co_await sleep_until(clock_, timeout);
    co_await silence;
    co_return timed_out();
  }
  VenueRequest request = request_about(VenueRequest::Kind::cancel, ref);
  Result<VenueReport> report = co_await CallExchange(link_, std::move(request));
  // The id has ended: a trade of it in flight can change nothing.
  if (report) end_flight(ref.id, report);
  if (faults.reply_lost) {
    co_await sleep_until(clock_, timeout);
    report = timed_out();
  }
  co_await silence;
  co_return report;
}

// --- Requests and their faults -------------------------------------------------------------------

VenueRequest PaperVenue::submission(const VenueOrder& order, const DrawnFaults& faults) const {
  VenueRequest request;
  request.kind = VenueRequest::Kind::submit;
  request.venue = number_;
  request.order = order;
  request.reject = faults.rejected;
  request.move_bps = options().faults.move_bps;
  return request;
}

VenueRequest PaperVenue::request_about(VenueRequest::Kind kind, const VenueOrderRef& ref) const {
  VenueRequest request;
  request.kind = kind;
  request.venue = number_;
  request.order.id = ref.id;
  request.order.valid_until_height = ref.valid_until_height;
  return request;
}

PaperVenue::DrawnFaults PaperVenue::draw_faults() {
  const ExchangeFaults& rates = options().faults;
  DrawnFaults drawn;
  drawn.request_lost = happens(rates.lose_request);
  drawn.reply_lost = happens(rates.lose_reply);
  drawn.duplicated = happens(rates.duplicate);
  drawn.late = happens(rates.late);
  drawn.rejected = happens(rates.reject);
  return drawn;
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

}  // namespace oee::paper
