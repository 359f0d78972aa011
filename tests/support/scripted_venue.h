// ScriptedVenue: a venue that follows a test's script and keeps the laws of its seam. A stateful
// fake with a ledger.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/sleep.h"
#include "core/seams/venue.h"

namespace oee::test {

// The outcome of one submit.
enum class Act {
  settle,
  lose_request,
  lose_reply,
  refuse_slippage,
  refuse_invalid,
  refuse_unavailable,
  refuse_rate,  // with `retry_after`
  accept_first
};

class ScriptedVenue final : public Venue {
 public:
  ScriptedVenue(std::string name, Clock& clock) : name_(std::move(name)), clock_(clock) {}

  std::deque<Act> script;          // consumed by submits of ids that have not ended; empty: settle
  Units quoted_out = 149'000'000;  // for 1,000,000,000 units; other amounts get their share
  std::optional<Error> quote_error;
  std::optional<Error> find_error;
  std::optional<Error> submit_error;  // of every submit; nothing reaches the venue
  std::optional<Error> cancel_error;  // of every cancel; nothing reaches the venue
  Micros quote_delay{0};
  Micros submit_delay{0};  // the venue acts and answers so much later
  Micros find_delay{0};    // the answer comes so much later
  Micros retry_after{0};   // that refuse_rate names
  std::uint64_t height = 100;
  int quotes = 0;                   // calls of quote
  Units part_in = 0;                // the part that is quoted when the whole is paid too little
  Units part_out = 0;               // its output
  bool part_always = false;         // also when no part is asked for
  std::optional<Units> path_out;    // the output of a path; empty: the same as of one pool
  std::function<void()> on_submit;  // called when an order is taken in flight
  std::function<void(const QuoteRequest&)> on_quote;
  std::function<void(const VenueOrderRef&)> on_find;
  std::vector<VenueOrderId> submits;  // every call, in order
  std::vector<VenueOrderId> finds;    // every call of find
  std::vector<VenueOrderId> cancels;  // every call of cancel
  std::map<VenueOrderId, VenueOrder> settled;
  std::map<VenueOrderId, VenueReport> ledger;
  std::map<VenueOrderId, int> settlements;

  std::string_view name() const override { return name_; }

  Task<Result<Quote>> quote(QuoteRequest request) override {
    ++quotes;
    if (on_quote) on_quote(request);
    if (quote_delay.count() > 0) co_await sleep_for(clock_, quote_delay);
    if (quote_error) co_return *quote_error;
    Quote quote;
    quote.amount_in = request.exact_out > 0 ? input_of(request.exact_out) : request.amount_in;
    quote.amount_out = output_of(quote.amount_in);
    if (part_always || (request.part_min > 0 && quote.amount_out < request.least_out &&
                        part_in >= request.part_min && part_in < request.amount_in)) {
      quote.amount_in = part_in;
      quote.amount_out = part_out;
    }
    if (!request.path.empty() && path_out) quote.amount_out = *path_out;
    quote.fee = 3'000'000;
    quote.height = height;
    co_return quote;
  }

  Task<Result<VenueReport>> submit(VenueOrder order) override {
    submits.push_back(order.id);
    if (submit_delay.count() > 0) co_await sleep_for(clock_, submit_delay);
    if (submit_error) co_return *submit_error;
    if (const auto found = ledger.find(order.id); found != ledger.end()) co_return found->second;
    const Act act = script.empty() ? Act::settle : script.front();
    if (!script.empty()) script.pop_front();
    if (act == Act::lose_request) co_return Error{Errc::timeout, "no answer"};
    if (act == Act::accept_first) {
      in_flight_[order.id] = order;
      if (on_submit) on_submit();
      VenueReport report;
      report.status = VenueStatus::accepted;
      report.tx_hash = hash_of(order.id);
      co_return report;
    }
    VenueReport report;
    if (act == Act::refuse_slippage || act == Act::refuse_invalid ||
        act == Act::refuse_unavailable || act == Act::refuse_rate) {
      report.status = VenueStatus::rejected;
      report.refusal = act == Act::refuse_slippage  ? ErrorClass::slippage_exceeded
                       : act == Act::refuse_invalid ? ErrorClass::invalid_order
                       : act == Act::refuse_rate    ? ErrorClass::rate_limited
                                                    : ErrorClass::venue_unavailable;
      if (act == Act::refuse_rate) report.retry_after = retry_after;
      report.detail = "refused by script";
      ledger[order.id] = report;
    } else {
      report = settle(order);
    }
    if (act == Act::lose_reply) co_return Error{Errc::timeout, "no answer"};
    co_return report;
  }

  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override {
    std::vector<VenueReport> reports;
    for (const VenueOrderRef& ref : refs) {
      finds.push_back(ref.id);
      if (on_find) on_find(ref);
      reports.push_back(now(ref));
    }
    if (find_delay.count() > 0) co_await sleep_for(clock_, find_delay);
    if (find_error) co_return *find_error;
    co_return reports;
  }
  void report_to(VenueReportSink sink) override { sink_ = std::move(sink); }
  // Settles an order in flight and reports it.
  void land(const VenueOrderId& id, bool pushed = true) {
    const VenueReport report = settle(in_flight_.at(id));
    in_flight_.erase(id);
    if (pushed) push(id, report);
  }
  void push(const VenueOrderId& id, const VenueReport& report) {
    if (sink_) sink_(id, report);
  }

  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override {
    cancels.push_back(ref.id);
    if (cancel_error) co_return *cancel_error;
    if (const auto found = ledger.find(ref.id); found != ledger.end()) co_return found->second;
    in_flight_.erase(ref.id);
    co_return end(ref.id, VenueStatus::cancelled);
  }

