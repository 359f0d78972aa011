// Deliberate wrong reactions to a party that hangs, is away or reports nothing, or that anyone can
// write to. One thread.
#pragma once

#include "tests/sim/mutations/seams.h"

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

// Asks a venue for a quote until it answers.
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
// No order is routed while one venue is away.
inline Mutants waits_for_every_quote() {
  Mutants mutants = with_venue<AsksForEver>();
  mutants.quote_max = Micros(7'200'000'000);
  return mutants;
}

// A lack of quotes ends an attempt.
inline void fails_unquoted(AttemptFailed& failed) {
  if (failed.error == ErrorClass::no_quote) failed.error = ErrorClass::venue_unavailable;
}

// Takes a venue that has not answered for minutes as one that never got the order.
class GivesUp final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override {
    VenueReport given_up;
    given_up.status = VenueStatus::cancelled;
    std::vector<VenueReport> all_given_up(refs.size(), given_up);
    Result<std::vector<VenueReport>> reports = co_await real_.find(std::move(refs));
    unanswered_ = reports.ok() ? 0 : unanswered_ + 1;
    if (unanswered_ >= patience) reports = std::move(all_given_up);
    co_return reports;
  }

 private:
  static constexpr std::uint32_t patience = 40;
  std::uint32_t unanswered_ = 0;
};

// Never reports the outcome of an order.
class NeverReports final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> submit(VenueOrder) override { co_return silence(); }
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef>) override {
    co_return silence();
  }
  void report_to(VenueReportSink) override {}

 private:
  static Error silence() { return Error{Errc::timeout, "no answer in time"}; }
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
