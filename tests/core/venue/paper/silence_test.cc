// A silent paper venue: no call is answered and nothing is reported until it speaks again.
#include <gtest/gtest.h>

#include "core/venue/paper/exchange.h"
#include "tests/support/paper_fixture.h"

namespace oee::paper {
namespace {

using test::instant_options;
using test::PaperFixture;
using test::quote_request;
using test::ref_of;
using test::sol_order;

constexpr Micros second{1'000'000};

class SilenceTest : public testing::TestWithParam<Micros> {
 protected:
  static ExchangeOptions options() {
    ExchangeOptions made = instant_options();
    made.venue_delay_min = made.venue_delay_max = GetParam();
    return made;
  }
  void silence(bool silent) {
    control_->silence(VenueName("raydium"), silent);
    fixture_.settle_down();
  }
  PaperFixture fixture_{options()};
  std::unique_ptr<MarketControl> control_ = fixture_.exchange->control(fixture_.loop());
};

TEST_P(SilenceTest, NoCallIsAnsweredUntilItSpeaksAndTheOtherVenueAnswers) {
  Venue& venue = fixture_.raydium();
  silence(true);
  auto quote = fixture_.begin(venue.quote(quote_request("SOL", "USDC", 1'000'000'000)));
  auto submitted = fixture_.begin(venue.submit(sol_order(1)));
  auto cancelled = fixture_.begin(venue.cancel(ref_of(sol_order(2))));
  std::vector<VenueOrderRef> refs = {ref_of(sol_order(3))};
  auto found = fixture_.begin(venue.find(std::move(refs)));
  fixture_.advance(3'600 * second);
  EXPECT_FALSE(quote.done() || submitted.done() || cancelled.done() || found.done());
  EXPECT_TRUE(fixture_.run(fixture_.meteora().quote(quote_request("SOL", "USDC", 1'000'000))).ok());
  silence(true);
  EXPECT_FALSE(quote.done());
  silence(false);
  ASSERT_TRUE(quote.done() && submitted.done() && cancelled.done() && found.done());
  EXPECT_TRUE(quote.await_resume().ok());
  EXPECT_EQ(to_string(cancelled.await_resume()->status), "cancelled");
  EXPECT_EQ(to_string(found.await_resume()->front().status), "not_found");
  EXPECT_TRUE(submitted.await_resume().ok());
  EXPECT_EQ(to_string(fixture_.find(venue, sol_order(1))->status), "settled")
      << "the submit reached the venue";
}

TEST_P(SilenceTest, ReportsAreLostAndPricesComeWhenItSpeaks) {
  Venue& venue = fixture_.raydium();
  test::PushedReports pushed;
  std::vector<PoolPrice> prices;
  venue.report_to(test::into(pushed));
  venue.prices_to([&prices](std::span<const PoolPrice> changed) {
    prices.assign(changed.begin(), changed.end());
  });
  fixture_.settle_down();
  prices.clear();
  const VenueOrder order = sol_order(1, 100'000'000'000);
  auto submitted = fixture_.begin(venue.submit(order));
  silence(true);
  fixture_.advance(60 * second);
  EXPECT_TRUE(pushed.empty());
  const std::size_t before = prices.size();
  silence(false);
  EXPECT_GT(prices.size(), before);
  EXPECT_TRUE(submitted.done());
  EXPECT_EQ(to_string(fixture_.find(venue, order)->status), "settled");
  venue.prices_to({});
  venue.report_to({});
}

TEST(SilentVenue, CallsThatWaitEndWhenItIsDestroyed) {
  PaperFixture fixture{instant_options()};
  const auto control = fixture.exchange->control(fixture.loop());
  control->silence(VenueName("raydium"), true);
  auto venues = fixture.exchange->connect(fixture.loop(), fixture.clock(), fixture.entropy());
  auto quote = fixture.begin(venues[0]->quote(quote_request("SOL", "USDC", 1'000'000'000)));
  std::vector<VenueOrderRef> refs = {ref_of(sol_order(3))};
  auto found = fixture.begin(venues[0]->find(std::move(refs)));
  EXPECT_FALSE(quote.done() || found.done());
  venues.clear();
  ASSERT_TRUE(quote.done() && found.done());
  EXPECT_EQ(quote.await_resume().error().code, Errc::unavailable);
  EXPECT_EQ(found.await_resume().error().code, Errc::unavailable);
}

INSTANTIATE_TEST_SUITE_P(Delays, SilenceTest, testing::Values(Micros(0), 2 * second),
                         [](const auto& delay) {
                           return delay.param.count() == 0 ? std::string("AtOnce")
                                                           : std::string("Later");
                         });

}  // namespace
}  // namespace oee::paper
