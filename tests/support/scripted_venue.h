// ScriptedVenue: a venue that follows a test's script and keeps the laws of its seam. A stateful
// fake with a ledger.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/runtime/sleep.h"
#include "core/seams/venue.h"

namespace oee::test {

// The outcome of one submit.
enum class Act { settle, lose_request, lose_reply, refuse_slippage, refuse_invalid, accept_first };

class ScriptedVenue final : public Venue {
 public:
  ScriptedVenue(std::string name, Clock& clock) : name_(std::move(name)), clock_(clock) {}

  std::deque<Act> script;  // consumed by submits of ids that have not ended; empty: settle
  Units quoted_out = 149'000'000;
  std::optional<Error> quote_error;
  Micros quote_delay{0};
  std::uint64_t height = 100;
  int quotes = 0;                     // calls of quote
  std::vector<VenueOrderId> submits;  // every call, in order
  std::vector<VenueOrderId> finds;    // every call of find
  std::map<VenueOrderId, VenueReport> ledger;
  std::map<VenueOrderId, int> settlements;

  std::string_view name() const override { return name_; }

  Task<Result<Quote>> quote(QuoteRequest) override {
    ++quotes;
    if (quote_delay.count() > 0) co_await sleep_for(clock_, quote_delay);
    if (quote_error) co_return *quote_error;
    Quote quote;
    quote.amount_out = quoted_out;
    quote.fee = 3'000'000;
    quote.height = height;
    co_return quote;
  }

  Task<Result<VenueReport>> submit(VenueOrder order) override {
    submits.push_back(order.id);
    if (const auto found = ledger.find(order.id); found != ledger.end()) co_return found->second;
    const Act act = script.empty() ? Act::settle : script.front();
    if (!script.empty()) script.pop_front();
    if (act == Act::lose_request) co_return Error{Errc::timeout, "no answer"};
    if (act == Act::accept_first) {
      in_flight_[order.id] = order;
      VenueReport report;
      report.status = VenueStatus::accepted;
      report.tx_hash = hash_of(order.id);
      co_return report;
    }
    VenueReport report;
    if (act == Act::refuse_slippage || act == Act::refuse_invalid) {
      report.status = VenueStatus::rejected;
      report.refusal =
          act == Act::refuse_slippage ? ErrorClass::slippage_exceeded : ErrorClass::invalid_order;
      report.detail = "refused by script";
      ledger[order.id] = report;
    } else {
      report = settle(order);
    }
    if (act == Act::lose_reply) co_return Error{Errc::timeout, "no answer"};
    co_return report;
  }

  Task<Result<VenueReport>> find(VenueOrderRef ref, Micros wait) override {
    finds.push_back(ref.id);
    if (const auto found = ledger.find(ref.id); found != ledger.end()) co_return found->second;
    co_await sleep_for(clock_, wait);
    if (const auto flying = in_flight_.find(ref.id); flying != in_flight_.end()) {
      VenueReport report = settle(flying->second);
      in_flight_.erase(flying);
      co_return report;
    }
    VenueReport report;
    if (height > ref.valid_until_height) report = end(ref.id, VenueStatus::expired);
    co_return report;
  }

  Task<Result<VenueReport>> cancel(VenueOrderRef ref) override {
    if (const auto found = ledger.find(ref.id); found != ledger.end()) co_return found->second;
    co_return end(ref.id, VenueStatus::cancelled);
  }

 private:
  static TxHash hash_of(const VenueOrderId& id) {
    TxHash hash;
    hash.bytes[0] = 1;
    for (std::size_t i = 0; i < 16; ++i) hash.bytes[i + 1] = id.bytes[i];
    return hash;
  }
  VenueReport settle(const VenueOrder& order) {
    VenueReport report;
    report.status = VenueStatus::settled;
    report.tx_hash = hash_of(order.id);
    report.amount_out = quoted_out;
    report.fee = 3'000'000;
    ledger[order.id] = report;
    ++settlements[order.id];
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
};

}  // namespace oee::test
