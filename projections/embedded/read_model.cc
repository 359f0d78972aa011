#include "projections/embedded/read_model.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "core/base/log.h"
#include "core/order/order_codec.h"
#include "projections/embedded/store.h"
#include "projections/page_cursor.h"

namespace oee {
namespace {

// The most rows that one page reads when a filter matches little: about 10 ms. The page then ends
// early, with a cursor that continues it.
constexpr std::size_t rows_scanned_max = 10'000;
constexpr std::uint32_t page_limit_max = 500;

bool waits(OrderStatus status) {
  return status == OrderStatus::pending || status == OrderStatus::resting;
}

// The accepted seqs, newest first, of the orders that a list may contain.
class Walk {
 public:
  virtual ~Walk() = default;
  virtual bool valid() const = 0;
  virtual Seq seq() const = 0;
  virtual void next() = 0;
  // The order's row when the walk visits the rows themselves; else empty.
  virtual std::string_view row() const { return {}; }
  virtual rocksdb::Status status() const { return rocksdb::Status::OK(); }
};

// Visits the keys of one prefix. `key_at(0)` is the lowest of them.
class KeyWalk : public Walk {
 public:
  template <class KeyAt>
  KeyWalk(rocksdb::DB& db, Seq before, KeyAt key_at) : lower_(key_at(0)), lower_slice_(lower_) {
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_slice_;
    iterator_.reset(db.NewIterator(options));
    if (before > 0) iterator_->SeekForPrev(key_at(before - 1));
  }
  bool valid() const override { return iterator_->Valid(); }
  Seq seq() const override { return embedded_key::seq_of(iterator_->key()); }
  void next() override { iterator_->Prev(); }
  rocksdb::Status status() const override { return iterator_->status(); }

 protected:
  std::string_view value() const { return {iterator_->value().data(), iterator_->value().size()}; }

 private:
  const std::string lower_;
  const rocksdb::Slice lower_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Visits the rows themselves.
class RowWalk final : public KeyWalk {
 public:
  RowWalk(rocksdb::DB& db, Seq before) : KeyWalk(db, before, embedded_key::order) {}
  std::string_view row() const override { return value(); }
};

// Visits the open orders of one status.
class OpenWalk final : public Walk {
 public:
  using Orders = std::map<Seq, EmbeddedOpenOrder>;
  OpenWalk(const Orders& orders, Seq before, OrderStatus status)
      : orders_(orders), at_(orders.lower_bound(before)), status_(status) {
    next();
  }
  bool valid() const override { return valid_; }
  Seq seq() const override { return at_->first; }
  void next() override {
    valid_ = false;
    while (!valid_ && at_ != orders_.begin()) valid_ = (--at_)->second.status == status_;
  }

 private:
  const Orders& orders_;
  Orders::const_iterator at_;
  const OrderStatus status_;
  bool valid_ = false;
};

// False when the row's order cannot match the filter. Reads the row's head and searches its bytes:
// this takes a tenth of the time of decoding.
bool may_match(const OrderFilter& filter, const OrderHead& head, std::string_view row) {
  if (!filter.input_token.empty() && head.input != filter.input_token) return false;
  if (!filter.output_token.empty() && head.output != filter.output_token) return false;
  if (!filter.token.empty() && head.input != filter.token && head.output != filter.token)
    return false;
  const auto contains = [row](std::string_view text) { return row.find(text) != row.npos; };
  return contains(filter.client_order_id) && contains(filter.tag) && contains(filter.account) &&
         contains(filter.venue) && (!filter.tx_hash || contains(filter.tx_hash->view()));
}

// Checks the fields that a row's head does not contain.
bool matches(const OrderFilter& filter, const Order& order) {
  if (!filter.client_order_id.empty() && order.client_order_id != filter.client_order_id)
    return false;
  if (!filter.tag.empty() &&
      std::find(order.tags.begin(), order.tags.end(), filter.tag) == order.tags.end())
    return false;
  if (!filter.account.empty() && order.account != filter.account) return false;
  if (!filter.venue.empty() && (!order.attempt_built || order.venue.view() != filter.venue))
    return false;
  return !filter.tx_hash || order.tx_hash == filter.tx_hash;
}

}  // namespace

class EmbeddedReadModel::Impl {
 public:
  Impl(std::filesystem::path dir, std::unique_ptr<EmbeddedStore> store)
      : dir_(std::move(dir)), store_(std::move(store)) {}

