// What the stream's tests stand on: a history and an order service over a SampleLog, whose visible
// end the test moves (a gateway's PostgreSQL lags), and a loop that runs on the test's thread.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "api/orders/order_service.h"
#include "api/stream/hub.h"
#include "core/runtime/system_clock.h"
#include "core/runtime/worker.h"
#include "tests/support/log/sample_log.h"

namespace oee::test {

class StoryHistory final : public OrderHistory {
 public:
  explicit StoryHistory(const SampleLog& story) : story_(story) {}

  // Everything up to `end` is visible.
  void reach(Seq end) {
    std::lock_guard lock(mutex_);
    end_ = end;
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
    std::lock_guard lock(mutex_);
    if (failing_) return Error{Errc::unavailable, "the database is down"};
    Order order;
    for (const Record& record : story_.records()) {
      if (record.seq > end_ || (at && record.seq > *at)) break;
      if (record.order_id == id && !evolve(order, record).ok())
        return Error{Errc::corrupt, "not a legal life"};
    }
    if (order.version == 0) return std::optional<Order>();
    return std::optional<Order>(std::move(order));
  }

  Result<Events> events(const EventFilter& filter) override {
    std::lock_guard lock(mutex_);
    ++reads_;
    if (failing_) return Error{Errc::unavailable, "the database is down"};
    Events events;
    for (Seq seq = filter.after + 1; seq <= std::min(end_, story_.end()); ++seq) {
      if (events.items.size() == filter.limit) break;
      const Record& record = story_.records()[seq - 1];
      events.scanned = seq;
      if (filter.order_id && record.order_id != *filter.order_id) continue;
      EventView view;
      view.update = story_.update_at(seq);
      events.items.push_back(std::move(view));
    }
    return events;
  }

 private:
  const SampleLog& story_;
  mutable std::mutex mutex_;
  Seq end_ = 0;
  std::size_t reads_ = 0;
  bool failing_ = false;
};

// Reads one order from a history; everything else is not of these tests.
class StoryOrders final : public OrderService {
 public:
  explicit StoryOrders(StoryHistory& history) : history_(history) {}

  Task<Result<std::optional<Order>>> order(OrderId id, std::optional<Seq> at) override {
    co_return history_.order(id, at);
  }
  Task<AppendAnswer> place(PlaceOrder, CorrelationId) override { co_return unavailable(); }
  Task<AppendAnswer> cancel(OrderId, CancelOrder, CorrelationId) override {
    co_return unavailable();
  }
  Task<AppendAnswer> requeue(OrderId, RequeueDeadLetter, CorrelationId) override {
    co_return unavailable();
  }
  Task<AppendAnswer> discard(OrderId, DiscardDeadLetter, CorrelationId) override {
    co_return unavailable();
  }
  Task<Result<OrderHistory::Events>> events(EventFilter) override { co_return unavailable(); }
  Task<Result<Page<Order>>> orders(OrderFilter, Seq) override { co_return unavailable(); }
  Task<Result<Page<Order>>> dead_letters(std::uint32_t, std::string, Seq) override {
    co_return unavailable();
  }
  Task<Result<DeadLetterStats>> dead_letter_stats(Seq) override { co_return unavailable(); }
  Task<Result<QuoteAnswer>> quote(Token, Token, Decimal, std::uint32_t) override {
    co_return unavailable();
  }

 private:
  static Error unavailable() { return Error{Errc::unavailable, "a test of the stream only"}; }
  StoryHistory& history_;
};

// What one subscription got.
class CollectingSubscriber final : public StreamSubscriber {
 public:
  void on_update(const UpdatePtr& update) override { updates.push_back(update); }
  void on_range(const UpdateRange& stretch) override {
    for (std::size_t i = stretch.begin; i < stretch.end; ++i) on_update(stretch.at(i));
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
