// RawLog: a log's records as bytes in memory, for tests of the checkers of stored bytes. Each
// record has a correct header, CRC and chain unless the test changes it. Needs oee_eventlog.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/codec.h"

namespace oee::test {

class RawLog {
 public:
  // Adds the order's next version as the next record. `change` is applied before CRC and chain are
  // computed.
  using Change = std::function<void(RecordHeader&, Event&)>;
  Seq add(const OrderId& id, Event event, const Change& change = {}) {
    RecordHeader header;
    header.type = type_of(event);
    header.seq = bytes_.size() + 1;
    header.order_id = id;
    header.version = ++versions_[id];
    header.time = WallTime(Micros(1'770'000'000'000'000 + static_cast<std::int64_t>(header.seq)));
    if (change) change(header, event);
    return write(header, event);
  }
  Seq add(const Record& record) {
    RecordHeader header;
    header.type = type_of(record.event);
    header.seq = record.seq;
    header.order_id = record.order_id;
    header.version = record.version;
    header.time = record.time;
    header.correlation = record.correlation;
    return write(header, record.event);
  }
  void add_all(const OrderId& id, const std::vector<Event>& events) {
    for (const Event& event : events) add(id, event);
  }

  Seq head() const { return bytes_.size(); }
  const Hash256& chain() const { return chain_; }
  std::string& at(Seq seq) { return bytes_.at(seq - 1); }
  // The records first..head().
  std::vector<std::string_view> views(Seq first = 1) const {
    return {bytes_.begin() + static_cast<std::ptrdiff_t>(first - 1), bytes_.end()};
  }

 private:
  Seq write(RecordHeader header, const Event& event) {
    const auto encoded = encode_event(event);
    if (!encoded) throw std::runtime_error(encoded.error().detail);
    if (header.previous_chain == Hash256{}) header.previous_chain = chain_;
    chain_ = append_record(bytes_.emplace_back(), header, encoded->payload);
    return head();
  }

  std::vector<std::string> bytes_;
  std::map<OrderId, Version> versions_;
  Hash256 chain_{};
};

}  // namespace oee::test
