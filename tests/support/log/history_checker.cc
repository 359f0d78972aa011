#include "tests/support/log/history_checker.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace oee::test {
namespace {

constexpr std::size_t violations_max = 100;

// Enough to tell two looks at one record apart; nobody forges them against the checker.
std::uint64_t short_chain(const Hash256& chain) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8 | chain[i];
  return head;
}

std::string seq_text(Seq seq) {
  return "seq " + std::to_string(seq);
}

}  // namespace

class HistoryChecker::Impl {
 public:
  std::vector<Violation> violations;

  void add(Invariant invariant, Seq seq, std::string what) {
    if (violations.size() < violations_max) violations.push_back({invariant, seq, std::move(what)});
  }

  // --- Clients
  std::uint64_t sending(const Submit& submit) {
    check(!submit.key.empty(), "PromiseChecker: every submit has a key");
    Key& key = keys_[submit.key];
    if (key.sent++ == 0) key.floor = acknowledged_max_;
    tickets_.emplace(++last_ticket_, submit);
    return last_ticket_;
  }
  void told_accepted(std::uint64_t ticket, const OrderId& id, Seq seq) {
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
    if (seq <= head()) judge_what_was_told();
  }
  void told_refused(std::uint64_t ticket) { ++keys_[take_ticket(ticket).key].refused; }

  // --- The log
  bool log_is_current_ = false;

  void saw_log(Seq first, const std::vector<std::string_view>& records) {
    check(first >= 1 && first <= head() + 1, "PromiseChecker::saw_log: a gap");
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
    if (!log_broken_) judge_what_was_told();
  }
  Seq head() const { return steps_.size(); }
  std::optional<Standing> standing(const OrderId& id) const {
    const auto found = orders_.find(id);
    if (found == orders_.end()) return std::nullopt;
    return Standing{found->second.phase, found->second.version, found->second.seqs.back()};
  }
  std::size_t orders() const { return orders_.size(); }
  const std::set<OrderId>& open_orders() const { return open_; }

  // --- Venues
  void venue_called(const VenueOrderId& id) {
    if (!built_.contains(id))
      add(Invariant::venue_intent_first, 0,
          "the venue is asked to settle " + to_text(id) + ", which no durable intent names");
  }
  void venue_settled(const Settlement& settlement) {
    if (!settled_.emplace(settlement.id, settlement).second)
      add(Invariant::venue_settled_once, 0, to_text(settlement.id) + " is settled twice");
  }

  // --- Streams
  // What a subscriber was told after `after`: an update, or that it has everything (no type).
  struct Told {
    Seq after = 0;
    Seq seq = 0;
    std::optional<OrderId> only;  // the order it subscribed to
    bool fresh = false;
    OrderId id;
    Version version = 0;
    std::optional<EventType> type;
  };

  void streamed(Subscriber& subscriber, Told told) {
    told.after = subscriber.last;
    told.only = subscriber.order;
    told.fresh = subscriber.fresh;
    if (told.seq <= told.after)
      return add(gap_of(told), told.seq, "it was streamed after " + seq_text(told.after));
    if (!told.only && told.seq != told.after + 1)
      add(gap_of(told), told.seq, "it was streamed next after " + seq_text(told.after));
    if (told.only && told.id != *told.only)
      add(gap_of(told), told.seq, "it was streamed to a subscriber of another order");
    subscriber.last = told.seq;
    subscriber.fresh = false;
    take(told);
  }
  void stream_complete(Subscriber& subscriber, Seq seq) {
    Told told;
    told.after = subscriber.last;
    told.seq = seq;
    told.only = subscriber.order;
    told.fresh = std::exchange(subscriber.fresh, false);
    if (seq <= subscriber.last) return;
    if (!told.only)
      return add(
          gap_of(told), seq,
          "the stream is said to be complete to here; its last update was " + seq_text(told.after));
    subscriber.last = seq;
    take(told);
  }

