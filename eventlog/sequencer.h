// The decisions of the log, the same for every EventLog: shape of an append, expected version,
// idempotency, seq, version and time of each record. It does no I/O of its own; what is stored is
// asked through StoredIndex and what is accepted is told to RecordStore. One thread: the log's.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/seams/event_log.h"
#include "eventlog/codec.h"

namespace oee {

inline constexpr std::size_t append_events_max = 16;

// An append on its way to the writer, with the costly half done on the caller's thread.
struct PendingAppend {
  AppendRequest request;
  std::string payloads;  // of all events, one after the other
  std::array<std::uint32_t, append_events_max> payload_end{};
  std::string idempotency_key;  // layout::key_of(); empty: none
  std::string client_key;       // the same, of the client order id
  BlockSink* origin = nullptr;
  void* ticket = nullptr;

  bool new_order() const { return request.expected_version == 0; }
  std::size_t record_bytes() const {
    return payloads.size() + request.events.size() * record_header_bytes;
  }
};

// Any thread. invalid: no events or too many, a wrong first event, an event that exceeds a maximum.
// `request` is moved from only on success.
Result<std::unique_ptr<PendingAppend>> prepare_append(AppendRequest& request, BlockSink& origin,
                                                      void* ticket);

// What an idempotency key or client order id stands for.
struct KeyEntry {
  OrderId order_id;
  Seq seq = 0;  // of the OrderAccepted
  Hash256 fingerprint{};
};

// What earlier batches stored.
class StoredIndex {
 public:
  virtual ~StoredIndex() = default;
  virtual Result<bool> has_version(const OrderId& id, Version version) = 0;
  virtual Result<std::optional<KeyEntry>> find_key(std::string_view key) = 0;
};

// Takes what the current batch stores; nothing of it is visible through StoredIndex before the
// batch ends.
class RecordStore {
 public:
  virtual ~RecordStore() = default;
  // `header` is complete but for previous_chain, which is the store's to fill. The record's chain
  // hash.
  virtual Hash256 put_record(RecordHeader& header, std::string_view payload) = 0;
  virtual void put_key(std::string_view key, const KeyEntry& entry) = 0;
};

class Sequencer {
 public:
  // `head` and `time`: of the last record stored. Borrows both stores.
  Sequencer(StoredIndex& index, RecordStore& store, Seq head, WallTime time)
      : index_(index), store_(store), head_(head), time_(time) {}

  // The batch before has been stored. `now` stamps the new batch's records, unless it went back.
  void begin_batch(WallTime now);

  // Decides one append of the batch. Accepted: its events move into `block`, its records go to the
  // store. The returned answer may be given once the batch is durable. An error means that the
  // index could not be read: nothing of this append was taken, and the log must stop. The keys of
  // `append` are borrowed until the next begin_batch().
  Result<void> take(PendingAppend& append, Block& block, std::vector<Answer>& answers);

  Seq head() const { return head_; }
  std::size_t open_orders() const { return versions_.size(); }

 private:
  // The answer that an earlier append gave to one of the new order's keys, or a mismatch; none when
  // fresh.
  Result<std::optional<AppendAnswer>> answer_by_keys(const PendingAppend& append);
  Result<std::optional<KeyEntry>> find_key(std::string_view key);
  // nullopt when `expected` is the order's version, else the conflict.
  Result<std::optional<Error>> conflict_of(const OrderId& id, Version expected);
  Appended accept(PendingAppend& append, Block& block);

  StoredIndex& index_;
  RecordStore& store_;
  Seq head_;
  WallTime time_;
  // Versions of open orders, about 40 B each: 100,000 open orders = 4 MB. An order that is not here
  // (ended, or untouched since the start) is looked up in the index.
  boost::unordered_flat_map<OrderId, Version, IdHash> versions_;
  // Orders that ended in this batch, with the version of their end. They leave versions_ with the
  // next batch only: the index does not show them before this one is stored.
  std::vector<std::pair<OrderId, Version>> ended_;
  boost::unordered_flat_map<std::string_view, KeyEntry> batch_keys_;
};

}  // namespace oee
