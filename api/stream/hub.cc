#include "api/stream/hub.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <unordered_map>

#include "api/stream/ring.h"
#include "core/base/log.h"
#include "core/runtime/gate.h"
#include "core/runtime/mailbox.h"
#include "core/runtime/sleep.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

constexpr std::uint32_t fill_updates_max = 1'024;  // one read of the history
constexpr Micros silence_check{250'000};           // between two checks for a silent bus
constexpr Micros gap_poll{20'000};                 // between two reads of a history that lags
constexpr Micros start_poll{20'000};               // while the engine recovers open orders
constexpr Micros silence_poll{100'000};            // the stream's latency while the bus is down
constexpr Micros warn_every{10'000'000};           // about messages that are ignored
// A search of this many updates of the ring takes ~20 us. For a longer range the history is read
// instead: it finds one order's records by their index.
constexpr Seq ring_scan_max = 4'096;

// One item from the bus: a batch, or a head.
struct BusItem {
  UpdateBatch batch;
  LogIdentity log_id;
  Seq head = 0;
};

}  // namespace

class StreamHub::Impl {
 public:
  Impl(Loop& loop, Clock& clock, Worker& read, OrderHistory& history, StreamOptions options)
      : options_(options),
        clock_(clock),
        reader_(loop, read, history),
        ring_(options.ring_updates_max),
        wake_(clock),
        idle_(options.trusts_bus),
        bus_items_(loop, [this](std::vector<BusItem> items) { take(std::move(items)); }) {}

  void start(Seq position, const LogIdentity& log) {
    check(!started_, "StreamHub started twice");
    started_ = true;
    log_id_ = log;
    continue_from(position);
    known_head_ = position;
    bus_item_at_ = clock_.steady_now();
    spawn(gate_, "stream hub", keep_up());
  }

  Task<bool> started() {
    if (!gate_.enter()) co_return false;
    while (!started_ && !stopping_) co_await sleep_for(clock_, start_poll);
    gate_.leave();
    co_return !stopping_;
  }

  Task<void> stop() {
    stopping_ = true;
    wake_.ring();
    if (!gate_.closed()) co_await gate_.close();
    lose(position_, "the stream is stopping");
  }

  Seq subscribe(StreamSubscriber& subscriber, const std::optional<OrderId>& order) {
    check(started_, "StreamHub::subscribe before start");
    idle_.store(false, std::memory_order_relaxed);
    subscribed_at_ = clock_.steady_now();
    (order ? by_order_[*order] : all_).push_back(&subscriber);
    metrics_.subscribers.add();
    return position_;
  }

  void unsubscribe(StreamSubscriber& subscriber, const std::optional<OrderId>& order) {
    if (!order) return metrics_.subscribers.subtract(std::erase(all_, &subscriber));
    const auto found = by_order_.find(*order);
    if (found == by_order_.end()) return;
    metrics_.subscribers.subtract(std::erase(found->second, &subscriber));
    if (found->second.empty()) by_order_.erase(found);
  }

  const StreamMetrics& metrics() const { return metrics_; }

  Task<Result<HistoryPage>> history(std::optional<OrderId> order, Seq after, Seq until,
                                    std::uint32_t limit, HistoryUse use) {
    check(after < until && until <= position_, "StreamHub::history: after < until <= position()");
    Error closed{Errc::closed, "the stream is stopping"};
    if (!gate_.enter()) co_return closed;
    Result<HistoryPage> answer = co_await read_history(order, after, until, limit, use);
    gate_.leave();
    co_return answer;
  }

  // Bus's thread. Batches above the limit are dropped and read from the history later.
  void on_updates(UpdateBatch batch) {
    if (batch->empty()) return;
    if (queued_updates_ + batch->size() > options_.ring_updates_max)
      return on_head_of_log({}, batch->back().seq);
    queued_updates_ += batch->size();
    bus_items_.put(BusItem{std::move(batch), {}, 0});
  }

  void on_head_of_log(const LogIdentity& log_id, Seq head) {
    bus_items_.put(BusItem{{}, log_id, head});
  }

  bool wants_updates() const { return !idle_.load(std::memory_order_relaxed); }

  Seq position() const { return position_; }
  Seq known_head() const { return known_head_; }
  std::uint64_t heads() const { return heads_; }
  std::optional<LogEpoch> epoch() const {
    if (log_id_.is_zero()) return std::nullopt;
    return log_id_.epoch;
  }
  std::uint64_t log_changes() const { return log_changes_; }
  const StreamOptions& options() const { return options_; }

 private:
  // --- Items from the bus ------------------------------------------------------------------------

  void take(std::vector<BusItem> items) {
    for (BusItem& item : items) {
      if (item.batch) queued_updates_ -= item.batch->size();
      if (!started_ || stopping_) continue;
      if (item.batch) {
        take_batch(std::move(item.batch));
      } else {
        take_head(item.log_id, item.head);
      }
    }
    if (!started_ || stopping_) return;
    bus_item_at_ = clock_.steady_now();
    if (waiting_ && position_ < known_head_) wake_.ring();
  }

  void take_batch(UpdateBatch batch) {
    known_head_ = std::max(known_head_, batch->back().seq);
    if (batch->back().seq <= position_) return;
    if (batch->front().seq > position_ + 1) return hold(std::move(batch));
    feed(batch);
    for (; !held_.empty() && held_.front()->front().seq <= position_ + 1; held_.pop_front()) {
      held_updates_ -= held_.front()->size();
      if (held_.front()->back().seq > position_) feed(held_.front());
    }
  }

  // Keeps a batch until the gap before it is filled. If it does not fit, it is read again later.
  void hold(UpdateBatch batch) {
    const bool fits = held_updates_ + batch->size() <= options_.ring_updates_max;
    if (!fits || (!held_.empty() && batch->front().seq <= held_.back()->back().seq)) return;
    held_updates_ += batch->size();
    held_.push_back(std::move(batch));
  }

  // A head without a log is that of a batch that was dropped here.
  void take_head(const LogIdentity& log_id, Seq head) {
    if (!log_id.is_zero()) {
      const bool other_log = !log_id_.is_zero() && log_id.id != log_id_.id;
      const bool other_epoch = !log_id_.is_zero() && log_id.epoch != log_id_.epoch;
      const bool gone = went_back(head);
      log_id_ = log_id;
      bus_head_ = head;
      ++heads_;
      if (other_log) return follow_other_log(head, "the stream is of another log now");
      if (other_epoch)
        return follow_other_log(head, "the log was restored from a backup: it has a new epoch");
      if (gone) return follow_other_log(head, "the head of the log went back");
    }
    if (!options_.trusts_bus) return take_open_head(head);
    known_head_ = std::max(known_head_, head);
    if (idle_ && head > position_) continue_from(head);
  }

  // A head that anyone may have sent. The latest counts, not the highest: the engine's next head,
  // 250 ms later, corrects a false one. Updates before a head are not beyond it, so those that are
  // held beyond it are false.
  void take_open_head(Seq head) {
    announced_head_ = head;
    if (!held_.empty() && held_.back()->back().seq > head) return ignore_beyond(head);
    known_head_ = std::max(position_, head);
  }

  // Whether the records after `head` are gone. The heads of an engine's bus never go back without
  // a restore. Others may send low heads on a gateway's bus, and a head that was too far ahead may
  // have been followed: there every head of gap_wait_max, without a pause, must be behind the
  // position.
  bool went_back(Seq head) {
    if (options_.trusts_bus) return head < bus_head_;
    if (head >= position_ || silent()) behind_since_.reset();
    if (head >= position_) return false;
    if (!behind_since_) behind_since_ = clock_.steady_now();
    return clock_.steady_now() - *behind_since_ >= options_.gap_wait_max;
  }

  // The records up to `head` may be others than before. `why`: a literal.
  void follow_other_log(Seq head, std::string_view why) {
    log::warn("the bus carries another log than before; all subscriptions are closed",
              log::field("why", why), log::field("log", log_id_), log::field("head", head));
    ++log_changes_;
    behind_since_.reset();
    lose(0, why);
    held_.clear();
    held_updates_ = 0;
    continue_from(head);
    known_head_ = announced_head_ = head;
  }

  // --- Delivery to subscribers -------------------------------------------------------------------

  // REQUIRES: the batch ends after position_, and begins at or before position_ + 1.
  void feed(const UpdateBatch& batch) {
    ring_.add(batch);
    const std::size_t begin = position_ + 1 - batch->front().seq;
    feed_all(batch, begin);
    if (!by_order_.empty()) feed_orders(batch, begin);
    position_ = batch->back().seq;  // every subscriber has the batch
    metrics_.position.store(position_, std::memory_order_relaxed);
  }

  void feed_all(const UpdateBatch& batch, std::size_t begin) {
    if (all_.empty()) return buffer_.clear();
    for (UpdateRange part{batch, {}, begin, begin}; part.end < batch->size();) {
      part.begin = std::exchange(part.end, batch->size());
      part.chunk = buffer_.write(*batch, part.begin, &part.end);
      for (StreamSubscriber* subscriber : all_) subscriber->on_range(part);
    }
  }

  void feed_orders(const UpdateBatch& batch, std::size_t begin) {
    for (std::size_t i = begin; i < batch->size(); ++i) {
      const auto found = by_order_.find((*batch)[i].order_id);
      if (found == by_order_.end()) continue;
      const UpdatePtr update{batch, &(*batch)[i]};
      for (StreamSubscriber* subscriber : found->second) subscriber->on_update(update);
    }
  }

  void lose(Seq resume_after, std::string_view why) {
    std::vector<StreamSubscriber*> lost = std::exchange(all_, {});
    for (auto& [id, subscribers] : std::exchange(by_order_, {}))
      lost.insert(lost.end(), subscribers.begin(), subscribers.end());
    metrics_.subscribers.subtract(lost.size());
    metrics_.lost.add(lost.size());
    for (StreamSubscriber* subscriber : lost) subscriber->on_stream_lost(resume_after, why);
  }

  // REQUIRES: no subscribers. Updates up to `position` are read from the history from now on.
  void continue_from(Seq position) {
    ring_.clear();
    position_ = position;
    metrics_.position.store(position, std::memory_order_relaxed);
  }

  // --- Gaps and silence --------------------------------------------------------------------------

  bool silent() const { return clock_.steady_now() - bus_item_at_ >= options_.bus_silence_max; }

  // Reads the history while updates are missing or the bus is silent.
  Task<void> keep_up() {
    SteadyTime progress_at = clock_.steady_now();
    while (!stopping_) {
      if (position_ >= known_head_ && !silent()) {
        waiting_ = true;
        co_await wake_.wait(clock_.steady_now() + silence_check);
        waiting_ = false;
        progress_at = clock_.steady_now();
        become_idle_without_subscribers(progress_at);
        continue;
      }
      const Seq before = position_;
      const std::uint64_t changes_before = log_changes_;
      const HistoryUse everything;  // the ring serves every filter
      Result<UpdateBatch> batch = co_await reader_.range(before, fill_updates_max, everything);
      if (stopping_) break;
      if (log_changes_ != changes_before) {  // the batch may be of the log before
        progress_at = clock_.steady_now();
        continue;
      }
      if (batch.ok() && !(*batch)->empty()) take_batch(*batch);
      const bool gap = position_ < known_head_;
      if (position_ > before || !gap) progress_at = clock_.steady_now();
      if (position_ > before) continue;
      if (gap && clock_.steady_now() - progress_at >= options_.gap_wait_max) {
        if (options_.trusts_bus || gap_is_confirmed()) {
          skip_gap();
        } else {
          ignore_beyond(position_);
        }
        continue;
      }
      co_await sleep_for(clock_, gap ? gap_poll : silence_poll);
    }
  }

  void become_idle_without_subscribers(SteadyTime now) {
    if (!options_.trusts_bus) return;
    if (!all_.empty() || !by_order_.empty()) subscribed_at_ = now;
    if (now - subscribed_at_ >= options_.idle_after) idle_.store(true, std::memory_order_relaxed);
  }

  // Whether updates are held behind the gap that the engine's head has reached, and not so far
  // ahead that only a false message explains them.
  bool gap_is_confirmed() const {
    if (held_.empty()) return false;
    const Seq next = held_.front()->front().seq;
    return next <= announced_head_ && next - position_ <= options_.ring_updates_max;
  }

  // Forgets the held updates, and all heads but `head`. True heads are announced again within
  // 250 ms, and their updates are read from the history.
  void ignore_beyond(Seq head) {
    metrics_.ignored.add();
    const SteadyTime now = clock_.steady_now();
    if (now >= ignored_warning_due_) {
      ignored_warning_due_ = now + warn_every;
      log::warn("the bus is ahead of the log; its heads and updates are ignored",
                log::field("position", position_), log::field("head", known_head_),
                log::field("ignored", metrics_.ignored.get()));
    }
    held_.clear();
    held_updates_ = 0;
    known_head_ = std::max(position_, head);
  }

  // Ends all subscriptions. The stream continues after the gap for new ones.
  void skip_gap() {
    const Seq resume_after = position_;
    const Seq next = held_.empty() ? known_head_ : held_.front()->front().seq - 1;
    log::warn("a gap in the stream could not be filled; all subscriptions are closed",
              log::field("after", resume_after), log::field("next", next + 1));
    lose(resume_after, "updates are not available now");
    std::deque<UpdateBatch> held = std::exchange(held_, {});
    held_updates_ = 0;
    continue_from(next);
    for (UpdateBatch& batch : held) take_batch(std::move(batch));
  }

  // --- History -----------------------------------------------------------------------------------

  Task<Result<HistoryPage>> read_history(std::optional<OrderId> order, Seq after, Seq until,
                                         std::uint32_t limit, HistoryUse use) {
    const SteadyTime give_up = clock_.steady_now() + options_.gap_wait_max;
    while (!stopping_) {
      const bool in_ring = !ring_.empty() && ring_.first() <= after + 1;
      if (in_ring && (!order || until - after <= ring_scan_max))
        co_return from_ring(order, after, until, limit);
      Result<std::optional<HistoryPage>> page =
          co_await from_history(order, after, until, limit, use);
      if (page.ok() && *page) co_return std::move(**page);
      if (clock_.steady_now() >= give_up) {
        std::string why = page.ok() ? "the history is behind the stream" : page.error().detail;
        Error unavailable{Errc::unavailable, std::move(why)};
        co_return unavailable;
      }
      co_await sleep_for(clock_, gap_poll);
    }
    Error closed{Errc::closed, "the stream is stopping"};
    co_return closed;
  }

  HistoryPage from_ring(const std::optional<OrderId>& order, Seq after, Seq until,
                        std::uint32_t limit) const {
    HistoryPage page;
    page.scanned = after;
    ring_.each(after, until, [&](const UpdateBatch& batch, std::size_t index) {
      const Update& update = (*batch)[index];
      page.scanned = update.seq;
      if (!order || update.order_id == *order) page.updates.emplace_back(batch, &update);
      return page.updates.size() < limit;
    });
    return page;
  }

  static void append(HistoryPage& page, const UpdateBatch& batch, Seq until) {
    for (const Update& update : *batch)
      if (update.seq <= until) page.updates.emplace_back(batch, &update);
  }

  // No value: the history has not reached the range.
  Task<Result<std::optional<HistoryPage>>> from_history(std::optional<OrderId> order, Seq after,
                                                        Seq until, std::uint32_t limit,
                                                        HistoryUse use) {
    HistoryPage page;
    if (order) {
      auto found = co_await reader_.order_page(*order, after, until, limit, use);
      if (!found.ok()) co_return found.error();
      if (!*found) co_return std::optional<HistoryPage>();
      page.scanned = (*found)->scanned;
      append(page, (*found)->updates, until);
    } else {
      auto batch = co_await reader_.range(after, limit, use);
      if (!batch.ok()) co_return batch.error();
      if ((*batch)->empty()) co_return std::optional<HistoryPage>();
      page.scanned = std::min(until, (*batch)->back().seq);
      append(page, *batch, until);
    }
    co_return std::optional<HistoryPage>(std::move(page));
  }

  const StreamOptions options_;
  Clock& clock_;
  HistoryReader reader_;
  Gate gate_;
  bool started_ = false;
  bool stopping_ = false;

  UpdateRing ring_;
  SendBuffer buffer_;
  Seq position_ = 0;
  Seq known_head_ = 0;            // the highest seq that the bus or the history has named
  Seq announced_head_ = 0;        // the latest head of a bus that is not trusted
  std::deque<UpdateBatch> held_;  // batches after a gap; rising
  std::size_t held_updates_ = 0;
  LogIdentity log_id_;  // zero: not known before the first head
  std::uint64_t log_changes_ = 0;
  std::uint64_t heads_ = 0;
  Seq bus_head_ = 0;                        // the last head of the bus
  std::optional<SteadyTime> behind_since_;  // all heads since then are behind the position
  SteadyTime bus_item_at_{};                // the last item from the bus
  SteadyTime subscribed_at_{};              // the last time with subscribers, to 250 ms
  SteadyTime ignored_warning_due_{};
  bool waiting_ = false;  // keep_up() waits for wake_
  Alarm wake_;

  StreamMetrics metrics_;
  std::vector<StreamSubscriber*> all_;
  std::unordered_map<OrderId, std::vector<StreamSubscriber*>, IdHash> by_order_;

  std::atomic<bool> idle_;                      // read by the bus's thread
  std::atomic<std::size_t> queued_updates_{0};  // in the mailbox
  Mailbox<BusItem> bus_items_;
};

StreamHub::StreamHub(Loop& loop, Clock& clock, Worker& read, OrderHistory& history,
                     StreamOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, read, history, options)) {}
StreamHub::~StreamHub() = default;
void StreamHub::start(Seq position, const LogIdentity& log) {
  impl_->start(position, log);
}
Task<void> StreamHub::stop() {
  return impl_->stop();
}
Task<bool> StreamHub::started() {
  return impl_->started();
}
Seq StreamHub::position() const {
  return impl_->position();
}
Seq StreamHub::known_head() const {
  return impl_->known_head();
}
std::uint64_t StreamHub::heads() const {
  return impl_->heads();
}
std::optional<LogEpoch> StreamHub::epoch() const {
  return impl_->epoch();
}
std::uint64_t StreamHub::log_changes() const {
  return impl_->log_changes();
}
const StreamOptions& StreamHub::options() const {
  return impl_->options();
}
Seq StreamHub::subscribe(StreamSubscriber& subscriber, std::optional<OrderId> order) {
  return impl_->subscribe(subscriber, order);
}
void StreamHub::unsubscribe(StreamSubscriber& subscriber, std::optional<OrderId> order) {
  impl_->unsubscribe(subscriber, order);
}
std::size_t StreamHub::subscriptions() const {
  return impl_->metrics().subscribers.get();
}
const StreamMetrics& StreamHub::metrics() const {
  return impl_->metrics();
}
Task<Result<StreamHub::HistoryPage>> StreamHub::history(std::optional<OrderId> order, Seq after,
                                                        Seq until, std::uint32_t limit,
                                                        HistoryUse use) {
  return impl_->history(order, after, until, limit, use);
}
void StreamHub::on_updates(UpdateBatch batch) {
  impl_->on_updates(std::move(batch));
}
void StreamHub::on_head(const LogIdentity& log_id, Seq head) {
  impl_->on_head_of_log(log_id, head);
}
bool StreamHub::wants_updates() const {
  return impl_->wants_updates();
}

}  // namespace oee