  void at_rest() {
    if (log_broken_) return;
    for (const Ack& ack : acks_)
      add(Invariant::log_acknowledged, ack.seq,
          "key " + ack.submit.key + " was acknowledged at a seq past the log's end, " +
              std::to_string(head()));
    for (const Told& told : told_)
      add(Invariant::stream_durable, told.seq, "it was streamed, and the log does not hold it");
    acks_.clear();
    told_.clear();
    judge_refused();
    judge_settlements();
    judge_confirmations();
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
    Seq floor = 0;  // the highest seq acknowledged before it was sent first
    std::optional<std::pair<OrderId, Seq>> answer;
  };
  // What the log holds at a seq.
  struct Step {
    OrderId id;
    std::uint64_t chain = 0;
    Version version = 0;
    EventType type{};
  };
  struct Confirmation {
    Seq seq = 0;
    Decimal amount_in;
    Decimal amount_out;
    Decimal fee;
    TxHash tx_hash;
  };
  struct OrderState {
    Phase phase = Phase::none;
    Version version = 0;
    std::vector<Seq> seqs;
    std::string idempotency_key;
    std::string client_order_id;
    Submit submit;       // without its key
    VenueOrderId built;  // the last one
    std::optional<Confirmation> confirmed;
  };

  Submit take_ticket(std::uint64_t ticket) {
    const auto found = tickets_.find(ticket);
    check(found != tickets_.end(), "PromiseChecker: a ticket is answered once");
    Submit submit = std::move(found->second);
    tickets_.erase(found);
    return submit;
  }

  void compare(Seq seq, std::string_view bytes) {
    const Result<RecordView> record = view_record(bytes);
    if (!record || record->seq != seq || short_chain(record->chain) != steps_[seq - 1].chain)
      add(Invariant::log_prefix, seq, "it differs from what was seen before");
  }

  void remember(const RecordView& record) {
    steps_.push_back({record.order_id, short_chain(record.chain), record.version, record.type});
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
    if (record.type == EventType::transaction_built) {
      order.built = record.venue_order_id;
      built_.emplace(record.venue_order_id, record.order_id);
    }
    if (record.type == EventType::order_confirmed)
      order.confirmed = {record.seq, record.amount_in, record.amount_out, record.fee,
                         record.tx_hash};
  }
  void remember_acceptance(const RecordView& record, OrderState& order) {
    order.idempotency_key = record.idempotency_key;
    order.client_order_id = record.client_order_id;
    order.submit = {{},
                    std::string(record.input_token),
                    std::string(record.output_token),
                    record.amount_in,
                    record.slippage_bps};
    for (const std::string& text : {order.idempotency_key, order.client_order_id}) {
      const auto key = keys_.find(text);
      if (text.empty() || key == keys_.end()) continue;
      by_key_.emplace(text, record.seq);
      if (record.seq <= key->second.floor)
        add(Invariant::log_ack_order, record.seq,
            "key " + text + " was sent after " + seq_text(key->second.floor) +
                " had been acknowledged");
    }
  }