  Result<ProjectionCursor> cursor() {
    const std::shared_lock lock(mutex_);
    if (!store_) return closed();
    return store_->state().cursor;
  }

  Result<void> apply(const ProjectionBatch& batch) {
    if (state_ != StoreState::usable || !store_) OEE_TRY(reopen());
    const ProjectionCursor at = store_->state().cursor;
    if (!at.log_id.is_zero() && at.log_id != batch.log_id)
      return Error{Errc::conflict, "the embedded read model is of another log"};
    if (batch.from != at.last_seq + 1)
      return Error{Errc::conflict,
                   "the embedded read model is at seq " + std::to_string(at.last_seq)};
    // Computed without the lock: only this thread changes the store.
    auto changes = store_->changes_for(batch);
    Result<void> done = changes ? Result<void>() : Result<void>(changes.error());
    if (done) {
      const std::unique_lock lock(mutex_);
      done = store_->commit(*std::move(changes));
    }
    if (done) return done;
    // Never fatal: the next call opens the store again, and first deletes a damaged one.
    state_ = done.error().code == Errc::corrupt ? StoreState::damaged : StoreState::failed;
    return Error{Errc::unavailable, done.error().detail};
  }

  Result<Page<Order>> orders(const OrderFilter& filter) {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::orders, filter.cursor));
    const std::shared_lock lock(mutex_);
    if (!store_) return closed();
    const auto walk = walk_for(filter, before);
    return page(*walk, filter, ListKind::orders);
  }

  Result<Page<Order>> dead_letters(std::uint32_t limit, const std::string& cursor,
                                   const std::string& account) {
    OEE_TRY_ASSIGN(const Seq before, parse_page_cursor(ListKind::dead_letters, cursor));
    const std::shared_lock lock(mutex_);
    if (!store_) return closed();
    OrderFilter filter;
    filter.limit = limit;
    filter.account = account;
    KeyWalk walk(store_->db(), before, embedded_key::dead);
    return page(walk, filter, ListKind::dead_letters);
  }

  Result<DeadLetterCounts> dead_letter_counts(const std::string& account) {
    const std::shared_lock lock(mutex_);
    if (!store_) return closed();
    const EndedCounts ended = store_->ended(account);
    DeadLetterCounts counts;
    counts.discarded = ended.discarded;
    counts.confirmed = ended.confirmed;
    for (std::size_t i = 0; i < error_class_count; ++i) {
      if (ended.dead_by_error[i] == 0) continue;
      counts.by_error.emplace_back(static_cast<ErrorClass>(i), ended.dead_by_error[i]);
      counts.dead += ended.dead_by_error[i];
    }
    for (const auto& [seq, order] : store_->open_orders()) {
      if (!account.empty() && order.account != account) continue;
      ++(waits(order.status) ? counts.pending : counts.active);
    }
    return counts;
  }

 private:
  static Error closed() {
    return Error{Errc::unavailable, "the embedded read model is being rebuilt"};
  }

  Result<void> reopen() {
    const std::unique_lock lock(mutex_);
    store_.reset();
    auto opened = EmbeddedStore::open(dir_, state_ == StoreState::damaged);
    if (!opened) return Error{Errc::unavailable, opened.error().detail};
    store_ = *std::move(opened);
    state_ = StoreState::usable;
    return {};
  }

  std::unique_ptr<Walk> walk_for(const OrderFilter& filter, Seq before) {
    rocksdb::DB& db = store_->db();
    if (!filter.status) return std::make_unique<RowWalk>(db, before);
    const OrderStatus status = *filter.status;
    if (is_open(status)) return std::make_unique<OpenWalk>(store_->open_orders(), before, status);
    return std::make_unique<KeyWalk>(
        db, before, [status](Seq seq) { return embedded_key::ended(status, seq); });
  }

