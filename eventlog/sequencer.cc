#include "eventlog/sequencer.h"

#include <algorithm>

#include "core/order/fold.h"
#include "core/order/lifecycle.h"
#include "eventlog/layout.h"

namespace oee {
namespace {

Error invalid(std::string_view what) {
  return {Errc::invalid, std::string(what)};
}

Result<void> check_shape(const AppendRequest& request) {
  if (request.events.empty()) return invalid("an append without events");
  if (request.events.size() > append_events_max) return invalid("an append of more than 16 events");
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    if (is_of_engine(type_of(request.events[i])) != (request.order_id == engine_stream))
      return invalid("events of no order, and they alone, are in the engine's own stream");
    const bool opens = i == 0 && request.new_order();
    if (opens != std::holds_alternative<OrderAccepted>(request.events[i]))
      return invalid("OrderAccepted is the first event of a new order and nothing else");
    if (i > 0 && !keys_of(request.events[i]).idempotency_key.empty())
      return invalid("an idempotency key in another event than the first");
    if (const auto* changed = std::get_if<RiskLimitsChanged>(&request.events[i]))
      OEE_TRY(parse_canonical_limits(changed->limits));
  }
  return {};
}

bool sets_limits(const AppendRequest& request) {
  static const std::string no_limits = canonical_text({});
  return std::any_of(request.events.begin(), request.events.end(), [](const Event& event) {
    const auto* changed = std::get_if<RiskLimitsChanged>(&event);
    return changed != nullptr && changed->limits != no_limits;
  });
}

AppendAnswer replay_of(const KeyEntry& entry, bool new_order) {
  Appended first;
  first.order_id = entry.order_id;
  first.first_seq = entry.seq;
  first.last_seq = entry.seq;
  first.version = new_order ? 1 : 0;
  first.replayed = true;
  return first;
}

AppendAnswer mismatch(std::string_view what) {
  return Error{Errc::key_mismatch, std::string(what)};
}

}  // namespace

Result<std::unique_ptr<PendingAppend>> prepare_append(AppendRequest& request, BlockSink& origin,
                                                      void* ticket) {
  OEE_TRY(check_shape(request));
  auto append = std::make_unique<PendingAppend>();
  append->payloads.reserve(256 * request.events.size());
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    OEE_TRY(append_payload(append->payloads, request.events[i]));
    append->payload_end[i] = static_cast<std::uint32_t>(append->payloads.size());
  }
  const EventKeys keys = keys_of(request.events.front());
  using layout::KeyKind;
  if (!keys.idempotency_key.empty())
    append->idempotency_key =
        layout::key_of(KeyKind::idempotency_key, keys.account, keys.idempotency_key);
  if (!keys.client_order_id.empty())
    append->client_key =
        layout::key_of(KeyKind::client_order_id, keys.account, keys.client_order_id);
  append->fingerprint = keys.fingerprint;
  append->request = std::move(request);
  append->origin = &origin;
  append->ticket = ticket;
  return append;
}

void Sequencer::begin_batch(WallTime now) {
  batch_keys_.clear();
  for (const auto& [id, version] : ended_) {
    // Another version: the order was requeued in the same batch and is open again.
    const auto found = versions_.find(id);
    if (found != versions_.end() && found->second == version) versions_.erase(found);
  }
  ended_.clear();
  time_ = std::max(last_time_, now);
  if (risk_ != nullptr) risk_->begin_batch(head_, time_);
}

