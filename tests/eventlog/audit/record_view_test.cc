// RecordView and the codec are two decoders of one format: they must return the same for every
// record and refuse the same bytes.
#include "eventlog/audit/record_view.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/crc32c.h"
#include "eventlog/codec.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/log/sample_records.h"

namespace oee {
namespace {

using test::full_events;
using test::RawLog;

// The expected view of an event, filled from the codec's event.
struct Expect {
  const RecordView& view;
  RecordView expected{};

  void operator()(const OrderAccepted& e) {
    expected.account = e.account;
    expected.idempotency_key = e.idempotency_key;
    expected.client_order_id = e.client_order_id;
    expected.fingerprint = e.fingerprint;
    expected.input_token = e.input.symbol.view();
    expected.input_decimals = e.input.decimals;
    expected.output_token = e.output.symbol.view();
    expected.output_decimals = e.output.decimals;
    expected.amount_in = e.amount_in;
    expected.slippage_bps = e.slippage_bps;
    expected.min_out_floor = e.min_out_floor.value_or(0);
    if (e.expires_by_log_time)
      expected.expires_at_us = e.expires_at.value_or(WallTime{}).time_since_epoch().count();
    expected.time_in_force = e.time_in_force;
    expected.limit_price = e.limit_price;
    expected.allow_partial = e.allow_partial;
    expected.order_type = e.type;
    expected.type_terms = e.type_terms;
    expected.exact_out = e.exact_out;
  }
  void operator()(const RouteSelected& e) {
    expected.attempt = e.attempt;
    expected.quotes = static_cast<std::uint32_t>(e.quotes.size());
    expected.chosen = e.chosen;
    expected.chosen_is_error = !e.quotes[e.chosen].error.empty();
    expected.venue = e.quotes[e.chosen].venue.view();
    expected.expected_out = e.quotes[e.chosen].amount_out;
    expected.chosen_in = e.quotes[e.chosen].amount_in;
    expected.path = e.quotes[e.chosen].path;
    expected.legs = e.legs;
    if (e.legs > 1) return split(e);
    const auto amount_of = [](const VenueQuote& quote) {
      return quote.amount_in ? U128{quote.amount_in->units} : ~U128{0};
    };
    for (const VenueQuote& quote : e.quotes)
      if (quote.error.empty() && quote.amount_out.scale == expected.expected_out.scale &&
          amount_of(quote) <= amount_of(e.quotes[e.chosen]))
        expected.best_out = std::max(expected.best_out, quote.amount_out.units);
    for (const VenueQuote& quote : e.quotes)
      if (quote.error.empty() && quote.amount_in)
        expected.least_in = std::min(expected.least_in, quote.amount_in->units);
  }
  void split(const RouteSelected& e) {
    U128 in = 0;
    U128 out = 0;
    bool all = true;
    for (std::uint32_t i = e.chosen; i < e.chosen + e.legs; ++i) {
      const VenueQuote& leg = e.quotes[i];
      expected.leg_quotes.push_back({leg.venue.view(), leg.amount_in, leg.amount_out, leg.path});
      expected.chosen_is_error |= !leg.error.empty();
      all = all && leg.amount_in;
      in += leg.amount_in.value_or(Decimal{}).units;
      out += leg.amount_out.units;
    }
    const auto sum = [](U128 units) {
      return static_cast<Units>(std::min<U128>(units, ~Units{0}));
    };
    expected.expected_out.units = sum(out);
    if (all) {
      expected.chosen_in->units = sum(in);
    } else {
      expected.chosen_in.reset();
    }
    for (std::uint32_t i = 0; i < e.quotes.size(); ++i) {
      const VenueQuote& quote = e.quotes[i];
      const bool chosen = i >= e.chosen && i < e.chosen + e.legs;
      if (chosen || !quote.error.empty() || quote.amount_out.scale != expected.expected_out.scale)
        continue;
      Units& best = quote.amount_in ? expected.best_out : expected.best_out_of_rest;
      if (!quote.amount_in || quote.amount_in == expected.chosen_in)
        best = std::max(best, quote.amount_out.units);
    }
  }
  void operator()(const TransactionBuilt& e) { built(e); }
  void operator()(const LegBuilt& e) {
    expected.leg = e.leg;
    built(e);
  }
  void built(const auto& e) {
    expected.attempt = e.attempt;
    expected.venue = e.venue.view();
    expected.venue_order_id = e.venue_order_id;
    expected.amount_in = e.amount_in;
    expected.expected_out = e.expected_out;
    expected.min_out = e.min_out;
    expected.valid_until_height = e.valid_until_height;
    expected.path = e.path;
  }
  void operator()(const TransactionSubmitted& e) { submitted(e); }
  void operator()(const LegSubmitted& e) {
    expected.leg = e.leg;
    submitted(e);
  }
  void submitted(const auto& e) {
    expected.attempt = e.attempt;
    expected.venue = e.venue.view();
    expected.tx_hash = e.tx_hash;
  }
  void operator()(const OrderConfirmed& e) { fill(e); }
  void operator()(const OrderPartiallyFilled& e) { fill(e); }
  void operator()(const LegFilled& e) {
    expected.leg = e.leg;
    fill(e);
  }
  void fill(const auto& e) {
    expected.attempt = e.attempt;
    expected.venue = e.venue.view();
    expected.tx_hash = e.tx_hash;
    expected.amount_in = e.amount_in;
    expected.amount_out = e.amount_out;
    expected.executed_price = e.executed_price;
    expected.fee = e.fee;
  }
  void operator()(const OutcomeResolved& e) {
    expected.attempt = e.attempt;
    expected.account = e.by;
    expected.idempotency_key = e.idempotency_key;
    expected.fingerprint = e.fingerprint;
    expected.settled = e.settled;
    expected.tx_hash = e.tx_hash;
    expected.amount_out = e.amount_out;
    expected.fee = e.fee;
    expected.amount_in = e.amount_in.value_or(Decimal{});
    expected.leg = e.leg;
  }
  void operator()(const OrderTriggered& e) {
    expected.venue = e.venue.view();
    expected.trigger_price = e.price;
    expected.liquidity = e.liquidity;
  }
  void operator()(const TradingHalted& e) {
    expected.halt_scope = e.scope;
    expected.halt_value = e.value;
    change(e);
  }
  void operator()(const TradingResumed& e) {
    expected.halt = e.halt;
    change(e);
  }
  void operator()(const RiskLimitsChanged& e) { expected.risk_limits = e.limits; }
  void change(const auto& e) {
    expected.account = e.by;
    expected.idempotency_key = e.idempotency_key;
    expected.fingerprint = e.fingerprint;
  }
  void operator()(const auto& e) {
    if constexpr (requires { e.attempt; }) expected.attempt = e.attempt;
    if constexpr (requires { e.leg; }) expected.leg = e.leg;
    if constexpr (requires { e.interrupted; }) expected.interrupted = e.interrupted;
    if constexpr (requires { e.error; }) expected.error = e.error;
    if constexpr (requires { e.idempotency_key; }) change(e);
    if constexpr (requires { e.terms; }) expected.amended = e.terms;
    if constexpr (requires { e.attempts_made; }) expected.attempts_made = e.attempts_made;
  }
};

void expect_same_members(const RecordView& view, const RecordView& expected) {
  EXPECT_EQ(view.attempt, expected.attempt);
  EXPECT_EQ(view.account, expected.account);
  EXPECT_EQ(view.idempotency_key, expected.idempotency_key);
  EXPECT_EQ(view.client_order_id, expected.client_order_id);
  EXPECT_EQ(view.fingerprint, expected.fingerprint);
  EXPECT_EQ(view.input_token, expected.input_token);
  EXPECT_EQ(view.output_token, expected.output_token);
  EXPECT_EQ(view.input_decimals, expected.input_decimals);
  EXPECT_EQ(view.output_decimals, expected.output_decimals);
  EXPECT_EQ(view.min_out_floor, expected.min_out_floor);
  EXPECT_EQ(view.amount_in, expected.amount_in);
  EXPECT_EQ(view.slippage_bps, expected.slippage_bps);
  EXPECT_EQ(view.risk_limits, expected.risk_limits);
  EXPECT_EQ(view.expires_at_us, expected.expires_at_us);
  EXPECT_EQ(view.time_in_force, expected.time_in_force);
  EXPECT_EQ(view.limit_price, expected.limit_price);
  EXPECT_EQ(view.allow_partial, expected.allow_partial);
  EXPECT_EQ(view.amended, expected.amended);
  EXPECT_EQ(view.chosen_in, expected.chosen_in);
  EXPECT_EQ(view.quotes, expected.quotes);
  EXPECT_EQ(view.chosen, expected.chosen);
  EXPECT_EQ(view.chosen_is_error, expected.chosen_is_error);
  EXPECT_EQ(view.best_out, expected.best_out);
  EXPECT_EQ(view.best_out_of_rest, expected.best_out_of_rest);
  EXPECT_EQ(view.legs, expected.legs);
  ASSERT_EQ(view.leg_quotes.size(), expected.leg_quotes.size());
  for (std::size_t i = 0; i < view.leg_quotes.size(); ++i) {
    EXPECT_EQ(view.leg_quotes[i].venue, expected.leg_quotes[i].venue);
    EXPECT_EQ(view.leg_quotes[i].amount_in, expected.leg_quotes[i].amount_in);
    EXPECT_EQ(view.leg_quotes[i].amount_out, expected.leg_quotes[i].amount_out);
    EXPECT_EQ(view.leg_quotes[i].path, expected.leg_quotes[i].path);
  }
  EXPECT_EQ(view.leg, expected.leg);
  EXPECT_EQ(view.interrupted, expected.interrupted);
  EXPECT_EQ(view.venue, expected.venue);
  EXPECT_EQ(view.venue_order_id, expected.venue_order_id);
  EXPECT_EQ(view.expected_out, expected.expected_out);
  EXPECT_EQ(view.min_out, expected.min_out);
  EXPECT_EQ(view.valid_until_height, expected.valid_until_height);
  EXPECT_EQ(view.path, expected.path);
  EXPECT_EQ(view.tx_hash, expected.tx_hash);
  EXPECT_EQ(view.amount_out, expected.amount_out);
  EXPECT_EQ(view.executed_price, expected.executed_price);
  EXPECT_EQ(view.fee, expected.fee);
  EXPECT_EQ(view.settled, expected.settled);
  EXPECT_EQ(view.error, expected.error);
  EXPECT_EQ(view.attempts_made, expected.attempts_made);
  EXPECT_EQ(view.halt_scope, expected.halt_scope);
  EXPECT_EQ(view.halt_value, expected.halt_value);
  EXPECT_EQ(view.halt, expected.halt);
  EXPECT_EQ(view.order_type, expected.order_type);
  EXPECT_EQ(view.type_terms, expected.type_terms);
  EXPECT_EQ(view.exact_out, expected.exact_out);
  EXPECT_EQ(view.least_in, expected.least_in);
  EXPECT_EQ(view.trigger_price, expected.trigger_price);
  EXPECT_EQ(view.liquidity, expected.liquidity);
}

void expect_equal(const RecordView& view, std::string_view bytes) {
  const auto header = decode_header(bytes);
  const auto record = decode_record(bytes);
  ASSERT_TRUE(header.ok() && record.ok());
  EXPECT_EQ(view.type, type_of(record->event));
  EXPECT_EQ(view.seq, record->seq);
  EXPECT_EQ(view.order_id, record->order_id);
  EXPECT_EQ(view.version, record->version);
  EXPECT_EQ(view.time_us, record->time.time_since_epoch().count());
  EXPECT_EQ(view.correlation, record->correlation);
  EXPECT_EQ(view.previous_chain, header->previous_chain);
  EXPECT_EQ(view.chain, chain_hash(header->previous_chain, bytes));
  Expect expect{view};
  std::visit(expect, record->event);
  expect_same_members(view, expect.expected);
}

// The bytes on the heap at an odd address, with nothing after them: the address sanitizer reports a
// read past their end.
class OddBytes {
 public:
  explicit OddBytes(std::string_view bytes) : size_(bytes.size()), held_(new char[size_ + 1]) {
    std::memcpy(held_.get() + 1, bytes.data(), size_);
  }
  std::string_view view() const { return {held_.get() + 1, size_}; }
  char& operator[](std::size_t at) { return held_[at + 1]; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> held_;
};

void expect_agreement(std::string_view bytes) {
  const OddBytes odd(bytes);
  const auto view = view_record(odd.view());
  ASSERT_TRUE(view.ok()) << view.error().detail;
  expect_equal(*view, bytes);
}

// One record of each event type.
RawLog full_log() {
  RawLog log;
  for (const Event& event : full_events()) log.add(OrderId{test::counting_bytes<16>(1)}, event);
  return log;
}

TEST(RecordView, AgreesWithTheCodecAboutEveryGoldenRecord) {
  int records = 0;
  for (const char* file :
       {"records_v1.txt", "records_v2.txt", "records_paths.txt", "records_legs.txt"}) {
    std::ifstream golden(OEE_SOURCE_DIR "/tests/eventlog/golden/" + std::string(file));
    std::string name, hex;
    for (; golden >> name >> hex; ++records) {
      SCOPED_TRACE(name);
      expect_agreement(*from_hex(hex));
    }
  }
  EXPECT_EQ(records, 54);
}

TEST(RecordView, AgreesWithTheCodecAboutEveryEventType) {
  const RawLog log = full_log();
  for (const std::string_view bytes : log.views()) expect_agreement(bytes);
}

TEST(RecordView, HasThePathOfTheChosenQuoteAndOfTheTransaction) {
  const RawLog log = full_log();
  const auto views = log.views();
  for (const std::string_view bytes :
       {views[test::full_route_with_path], views[test::full_built_with_path]}) {
    const auto view = view_record(bytes);
    ASSERT_TRUE(view.ok()) << view.error().detail;
    EXPECT_EQ(view->path, test::full_path());
  }
}

TEST(RecordView, AgreesWithTheCodecAboutRandomOrders) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    RawLog log;
    for (const Record& record : test::RandomOrders(seed).take(1'000)) log.add(record);
    for (const std::string_view bytes : log.views()) expect_agreement(bytes);
  }
}

TEST(RecordView, RefusesEveryFlippedBit) {
  RawLog log = full_log();
  for (const std::string_view bytes : log.views()) {
    OddBytes odd(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        odd[at] = static_cast<char>(odd[at] ^ (1 << bit));
        EXPECT_FALSE(view_record(odd.view()).ok()) << "bit " << bit << " of byte " << at;
        odd[at] = static_cast<char>(odd[at] ^ (1 << bit));
      }
  }
}

TEST(RecordView, RefusesEveryTruncation) {
  RawLog log = full_log();
  for (const std::string_view bytes : log.views())
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(view_record(OddBytes(bytes.substr(0, size)).view()).ok()) << size;
}

void repair(std::string& record) {
  std::string length;
  append_be<std::uint32_t>(length, static_cast<std::uint32_t>(record.size() - 100));
  record.replace(60, 4, length);
  std::string crc;
  append_be<std::uint32_t>(crc, crc32c(record.substr(100), crc32c(record.substr(0, 96))));
  record.replace(96, 4, crc);
}

// Gives the changed bytes a valid CRC. Then both decoders refuse the record, or both accept it with
// the same members.
void expect_same_result(std::string& record) {
  repair(record);
  const auto decoded = decode_record(record);
  const OddBytes odd(record);
  const auto view = view_record(odd.view());
  ASSERT_EQ(view.ok(), decoded.ok()) << (view.ok() ? decoded.error().detail : view.error().detail);
  if (view.ok()) expect_equal(*view, record);
}
// For one change only: with two changes the decoders may report different ones.
void expect_same_code(const std::string& record) {
  const auto decoded = decode_record(record);
  const auto view = view_record(record);
  if (view.ok() || decoded.ok()) return;
  EXPECT_EQ(view.error().code, decoded.error().code)
      << view.error().detail << " | " << decoded.error().detail;
}

TEST(RecordView, ChecksEveryChangedByteAsTheCodecDoes) {
  RawLog log = full_log();
  for (const std::string_view bytes : log.views())
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (const int change : {0x01, 0x02, 0x04, 0x10, 0x80, 0xFF}) {
        std::string record(bytes);
        record[at] = static_cast<char>(record[at] ^ change);
        SCOPED_TRACE("byte " + std::to_string(at) + " xor " + std::to_string(change));
        expect_same_result(record);
        expect_same_code(record);
        if (HasFatalFailure() || HasNonfatalFailure()) return;
      }
}

TEST(RecordView, ChecksEveryShortenedPayloadAsTheCodecDoes) {
  RawLog log = full_log();
  for (const std::string_view bytes : log.views())
    for (std::size_t size = 100; size < bytes.size(); ++size) {
      std::string record(bytes.substr(0, size));
      SCOPED_TRACE(size);
      expect_same_result(record);
    }
}

TEST(RecordView, ChecksRandomDamageAsTheCodecDoes) {
  RawLog log = full_log();
  std::mt19937_64 random(7);
  const auto all = log.views();
  for (int round = 0; round < 20'000; ++round) {
    std::string record(all[random() % all.size()]);
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n)
      record[100 + random() % (record.size() - 100)] = static_cast<char>(random() >> 40);
    SCOPED_TRACE(round);
    expect_same_result(record);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

TEST(RecordView, RefusesANewerFormatAsUnsupported) {
  RawLog log = full_log();
  log.at(1)[4] = 3;
  EXPECT_EQ(view_record(log.at(1)).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace oee
