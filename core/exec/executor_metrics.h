// ExecutorMetrics: what one shard's executor measures: its orders, the time they stay in each
// stage, and its venue calls. The loop's thread writes; any thread reads. Nothing is stored: after
// a restart all begin at zero.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metrics.h"
#include "core/exec/circuit_breaker.h"
#include "core/exec/open_orders.h"
#include "core/seams/venue.h"

namespace oee {

// Durations of an order's stages, by the times of its records: the log's time, at which each step
// was decided.
class StageMetrics {
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

  // Adds the stage that `record` ends. `before`: the order before the record.
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
      case EventType::leg_submitted:
        if (before.phase == Phase::building) stages_[building_to_submitted].add(waited);
        break;
      case EventType::order_confirmed:
        if (before.phase == Phase::submitted) stages_[submitted_to_confirmed].add(waited);
        break;
      default:
        break;
    }
    const Phase after = transition_of(type_of(record.event)).after;
    if (!is_open(after))
      order_durations_[index_of(status_of(after))].add(record.time - before.accepted_at);
  }

  const DurationHistogram& stage(Stage stage) const { return stages_[stage]; }
  // From acceptance to this final status.
  const DurationHistogram& order_duration(OrderStatus end) const {
    return order_durations_[index_of(end)];
  }

 private:
  static std::size_t index_of(OrderStatus status) { return static_cast<std::size_t>(status); }
  std::array<DurationHistogram, stage_names.size()> stages_;
  std::array<DurationHistogram, order_status_count> order_durations_;
};

// Calls to one venue: how they end and how long they take.
class VenueMetrics {
 public:
  enum Call : std::uint8_t { quote, submit, find, cancel };
  static constexpr std::array<std::string_view, 4> call_names = {"quote", "submit", "find",
                                                                 "cancel"};
  // Labels of the outcomes: a quote, then VenueStatus in its order, then errors of the call itself.
  // Dashboards use them: "refused" is rejected, "dead" cancelled, "not_seen" not_found.
  static constexpr std::array<std::string_view, 10> outcome_names = {
      "quoted", "accepted", "settled", "refused",     "expired",
      "dead",   "not_seen", "timeout", "unavailable", "other_error"};

  explicit VenueMetrics(std::string_view venue) : venue_(venue) {}
  const std::string& venue() const { return venue_; }
  std::atomic<std::uint64_t> live{0};  // live attempts now
  struct Breaker {
    std::atomic<CircuitBreaker::State> state{CircuitBreaker::State::closed};
    Count openings;  // of the closed breaker
  };
  std::array<Breaker, 2> breakers;  // of quote and submit

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

struct ExecutorMetrics {
  explicit ExecutorMetrics(const std::vector<Venue*>& connected = {}) {
    for (const Venue* venue : connected)
      venues.push_back(std::make_unique<VenueMetrics>(venue->name()));
  }

  // Now.
  std::atomic<std::uint64_t> open{0};       // open orders held
  std::atomic<std::uint64_t> executing{0};  // open orders in a coroutine
  // Open orders that wait for a retry, a quote or the end of a halt.
  std::atomic<std::uint64_t> waiting{0};
  std::atomic<std::uint64_t> unknown{0};          // open orders with an unknown outcome
  std::atomic<std::uint64_t> halts{0};            // in force; the same on every shard
  std::atomic<std::int64_t> unknown_since_us{0};  // wall time of the oldest of them; 0: none
  // Since the start.
  std::atomic<std::uint64_t> ended{0};           // orders that ended, in any final status
  std::atomic<std::uint64_t> executed_us{0};     // of decisions and live attempts that ended
  std::atomic<std::uint64_t> append_wait_us{0};  // of executed_us, the wait for the log
  // Set once: ExecutorOptions::concurrency.
  std::atomic<std::uint32_t> concurrency{0};
  std::atomic<Seq> folded{0};  // last seq of the newest block folded

  StageMetrics stages;
  std::vector<std::unique_ptr<VenueMetrics>> venues;  // in the order of the executor's venues
  DurationHistogram append_duration;                  // from an append's call to its answer
};

}  // namespace oee
