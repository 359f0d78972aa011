#include "eventlog/audit/log_checker.h"

#include <cstring>
#include <string>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/order/lifecycle.h"
#include "eventlog/audit/halt_checker.h"
#include "eventlog/audit/leg_sequence.h"
#include "eventlog/audit/risk_checker.h"
#include "eventlog/audit/trade_checker.h"

namespace oee {
namespace {

// First 16 bytes of SHA-256(kind || length of the account || account || key).
using KeyDigest = Id<struct KeyDigestTag, 16>;

KeyDigest digest_of(char kind, std::string_view account, std::string_view key) {
  const char head[2] = {kind, static_cast<char>(account.size())};
  const Hash256 hash = sha256({std::string_view(head, sizeof head), account, key});
  return KeyDigest::from_bytes(as_bytes(hash).substr(0, 16));
}

// The formulas of core/order/ids.h, computed here so that a mistake there is found.
VenueOrderId venue_order_id(const OrderId& order, Attempt attempt, LegIndex leg) {
  std::string number;
  for (int shift = 24; shift >= 0; shift -= 8) number += static_cast<char>(attempt >> shift & 0xFF);
  if (leg > 0) number += static_cast<char>(leg);
  const char* domain = leg > 0 ? "oee/venue-leg/1" : "oee/venue-order/1";
  return VenueOrderId::from_bytes(as_bytes(sha256({domain, order.view(), number})).substr(0, 16));
}

std::string describe(const RecordView& record) {
  return std::string(to_string(record.type)) + " of order " + to_text(record.order_id) +
         " version " + std::to_string(record.version);
}

}  // namespace

class LogChecker::Impl {
 public:
  explicit Impl(Options options)
      : options_(options), trades_(options.attempts_max, options.earlier_programs) {}

  std::optional<Violation> take(Result<RecordView> record) {
    if (!record) return violation(Invariant::log_record, record.error().detail);
    last_ = *std::move(record);
    if (auto broken = check_position()) return broken;
    if (auto broken = check_order()) return broken;
    if (options_.keys)
      if (auto broken = check_keys()) return broken;
    head_ = last_.seq;
    chain_ = last_.chain;
    time_us_ = last_.time_us;
    return std::nullopt;
  }

  const RecordView& last() const { return last_; }
  Seq head() const { return head_; }
  const Hash256& chain() const { return chain_; }
  std::size_t orders() const { return orders_.size() - orders_.count(engine_stream); }

 private:
  // The state that the legality of an order's next event depends on.
  struct Standing {
    Version version = 0;
    Attempt attempt = 0;  // the one that is under way, or the last one
    Attempt built = 0;    // the last one with TransactionBuilt
    Phase phase = Phase::none;
    LegSequence legs;  // of that attempt
  };

  Violation violation(Invariant invariant, std::string what) const {
    return {invariant, head_ + 1, std::move(what)};
  }

  std::optional<Violation> check_position() const {
    if (last_.seq != head_ + 1)
      return violation(Invariant::log_contiguous,
                       "the record states seq " + std::to_string(last_.seq));
    if (last_.previous_chain != chain_)
      return violation(Invariant::log_chain,
                       "the chain is broken: the record does not follow the one before it");
    if (head_ > 0 && last_.time_us < time_us_)
      return violation(Invariant::log_time,
                       "its time is earlier than that of the record before it");
    return std::nullopt;
  }

  std::optional<Violation> check_order() {
    const auto [at, fresh_order] = orders_.try_emplace(last_.order_id);
    Standing& order = at->second;
    if (fresh_order) order.phase = first_phase(last_.order_id);
    const auto broken = [this](Invariant invariant, const std::string& what) {
      return violation(invariant, describe(last_) + what);
    };
    if (unfinished_ && last_.order_id != *unfinished_)
      return broken(Invariant::order_transition,
                    ": it follows in the middle of an append of order " + to_text(*unfinished_));
    if (last_.version != order.version + 1)
      return broken(Invariant::order_version, " follows version " + std::to_string(order.version));
    // Checked before the table and the attempts, which forbid it too: this name is more specific.
    if (last_.type == EventType::transaction_built && last_.attempt <= order.built)
      return broken(
          Invariant::order_venue_id_once,
          ": the venue order id of attempt " + std::to_string(last_.attempt) + " was built before");
    if (!is_legal(order.phase, last_.type)) return illegal(order.phase);
    // Behind the fill of a split attempt.
    if (last_.type == EventType::order_failed && order.phase == Phase::pending &&
        !order.legs.needs_requeue())
      return illegal(order.phase);
    if (const std::string wrong = wrong_members(); !wrong.empty())
      return broken(Invariant::log_record, ": " + wrong);
    if (names_attempt(last_.type)) {
      // A new attempt has the next number; an interrupted one is started again with its own number.
      const bool fresh = last_.type == EventType::routing_started &&
                         (order.phase == Phase::pending || order.phase == Phase::resting);
      const Attempt expected = order.attempt + (fresh ? 1 : 0);
      if (last_.attempt != expected)
        return broken(Invariant::order_attempt, ": it names attempt " +
                                                    std::to_string(last_.attempt) + ", not " +
                                                    std::to_string(expected));
      order.attempt = last_.attempt;
    }
    if (const std::string wrong = order.legs.take(last_); !wrong.empty())
      return broken(Invariant::order_transition, ": " + wrong);
    if (const std::string wrong = wrong_venue_order_id(); !wrong.empty())
      return broken(Invariant::order_venue_id_once, ": " + wrong);
    if (last_.type == EventType::transaction_built) order.built = last_.attempt;
    if (const auto finding = halts_.take(last_))
      return broken(finding->invariant, ": " + finding->what);
    if (const auto finding = is_of_engine(last_.type) ? std::nullopt : trades_.take(last_))
      return broken(finding->invariant, ": " + finding->what);
    if (const auto finding = risk_.take(last_))
      return broken(finding->invariant, ": " + finding->what);
    order.version = last_.version;
    order.phase = transition_of(last_.type).after;
    unfinished_.reset();
    if (order.legs.append_goes_on()) unfinished_ = last_.order_id;
    return std::nullopt;
  }

