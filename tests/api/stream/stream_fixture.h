// Fixtures of the stream's tests: a history and an order service over a SampleLog, and a subscriber
// that collects its updates. The test moves the last visible seq, as a gateway's PostgreSQL lags.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/orders/order_service.h"
#include "api/stream/hub.h"
#include "core/order/fold.h"
#include "core/runtime/system_clock.h"
#include "core/runtime/worker.h"
#include "tests/support/log/sample_log.h"

namespace oee::test {

class SampleHistory final : public OrderHistory {
 public:
  explicit SampleHistory(const SampleLog& sample) : sample_(sample) {}

  // Makes all records up to `head` visible.
  void reach(Seq head) {
    std::lock_guard lock(mutex_);
    head_ = head;
  }
  void fail(bool failing) {
    std::lock_guard lock(mutex_);
    failing_ = failing;
  }
  std::size_t reads() const {
    std::lock_guard lock(mutex_);
    return reads_;
  }

  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override {
    OEE_TRY_ASSIGN(const std::vector<Record> found, records(id, at));
    return fold_order(found);
  }
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override {
    std::lock_guard lock(mutex_);
    if (failing_) return Error{Errc::unavailable, "the database is down"};
    std::vector<Record> records;
    for (const Record& record : sample_.records())
      if (record.order_id == id && record.seq <= std::min(head_, at.value_or(head_)))
        records.push_back(record);
    return records;
  }

  Result<Events> events(const EventFilter& filter) override {
    std::lock_guard lock(mutex_);
    ++reads_;
    if (failing_) return Error{Errc::unavailable, "the database is down"};
    Events events;
    for (Seq seq = filter.after + 1; seq <= std::min(head_, sample_.head()); ++seq) {
      if (events.items.size() == filter.limit) break;
      const Record& record = sample_.records()[seq - 1];
      events.scanned = seq;
      if (filter.order_id && record.order_id != *filter.order_id) continue;
      EventView view;
      view.update = sample_.update_at(seq);
      events.items.push_back(std::move(view));
    }
    return events;
  }

 private:
  const SampleLog& sample_;
  mutable std::mutex mutex_;
  Seq head_ = 0;
  std::size_t reads_ = 0;
  bool failing_ = false;
};

// Reads one order from a history. All other calls return unavailable.
class SampleOrders final : public OrderService {
 public:
  explicit SampleOrders(SampleHistory& history) : history_(history) {}

  std::optional<Seq> head() const override { return log_head; }
  std::optional<Seq> log_head;  // no value: a gateway. Before the server starts

  Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) override {
    co_return history_.order(id, at);
  }
  Task<AppendAnswer> place(PlaceOrder, CorrelationId) override { co_return unavailable(); }
  Task<ChangeAnswer> cancel(OrderId, CancelOrder, CorrelationId) override {
    co_return unavailable();
  }
  Task<ChangeAnswer> requeue(OrderId, RequeueDeadLetter, CorrelationId) override {
    co_return unavailable();
  }
  Task<ChangeAnswer> discard(OrderId, DiscardDeadLetter, CorrelationId) override {
    co_return unavailable();
  }
  Task<ChangeAnswer> amend(OrderId, AmendOrder, CorrelationId) override { co_return unavailable(); }
  Task<Result<std::optional<Order>>> current(OrderId) override { co_return unavailable(); }
  Task<Result<CancelCounts>> cancel_all(CancelFilter, CancelOrder, CorrelationId) override {
    co_return unavailable();
  }
  Task<ChangeAnswer> resolve(OrderId, ResolveOutcome, CorrelationId) override {
    co_return unavailable();
  }
  Task<AppendAnswer> halt(HaltTrading, CorrelationId) override { co_return unavailable(); }
  Task<AppendAnswer> resume(ResumeTrading, CorrelationId) override { co_return unavailable(); }
  Result<Halts> halts() const override { return unavailable(); }
  Task<Result<OrderHistory::Events>> events(EventFilter) override { co_return unavailable(); }
  Task<Result<Page<Order>>> orders(OrderFilter, Seq) override { co_return unavailable(); }
  Task<Result<Page<Order>>> dead_letters(std::uint32_t, std::string, std::string, Seq) override {
    co_return unavailable();
  }
  Task<Result<DeadLetterCounts>> dead_letter_counts(std::string, Seq) override {
    co_return unavailable();
  }
  Task<Result<QuoteAnswer>> quote(Token, Token, SwapAmount, std::uint32_t) override {
    co_return unavailable();
  }
  Task<Result<std::optional<OrderAndLegs>>> order_and_legs(OrderId, std::optional<Seq>) override {
    co_return unavailable();
  }

 private:
  static Error unavailable() { return Error{Errc::unavailable, "a test of the stream only"}; }
  SampleHistory& history_;
};

// Collects the updates of one subscription.
class CollectingSubscriber final : public StreamSubscriber {
 public:
  void on_update(const UpdatePtr& update) override { updates.push_back(update); }
  void on_range(const UpdateRange& range) override {
    for (std::size_t i = range.begin; i < range.end; ++i) on_update(range.at(i));
  }
  void on_stream_lost(Seq resume_after, std::string_view why) override {
    ++lost;
    lost_after = resume_after;
    lost_why = why;
  }
  std::vector<Seq> seqs() const {
    std::vector<Seq> seqs;
    for (const UpdatePtr& update : updates) seqs.push_back(update->seq);
    return seqs;
  }
  std::vector<UpdatePtr> updates;
  int lost = 0;
  Seq lost_after = 0;
  std::string lost_why;
};

inline std::vector<Seq> seqs_between(Seq first, Seq end) {
  std::vector<Seq> seqs;
  for (Seq seq = first; seq < end; ++seq) seqs.push_back(seq);
  return seqs;
}

}  // namespace oee::test
