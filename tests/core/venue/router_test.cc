#include "core/venue/router.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace oee {
namespace {

VenueQuote quote(const char* venue, Units out, Units fee) {
  VenueQuote made;
  made.venue = venue;
  made.amount_out = Decimal{out, 6};
  made.fee = Decimal{fee, 9};
  return made;
}
VenueQuote failed(const char* venue, const char* error) {
  VenueQuote made;
  made.venue = venue;
  made.error = error;
  return made;
}

TEST(Router, TheLargestAmountOutWinsAndTheOtherShowsByHowMuchItLost) {
  std::vector<VenueQuote> quotes = {quote("raydium", 149'700'000, 3'000'000),
                                    quote("meteora", 149'200'000, 2'000'000)};
  ASSERT_EQ(choose_route(quotes), 0u);
  EXPECT_EQ(quotes[0].lost_because, "");
  EXPECT_EQ(quotes[1].lost_because, "amount out 149.2 is 33 bps less than raydium's 149.7");
}

TEST(Router, AQuoteBelowItsLeastOutputIsChosenOnlyWhenAllAre) {
  std::vector<VenueQuote> quotes = {quote("raydium", 149'700'000, 0),
                                    quote("meteora", 75'500'000, 0), quote("orca", 70'000'000, 0)};
  const Units least[] = {150'000'000, 75'000'000, 70'000'000};
  ASSERT_EQ(choose_route(quotes, least), 1u);
  EXPECT_EQ(quotes[0].lost_because, "amount out 149.7 is below the least output 150");
  EXPECT_EQ(quotes[2].lost_because, "amount out 70 is 728 bps less than meteora's 75.5");
  const Units above[] = {150'000'000, 75'500'001, 70'000'001};
  ASSERT_EQ(choose_route(quotes, above), 0u);
}

TEST(Router, UnderOneBpsIsShownSo) {
  std::vector<VenueQuote> quotes = {quote("raydium", 149'699'999, 1),
                                    quote("meteora", 149'700'000, 1)};
  ASSERT_EQ(choose_route(quotes), 1u);
  EXPECT_EQ(quotes[0].lost_because,
            "amount out 149.699999 is under 1 bps less than meteora's 149.7");
}

TEST(Router, OfEqualsTheLowerFeeWinsThenTheEarlierOne) {
  std::vector<VenueQuote> quotes = {quote("raydium", 5'000'000, 3'000'000),
                                    quote("meteora", 5'000'000, 2'000'000),
                                    quote("orca", 5'000'000, 2'000'000)};
  ASSERT_EQ(choose_route(quotes), 1u);
  EXPECT_EQ(quotes[0].lost_because,
            "amount out 5 equals meteora's, and its fee 0.003 is higher than 0.002");
  EXPECT_EQ(quotes[2].lost_because, "amount out 5 equals meteora's, which is listed first");
}

TEST(Router, AVenueWithoutAQuoteLosesAndShowsWhy) {
  std::vector<VenueQuote> quotes = {failed("raydium", "timed out"), quote("meteora", 1, 0)};
  ASSERT_EQ(choose_route(quotes), 1u);
  EXPECT_EQ(quotes[0].lost_because, "no quote: timed out");
  EXPECT_EQ(quotes[1].lost_because, "");
}

TEST(Router, ASplitGainsEnoughForEachLegBehindTheFirst) {
  const auto chosen = [](Units second, std::uint32_t gain, std::string* lost = nullptr) {
    std::vector<VenueQuote> quotes = {quote("raydium", 100'000'000, 0),
                                      quote("raydium", 60'000'000, 0),
                                      quote("meteora", 20'000'000, 0), quote("orca", second, 0)};
    const bool split = choose_split(quotes, 0, true, 1, gain);
    if (lost != nullptr) *lost = quotes[split ? 0 : 1].lost_because;
    return split;
  };
  std::string lost;
  EXPECT_FALSE(chosen(20'000'000, 0, &lost));
  EXPECT_EQ(lost, "the split's 100 is not more than raydium's 100");
  EXPECT_TRUE(chosen(20'000'001, 0));
  EXPECT_FALSE(chosen(20'019'999, 1, &lost));
  EXPECT_EQ(lost, "the split's 100.019999 gains too little on raydium's 100");
  EXPECT_TRUE(chosen(20'020'000, 1, &lost)) << "two legs behind the first";
  EXPECT_EQ(lost, "amount out 100 is 1 bps less than the split's 100.02");
}

TEST(Router, NoQuoteAtAllIsNoRoute) {
  std::vector<VenueQuote> quotes = {failed("raydium", "timed out"), failed("meteora", "no pool")};
  EXPECT_EQ(choose_route(quotes), std::nullopt);
  EXPECT_EQ(quotes[0].lost_because, "no quote: timed out");
  EXPECT_EQ(quotes[1].lost_because, "no quote: no pool");
  std::vector<VenueQuote> none;
  EXPECT_EQ(choose_route(none), std::nullopt);
}

// --- Exact outputs -------------------------------------------------------------------------------

VenueQuote exact(const char* venue, Units in, Units fee) {
  VenueQuote made = quote(venue, 150'000'000, fee);
  made.amount_in = Decimal{in, 9};
  return made;
}

TEST(Router, TheLeastInputOfAnExactOutputWinsAndTheOthersShowWhyTheyLost) {
  std::vector<VenueQuote> quotes = {
      exact("raydium", 1'010'000'000, 1),      exact("meteora", 1'000'000'000, 3'000'000),
      exact("orca", 1'000'000'000, 2'000'000), exact("phoenix", 1'000'000'000, 2'000'000),
      exact("lifinity", 1'000'000'001, 0),     failed("saber", "no pool")};
  ASSERT_EQ(choose_least_input(quotes), 2u);
  EXPECT_EQ(quotes[0].lost_because, "amount in 1.01 is 100 bps more than orca's 1");
  EXPECT_EQ(quotes[1].lost_because,
            "amount in 1 equals orca's, and its fee 0.003 is higher than 0.002");
  EXPECT_EQ(quotes[2].lost_because, "");
  EXPECT_EQ(quotes[3].lost_because, "amount in 1 equals orca's, which is listed first");
  EXPECT_EQ(quotes[4].lost_because, "amount in 1.000000001 is under 1 bps more than orca's 1");
  EXPECT_EQ(quotes[5].lost_because, "no quote: no pool");
  std::vector<VenueQuote> none = {failed("raydium", "down")};
  EXPECT_EQ(choose_least_input(none), std::nullopt);
}

TEST(VenueQuote, OfAnExactOutputHasItsInputAndNoLessThanTheOutput) {
  const Token sol{"SOL", 9};
  const Token usdc{"USDC", 6};
  Quote answer;
  answer.amount_in = 1'000'000'000;
  answer.amount_out = 150'000'001;
  const VenueQuote whole = exact_quote_of(sol, usdc, 150'000'000, "raydium", answer);
  EXPECT_EQ(whole.error, "");
  EXPECT_EQ(whole.amount_in, (Decimal{1'000'000'000, 9}));
  EXPECT_EQ(to_text(whole.price), "150.000001");
  answer.amount_out = 149'999'999;
  EXPECT_EQ(exact_quote_of(sol, usdc, 150'000'000, "raydium", answer).error,
            "the quote is of another amount");
}

RC_GTEST_PROP(RouterProperty, NoQuoteGivesMoreThanTheChosenOneAndAllOthersHaveLost, ()) {
  std::vector<VenueQuote> quotes;
  const auto count = *rc::gen::inRange<int>(1, 6);
  for (int i = 0; i < count; ++i) {
    VenueQuote made = quote("venue", *rc::gen::arbitrary<Units>(), *rc::gen::inRange<Units>(0, 4));
    made.amount_out.scale = 18;
    quotes.push_back(made);
  }
  const auto chosen = choose_route(quotes);
  RC_ASSERT(chosen.has_value());
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    RC_ASSERT(quotes[i].amount_out.units <= quotes[*chosen].amount_out.units);
    RC_ASSERT(quotes[i].lost_because.empty() == (i == *chosen));
  }
}

}  // namespace
}  // namespace oee