Result<void> Sequencer::take(PendingAppend& append, Block& block, std::vector<Answer>& answers) {
  OEE_TRY_ASSIGN(auto known, answer_by_keys(append));
  if (known) {
    answers.push_back({append.ticket, *std::move(known)});
    return {};
  }
  OEE_TRY_ASSIGN(auto conflict,
                 conflict_of(append.request.order_id, append.request.expected_version));
  if (conflict) {
    answers.push_back({append.ticket, *std::move(conflict)});
    return {};
  }
  if (append.request.before && time_ >= *append.request.before) {
    answers.push_back({append.ticket, Error{Errc::conflict, "the append comes too late"}});
    return {};
  }
  if (append.request.not_before && time_ < *append.request.not_before) {
    answers.push_back({append.ticket, Error{Errc::conflict, "the append comes too early"}});
    return {};
  }
  if (auto covered = halted(append.request)) {
    answers.push_back({append.ticket, *std::move(covered)});
    return {};
  }
  std::optional<Order> requeued;
  if (risk_ != nullptr) {
    OEE_TRY_ASSIGN(requeued, requeued_order(append.request, block));
    if (auto breach = breach_of(append.request, requeued)) {
      answers.push_back({append.ticket, *std::move(breach)});
      return {};
    }
  } else if (sets_limits(append.request)) {
    answers.push_back({append.ticket, invalid("this log keeps no risk limits")});
    return {};
  }
  answers.push_back({append.ticket, accept(append, block, requeued)});
  return {};
}

Result<std::optional<KeyEntry>> Sequencer::find_key(std::string_view key) {
  if (key.empty()) return std::optional<KeyEntry>();
  if (const auto found = batch_keys_.find(key); found != batch_keys_.end())
    return std::optional(found->second);
  return index_.find_key(key);
}

Result<std::optional<KeyEntry>> Sequencer::find_idempotency_key(const std::string& key) {
  OEE_TRY_ASSIGN(auto found, find_key(key));
  if (found || key.empty()) return found;
  return index_.find_key(layout::bound_key_of(key));
}

Result<std::optional<AppendAnswer>> Sequencer::answer_by_keys(const PendingAppend& append) {
  OEE_TRY_ASSIGN(const auto by_key, find_idempotency_key(append.idempotency_key));
  OEE_TRY_ASSIGN(const auto by_client_id, find_key(append.client_key));
  if (!by_key && !by_client_id) return std::optional<AppendAnswer>();
  if (by_key && by_key->fingerprint != append.fingerprint)
    return std::optional(mismatch("the idempotency key was used before with another request"));
  if (by_client_id && by_client_id->fingerprint != append.fingerprint)
    return std::optional(mismatch("the client order id was used before with another order"));
  if (by_key && by_client_id && by_key->order_id != by_client_id->order_id)
    return std::optional(
        mismatch("the idempotency key and the client order id belong to two different orders"));
  if (!by_client_id && !append.client_key.empty())
    return std::optional(
        mismatch("the idempotency key was used before without this client order id"));
  if (!by_key && !append.idempotency_key.empty()) {
    batch_keys_.emplace(append.idempotency_key, *by_client_id);
    store_.put_key(layout::bound_key_of(append.idempotency_key), *by_client_id);
  }
  return std::optional(replay_of(by_key ? *by_key : *by_client_id, append.new_order()));
}

Result<std::optional<Error>> Sequencer::conflict_of(const OrderId& id, Version expected) {
  bool matches = false;
  if (const auto found = versions_.find(id); found != versions_.end()) {
    matches = found->second == expected;
  } else {
    if (expected > 0) {
      OEE_TRY_ASSIGN(const bool reached, index_.has_version(id, expected));
      matches = reached;
    } else {
      matches = true;
    }
    if (matches) {
      OEE_TRY_ASSIGN(const bool passed, index_.has_version(id, expected + 1));
      matches = !passed;
    }
  }
  if (matches) return std::optional<Error>();
  return std::optional(Error{
      Errc::conflict, "order " + to_text(id) + " is not at version " + std::to_string(expected)});
}