  // Answers and updates up to the head.
  void judge_what_was_told() {
    const auto seen = [this](const auto& each) { return each.seq <= head(); };
    for (const Ack& ack : acks_)
      if (seen(ack)) judge(ack);
    std::erase_if(acks_, seen);
    for (const Told& told : told_)
      if (seen(told)) judge(told);
    std::erase_if(told_, seen);
  }
  void judge(const Ack& ack) {
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
        ack.submit.slippage_bps != order.submit.slippage_bps)
      return lost("and is not in the log as it was submitted");
  }
  static Invariant gap_of(const Told& told) {
    return told.fresh ? Invariant::stream_resumable : Invariant::stream_gapless;
  }
  void take(const Told& told) {
    if (told.seq <= head()) return judge(told);
    if (log_is_current_)
      return add(Invariant::stream_durable, told.seq, "it was streamed before it was durable");
    told_.push_back(told);
  }
  void judge(const Told& told) {
    const Step& step = steps_[told.seq - 1];
    if (told.type &&
        (told.id != step.id || told.version != step.version || *told.type != step.type))
      return add(Invariant::stream_durable, told.seq,
                 "what was streamed is not what the log holds");
    const auto order = told.only ? orders_.find(*told.only) : orders_.end();
    if (order == orders_.end()) return;
    const std::vector<Seq>& seqs = order->second.seqs;
    const auto next = std::upper_bound(seqs.begin(), seqs.end(), told.after);
    if (next != seqs.end() && (told.type ? *next < told.seq : *next <= told.seq))
      add(gap_of(told), *next, "it was not streamed to a subscriber of its order");
  }

  void judge_refused() {
    for (const auto& [text, key] : keys_) {
      const auto found = by_key_.find(text);
      if (key.refused > 0 && key.refused == key.sent && found != by_key_.end())
        add(Invariant::log_refused_absent, found->second,
            "key " + text + " was refused, and the log has its order");
    }
  }
  void judge_settlements() {
    for (const auto& [id, settlement] : settled_) {
      const auto built = built_.find(id);
      if (built == built_.end()) {
        add(Invariant::venue_intent_first, 0,
            "the venue settled " + to_text(id) + ", which no intent in the log names");
        continue;
      }
      const OrderState& order = orders_.at(built->second);
      if (!order.confirmed || order.built != id)
        add(Invariant::venue_settled_confirmed, 0,
            "order " + to_text(built->second) + " is settled as " + to_text(id) +
                " and not confirmed so");
    }
  }
  void judge_confirmations() {
    for (const auto& [id, order] : orders_) {
      if (!order.confirmed) continue;
      const Confirmation& said = *order.confirmed;
      const auto settled = settled_.find(order.built);
      const auto wrong = [&, seq = said.seq](const std::string& what) {
        add(Invariant::venue_confirmed_equal, seq, "order " + to_text(id) + what);
      };
      if (settled == settled_.end()) {
        wrong(" is confirmed, and no venue settled it");
      } else if (settled->second.amount_in != said.amount_in.units ||
                 settled->second.amount_out != said.amount_out.units ||
                 settled->second.fee != said.fee.units || settled->second.tx_hash != said.tx_hash) {
        wrong(" is confirmed with other amounts than it was settled with");
      }
    }
  }

  LogChecker log_{{.keys = true}};
  bool log_broken_ = false;
  std::vector<Step> steps_;
  std::unordered_map<OrderId, OrderState, IdHash> orders_;
  std::set<OrderId> open_;
  std::unordered_map<std::string, Seq> by_key_;  // keys that were sent → seq of OrderAccepted

  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Submit> tickets_;
  std::map<std::string, Key> keys_;
  Seq acknowledged_max_ = 0;
  std::vector<Ack> acks_;   // not judged yet
  std::vector<Told> told_;  // not judged yet

  std::unordered_map<VenueOrderId, OrderId, IdHash> built_;
  std::map<VenueOrderId, Settlement> settled_;
};

HistoryChecker::HistoryChecker() : impl_(std::make_unique<Impl>()) {}
HistoryChecker::~HistoryChecker() = default;

const std::vector<Violation>& HistoryChecker::violations() const {
  return impl_->violations;
}
std::uint64_t HistoryChecker::sending(const Submit& submit) {
  return impl_->sending(submit);
}
void HistoryChecker::told_accepted(std::uint64_t ticket, const OrderId& id, Seq seq) {
  impl_->told_accepted(ticket, id, seq);
}
void HistoryChecker::told_refused(std::uint64_t ticket) {
  impl_->told_refused(ticket);
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
void HistoryChecker::venue_called(const VenueOrderId& id) {
  impl_->venue_called(id);
}
void HistoryChecker::venue_settled(const Settlement& settlement) {
  impl_->venue_settled(settlement);
}
void HistoryChecker::venue_unbalanced(const std::string& what) {
  impl_->add(Invariant::venue_conservation, 0, what);
}
void HistoryChecker::streamed(Subscriber& subscriber, Seq seq, const OrderId& id, Version version,
                              EventType type) {
  Impl::Told told;
  told.seq = seq;
  told.id = id;
  told.version = version;
  told.type = type;
  impl_->streamed(subscriber, told);
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
