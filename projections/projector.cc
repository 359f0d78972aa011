#include "projections/projector.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <random>

#include "core/base/log.h"
#include "core/order/fold.h"
#include "core/order/order_codec.h"
#include "core/runtime/thread.h"

namespace oee {
namespace {

// An idle model's cursor is read again after this time: it shows early that PostgreSQL is
// unreachable or was replaced.
constexpr Micros cursor_age_max{2'000'000};
constexpr std::chrono::milliseconds wait_slice{200};  // bounds stop()
constexpr std::chrono::milliseconds stop_patience{500};

// Open orders, packed, at most `size_max`. Two generations approximate "least recently used": when
// the young one reaches half of the maximum it becomes the old one, and the orders that were not
// used since the last exchange are dropped.
class OrderCache {
 public:
  explicit OrderCache(std::size_t size_max)
      : generation_max_(std::max<std::size_t>(size_max / 2, 1)) {}

  bool take(const OrderId& id, Order& out) {
    for (Orders* orders : {&young_, &old_}) {
      const auto found = orders->find(id);
      if (found == orders->end()) continue;
      out = found->second.unpack();
      orders->erase(found);
      return true;
    }
    return false;
  }
  void put(const Order& order) {
    if (young_.size() >= generation_max_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert_or_assign(order.id, PackedOrder(order));
  }
  void clear() {
    young_.clear();
    old_.clear();
  }

 private:
  using Orders = boost::unordered_flat_map<OrderId, PackedOrder, IdHash>;
  const std::size_t generation_max_;
  Orders young_;
  Orders old_;
};

}  // namespace

// Prepares batches. A batch is kept until the model's cursor is known to be at its end, so that a
// lost connection costs no second fold. The cache holds the open orders as they are before the kept
// batch.
class Projector::Fold {
 public:
  Fold(EventLog& log, std::size_t orders_cached_max) : log_(log), cache_(orders_cached_max) {}

  // The batch that begins at `from`; empty when there is no record yet. Valid until the next call.
  Result<const ProjectionBatch*> prepare(const LogIdentity& log_id, Seq from,
                                         std::size_t records_max) {
    if (!batch_.records.empty() && batch_.from == from) return &batch_;
    if (!batch_.records.empty() && batch_.end == from) {
      absorb();
    } else if (from != position_) {
      cache_.clear();
    }
    drop_batch();
    position_ = from;
    OEE_TRY(read(log_id, from, records_max));
    for (const Record* record : batch_.records) {
      if (auto folded = fold(*record); !folded) {
        cache_.clear();  // it no longer has the orders that this batch took
        drop_batch();
        return folded.error();
      }
    }
    return &batch_;
  }

 private:
  void drop_batch() {
    batch_.records.clear();
    batch_.orders.clear();
    index_.clear();
    blocks_.clear();
  }

  void absorb() {
    for (const Order& order : batch_.orders)
      if (order.open()) cache_.put(order);
    position_ = batch_.end;
  }

  Result<void> read(const LogIdentity& log_id, Seq from, std::size_t records_max) {
    batch_.log_id = log_id;
    batch_.from = from;
    batch_.end = from;
    while (batch_.records.size() < records_max) {
      OEE_TRY_ASSIGN(BlockPtr block, log_.read(batch_.end, records_max - batch_.records.size()));
      if (block == nullptr || block->end() <= batch_.end) break;
      for (Seq seq = batch_.end; seq < block->end() && batch_.records.size() < records_max; ++seq)
        batch_.records.push_back(&block->records[seq - block->first]);
      batch_.end = batch_.from + batch_.records.size();
      blocks_.push_back(std::move(block));
    }
    return {};
  }

  Result<void> fold(const Record& record) {
    if (record.order_id == engine_stream) return {};  // no order
    const auto [at, is_first] = index_.try_emplace(record.order_id, batch_.orders.size());
    if (is_first) {
      Order& order = batch_.orders.emplace_back();
      if (record.version > 1 && !cache_.take(record.order_id, order))
        OEE_TRY(refold(record, order));
    }
    return fold_record(batch_.orders[at->second], record);
  }

  // The order as it was before `record`, folded from its own records.
  Result<void> refold(const Record& record, Order& order) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, log_.read_order(record.order_id));
    OEE_TRY_ASSIGN(auto before, fold_order(records, record.seq - 1));
    if (before) order = *std::move(before);
    return {};
  }

  EventLog& log_;
  OrderCache cache_;
  // The next seq for which the cache is valid, unless a batch is kept.
  Seq position_ = 0;
  ProjectionBatch batch_;
  std::vector<BlockPtr> blocks_;                                   // own the records of the batch
  boost::unordered_flat_map<OrderId, std::size_t, IdHash> index_;  // into batch_.orders
};

Projector::Projector(EventLog& log, LogIdentity log_id, ReadModel& model, ProjectorOptions options)
    : log_(log),
      log_id_(log_id),
      model_(model),
      options_(std::move(options)),
      fold_(std::make_unique<Fold>(log, options_.orders_cached_max)) {}

Projector::~Projector() {
  stop();
}

SteadyTime Projector::steady_now() const {
  if (options_.clock != nullptr) return options_.clock->steady_now();
  return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
}

