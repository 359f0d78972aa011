// Ids of quotes: made, read, and an order that is bound to one.
#include "api/orders/quote_ids.h"

#include <gtest/gtest.h>

#include "core/order/decide.h"

namespace oee {
namespace {

const WallTime end{Micros(1'780'000'600'000'001)};

PromisedQuote some_quote() {
  PromisedQuote quote;
  quote.input = "SOL";
  quote.output = "USDC";
  quote.amount_in = 1'500'000'000;
  quote.amount_out = 224'433'022;
  quote.valid_until = end;
  return quote;
}

PlaceOrder order_by(const std::string& id) {
  PlaceOrder order;
  order.input = Token{"SOL", 9};
  order.output = Token{"USDC", 6};
  order.amount_in = Decimal{1'500'000'000, 9};
  order.quote.id = id;
  return order;
}

std::string code_of(const Problem& problem) {
  EXPECT_EQ(problem.kind->status, 422U);
  EXPECT_EQ(problem.items.at(0).where, "/quoteId");
  return std::string(problem.items.at(0).code);
}

TEST(QuoteIds, AnIdContainsItsQuote) {
  const QuoteIds ids("a secret");
  for (const char* symbol : {"A", "SOL", "FIFTEEN-BYTES-1"}) {
    PromisedQuote quote = some_quote();
    quote.input = symbol;
    quote.amount_out = ~Units{0};
    const auto back = ids.read(ids.make(quote));
    ASSERT_TRUE(back.has_value()) << symbol;
    EXPECT_EQ(back->input, quote.input);
    EXPECT_EQ(back->output, quote.output);
    EXPECT_EQ(back->amount_in, quote.amount_in);
    EXPECT_EQ(back->amount_out, quote.amount_out);
    EXPECT_EQ(back->valid_until, quote.valid_until);
  }
}

TEST(QuoteIds, AnyOtherTextIsRefused) {
  const QuoteIds ids("a secret");
  const std::string id = ids.make(some_quote());
  for (std::size_t at = 0; at < id.size(); ++at) {
    EXPECT_FALSE(ids.read(id.substr(0, at)).has_value()) << at;
    for (int flip = 1; flip < 256; ++flip) {
      std::string other = id;
      other[at] = static_cast<char>(other[at] ^ flip);
      ASSERT_FALSE(ids.read(other).has_value()) << "byte " << at << " ^ " << flip;
    }
  }
  EXPECT_FALSE(ids.read(id + "0").has_value());
  EXPECT_FALSE(ids.read(id + "00").has_value());
  EXPECT_FALSE(ids.read(std::string(200, '0')).has_value());
  EXPECT_FALSE(QuoteIds("another secret").read(id).has_value());
}

TEST(QuoteIds, AnOrderIsBoundToAQuoteOfItsPairAndAmountAlone) {
  const QuoteIds ids("a secret");
  const std::string id = ids.make(some_quote());
  PlaceOrder order = order_by(id);
  EXPECT_EQ(code_of(ids.bind(order)), "quote_expired") << "when the log refuses it";
  EXPECT_EQ(order.quote.amount_out, 224'433'022U);
  EXPECT_EQ(order.quote.valid_until, end);

  PlaceOrder reverse = order_by(id);
  std::swap(reverse.input, reverse.output);
  PlaceOrder other_output = order_by(id);
  other_output.output = Token{"USDT", 6};
  PlaceOrder more = order_by(id);
  ++more.amount_in.units;
  for (PlaceOrder* other : {&reverse, &other_output, &more}) {
    EXPECT_EQ(code_of(ids.bind(*other)), "quote_mismatch");
    EXPECT_EQ(other->quote.valid_until, WallTime{}) << "it is no new order";
  }
  PlaceOrder forged = order_by("no id");
  EXPECT_EQ(code_of(ids.bind(forged)), "invalid_quote_id");
  EXPECT_EQ(forged.quote.valid_until, WallTime{});
}

TEST(QuoteIds, AnExactOutputIsBoundToAQuoteOfItsOutputAlone) {
  const QuoteIds ids("a secret");
  PromisedQuote quote = some_quote();
  quote.exact_out = 224'000'000;
  const std::string id = ids.make(quote);
  const auto back = ids.read(id);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->exact_out, quote.exact_out);
  EXPECT_EQ(back->input, quote.input);
  EXPECT_EQ(back->output, quote.output);
  EXPECT_EQ(back->amount_in, quote.amount_in);

  PlaceOrder order = order_by(id);
  order.amount_in.units *= 2;  // the most that it may sell
  order.exact_out = 224'000'000;
  EXPECT_EQ(code_of(ids.bind(order)), "quote_expired") << "when the log refuses it";
  EXPECT_EQ(order.quote.amount_in, 1'500'000'000U);
  EXPECT_EQ(std::get<OrderAccepted>(decide(order)).amount_in.units, 1'500'000'000U);

  PlaceOrder whole = order_by(id);
  PlaceOrder other = order_by(id);
  other.exact_out = 224'000'001;
  PlaceOrder of_input = order_by(ids.make(some_quote()));
  of_input.exact_out = 224'433'022;
  for (PlaceOrder* each : {&whole, &other, &of_input})
    EXPECT_EQ(code_of(ids.bind(*each)), "quote_mismatch");
}

// The floor that the log holds for an order with this minOut.
std::optional<Units> floor_of(std::optional<Units> min_out) {
  PlaceOrder order = order_by("id");
  order.min_out_floor = min_out;
  order.quote.amount_out = 100;
  const auto event = std::get<OrderAccepted>(decide(std::move(order)));
  EXPECT_EQ(event.quote_id, "id");
  return event.min_out_floor;
}

TEST(QuoteIds, TheFloorIsTheGreaterOfMinOutAndTheQuote) {
  EXPECT_EQ(floor_of(std::nullopt), 100U);
  EXPECT_EQ(floor_of(99), 100U);
  EXPECT_EQ(floor_of(101), 101U);
  EXPECT_FALSE(std::get<OrderAccepted>(decide(order_by(""))).min_out_floor.has_value());
}

// A repetition has the fingerprint of the first order, also when the id cannot be read any more.
TEST(QuoteIds, TheFingerprintDependsOnTheIdAlone) {
  PlaceOrder bound = order_by("id");
  bound.quote.amount_out = 100;
  bound.quote.valid_until = end;
  EXPECT_EQ(fingerprint_of(bound), fingerprint_of(order_by("id")));
  EXPECT_NE(fingerprint_of(bound), fingerprint_of(order_by("other")));
  EXPECT_NE(fingerprint_of(bound), fingerprint_of(order_by("")));
}

}  // namespace
}  // namespace oee
