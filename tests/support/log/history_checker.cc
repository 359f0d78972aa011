#include "tests/support/log/history_checker.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/bytes.h"

namespace oee::test {
namespace {

constexpr std::size_t violations_max = 100;

// 8 bytes are enough to compare two readings of one record: the test does not forge hashes.
std::uint64_t short_chain(const Hash256& chain) {
  return load_be<std::uint64_t>(chain.data());
}

std::string seq_text(Seq seq) {
  return "seq " + std::to_string(seq);
}

}  // namespace

class HistoryChecker::Impl {
 public:
  explicit Impl(std::uint32_t attempts_max)
      : log_({.keys = true, .attempts_max = attempts_max, .earlier_programs = false}) {}

  std::vector<Violation> violations;

  void add(Invariant invariant, Seq seq, std::string what) {
    if (violations.size() < violations_max) violations.push_back({invariant, seq, std::move(what)});
  }

  // --- Clients ----------------------------------------------------------------------------------
  std::uint64_t sending(const Submit& submit) {
    check(!submit.key.empty(), "HistoryChecker: every submit has a key");
    Key& key = keys_[submit.key];
    if (key.sent++ == 0) key.acknowledged_before = acknowledged_max_;
    tickets_.emplace(++last_ticket_, submit);
    return last_ticket_;
  }
  void answered_accepted(std::uint64_t ticket, const OrderId& id, Seq seq) {
    Ack ack{take_ticket(ticket), id, seq};
    Key& key = keys_[ack.submit.key];
    if (!key.answer) key.answer = {id, seq};
    if (*key.answer != std::pair(id, seq))
      add(Invariant::key_equal_answers, seq,
          "key " + ack.submit.key + " was answered with order " + to_text(key.answer->first) +
              " at " + seq_text(key.answer->second) + ", and then with order " + to_text(id) +
              " at " + seq_text(seq));
    acknowledged_max_ = std::max(acknowledged_max_, seq);
    if (log_is_current_ && seq > head())
      return add(Invariant::log_acknowledged, seq, "it was acknowledged before it was durable");
    acks_.push_back(std::move(ack));
    if (seq <= head()) check_up_to_head();
  }
  void answered_refused(std::uint64_t ticket) { ++keys_[take_ticket(ticket).key].refused; }

  // --- The log ----------------------------------------------------------------------------------
  bool log_is_current_ = false;

  void saw_log(Seq first, const std::vector<std::string_view>& records) {
    check(first >= 1 && first <= head() + 1, "HistoryChecker::saw_log: a gap");
    for (std::size_t i = 0; i < records.size() && !log_broken_; ++i) {
      if (first + i <= head()) {
        compare(first + i, records[i]);
      } else if (auto broken = log_.take(records[i])) {
        add(broken->invariant, broken->seq, std::move(broken->what));
        log_broken_ = true;
      } else {
        remember(log_.last());
      }
    }
    if (!log_broken_) check_up_to_head();
  }
  Seq head() const { return steps_.size(); }
  std::optional<Standing> standing(const OrderId& id) const {
    const auto found = orders_.find(id);
    if (found == orders_.end()) return std::nullopt;
    return Standing{found->second.phase, found->second.version, found->second.seqs.back()};
  }
  std::size_t orders() const { return orders_.size(); }
  const std::set<OrderId>& open_orders() const { return open_; }

  // --- Venues -----------------------------------------------------------------------------------
  void venue_called(const VenueName& venue, const VenueOrder& order) {
    const auto found = built_.find(order.id);
    if (found == built_.end())
      return add(
          Invariant::venue_intent_first, 0,
          "the venue is called to settle " + to_text(order.id) + ", which no durable intent names");
    const Intent& intent = found->second;
    if (!keeps(intent, venue, order.input.symbol, order.output.symbol, order.amount_in) ||
        order.min_out != intent.min_out || order.valid_until_height != intent.valid_until_height ||
        order.exact_output != intent.exact_output || order.path != intent.path)
      add(Invariant::venue_intent_kept, 0,
          "the venue is called to settle " + to_text(order.id) + " on other terms than its intent");
  }
  void venue_settled(const Settlement& settlement) {
    if (!settled_.emplace(settlement.id, settlement).second)
      add(Invariant::venue_settled_once, 0, to_text(settlement.id) + " is settled twice");
  }