Result<Seq> Projector::read_cursor() {
  OEE_TRY_ASSIGN(const ProjectionCursor cursor, model_.cursor());
  if (cursor.log_id.id == log_id_.id && cursor.log_id.epoch != log_id_.epoch)
    return Error{Errc::corrupt, options_.name + " is of another epoch of the log (" +
                                    to_text(cursor.log_id.epoch) + ", this is " +
                                    to_text(log_id_.epoch) +
                                    "): a backup was restored meanwhile; run rebuild-projections"};
  if (!cursor.log_id.is_zero() && cursor.log_id != log_id_)
    return Error{Errc::conflict, "the read model holds the projection of another log (" +
                                     to_text(cursor.log_id) + ", this is " + to_text(log_id_) +
                                     "); rebuild or replace it"};
  const Seq durable_head = log_.wait_past(cursor.last_seq, std::chrono::milliseconds(0));
  if (cursor.last_seq > durable_head)
    return Error{Errc::corrupt, "the log ends at seq " + std::to_string(durable_head) + ", but " +
                                    options_.name + " was projected up to seq " +
                                    std::to_string(cursor.last_seq) +
                                    ": the log has lost records or is an older copy"};
  cursor_read_at_ = steady_now();
  metrics_.applied.store(cursor.last_seq, std::memory_order_relaxed);
  return cursor.last_seq;
}

Result<std::size_t> Projector::step() {
  if (!cursor_ || steady_now() - cursor_read_at_ > cursor_age_max) {
    cursor_.reset();
    OEE_TRY_ASSIGN(cursor_, read_cursor());
    answered_ = true;
  }
  OEE_TRY_ASSIGN(const ProjectionBatch* batch,
                 fold_->prepare(log_id_, *cursor_ + 1, options_.batch_records_max));
  if (batch->records.empty()) return std::size_t{0};
  if (auto applied = model_.apply(*batch); !applied) {
    cursor_.reset();
    return applied.error();
  }
  cursor_ = batch->end - 1;
  cursor_read_at_ = steady_now();
  metrics_.applied.store(*cursor_, std::memory_order_relaxed);
  metrics_.batches.fetch_add(1, std::memory_order_relaxed);
  return batch->records.size();
}

void Projector::start() {
  if (thread_.joinable() || stopping_) return;
  thread_ = std::thread([this] {
    run_thread();
    const std::lock_guard lock(stop_mutex_);
    finished_ = true;
    stop_wake_.notify_all();
  });
}

void Projector::stop() {
  stopping_ = true;
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(stop_mutex_);
    stop_wake_.notify_all();
    stop_wake_.wait_for(lock, stop_patience, [this] { return finished_; });
  }
  model_.interrupt();
  thread_.join();
}

void Projector::run_thread() {
  name_this_thread(options_.name);
  std::minstd_rand random(std::random_device{}());
  Micros delay = options_.backoff_min;
  // The last error was a moved cursor: normal once, reported when it repeats.
  bool moved = false;
  while (!stopping_) {
    const SteadyTime begun = steady_now();
    const auto applied = step();
    if (applied) {
      set_unhealthy({});
      delay = options_.backoff_min;
      moved = false;
      if (*applied == 0) {
        wait_for_records();
      } else if (*applied < options_.batch_records_max) {
        pause(begun + options_.gather - steady_now());
      }
      continue;
    }
    const Error& why = applied.error();
    if (stopping_ || why.code == Errc::closed) return;
    metrics_.retries.fetch_add(1, std::memory_order_relaxed);
    if (why.code == Errc::corrupt) {
      set_unhealthy(why.detail);
      if (options_.on_fail_stop) options_.on_fail_stop(why);
      return;
    }
    if (why.code != Errc::conflict || moved) set_unhealthy(why.detail + "; retrying");
    moved = why.code == Errc::conflict;
    const std::uint64_t half = static_cast<std::uint64_t>(delay.count()) / 2;
    pause(Micros(static_cast<std::int64_t>(half + random() % (half + 1))));
    delay = std::min(delay * 2, options_.backoff_max);
  }
}

void Projector::wait_for_records() {
  // A log that is stopping returns at once: the pause prevents a busy loop.
  if (log_.wait_past(*cursor_, wait_slice) <= *cursor_) pause(Micros{1'000});
}

void Projector::pause(Micros time) {
  std::unique_lock lock(stop_mutex_);
  stop_wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

std::string Projector::unhealthy_reason() const {
  const std::lock_guard lock(unhealthy_mutex_);
  return answered_ || !unhealthy_reason_.empty() ? unhealthy_reason_
                                                 : options_.name + ": no answer yet";
}

void Projector::set_unhealthy(std::string reason) {
  if (!reason.empty()) reason = options_.name + ": " + reason;
  {
    const std::lock_guard lock(unhealthy_mutex_);
    if (reason == unhealthy_reason_) return;
    unhealthy_reason_ = reason;
  }
  if (reason.empty()) {
    log::info("projecting again", log::field("projector", options_.name));
  } else {
    log::warn("not projecting", log::field("projector", options_.name), log::field("why", reason));
  }
}

}  // namespace oee