  // The spot price of `input` in `output` becomes `spot`. The first move of a pair opens its pool.
  // Quotes are independent of it. The pool holds `liquidity` units of the output.
  void move_price(const Token& input, const Token& output, SpotPrice spot,
                  Units liquidity = 1'000'000'000'000) {
    const auto found =
        std::find_if(prices_->pools.begin(), prices_->pools.end(), [&](const PoolPrice& pool) {
          return (pool.a == input && pool.b == output) || (pool.a == output && pool.b == input);
        });
    const auto number = static_cast<std::uint32_t>(found - prices_->pools.begin());
    if (found == prices_->pools.end()) {
      PoolPrice& opened = prices_->pools.emplace_back();
      opened.pool = number;
      opened.a = input;
      opened.b = output;
    }
    PoolPrice& pool = prices_->pools[number];
    const SpotPrice back = spot.out == 0 ? SpotPrice{} : SpotPrice{spot.in, spot.out};
    pool.sell_a = pool.a == input ? spot : back;
    pool.sell_b = pool.a == input ? back : spot;
    pool.amount_a = pool.amount_b = liquidity;
    pool.height = ++height;
    prices_->changed.insert(number);
    deliver_prices();
  }
  void prices_to(PriceSink sink) override {
    prices_->sink = std::move(sink);
    for (const PoolPrice& pool : prices_->pools) prices_->changed.insert(pool.pool);
    deliver_prices();
  }

 private:
  struct PriceState {
    std::vector<PoolPrice> pools;
    std::set<std::uint32_t> changed;  // since the last delivery
    bool under_way = false;
    PriceSink sink;
  };
  void deliver_prices() {
    if (!prices_->sink || std::exchange(prices_->under_way, true)) return;
    clock_.call_at(clock_.steady_now(), [state = std::weak_ptr<PriceState>(prices_)] {
      const auto prices = state.lock();
      if (!prices) return;
      prices->under_way = false;
      std::vector<PoolPrice> changed;
      for (const std::uint32_t number : std::exchange(prices->changed, {}))
        changed.push_back(prices->pools[number]);
      const PriceSink sink = prices->sink;  // the call may replace it
      if (sink && !changed.empty()) sink(changed);
    });
  }
  VenueReport now(const VenueOrderRef& ref) {
    if (const auto found = ledger.find(ref.id); found != ledger.end()) return found->second;
    VenueReport report;
    if (in_flight_.contains(ref.id)) {
      report.status = VenueStatus::accepted;
      report.tx_hash = hash_of(ref.id);
    } else if (height > ref.valid_until_height) {
      report = end(ref.id, VenueStatus::expired);
    }
    return report;
  }
  Units output_of(Units amount) const {
    return amount == part_in ? part_out : *mul_div(quoted_out, amount, 1'000'000'000);
  }
  // The least input that yields so much.
  Units input_of(Units amount_out) const {
    const U128 exact = U128{amount_out} * 1'000'000'000;
    return static_cast<Units>((exact + quoted_out - 1) / quoted_out);
  }
  static TxHash hash_of(const VenueOrderId& id) {
    TxHash hash;
    hash.bytes[0] = 1;
    for (std::size_t i = 0; i < 16; ++i) hash.bytes[i + 1] = id.bytes[i];
    return hash;
  }
  VenueReport settle(const VenueOrder& order) {
    VenueReport report;
    report.amount_in = order.exact_output ? input_of(order.min_out) : order.amount_in;
    if (report.amount_in > order.amount_in) {
      report = {};
      report.status = VenueStatus::rejected;
      report.refusal = ErrorClass::slippage_exceeded;
      report.detail = "would take more than the most input";
      return ledger[order.id] = report;
    }
    report.status = VenueStatus::settled;
    report.tx_hash = hash_of(order.id);
    report.amount_out = output_of(report.amount_in);
    report.fee = 3'000'000;
    ledger[order.id] = report;
    ++settlements[order.id];
    settled[order.id] = order;
    return report;
  }
  VenueReport end(const VenueOrderId& id, VenueStatus status) {
    VenueReport report;
    report.status = status;
    report.detail = std::string(to_string(status));
    ledger[id] = report;
    return report;
  }
  const std::string name_;
  Clock& clock_;
  std::map<VenueOrderId, VenueOrder> in_flight_;
  VenueReportSink sink_;
  std::shared_ptr<PriceState> prices_ = std::make_shared<PriceState>();
};

}  // namespace oee::test