  // The fault of a transaction's id; empty: none.
  std::string wrong_venue_order_id() const {
    const bool of_leg = last_.type == EventType::leg_built;
    if (last_.type != EventType::transaction_built && !of_leg) return {};
    const LegIndex leg = last_.leg.value_or(0);
    if (last_.venue_order_id == venue_order_id(last_.order_id, last_.attempt, leg)) return {};
    return "the venue order id is not the one of " +
           (of_leg ? "leg " + std::to_string(leg) + " of " : std::string()) + "attempt " +
           std::to_string(last_.attempt);
  }

  Violation illegal(Phase phase) const {
    const std::string what = describe(last_) + " is not legal ";
    if (phase == Phase::engine)
      return violation(Invariant::order_transition, what + "with the id of no order");
    if (phase == Phase::none)
      return violation(Invariant::order_transition, what + "before OrderAccepted");
    // Failed is an end too: only DeadLetter* events are legal after it.
    return violation(is_open(phase) ? Invariant::order_transition : Invariant::order_after_end,
                     what + "when the order is " + std::string(to_string(status_of(phase))));
  }

  // The first member whose value event.h forbids; empty: none.
  std::string wrong_members() const {
    if (last_.type == EventType::order_accepted) {
      if (last_.amount_in.units == 0) return "the amount is zero";
      if (last_.amount_in.scale != last_.input_decimals)
        return "the amount's scale is not its token's";
      if (last_.slippage_bps > 10'000) return "the slippage is above 100 %";
      if (last_.exact_out && *last_.exact_out == 0) return "the exact output is zero";
    }
    if (last_.type == EventType::route_selected && last_.chosen_is_error)
      return "the chosen quote is an error";
    return {};
  }

  static bool names_attempt(EventType type) {
    switch (type) {
      case EventType::routing_started:
      case EventType::route_selected:
      case EventType::transaction_built:
      case EventType::transaction_submitted:
      case EventType::outcome_unknown:
      case EventType::order_confirmed:
      case EventType::attempt_failed:
      case EventType::order_failed:
      case EventType::outcome_resolved:
      case EventType::order_partially_filled:
      case EventType::leg_built:
      case EventType::leg_submitted:
      case EventType::leg_outcome_unknown:
      case EventType::leg_filled:
      case EventType::leg_ended:
        return true;
      default:
        return false;
    }
  }

  std::optional<Violation> check_keys() {
    if (auto broken = check_key('k', last_.idempotency_key)) return broken;
    return check_key('c', last_.client_order_id);
  }
  // A request is recorded once, so a key that occurs again belongs to another one.
  std::optional<Violation> check_key(char kind, std::string_view key) {
    if (key.empty()) return std::nullopt;
    const auto [at, fresh] = keys_.emplace(digest_of(kind, last_.account, key), last_.seq);
    if (fresh) return std::nullopt;
    return violation(Invariant::key_one_order, describe(last_) + " has a key that seq " +
                                                   std::to_string(at->second) +
                                                   " has for another request");
  }

  const Options options_;
  RecordView last_;
  Seq head_ = 0;
  Hash256 chain_{};
  std::int64_t time_us_ = 0;
  boost::unordered_flat_map<OrderId, Standing, IdHash> orders_;
  std::optional<OrderId> unfinished_;  // of the last record, when its append goes on
  TradeChecker trades_;
  HaltChecker halts_;
  RiskChecker risk_;
  boost::unordered_flat_map<KeyDigest, Seq, IdHash> keys_;  // to the seq of OrderAccepted
};

LogChecker::LogChecker(Options options) : impl_(std::make_unique<Impl>(options)) {}
LogChecker::~LogChecker() = default;

std::optional<Violation> LogChecker::take(Result<RecordView> record) {
  return impl_->take(std::move(record));
}
const RecordView& LogChecker::last() const {
  return impl_->last();
}
Seq LogChecker::head() const {
  return impl_->head();
}
const Hash256& LogChecker::chain() const {
  return impl_->chain();
}
std::size_t LogChecker::orders() const {
  return impl_->orders();
}

}  // namespace oee
