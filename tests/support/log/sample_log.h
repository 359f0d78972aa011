// SampleLog: the records of whole order lives with contiguous seqs, and the updates made of them:
// material for tests of everything that is derived from the log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/order/event.h"
#include "core/order/update.h"

namespace oee::test {

inline OrderId order_id_of(std::uint64_t number) {
  OrderId id;
  for (int i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[6] = 0x70;
  id.bytes[8] = 0x80;
  return id;
}

inline LogId log_id_of(std::uint8_t number) {
  LogId id;
  id.bytes.fill(number);
  return id;
}

// The n-th step (0..5) of a usual life, and of one that fails.
inline Event usual_event(std::uint32_t step) {
  const Token sol{"SOL", 9};
  const Token usdc{"USDC", 6};
  TxHash tx;
  tx.bytes.fill(7);
  switch (step) {
    case 0: {
      OrderAccepted accepted;
      accepted.account = "default";
      accepted.input = sol;
      accepted.output = usdc;
      accepted.amount_in = {1'500'000'000, 9};
      return accepted;
    }
    case 1: {
      RoutingStarted started;
      started.attempt = 1;
      return started;
    }
    case 2: {
      VenueQuote quote;
      quote.venue = "raydium";
      quote.amount_out = {224'433'022, 6};
      quote.price = {149'622'015, 6};
      quote.fee = {2'500'000, 9};
      RouteSelected route;
      route.attempt = 1;
      route.quotes.push_back(quote);
      return route;
    }
    case 3: {
      TransactionBuilt built;
      built.attempt = 1;
      built.venue = "raydium";
      built.amount_in = {1'500'000'000, 9};
      built.expected_out = {224'433'022, 6};
      built.min_out = {222'188'691, 6};
      built.price = {149'622'015, 6};
      built.valid_until_height = 1'000;
      return built;
    }
    case 4: {
      TransactionSubmitted submitted;
      submitted.attempt = 1;
      submitted.venue = "raydium";
      submitted.tx_hash = tx;
      return submitted;
    }
    default: {
      OrderConfirmed confirmed;
      confirmed.attempt = 1;
      confirmed.venue = "raydium";
      confirmed.tx_hash = tx;
      confirmed.amount_in = {1'500'000'000, 9};
      confirmed.amount_out = {224'000'000, 6};
      confirmed.executed_price = {149'333'333'333'333'333, 15};
      confirmed.fee = {2'500'000, 9};
      return confirmed;
    }
  }
}
inline constexpr std::uint32_t usual_steps = 6;

class SampleLog {
 public:
  // The next event of that order's usual life. REQUIRES: it has one left.
  const Record& step(const OrderId& id) {
    const Version version = version_of(id);
    return add(id, usual_event(version));
  }
  const Record& add(const OrderId& id, Event event) {
    Record record;
    record.seq = records_.size() + 1;
    record.order_id = id;
    record.version = version_of(id) + 1;
    record.time = WallTime(Micros(1'770'000'000'000'000 + 1'000 * record.seq));
    record.correlation.bytes.fill(static_cast<std::uint8_t>(record.seq % 251));
    record.event = std::move(event);
    remember_tokens(record);
    records_.push_back(std::move(record));
    return records_.back();
  }
  // `orders` whole lives, interleaved: step by step over all orders, numbered from `first`.
  void usual_lives(std::uint64_t first, std::uint32_t orders) {
    for (std::uint32_t s = 0; s < usual_steps; ++s)
      for (std::uint32_t i = 0; i < orders; ++i) add_step(order_id_of(first + i), s);
  }
  const std::vector<Record>& records() const { return records_; }
  Seq end() const { return records_.size(); }

  // With the tokens of its order.
  Update update_at(Seq seq) const {
    Update update = update_of(records_[seq - 1]);
    const auto& [input, output] = tokens_.at(update.order_id);
    update.input = input;
    update.output = output;
    return update;
  }
  // Updates of the half-open range [from, end).
  UpdateBatch batch(Seq from, Seq end) const {
    std::vector<Update> updates;
    for (Seq seq = from; seq < end; ++seq) updates.push_back(update_at(seq));
    return std::make_shared<const std::vector<Update>>(std::move(updates));
  }

 private:
  // Versions of whole lives are known: looking back would make long stories quadratic.
  void add_step(const OrderId& id, std::uint32_t step) {
    Record record;
    record.seq = records_.size() + 1;
    record.order_id = id;
    record.version = step + 1;
    record.time = WallTime(Micros(1'770'000'000'000'000 + 1'000 * record.seq));
    record.event = usual_event(step);
    remember_tokens(record);
    records_.push_back(std::move(record));
  }
  void remember_tokens(const Record& record) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
      tokens_[record.order_id] = {accepted->input.symbol, accepted->output.symbol};
  }
  Version version_of(const OrderId& id) const {
    for (auto it = records_.rbegin(); it != records_.rend(); ++it)
      if (it->order_id == id) return it->version;
    return 0;
  }
  std::vector<Record> records_;
  std::map<OrderId, std::pair<Symbol, Symbol>> tokens_;
};

}  // namespace oee::test
