// Coverage: how often a run of the simulation hit each event, fault and crash point. A run over 200
// seeds or more fails when one of them stays at zero: it would not be tested. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "core/order/event.h"

namespace oee::sim {

enum class Point : std::uint8_t {
  // Events, in the order of EventType.
  order_accepted,
  routing_started,
  route_selected,
  transaction_built,
  transaction_submitted,
  outcome_unknown,
  order_confirmed,
  attempt_failed,
  order_failed,
  order_cancelled,
  order_expired,
  dead_letter_requeued,
  dead_letter_discarded,
  outcome_resolved,
  order_rested,
  order_partially_filled,
  cancel_requested,
  order_amended,
  trading_halted,
  trading_resumed,
  order_triggered,
  risk_limits_changed,
  leg_built,
  leg_submitted,
  leg_outcome_unknown,
  leg_filled,
  leg_ended,
  // Answers and streams, as clients receive them.
  answer_accepted,
  answer_replayed,
  answer_refused,
  answer_mismatch,
  answer_risk_limit,
  change_risk_limit,
  answer_conflict,
  answer_unavailable,
  answer_lost,
  stream_joined,
  stream_resumed,
  stream_at_gateway,
  stream_lost,
  // Twap orders.
  slice_filled,
  slices_together,  // of several that became due, one transaction
  slice_carried_over,
  slice_after_restart,
  // Stop and sniper orders.
  triggered_below,
  triggered_above,
  triggered_by_pool,
  triggered_by_new_pool,    // of a pair that had none when the run began
  triggered_after_restart,  // the engine was killed while the order waited
  trigger_recovered,        // it was killed between OrderTriggered and the first attempt
  trigger_amended,
  trigger_cancelled,
  trigger_expired,
  market_moved,
  // Orders of an exact output.
  exact_filled_for_less,  // than the most that its transaction could take
  exact_waited,           // for a quote, or at rest
  exact_after_restart,    // filled after the engine was killed
  pool_opened,
  // Paths of several pools.
  path_submitted,
  path_settled,
  path_after_restart,  // settled after the engine was killed
  // Split attempts.
  split_built,
  split_filled,          // every leg
  split_filled_in_part,  // a leg ended beside one that was filled
  split_failed,          // no leg was filled
  split_after_restart,   // a leg ended after the engine was killed
  split_at_one_venue,    // several legs
  split_between_venues,
  split_of_twap,
  split_tried_again,  // after a split that was filled in part
  // Faults of venues.
  venue_request_lost,
  venue_reply_lost,
  venue_duplicated,
  venue_delayed,
  venue_late,
  venue_refused,
  venue_away,
  quotes_failed,
  quotes_slow,
  breaker_opened,
  breaker_closed,
  // Faults of the log.
  log_write_failed,
  log_batch_lost,
  log_batch_kept,
  log_stalled,
  log_hung,
  log_hung_for_ever,
  log_killed_hung,
  log_stopped_hung,
  unready_hung,
  ready_again,
  stop_cut_short,
  // Faults of PostgreSQL and Redis.
  tables_away,
  tables_reply_lost,
  tables_older_copy,
  tables_silent,
  list_read,
  list_refused,
  bus_away,
  bus_lost,
  bus_repeated,
  bus_silent,
  bus_late,
  bus_garbage,
  bus_other_log,
  bus_false_head,
  // One party away, all others at work.
  away_tables,
  away_redis,
  away_venue_silent,
  away_venue_mute,
  away_venue_refuses,
  away_venue_late,
  away_live_orders,
  away_settled_meanwhile,
  away_ended_elsewhere,
  // Risk limits.
  risk_limits_reloaded,
  risk_day_ended,
  // Faults of time.
  wall_clock_stepped,
  engine_paused,
  gateway_died,
  // Crash points: the work under way when the engine was killed.
  crash_idle,
  crash_recovering,
  crash_append_queued,
  crash_append_unsynced,
  crash_answer_unsent,
  crash_accepted_unstarted,
  crash_trigger_awaited,
  crash_triggered_unstarted,
  crash_intent_uncalled,
  crash_venue_asked,
  crash_outcome_unappended,
  crash_unprojected,
  crash_unpublished,
  crash_stopping,
  count,
};
static_assert(static_cast<std::size_t>(Point::answer_accepted) == event_type_count);
inline constexpr std::size_t point_count = static_cast<std::size_t>(Point::count);

inline constexpr std::array<std::string_view, point_count> point_names = {
    "event OrderAccepted",
    "event RoutingStarted",
    "event RouteSelected",
    "event TransactionBuilt",
    "event TransactionSubmitted",
    "event OutcomeUnknown",
    "event OrderConfirmed",
    "event AttemptFailed",
    "event OrderFailed",
    "event OrderCancelled",
    "event OrderExpired",
    "event DeadLetterRequeued",
    "event DeadLetterDiscarded",
    "event OutcomeResolved",
    "event OrderRested",
    "event OrderPartiallyFilled",
    "event CancelRequested",
    "event OrderAmended",
    "event TradingHalted",
    "event TradingResumed",
    "event OrderTriggered",
    "event RiskLimitsChanged",
    "event LegBuilt",
    "event LegSubmitted",
    "event LegOutcomeUnknown",
    "event LegFilled",
    "event LegEnded",
    "answer 202",
    "answer 202 replayed",
    "answer 422 refused",
    "answer 422 key mismatch",
    "answer 422 risk limit: order",
    "answer 422 risk limit: requeue, amendment",
    "answer 409 conflict",
    "answer 503",
    "answer lost on its way",
    "stream joined",
    "stream resumed",
    "stream at a gateway",
    "stream lost",
    "twap: slice filled",
    "twap: several slices in one transaction",
    "twap: slice carried over",
    "twap: slice sold after a restart",
    "stop: triggered at or below",
    "stop: triggered at or above",
    "sniper: triggered by a pool",
    "sniper: triggered by a new pool",
    "trigger: after a restart",
    "trigger: recovered before the first attempt",
    "trigger: price amended",
    "trigger: cancelled before",
    "trigger: expired before",
    "market moved",
    "exact output: filled for less than the most",
    "exact output: waited",
    "exact output: filled after a restart",
    "pool opened",
    "path: submitted",
    "path: settled",
    "path: settled after a restart",
    "split: built",
    "split: every leg filled",
    "split: filled in part",
    "split: no leg filled",
    "split: a leg ended after a restart",
    "split: legs at one venue",
    "split: legs at several venues",
    "split: of a twap order",
    "split: the rest of one traded again",
    "venue: request lost",
    "venue: reply lost",
    "venue: request duplicated",
    "venue: request delayed",
    "venue: request lands after the time-out",
    "venue: order refused",
    "venue: away for minutes",
    "venue: no quotes",
    "venue: slow quotes",
    "venue: circuit breaker opened",
    "venue: circuit breaker closed",
    "log: write failed",
    "log: unsynced batch lost",
    "log: unsynced batch kept",
    "log: slow sync",
    "log: hung sync",
    "log: sync hung for ever",
    "log: killed while a sync hung",
    "log: stopped while a sync hung",
    "readyz 503: a sync hangs",
    "readyz 200: the sync has ended",
    "stop cut short: its time was over",
    "postgres: away",
    "postgres: commit's reply lost",
    "postgres: replaced by an older copy",
    "postgres: silent",
    "list read",
    "list refused: postgres gone",
    "redis: away",
    "redis: messages lost",
    "redis: messages repeated",
    "redis: silent",
    "redis: messages late",
    "redis: garbage",
    "redis: another log's message",
    "redis: false head",
    "away alone: postgres silent",
    "away alone: redis silent",
    "away alone: venue silent",
    "away alone: venue answers quotes only",
    "away alone: venue refuses",
    "away alone: venue answers late",
    "away alone: orders live at the venue",
    "away alone: settled at the venue",
    "away alone: order ended elsewhere",
    "risk limits reloaded",
    "risk limits: a day ended",
    "wall clock stepped",
    "engine paused",
    "gateway died",
    "crash: nothing in hand",
    "crash: during recovery",
    "crash: append queued",
    "crash: append written, not synced",
    "crash: durable, answer not sent",
    "crash: acknowledged, not started",
    "crash: orders wait for their triggers",
    "crash: triggered, not started",
    "crash: intent durable, venue not called",
    "crash: venue called, reply open",
    "crash: settled, outcome not appended",
    "crash: durable, not projected",
    "crash: durable, not published",
    "crash: while stopping",
};
static_assert(std::none_of(point_names.begin(), point_names.end(),
                           [](std::string_view name) { return name.empty(); }),
              "a point has no name");

// The simulated engine asks all its venues, so that no operator resolves an outcome.
// stack/process/resolve_test.cc does. A limit refuses a change in one of a hundred runs;
// contract/event_log_risk_contract_test.cc does it each time.
constexpr bool is_hit_by_a_run(Point point) {
  return point != Point::outcome_resolved && point != Point::change_risk_limit;
}

class Coverage {
 public:
  void hit(Point point, std::uint64_t times = 1) {
    counts_[static_cast<std::size_t>(point)] += times;
  }
  void add(const Coverage& other) {
    for (std::size_t i = 0; i < point_count; ++i) counts_[i] += other.counts_[i];
  }
  std::uint64_t count(Point point) const { return counts_[static_cast<std::size_t>(point)]; }

 private:
  std::array<std::uint64_t, point_count> counts_{};
};

}  // namespace oee::sim
