// Sequencer: the decisions of the log, the same for every EventLog: shape of an append, expected
// version, idempotency, halts, risk limits, seq, version and time of each record. It does no I/O of
// its own: it reads stored entries through StoredIndex and hands accepted records to RecordStore.
// One thread: the log's.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/order/halts.h"
#include "core/risk/control.h"
#include "core/seams/event_log.h"
#include "eventlog/codec.h"

namespace oee {

inline constexpr std::size_t append_events_max = 16;

// A queued append. Its events are already encoded, which is the costly half and runs on the
// caller's thread.
struct PendingAppend {
  AppendRequest request;
  std::string payloads;                                        // of all events, one after the other
  std::array<std::uint32_t, append_events_max> payload_end{};  // in `payloads`, half-open
  std::string idempotency_key;  // layout::key_of() of it; empty: none
  std::string client_key;       // layout::key_of() of the client order id; empty: none
  Hash256 fingerprint{};        // of the keys
  BlockSink* origin = nullptr;
  void* ticket = nullptr;

  bool new_order() const { return request.new_order(); }
  std::size_t record_bytes() const {
    return payloads.size() + request.events.size() * record_header_bytes;
  }
};

// Any thread. invalid: no events or too many, a wrong first event, an event that exceeds a maximum.
// `request` is moved from only on success.
Result<std::unique_ptr<PendingAppend>> prepare_append(AppendRequest& request, BlockSink& origin,
                                                      void* ticket);

// The stored entry of an idempotency key or of a client order id.
struct KeyEntry {
  OrderId order_id;
  Seq seq = 0;  // of the event that used the key first
  Hash256 fingerprint{};
};

// The index entries that earlier batches stored.
class StoredIndex {
 public:
  virtual ~StoredIndex() = default;
  virtual Result<bool> has_version(const OrderId& id, Version version) = 0;
  virtual Result<std::optional<KeyEntry>> find_key(std::string_view key) = 0;
  // The order's records, its first one first; empty: there is no such order.
  virtual Result<std::vector<Record>> records_of(const OrderId& id) = 0;
};

// Takes the records and keys of the current batch. They are not visible through StoredIndex before
// the batch ends.
class RecordStore {
 public:
  virtual ~RecordStore() = default;
  // `header` is complete except for previous_chain, which the store fills. Returns the record's
  // chain hash.
  virtual Hash256 put_record(RecordHeader& header, std::string_view payload) = 0;
  virtual void put_key(std::string_view key, const KeyEntry& entry) = 0;
};

class Sequencer {
 public:
  // `head` and `time`: of the last record stored. `halts`: in force there. `index`, `store` and
  // `risk` outlive the sequencer. `risk` null: there are no limits, and nothing is folded.
  Sequencer(StoredIndex& index, RecordStore& store, Seq head, WallTime time, Halts halts = {},
            RiskControl* risk = nullptr)
      : index_(index),
        store_(store),
        head_(head),
        last_time_(time),
        halts_(std::move(halts)),
        risk_(risk) {}

  // REQUIRES: the batch before has been stored. `now` is the time of the new batch's records,
  // unless the clock went back: then they get the time of the last record.
  void begin_batch(WallTime now);

  // Decides one append of the batch and adds its answer to `answers`; the answer may be delivered
  // once the batch is durable. When the append is accepted, its events move into `block` and its
  // records go to the store. An error means that the index could not be read: nothing of this
  // append was taken, and the log must stop. The keys of `append` are borrowed until the next
  // begin_batch().
  Result<void> take(PendingAppend& append, Block& block, std::vector<Answer>& answers);

  Seq head() const { return head_; }
  std::size_t open_orders() const { return versions_.size(); }

 private:
  // The answer of the earlier append that used one of the keys, or a mismatch; nullopt when both
  // keys are new. Binds a new idempotency key when the client order id is known.
  Result<std::optional<AppendAnswer>> answer_by_keys(const PendingAppend& append);
  Result<std::optional<KeyEntry>> find_key(std::string_view key);
  Result<std::optional<KeyEntry>> find_idempotency_key(const std::string& key);
  // nullopt when `expected` is the order's version, else the conflict.
  Result<std::optional<Error>> conflict_of(const OrderId& id, Version expected);
  // nullopt when no halt covers the append.
  std::optional<Error> halted(const AppendRequest& request) const;
  // The order before the append's DeadLetterRequeued, with its fills and amendments; nullopt: it
  // requeues none. It reads all records of the order: a requeue is an operator's, and rare.
  Result<std::optional<Order>> requeued_order(const AppendRequest& request, const Block& block);
  // nullopt when the append keeps the limits. `requeued`: requeued_order().
  std::optional<Error> breach_of(const AppendRequest& request,
                                 const std::optional<Order>& requeued) const;
  // `requeued`: requeued_order() when there are limits.
  Appended accept(PendingAppend& append, Block& block, const std::optional<Order>& requeued);

  StoredIndex& index_;
  RecordStore& store_;
  Seq head_;
  WallTime last_time_;  // of the last record
  WallTime time_{};     // of the batch's records
  Halts halts_;
  RiskControl* const risk_;
  // Versions of open orders, about 40 B each: 100,000 open orders = 4 MB. An order that is not in
  // this map (it ended, or had no event since the start) is searched in the index.
  boost::unordered_flat_map<OrderId, Version, IdHash> versions_;
  // Orders that ended in this batch, with the version of their last event. They are removed from
  // versions_ when the next batch begins: the index does not show them before this batch is stored.
  std::vector<std::pair<OrderId, Version>> ended_;
  boost::unordered_flat_map<std::string_view, KeyEntry> batch_keys_;
};

}  // namespace oee
