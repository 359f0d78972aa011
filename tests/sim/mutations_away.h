// Deliberate wrong reactions to a party that hangs or is away, or that anyone can write to. One
// thread.
#pragma once

#include "tests/sim/mutations_seams.h"

namespace oee::sim {

inline Mutants forgets_the_disk() {
  Mutants mutants;
  mutants.readyz_without_disk = true;
  return mutants;
}
inline Mutants waits_for_ever() {
  Mutants mutants;
  mutants.stop_waits_for_ever = true;
  return mutants;
}
inline Mutants answers_hung_appends() {
  Mutants mutants;
  mutants.answers_hung_appends = true;
  return mutants;
}
inline Mutants writes_behind_queries() {
  Mutants mutants;
  mutants.writes_on_query_thread = true;
  return mutants;
}

// Asks a venue for a quote until it answers: no order is routed while one venue is away.
class AsksForEver final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<Quote>> quote(QuoteRequest request) override {
    Result<Quote> quote = co_await real_.quote(request);
    while (!quote.ok() && quote.error().code == Errc::timeout) {
      quote = co_await real_.quote(request);
    }
    co_return quote;
  }
};

// Takes a venue that has not answered for minutes as one that never got the order.
class GivesUp final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> find(VenueOrderRef ref, Micros wait) override {
    Result<VenueReport> report = co_await real_.find(ref, wait);
    std::uint32_t& unanswered = unanswered_[ref.id];
    unanswered = report.ok() ? 0 : unanswered + 1;
    if (unanswered >= patience) {
      VenueReport given_up;
      given_up.status = VenueStatus::cancelled;
      report = given_up;
    }
    co_return report;
  }

 private:
  static constexpr std::uint32_t patience = 40;
  std::map<VenueOrderId, std::uint32_t> unanswered_;
};

inline Mutants waits_for_redis() {
  Mutants mutants;
  mutants.gateway_stream = [](StreamOptions& options) {
    options.bus_silence_max = Micros(36'000'000'000);
  };
  return mutants;
}
inline Mutants takes_any_log() {
  Mutants mutants;
  mutants.any_log_is_own = true;
  return mutants;
}
}  // namespace oee::sim
