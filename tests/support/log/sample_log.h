// SampleLog: records of whole orders with contiguous seqs, and their updates, for tests of
// everything that is derived from the log. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/order/event.h"
#include "core/order/update.h"
#include "tests/support/orders.h"

namespace oee::test {

inline constexpr std::uint32_t usual_steps = 6;

// The event of an order's usual history at `step`, 0 (OrderAccepted) to 5 (OrderConfirmed).
inline Event usual_event(const OrderId& id, std::uint32_t step) {
  constexpr EventType types[usual_steps] = {
      EventType::order_accepted,    EventType::routing_started,       EventType::route_selected,
      EventType::transaction_built, EventType::transaction_submitted, EventType::order_confirmed};
  return sample_event(types[step], id, 1);
}

class SampleLog {
 public:
  // Appends the next event of that order's usual history. REQUIRES: fewer than usual_steps so far.
  const Record& step(const OrderId& id) { return add(id, usual_event(id, version_of(id))); }
  const Record& add(const OrderId& id, Event event) {
    Record record;
    record.seq = records_.size() + 1;
    record.order_id = id;
    record.version = version_of(id) + 1;
    record.time = WallTime(Micros(1'770'000'000'000'000 + 1'000 * record.seq));
    record.correlation.bytes.fill(static_cast<std::uint8_t>(record.seq % 251));
    record.event = std::move(event);
    remember_terms(record);
    records_.push_back(std::move(record));
    return records_.back();
  }
  // Appends the usual history of `orders` orders, numbered from `first`: each step of all orders
  // before the next step.
  void add_usual_orders(std::uint64_t first, std::uint32_t orders) {
    for (std::uint32_t s = 0; s < usual_steps; ++s)
      for (std::uint32_t i = 0; i < orders; ++i) add_step(order_id(first + i), s);
  }
  const std::vector<Record>& records() const { return records_; }
  Seq head() const { return records_.size(); }

  // The update carries the tokens and the account of its order, if it has one.
  Update update_at(Seq seq) const {
    Update update = update_of(records_[seq - 1]);
    if (is_of_engine(update.type)) return update;
    const OrderAccepted& accepted = accepted_.at(update.order_id);
    update.input = accepted.input.symbol;
    update.output = accepted.output.symbol;
    update.account = accepted.account;
    return update;
  }
  // Updates of the half-open range [from, end).
  UpdateBatch batch(Seq from, Seq end) const {
    std::vector<Update> updates;
    for (Seq seq = from; seq < end; ++seq) updates.push_back(update_at(seq));
    return std::make_shared<const std::vector<Update>>(std::move(updates));
  }

 private:
  // The version is known here. A search for it, as in add(), would make long logs quadratic.
  void add_step(const OrderId& id, std::uint32_t step) {
    Record record;
    record.seq = records_.size() + 1;
    record.order_id = id;
    record.version = step + 1;
    record.time = WallTime(Micros(1'770'000'000'000'000 + 1'000 * record.seq));
    record.event = usual_event(id, step);
    remember_terms(record);
    records_.push_back(std::move(record));
  }
  void remember_terms(const Record& record) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
      accepted_[record.order_id] = *accepted;
  }
  Version version_of(const OrderId& id) const {
    for (auto it = records_.rbegin(); it != records_.rend(); ++it)
      if (it->order_id == id) return it->version;
    return 0;
  }
  std::vector<Record> records_;
  std::map<OrderId, OrderAccepted> accepted_;
};

}  // namespace oee::test