// The caller of a conflict folds the halt, which has an earlier seq, and decides again.
std::optional<Error> Sequencer::halted(const AppendRequest& request) const {
  if (halts_.empty()) return std::nullopt;
  const auto halt_of = [&](const auto& built) -> std::optional<Error> {
    const Halt* halt = halts_.find({request.account, request.input, request.output});
    if (halt == nullptr) halt = halts_.find_venue(built.venue);
    if (halt == nullptr) halt = halts_.find_path(built.path);
    if (halt == nullptr) return std::nullopt;
    return Error{Errc::conflict, to_text(*halt)};
  };
  for (const Event& event : request.events) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&event)) {
      const Halt* halt =
          halts_.find({accepted->account, accepted->input.symbol, accepted->output.symbol});
      if (halt != nullptr) return Error{Errc::halted, to_text(*halt)};
    } else if (const auto* built = std::get_if<TransactionBuilt>(&event)) {
      if (auto error = halt_of(*built)) return error;
    } else if (const auto* leg = std::get_if<LegBuilt>(&event)) {
      if (auto error = halt_of(*leg)) return error;
    }
  }
  return std::nullopt;
}

Result<std::optional<Order>> Sequencer::requeued_order(const AppendRequest& request,
                                                       const Block& block) {
  const auto requeue = std::find_if(
      request.events.begin(), request.events.end(),
      [](const Event& event) { return std::holds_alternative<DeadLetterRequeued>(event); });
  if (requeue == request.events.end()) return std::optional<Order>();
  Order order;
  OEE_TRY_ASSIGN(const std::vector<Record> stored, index_.records_of(request.order_id));
  for (const Record& record : stored) OEE_TRY(fold_record(order, record));
  for (const Record& record : block.records)  // of this batch: in no index yet
    if (record.order_id == request.order_id) OEE_TRY(fold_record(order, record));
  for (auto event = request.events.begin(); event != requeue; ++event) {
    Record record;
    record.order_id = request.order_id;
    record.version = order.version + 1;
    record.event = *event;
    OEE_TRY(fold_record(order, record));
  }
  return std::optional(std::move(order));
}

std::optional<Error> Sequencer::breach_of(const AppendRequest& request,
                                          const std::optional<Order>& requeued) const {
  for (const Event& event : request.events)
    if (const auto breach = risk_->breach(request.order_id, event, requeued ? &*requeued : nullptr,
                                          request.reference_price))
      return to_error(*breach);
  return std::nullopt;
}

Appended Sequencer::accept(PendingAppend& append, Block& block,
                           const std::optional<Order>& requeued) {
  AppendRequest& request = append.request;
  RecordHeader header;
  header.order_id = request.order_id;
  header.version = request.expected_version;
  header.time = last_time_ = time_;
  header.correlation = request.correlation;
  const std::string_view payloads = append.payloads;
  Appended answer;
  answer.order_id = request.order_id;
  answer.first_seq = head_ + 1;
  const KeyEntry entry{request.order_id, answer.first_seq, append.fingerprint};
  for (const std::string* key : {&append.idempotency_key, &append.client_key}) {
    if (key->empty()) continue;
    batch_keys_.emplace(*key, entry);
    store_.put_key(*key, entry);
  }
  const bool open = is_open(transition_of(type_of(request.events.back())).after);
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    header.seq = ++head_;
    ++header.version;
    header.type = type_of(request.events[i]);
    header.format = record_format_of(request.events[i]);
    const std::uint32_t end = append.payload_end[i];
    const Hash256 hash = store_.put_record(header, payloads.substr(begin, end - begin));
    begin = end;
    block.records.push_back(Record{header.seq, header.order_id, header.version, header.time,
                                   header.correlation, std::move(request.events[i]), hash});
    halts_.take(block.records.back());
    if (risk_ != nullptr) risk_->fold(block.records.back(), requeued ? &*requeued : nullptr);
  }
  versions_[request.order_id] = header.version;
  if (!open) ended_.emplace_back(request.order_id, header.version);
  answer.last_seq = head_;
  answer.version = header.version;
  return answer;
}

}  // namespace oee
