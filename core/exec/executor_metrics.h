// What one shard's executor measures: how long orders stay in each stage, and its venue calls.
// Written by the loop's thread, read by any.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metrics.h"
#include "core/exec/open_orders.h"
#include "core/seams/venue.h"

namespace oee {

// Times of an order, from record to record: the log's time, at which each step was decided.
class StageMeters {
 public:
  enum Stage : std::uint8_t {
    accepted_to_routing,
    routing_to_building,
    building_to_submitted,
    submitted_to_confirmed,
  };
  static constexpr std::array<std::string_view, 4> stage_names = {
      "accepted_to_routing", "routing_to_building", "building_to_submitted",
      "submitted_to_confirmed"};

  // The record that took an order on from `before`.
  void add(const Record& record, const OpenOrders::Before& before) {
    const Micros waited = record.time - before.updated_at;
    switch (type_of(record.event)) {
      case EventType::routing_started:
        if (before.attempt == 0) stages_[accepted_to_routing].add(waited);
        break;
      case EventType::route_selected:  // TransactionBuilt comes in the same append
        stages_[routing_to_building].add(waited);
        break;
      case EventType::transaction_submitted:
        if (before.phase == Phase::building) stages_[building_to_submitted].add(waited);
        break;
      case EventType::order_confirmed:
        if (before.phase == Phase::submitted) stages_[submitted_to_confirmed].add(waited);
        break;
      default:
        break;
    }
    const Phase after = transition_of(type_of(record.event)).after;
    if (!is_open(after)) lives_[index_of(status_of(after))].add(record.time - before.accepted_at);
  }

  const DurationHistogram& stage(Stage stage) const { return stages_[stage]; }
  // From accepted to this end.
  const DurationHistogram& life(OrderStatus end) const { return lives_[index_of(end)]; }

 private:
  static std::size_t index_of(OrderStatus status) { return static_cast<std::size_t>(status); }
  std::array<DurationHistogram, stage_names.size()> stages_;
  std::array<DurationHistogram, order_status_count> lives_;
};

// One venue's calls.
class VenueMeters {
 public:
  enum Call : std::uint8_t { quote, submit, find, cancel };
  static constexpr std::array<std::string_view, 4> call_names = {"quote", "submit", "find",
                                                                 "cancel"};
  // Labels of the answers: a quote, then VenueStatus in its order, then errors of the call itself.
  // Dashboards rely on them: "refused" is rejected, "dead" cancelled, "not_seen" not_found.
  static constexpr std::array<std::string_view, 10> outcome_names = {
      "quoted", "accepted", "settled", "refused",     "expired",
      "dead",   "not_seen", "timeout", "unavailable", "other_error"};

  explicit VenueMeters(std::string_view venue) : venue_(venue) {}
  const std::string& venue() const { return venue_; }

  void add(const Result<Quote>& answer, Micros took) {
    add(quote, answer.ok() ? 0 : error_outcome(answer.error().code), took);
  }
  void add(Call call, const Result<VenueReport>& answer, Micros took) {
    const std::size_t outcome = answer.ok() ? 1 + static_cast<std::size_t>(answer->status)
                                            : error_outcome(answer.error().code);
    add(call, outcome, took);
  }

  std::uint64_t count(Call call, std::size_t outcome) const {
    return outcomes_[call][outcome].get();
  }
  const DurationHistogram& took(Call call) const { return took_[call]; }

 private:
  static std::size_t error_outcome(Errc code) {
    return code == Errc::timeout ? 7 : code == Errc::unavailable ? 8 : 9;
  }
  void add(Call call, std::size_t outcome, Micros took) {
    outcomes_[call][outcome].add();
    took_[call].add(took);
  }
  const std::string venue_;
  std::array<std::array<Count, outcome_names.size()>, call_names.size()> outcomes_;
  std::array<DurationHistogram, call_names.size()> took_;
};

struct ExecutorMeters {
  explicit ExecutorMeters(const std::vector<Venue*>& connected) {
    for (const Venue* venue : connected)
      venues.push_back(std::make_unique<VenueMeters>(venue->name()));
  }
  StageMeters stages;
  std::vector<std::unique_ptr<VenueMeters>> venues;  // in the order of the executor's venues
  DurationHistogram append_wait;                     // from asking the log to its answer
};

}  // namespace oee
