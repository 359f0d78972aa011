// The invariants of this engine, each with its name. The checkers check them (LogChecker and
// verify() here, HistoryChecker in the tests), and `log-dump verify` reports a violation by the
// name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/order/ids.h"

namespace oee {

enum class Invariant : std::uint8_t {
  // The log's own records (LogChecker).
  log_record,
  log_contiguous,
  log_chain,
  log_time,
  order_version,
  order_transition,
  order_after_end,
  order_attempt,
  order_venue_id_once,
  order_price_limit,
  order_amounts,
  order_route,
  order_tx_hash,
  order_budget,
  order_expiry,
  order_cancel,
  order_immediate,
  order_slices,
  order_halted,
  order_trigger,
  risk_limits,
  key_one_order,
  // The log's indexes and its watermark (verify()).
  log_index,
  log_watermark,
  // The log against the answers that clients received (HistoryChecker, as all below).
  log_acknowledged,
  log_ack_order,
  log_prefix,
  log_refused_absent,
  key_equal_answers,
  // The venues.
  venue_settled_once,
  venue_intent_first,
  venue_intent_kept,
  venue_confirmed_equal,
  venue_settled_confirmed,
  venue_conservation,
  // The projections and streams, which are derived from the log.
  projection_is_fold,
  projection_rebuild,
  stream_gapless,
  stream_durable,
  stream_resumable,
  // After all faults have ended.
  live_orders_end,
  live_lag_zero,
  live_nothing_left,
  // While parties outside the engine are away.
  live_goes_on,
  live_quotes_awaited,
  ready_log,
  // While the engine stops.
  stop_order,
  stop_in_time,
};

struct InvariantText {
  std::string_view name;  // as reports print it
  std::string_view claim;
};

// In the order of the enum.
inline constexpr std::array invariants = {
    InvariantText{"log.record", "every record is whole: magic, format, length, CRC, payload"},
    InvariantText{"log.contiguous", "seqs are 1..H without a hole"},
    InvariantText{"log.chain", "each record holds the chain hash of the one before it"},
    InvariantText{"log.time", "time never decreases along the log"},
    InvariantText{"order.version", "an order's versions are 1, 2, 3 ..."},
    InvariantText{
        "order.transition",
        "only transitions of the lifecycle table; an outcome that an operator states is "
        "followed by that end; the legs of a split attempt are built with it, and it ends "
        "with the last of them"},
    InvariantText{"order.after_end", "nothing follows a final state"},
    InvariantText{"order.attempt", "an event names the attempt that is under way"},
    InvariantText{"order.venue_id_once", "a venue order id is built once, ever"},
    InvariantText{
        "order.price_limit",
        "min_out follows from the first quote, the slippage and the order's own floor, is "
        "never loosened, and no fill is below it"},
    InvariantText{"order.amounts",
                  "each attempt and each fill sells the order's amount, in its tokens' units; a "
                  "fill's price is that of its amounts; a split has the sums of its legs"},
    InvariantText{"order.route",
                  "no quote is better than the chosen one, at whose venue the attempt is traded"},
    InvariantText{"order.tx_hash",
                  "an attempt or leg submits one transaction, and the one confirmed is that one"},
    InvariantText{"order.budget",
                  "a failed order states the attempts that it made; none is beyond the budget"},
    InvariantText{"order.expiry", "no transaction is built at or after the order's expiry"},
    InvariantText{"order.cancel", "nothing is built after a cancel was requested"},
    InvariantText{"order.immediate", "an ioc or fok order builds one transaction at most"},
    InvariantText{"order.slices",
                  "no transaction of a twap order sells more than its slices that are due"},
    InvariantText{"order.halted",
                  "no order is accepted and no transaction is built while a halt covers it"},
    InvariantText{"order.trigger",
                  "a stop or sniper order is triggered once, by a state that its terms name, and "
                  "no attempt starts before"},
    InvariantText{
        "risk.limits",
        "no order is accepted, requeued or amended beyond a risk limit, and the use shown is "
        "that of the log"},
    InvariantText{"key.one_order", "a key of an account belongs to one request"},
    InvariantText{"log.index",
                  "by_order and keys hold exactly what the records require, and bound keys"},
    InvariantText{"log.watermark",
                  "no damaged watermark leaves records behind on a log that nobody writes"},
    InvariantText{"log.acknowledged",
                  "every acknowledged order is in the log, as it was submitted"},
    InvariantText{"log.ack_order",
                  "an order acknowledged before another was sent has the lower seq"},
    InvariantText{"log.prefix", "two reads of the durable log agree where they overlap"},
    InvariantText{"log.refused_absent", "a refused order is not in the log"},
    InvariantText{"key.equal_answers", "one key gets one answer, also across restarts"},
    InvariantText{"venue.settled_once", "at most one settlement per venue order id"},
    InvariantText{"venue.intent_first", "the intent is durable before the venue is called"},
    InvariantText{"venue.intent_kept",
                  "a venue is called for, and settles, the terms of the intent"},
    InvariantText{"venue.confirmed_equal", "a confirmation has a settlement with equal amounts"},
    InvariantText{"venue.settled_confirmed", "at rest every settlement has its confirmation"},
    InvariantText{"venue.conservation", "per token, the sum over all accounts is constant"},
    InvariantText{"projection.is_fold", "the tables are the fold of the log up to their cursor"},
    InvariantText{"projection.rebuild", "a rebuild gives the same rows"},
    InvariantText{"stream.gapless", "a subscriber sees each update once, in order, without a gap"},
    InvariantText{"stream.durable", "nothing is streamed that is not durable"},
    InvariantText{"stream.resumable", "a stream can be resumed after every update"},
    InvariantText{"live.orders_end", "once faults stop, every order ends"},
    InvariantText{"live.lag_zero", "once faults stop, every consumer reaches the head"},
    InvariantText{"live.nothing_left", "at rest nothing is held: no coroutine, socket or waiter"},
    InvariantText{"live.goes_on",
                  "while one outside party is away, all work that does not need it ends"},
    InvariantText{
        "live.quotes_awaited",
        "an order waits for a quote until its deadline; it does not fail for lack of one"},
    InvariantText{"ready.log",
                  "/readyz is 503 while the log cannot finish a sync, and 200 when it can again"},
    InvariantText{"stop.order",
                  "a stop refuses new orders, then parks orders in hand, then closes connections"},
    InvariantText{"stop.in_time", "a stop ends within its promised time, whatever hangs"},
};
static_assert(invariants.size() == static_cast<std::size_t>(Invariant::stop_in_time) + 1);

constexpr std::string_view to_string(Invariant invariant) {
  return invariants[static_cast<std::size_t>(invariant)].name;
}

struct Violation {
  Invariant invariant{};
  Seq seq = 0;       // of the record concerned; 0: no single record
  std::string what;  // one sentence
};

}  // namespace oee