  // --- Streams ----------------------------------------------------------------------------------
  // One delivery to a subscriber whose last seq was `after`: an update, or, without a type, the
  // report that the stream is complete up to `seq`.
  struct Delivery {
    Seq after = 0;
    Seq seq = 0;
    std::optional<OrderId> only;  // the order it subscribed to
    bool fresh = false;
    OrderId id;
    Version version = 0;
    std::optional<EventType> type;
  };

  void streamed(Subscriber& subscriber, Delivery delivery) {
    delivery.after = subscriber.last;
    delivery.only = subscriber.order;
    delivery.fresh = subscriber.fresh;
    if (delivery.seq <= delivery.after)
      return add(gap_of(delivery), delivery.seq,
                 "it was streamed after " + seq_text(delivery.after));
    if (!delivery.only && delivery.seq != delivery.after + 1)
      add(gap_of(delivery), delivery.seq, "it was streamed next after " + seq_text(delivery.after));
    if (delivery.only && delivery.id != *delivery.only)
      add(gap_of(delivery), delivery.seq, "it was streamed to a subscriber of another order");
    subscriber.last = delivery.seq;
    subscriber.fresh = false;
    add_delivery(delivery);
  }
  void stream_complete(Subscriber& subscriber, Seq seq) {
    Delivery delivery;
    delivery.after = subscriber.last;
    delivery.seq = seq;
    delivery.only = subscriber.order;
    delivery.fresh = std::exchange(subscriber.fresh, false);
    if (seq <= subscriber.last) return;
    if (!delivery.only)
      return add(gap_of(delivery), seq,
                 "the stream was reported complete to here; its last update was " +
                     seq_text(delivery.after));
    subscriber.last = seq;
    add_delivery(delivery);
  }

  void at_rest() {
    if (log_broken_) return;
    for (const Ack& ack : acks_)
      add(Invariant::log_acknowledged, ack.seq,
          "key " + ack.submit.key + " was acknowledged at a seq past the log's end, " +
              std::to_string(head()));
    for (const Delivery& delivery : deliveries_)
      add(Invariant::stream_durable, delivery.seq, "it was streamed, and the log does not hold it");
    acks_.clear();
    deliveries_.clear();
    check_refused();
    check_settlements();
    check_confirmations();
    for (const OrderId& id : open_)
      add(Invariant::live_orders_end, orders_.at(id).seqs.back(),
          "order " + to_text(id) + " is open");
  }

 private:
  struct Ack {
    Submit submit;
    OrderId id;
    Seq seq = 0;
  };
  struct Key {
    std::uint32_t sent = 0;
    std::uint32_t refused = 0;
    Seq acknowledged_before = 0;  // the highest seq acknowledged before the key was first sent
    std::optional<std::pair<OrderId, Seq>> answer;
  };
  // The log's record at a seq.
  struct Step {
    OrderId id;
    std::uint64_t chain = 0;
    Version version = 0;
    EventType type{};
  };
  // An OrderConfirmed or OrderPartiallyFilled of an attempt that is not split, or a LegFilled.
  struct Fill {
    OrderId order;
    Seq seq = 0;
    Decimal amount_in;
    Decimal amount_out;
    Decimal fee;
    TxHash tx_hash;
  };
  // The terms of a TransactionBuilt, of a split attempt those of a LegBuilt. The tokens are those
  // of the order.
  struct Intent {
    OrderId order;
    VenueName venue;
    Units amount_in = 0;
    Units min_out = 0;
    std::uint64_t valid_until_height = 0;
    bool exact_output = false;
    HopPath path;
  };
  struct OrderState {
    Phase phase = Phase::none;
    Version version = 0;
    std::vector<Seq> seqs;
    std::string idempotency_key;
    std::string client_order_id;
    Submit submit;                    // without its key
    bool split = false;               // its last route has several legs
    std::vector<VenueOrderId> built;  // by the last TransactionBuilt, of a split by its legs
    bool resolved = false;            // an operator stated an outcome; its venue may not be there
  };