  Result<Page<Order>> page(Walk& walk, const OrderFilter& filter, ListKind kind) {
    const std::size_t limit = std::clamp(filter.limit, 1U, page_limit_max);
    Page<Order> out;
    std::size_t scanned = 0;
    std::string read;
    Seq last = 0;
    for (; walk.valid(); walk.next()) {
      if (scanned++ == rows_scanned_max) {
        out.next_cursor = page_cursor(kind, last);
        break;
      }
      const Seq seq = walk.seq();
      std::string_view row = walk.row();
      if (row.empty()) {
        if (const auto got = store_->db().Get({}, embedded_key::order(seq), &read); !got.ok())
          return damage(got.ToString());
        row = read;
      }
      const auto head = decode_order_head(row);
      if (!head) return damage(head.error().detail);
      if (filter.since && head->accepted_at < *filter.since) break;  // older ones follow
      std::optional<Order> order;
      if (may_match(filter, *head, row)) {
        auto decoded = decode_order(row);
        if (!decoded) return damage(decoded.error().detail);
        if (matches(filter, *decoded)) order = *std::move(decoded);
      }
      if (order && out.items.size() == limit) {
        out.next_cursor = page_cursor(kind, last);
        break;
      }
      last = seq;
      if (order) out.items.push_back(*std::move(order));
    }
    if (!walk.status().ok()) return damage(walk.status().ToString());
    return out;
  }

  // A reader found damage: the projector's next batch deletes the store and opens a new one.
  Error damage(const std::string& why) {
    state_ = StoreState::damaged;
    return Error{Errc::unavailable,
                 "the embedded read model is damaged and will be rebuilt: " + why};
  }

  const std::filesystem::path dir_;
  std::unique_ptr<EmbeddedStore> store_;  // changed by the projector's thread, under the lock
  // failed: a write or a read failed, the store is opened again; damaged: it is deleted first.
  enum class StoreState : std::uint8_t { usable, failed, damaged };
  std::atomic<StoreState> state_{StoreState::usable};
  std::shared_mutex mutex_;
};

EmbeddedReadModel::EmbeddedReadModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedReadModel::~EmbeddedReadModel() = default;

Result<std::unique_ptr<EmbeddedReadModel>> EmbeddedReadModel::open(
    const std::filesystem::path& dir, std::optional<LogIdentity> log_id) {
  OEE_TRY_ASSIGN(auto store, EmbeddedStore::open(dir));
  const LogIdentity stored = store->state().cursor.log_id;
  if (log_id && !stored.is_zero() && stored != *log_id) {
    log::warn("the embedded read model is of another log: it is deleted and rebuilt",
              log::field("dir", dir.string()), log::field("of", stored),
              log::field("log", *log_id));
    store.reset();
    OEE_TRY_ASSIGN(store, EmbeddedStore::open(dir, true));
  }
  return std::unique_ptr<EmbeddedReadModel>(
      new EmbeddedReadModel(std::make_unique<Impl>(dir, std::move(store))));
}

Result<ProjectionCursor> EmbeddedReadModel::cursor() {
  return impl_->cursor();
}
Result<void> EmbeddedReadModel::apply(const ProjectionBatch& batch) {
  return impl_->apply(batch);
}
Result<Page<Order>> EmbeddedReadModel::orders(const OrderFilter& filter) {
  return impl_->orders(filter);
}
Result<Page<Order>> EmbeddedReadModel::dead_letters(std::uint32_t limit, const std::string& cursor,
                                                    const std::string& account) {
  return impl_->dead_letters(limit, cursor, account);
}
Result<DeadLetterCounts> EmbeddedReadModel::dead_letter_counts(const std::string& account) {
  return impl_->dead_letter_counts(account);
}

}  // namespace oee
