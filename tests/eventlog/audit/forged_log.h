// ForgedLog: writes a log's files with RocksDB, without RocksLog, so that a test can make every
// kind of damage: a record that breaks a rule has a valid CRC and chain.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "eventlog/codec.h"
#include "eventlog/layout.h"
#include "tests/support/orders.h"

namespace oee::forge {

// The sample events of tests/support/orders.h, with keys, a second quote and a settlement at the
// quote.
OrderAccepted accepted(std::string key = {}, std::string client_order_id = {});
RouteSelected route_selected(Attempt attempt);
TransactionBuilt transaction_built(const OrderId& id, Attempt attempt);
TransactionSubmitted transaction_submitted(Attempt attempt);
OrderConfirmed order_confirmed(Attempt attempt);
AttemptFailed attempt_failed(Attempt attempt);
OrderFailed order_failed(Attempt attempt, std::uint32_t attempts_made = 1);
// OrderAccepted to OrderConfirmed: 6 events.
std::vector<Event> confirmed_events(const OrderId& id, std::string key = {},
                                    std::string client_order_id = {});

class ForgedLog {
 public:
  // `data_dir`/log is created with all column families, a log id and a watermark of 0.
  explicit ForgedLog(const std::filesystem::path& data_dir);
  ~ForgedLog();
  // Ends the writing, as the destructor does: another process may then take the log's lock.
  void close();

  // Appends with correct header, chain and index entries.
  Seq add(const OrderId& id, Version version, const Event& event) {
    return add(id, version, event, time_of(head_ + 1));
  }
  Seq add(const OrderId& id, Version version, const Event& event, WallTime time);
  static WallTime time_of(Seq seq);  // 2026-03-01T12:00:00Z plus seq seconds
  void add_all(const OrderId& id, const std::vector<Event>& events, Version first = 1);
  // Writes the present head to the watermark.
  void mark();
  // Damages the slot of the watermark that states the head (`newest`), or the other one.
  void damage_mark(bool newest);

  Seq head() const { return head_; }
  const Hash256& chain() const { return chain_; }

  // Any other change, in one column family.
  void put(const char* family, std::string_view key, std::string_view value);
  void remove(const char* family, std::string_view key);
  std::string get(const char* family, std::string_view key);
  void flush();  // memtables to SSTs
  // Writes the record again with its header and payload changed by `change`. Its CRC and chain hash
  // are computed anew; later records are unchanged.
  template <class Change>
  void rewrite(Seq seq, Change change) {
    const std::string bytes = get(layout::cf_events, layout::seq_key(seq));
    RecordHeader header = *decode_header(bytes);
    std::string payload = bytes.substr(record_header_bytes);
    change(header, payload);
    std::string fresh;
    append_record(fresh, header, payload);
    put(layout::cf_events, layout::seq_key(seq), fresh);
  }

 private:
  rocksdb::ColumnFamilyHandle* family(std::string_view name);
  std::filesystem::path dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  Seq head_ = 0;
  Hash256 chain_{};
};

}  // namespace oee::forge