  Submit take_ticket(std::uint64_t ticket) {
    const auto found = tickets_.find(ticket);
    check(found != tickets_.end(), "HistoryChecker: a ticket is answered once");
    Submit submit = std::move(found->second);
    tickets_.erase(found);
    return submit;
  }

  void compare(Seq seq, std::string_view bytes) {
    const Result<RecordView> record = view_record(bytes);
    if (!record || record->seq != seq || short_chain(record->chain) != steps_[seq - 1].chain)
      add(Invariant::log_prefix, seq, "it differs from an earlier reading");
  }

  void remember(const RecordView& record) {
    steps_.push_back({record.order_id, short_chain(record.chain), record.version, record.type});
    if (record.order_id == engine_stream) return;  // no order
    OrderState& order = orders_[record.order_id];
    order.phase = transition_of(record.type).after;
    order.version = record.version;
    order.seqs.push_back(record.seq);
    if (is_open(order.phase)) {
      open_.insert(record.order_id);
    } else {
      open_.erase(record.order_id);
    }
    if (record.type == EventType::order_accepted) remember_acceptance(record, order);
    if (record.type == EventType::route_selected) order.split = record.legs > 1;
    if (record.type == EventType::transaction_built) order.built.clear();
    if (record.type == EventType::leg_built ||
        (record.type == EventType::transaction_built && !order.split)) {
      order.built.push_back(record.venue_order_id);
      built_.emplace(
          record.venue_order_id,
          Intent{record.order_id, record.venue, record.amount_in.units, record.min_out.units,
                 record.valid_until_height, order.submit.exact_out.has_value(), record.path});
    }
    order.resolved |= record.type == EventType::outcome_resolved;
    const bool fill = record.type == EventType::order_confirmed ||
                      record.type == EventType::order_partially_filled;
    if (record.type == EventType::leg_filled || (fill && !order.split))
      fills_[order.built[record.leg.value_or(0)]] = {record.order_id,  record.seq,
                                                     record.amount_in, record.amount_out,
                                                     record.fee,       record.tx_hash};
  }
  void remember_acceptance(const RecordView& record, OrderState& order) {
    order.idempotency_key = record.idempotency_key;
    order.client_order_id = record.client_order_id;
    order.submit = {{},
                    std::string(record.input_token),
                    std::string(record.output_token),
                    record.amount_in,
                    record.slippage_bps,
                    record.exact_out};
    for (const std::string& text : {order.idempotency_key, order.client_order_id}) {
      const auto key = keys_.find(text);
      if (text.empty() || key == keys_.end()) continue;
      by_key_.emplace(text, record.seq);
      if (record.seq <= key->second.acknowledged_before)
        add(Invariant::log_ack_order, record.seq,
            "key " + text + " was sent after " + seq_text(key->second.acknowledged_before) +
                " had been acknowledged");
    }
  }

  // Checks the waiting answers and deliveries up to the head.
  void check_up_to_head() {
    const auto seen = [this](const auto& each) { return each.seq <= head(); };
    for (const Ack& ack : acks_)
      if (seen(ack)) check_acknowledged(ack);
    std::erase_if(acks_, seen);
    for (const Delivery& delivery : deliveries_)
      if (seen(delivery)) check_delivery(delivery);
    std::erase_if(deliveries_, seen);
  }
  void check_acknowledged(const Ack& ack) {
    const auto lost = [&](const std::string& what) {
      add(Invariant::log_acknowledged, ack.seq,
          "order " + to_text(ack.id) + " of key " + ack.submit.key + " was acknowledged " + what);
    };
    const auto found = orders_.find(ack.id);
    if (found == orders_.end() || found->second.seqs.front() != ack.seq)
      return lost("at this seq, where the log has something else");
    const OrderState& order = found->second;
    if (ack.submit.key != order.idempotency_key && ack.submit.key != order.client_order_id)
      return lost("and has another key in the log");
    if (ack.submit.input_token != order.submit.input_token ||
        ack.submit.output_token != order.submit.output_token ||
        !equal_value(ack.submit.amount_in, order.submit.amount_in) ||
        ack.submit.slippage_bps != order.submit.slippage_bps ||
        ack.submit.exact_out != order.submit.exact_out)
      return lost("and is not in the log as it was submitted");
  }
  static Invariant gap_of(const Delivery& delivery) {
    return delivery.fresh ? Invariant::stream_resumable : Invariant::stream_gapless;
  }
  void add_delivery(const Delivery& delivery) {
    if (delivery.seq <= head()) return check_delivery(delivery);
    if (log_is_current_)
      return add(Invariant::stream_durable, delivery.seq, "it was streamed before it was durable");
    deliveries_.push_back(delivery);
  }
  void check_delivery(const Delivery& delivery) {
    const Step& step = steps_[delivery.seq - 1];
    if (delivery.type &&
        (delivery.id != step.id || delivery.version != step.version || *delivery.type != step.type))
      return add(Invariant::stream_durable, delivery.seq,
                 "the streamed update differs from the log's record");
    const auto order = delivery.only ? orders_.find(*delivery.only) : orders_.end();
    if (order == orders_.end()) return;
    const std::vector<Seq>& seqs = order->second.seqs;
    const auto next = std::upper_bound(seqs.begin(), seqs.end(), delivery.after);
    if (next != seqs.end() && (delivery.type ? *next < delivery.seq : *next <= delivery.seq))
      add(gap_of(delivery), *next, "it was not streamed to a subscriber of its order");
  }

  void check_refused() {
    for (const auto& [text, key] : keys_) {
      const auto found = by_key_.find(text);
      if (key.refused > 0 && key.refused == key.sent && found != by_key_.end())
        add(Invariant::log_refused_absent, found->second,
            "key " + text + " was refused, and the log has its order");
    }
  }
  bool keeps(const Intent& intent, const VenueName& venue, const Symbol& input,
             const Symbol& output, Units amount_in) const {
    const Submit& terms = orders_.at(intent.order).submit;
    return venue == intent.venue && input == terms.input_token && output == terms.output_token &&
           amount_in == intent.amount_in;
  }
  void check_settlements() {
    for (const auto& [id, settlement] : settled_) {
      const auto built = built_.find(id);
      if (built == built_.end()) {
        add(Invariant::venue_intent_first, 0,
            "the venue settled " + to_text(id) + ", which no intent in the log names");
        continue;
      }
      const Intent& intent = built->second;
      // An exact output takes what it needs, at most what was intended.
      const bool less = intent.exact_output && settlement.amount_in > 0 &&
                        settlement.amount_in < intent.amount_in;
      if (!keeps(intent, settlement.venue, settlement.input, settlement.output,
                 less ? intent.amount_in : settlement.amount_in) ||
          settlement.amount_out < intent.min_out || settlement.height > intent.valid_until_height)
        add(Invariant::venue_intent_kept, 0,
            "the venue settled " + to_text(id) + " on other terms than its intent");
      if (!fills_.contains(id))
        add(Invariant::venue_settled_confirmed, 0,
            "order " + to_text(intent.order) + " is settled as " + to_text(id) +
                " and not confirmed so");
    }
  }
  void check_confirmations() {
    for (const auto& [id, fill] : fills_) {
      const auto settled = settled_.find(id);
      const auto wrong = [&fill, this](const std::string& what) {
        add(Invariant::venue_confirmed_equal, fill.seq, "order " + to_text(fill.order) + what);
      };
      if (settled == settled_.end() && orders_.at(fill.order).resolved) continue;
      if (settled == settled_.end()) {
        wrong(" is confirmed, and no venue settled it");
      } else if (settled->second.amount_in != fill.amount_in.units ||
                 settled->second.amount_out != fill.amount_out.units ||
                 settled->second.fee != fill.fee.units || settled->second.tx_hash != fill.tx_hash) {
        wrong(" is confirmed with other amounts than it was settled with");
      }
    }
  }

  LogChecker log_;
  bool log_broken_ = false;
  std::vector<Step> steps_;
  std::unordered_map<OrderId, OrderState, IdHash> orders_;
  std::set<OrderId> open_;
  std::unordered_map<std::string, Seq> by_key_;  // keys that were sent → seq of OrderAccepted

  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Submit> tickets_;
  std::map<std::string, Key> keys_;
  Seq acknowledged_max_ = 0;
  std::vector<Ack> acks_;             // not checked yet
  std::vector<Delivery> deliveries_;  // not checked yet

  std::unordered_map<VenueOrderId, Intent, IdHash> built_;
  std::map<VenueOrderId, Settlement> settled_;
  std::map<VenueOrderId, Fill> fills_;
};

HistoryChecker::HistoryChecker(std::uint32_t attempts_max)
    : impl_(std::make_unique<Impl>(attempts_max)) {}
HistoryChecker::~HistoryChecker() = default;

const std::vector<Violation>& HistoryChecker::violations() const {
  return impl_->violations;
}
std::uint64_t HistoryChecker::sending(const Submit& submit) {
  return impl_->sending(submit);
}
void HistoryChecker::answered_accepted(std::uint64_t ticket, const OrderId& id, Seq seq) {
  impl_->answered_accepted(ticket, id, seq);
}
void HistoryChecker::answered_refused(std::uint64_t ticket) {
  impl_->answered_refused(ticket);
}
void HistoryChecker::saw_log(Seq first, const std::vector<std::string_view>& records) {
  impl_->saw_log(first, records);
}
Seq HistoryChecker::log_head() const {
  return impl_->head();
}
void HistoryChecker::log_is_current() {
  impl_->log_is_current_ = true;
}
std::optional<HistoryChecker::Standing> HistoryChecker::standing(const OrderId& id) const {
  return impl_->standing(id);
}
std::vector<OrderId> HistoryChecker::open_orders() const {
  return {impl_->open_orders().begin(), impl_->open_orders().end()};
}
std::size_t HistoryChecker::orders() const {
  return impl_->orders();
}
void HistoryChecker::venue_called(const VenueName& venue, const VenueOrder& order) {
  impl_->venue_called(venue, order);
}
void HistoryChecker::venue_settled(const Settlement& settlement) {
  impl_->venue_settled(settlement);
}
void HistoryChecker::venue_unbalanced(const std::string& what) {
  impl_->add(Invariant::venue_conservation, 0, what);
}
void HistoryChecker::streamed(Subscriber& subscriber, Seq seq, const OrderId& id, Version version,
                              EventType type) {
  Impl::Delivery delivery;
  delivery.seq = seq;
  delivery.id = id;
  delivery.version = version;
  delivery.type = type;
  impl_->streamed(subscriber, delivery);
}
void HistoryChecker::stream_complete(Subscriber& subscriber, Seq seq) {
  impl_->stream_complete(subscriber, seq);
}
void HistoryChecker::report(Violation violation) {
  impl_->add(violation.invariant, violation.seq, std::move(violation.what));
}
void HistoryChecker::at_rest() {
  impl_->at_rest();
}

}  // namespace oee::test
